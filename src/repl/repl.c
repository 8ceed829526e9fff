/* repl.c - see repl.h: one line after another. */
#include "repl/repl.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "repl/session.h"

enum { TEXT_BYTES_MAX = 64 << 20, WIDTH_DEFAULT = 80, TICK_MS = 100 };

/* ---- printing ---- */

/* What is printed while a line is edited stands above it. */
static void
sink_console(void *context, const struct pin_run_info *run, enum pin_stream stream,
             const char *data, size_t size)
{
    struct repl *r = context;
    const struct pin_sink *to = r->options->sink;

    if (r->editor)
        pin__repl_editor_hide(r);
    to->console(to->context, run, stream, data, size);
    if (r->editor && size && data[size - 1] == '\n')
        pin__repl_editor_show(r);
}

static void
sink_finished(void *context, const struct pin_run_info *run, const struct pin_outcome *o)
{
    const struct pin_sink *to = ((struct repl *)context)->options->sink;

    to->finished(to->context, run, o);
}

static void
sink_note(void *context, const char *text)
{
    const struct pin_sink *to = ((struct repl *)context)->options->sink;

    to->note(to->context, text);
}

static bool
sink_full(void *context)
{
    const struct pin_sink *to = ((struct repl *)context)->options->sink;

    return to->full && to->full(to->context);
}

void
pin__repl_print(struct repl *r, enum pin_stream stream, const char *data, size_t size)
{
    struct pin_run_info nobody = { .id = 0 };

    r->sink.console(r, &nobody, stream, data, size);
}

void
pin__repl_say(struct repl *r, const char *fmt, ...)
{
    struct pin_buf line = PIN_BUF_INIT(64 << 10);
    char *text = NULL;
    va_list ap;

    va_start(ap, fmt);
    if (vasprintf(&text, fmt, ap) >= 0) {
        pin__buf_adds(&line, text);
        pin__buf_addc(&line, '\n');
        pin__repl_print(r, PIN_STDERR, line.data, line.size);
        free(text);
    }
    va_end(ap);
    pin__buf_fini(&line);
}

/* ---- the line in hand ---- */

static void
print_text(struct repl *r, enum pin_stream stream, struct pin_bytes text)
{
    struct pin_buf line = PIN_BUF_INIT(TEXT_BYTES_MAX);

    pin__buf_add(&line, text.data, text.size);
    pin__buf_addc(&line, '\n');
    pin__repl_print(r, stream, line.data, line.size);
    pin__buf_fini(&line);
}

static void
on_reply(void *context, uint64_t number, enum pin_reply_kind kind, struct pin_bytes text)
{
    struct repl *r = context;

    if (number == 0) { /* of no line: something that nobody awaited */
        r->end.failed = true;
        print_text(r, PIN_STDERR, text);
    } else if (number == r->number) {
        r->number = 0;
        r->reply = kind;
        pin__buf_clear(&r->text);
        pin__buf_add(&r->text, text.data, text.size);
    }
}

static void
on_end(void *context, uint64_t number, bool interrupted, const struct pin_outcome *why)
{
    struct repl *r = context;
    json_t *error = json_loadb(pin__buf_text(&why->error), why->error.size, 0, NULL);
    const char *message = json_string_value(json_object_get(error, "message"));

    (void)number;
    r->in_tenant = false;
    if (r->leaving && why->kind != PIN_OUTCOME_SUCCEEDED) {
        r->end.failed = true;
        pin__repl_say(r, "The session did not end well: %s",
                      message ? message : "no reason is known");
    } else if (!r->leaving) {
        r->end.failed = true;
        if (interrupted)
            pin__repl_say(r,
                          "It did not stop, so its process was ended. Variables are gone; the next "
                          "line begins a fresh session.");
        else
            pin__repl_say(
                r,
                "The process of this session ended: %s. Variables are gone; the next line "
                "begins a fresh session.",
                message ? message : "it gave no reason");
    }
    json_decref(error);
    if (r->number) {
        r->number = 0;
        r->reply = PIN_REPLY_STOPPED;
        pin__buf_clear(&r->text);
        r->interrupted = false;
    }
}

static bool
is_answered(void *context)
{
    const struct repl *r = context;

    return r->number == 0 || r->leaving;
}

static bool
has_ended(void *context)
{
    const struct repl *r = context;

    return !pin__dialog_is_ending(r->dialog) || r->leaving;
}

bool
pin__repl_ask(struct repl *r, enum pin_line_kind kind, struct pin_bytes text)
{
    struct pin_err err = PIN_ERR_INIT;

    r->interrupted = false;
    if (!has_ended(r)) /* that is told first */
        pin__executor_loop(r->executor, has_ended, r);
    if (pin__dialog_say(r->dialog, kind, text, &r->number, &err) != PIN_OK) {
        r->number = 0;
        r->end.failed = true;
        pin__repl_say(r, "The line was not evaluated: %s", err.message);
        return false;
    }
    pin__executor_loop(r->executor, is_answered, r);
    return pin__dialog_has_worker(r->dialog) && !r->number;
}

/* ---- signals, files, keys ---- */

static void
interrupt(struct repl *r)
{
    if (!r->options->terminal) {
        r->end.signal = SIGINT;
        r->leaving = true;
    } else if (r->number && r->interrupted) {
        r->leaving = true;
    } else if (r->number) {
        r->interrupted = true;
        pin__dialog_interrupt(r->dialog);
    } else {
        r->cancelled = true;
    }
}

static void
take_signals(struct repl *r)
{
    struct signalfd_siginfo info;

    while (read(r->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGINT) {
            interrupt(r);
        } else if (info.ssi_signo == SIGWINCH || info.ssi_signo == SIGCONT) {
            if (r->editor)
                pin__repl_editor_resized(r);
        } else {
            r->end.signal = (int)info.ssi_signo;
            r->leaving = true;
        }
    }
}

static void
on_reload(void *context, const struct pin_catalog *catalog, const struct pin_err *err)
{
    struct repl *r = context;

    (void)catalog;
    r->reloading = false;
    if (err)
        pin__repl_say(r, "The project cannot be loaded, so jobs run with the code from before: %s",
                      err->message);
}

static void
reload_if_changed(struct repl *r)
{
    if (r->watch && pin__watch_take(r->watch))
        r->changed = true;
    if (!r->changed || r->reloading)
        return;
    r->reloading = true; /* before: a failure may be told at once */
    r->changed = false;
    if (!pin__executor_reload(r->executor, on_reload, r)) {
        r->changed = true;
        r->reloading = false;
    }
}

static bool
is_loaded(void *context)
{
    struct repl *r = context;

    reload_if_changed(r);
    return !r->reloading || r->leaving;
}

/* A job that was saved before the line was typed is the one that runs. */
static void
settle_reload(struct repl *r)
{
    if (r->watch && !is_loaded(r))
        pin__executor_loop(r->executor, is_loaded, r);
}

static void
on_watch(void *context)
{
    struct epoll_event events[4];
    struct repl *r = context;
    int n = epoll_wait(r->epoll_fd, events, 4, 0);

    for (int i = 0; i < n; i++)
        if (events[i].data.fd == STDIN_FILENO)
            r->readable = true;
    take_signals(r);
    reload_if_changed(r);
}

static bool
has_input(void *context)
{
    const struct repl *r = context;

    return r->readable || r->cancelled || r->leaving;
}

/* A file is always readable, and epoll does not take it. */
bool
pin__repl_wait_for_input(struct repl *r)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .fd = STDIN_FILENO } };

    r->readable = false;
    if (epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0)
        r->readable = true;
    if (!has_input(r))
        pin__executor_loop(r->executor, has_input, r);
    epoll_ctl(r->epoll_fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
    return r->readable && !r->cancelled && !r->leaving;
}

static void
watch_fd(struct repl *r, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data = { .fd = fd } };

    epoll_ctl(r->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static pin_status
listen_to_all(struct repl *r, struct pin_err *err)
{
    static const int heard[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCONT };
    sigset_t mask;
    pin_status st = PIN_OK;

    sigemptyset(&mask);
    for (size_t i = 0; i < sizeof heard / sizeof *heard; i++)
        sigaddset(&mask, heard[i]);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    r->signal_fd = signalfd(-1, &mask, SFD_NONBLOCK | SFD_CLOEXEC);
    r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (r->signal_fd < 0 || r->epoll_fd < 0)
        return pin__err_errno(err, PIN_IO, errno, "cannot listen to signals");
    watch_fd(r, r->signal_fd);
    if (r->options->watches_files) {
        st = pin__watch_open(&r->watch, pin__executor_root(r->executor), err);
        if (st == PIN_OK)
            watch_fd(r, pin__watch_fd(r->watch));
    }
    pin__executor_watch(r->executor, r->epoll_fd, 0, on_watch, r);
    return st;
}

/* ---- tenants ---- */

/* The worker goes on in r->tenant. */
static bool
enter_tenant(struct repl *r)
{
    const char *tenant = r->tenant ? r->tenant : "";

    if (!pin__repl_ask(r, PIN_LINE_TENANT, (struct pin_bytes){ tenant, strlen(tenant) }))
        return false;
    if (r->reply == PIN_REPLY_DONE) {
        r->in_tenant = r->tenant != NULL;
        return true;
    }
    if (r->reply == PIN_REPLY_FAILED)
        print_text(r, PIN_STDERR, (struct pin_bytes){ r->text.data, r->text.size });
    return false;
}

bool
pin__repl_set_tenant(struct repl *r, const char *tenant)
{
    char *before = r->tenant;

    r->tenant = tenant ? strdup(tenant) : NULL;
    if (enter_tenant(r)) {
        free(before);
        return true;
    }
    free(r->tenant);
    r->tenant = before;
    return false;
}

/* ---- lines ---- */

static void
evaluate(struct repl *r, enum pin_line_kind kind)
{
    settle_reload(r);
    if (r->tenant && !r->in_tenant && !enter_tenant(r)) {
        r->end.failed = true;
        pin__buf_clear(&r->input);
        return;
    }
    if (!pin__repl_ask(r, kind, (struct pin_bytes){ r->input.data, r->input.size })) {
        pin__buf_clear(&r->input);
        return;
    }
    if (r->reply == PIN_REPLY_INCOMPLETE) {
        pin__buf_addc(&r->input, '\n');
        return;
    }
    pin__buf_clear(&r->input);
    if (r->reply == PIN_REPLY_STOPPED)
        pin__repl_say(r, "Stopped.");
    else if (r->text.size)
        print_text(r, r->reply == PIN_REPLY_FAILED ? PIN_STDERR : PIN_STDOUT,
                   (struct pin_bytes){ r->text.data, r->text.size });
    r->end.failed |= r->reply != PIN_REPLY_DONE;
}

static bool
is_blank(const char *text)
{
    return text[strspn(text, " \t\r")] == '\0';
}

static void
take_line(struct repl *r, const struct pin_buf *line)
{
    const char *text = pin__buf_text(line);

    r->warned = false;
    if (!r->input.size && is_blank(text))
        return;
    if (!r->input.size && pin__repl_is_command(text)) {
        pin__repl_command(r, text);
        return;
    }
    pin__buf_add(&r->input, text, line->size);
    if (r->input.bad) {
        pin__repl_say(r, "The input is larger than %zu bytes.", r->input.max);
        r->end.failed = true;
        pin__buf_clear(&r->input);
        return;
    }
    evaluate(r, PIN_LINE_EVALUATE);
}

/* Ctrl-C at the prompt: what was typed goes; at an empty prompt twice, so does the person. */
static void
cancel(struct repl *r, const struct pin_buf *line)
{
    bool nothing = !r->input.size && is_blank(pin__buf_text(line));

    r->cancelled = false;
    pin__buf_clear(&r->input);
    if (nothing && r->warned)
        r->leaving = true;
    else if (nothing)
        pin__repl_say(r, "(To exit, press Ctrl+C again or Ctrl+D or type .exit)");
    r->warned = nothing;
}

static void
all_lines(struct repl *r)
{
    struct pin_buf line = PIN_BUF_INIT(PIN_LINE_BYTES_MAX);

    while (!r->leaving) {
        enum repl_read what =
            r->editor ? pin__repl_editor_read(r, &line) : pin__repl_lines_read(r, &line);

        if (r->leaving || what == REPL_END)
            break;
        if (what == REPL_CANCELLED)
            cancel(r, &line);
        else
            take_line(r, &line);
    }
    if (!r->leaving && r->input.size)
        evaluate(r, PIN_LINE_WHOLE);
    pin__buf_fini(&line);
}

/* ---- beginning and end ---- */

static unsigned
width_of_terminal(void)
{
    struct winsize size;

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return WIDTH_DEFAULT;
}

static pin_status
open_dialog(struct repl *r, struct pin_err *err)
{
    struct pin_dialog_options options = {
        .sink = &r->sink, .context = r, .replied = on_reply, .ended = on_end
    };
    char args[96];
    int n = snprintf(args, sizeof args, "[{\"colors\":%s,\"width\":%u}]",
                     r->options->colors ? "true" : "false", width_of_terminal());

    options.args = (struct pin_bytes){ args, (size_t)n };
    return pin__dialog_open(&r->dialog, r->executor, &options, err);
}

struct leaving {
    const struct repl *r;
    struct pin_mono until;
};

static bool
has_left(void *context)
{
    const struct leaving *l = context;

    return !pin__dialog_has_worker(l->r->dialog) || l->r->end.signal ||
           pin__clock_mono().ns >= l->until.ns;
}

/* Its hooks run. What a script began and did not await is waited for. */
static void
end_dialog(struct repl *r)
{
    struct leaving l = { r, { INT64_MAX } };
    struct pin_err err;
    uint64_t number;

    r->leaving = true;
    if (!pin__dialog_has_worker(r->dialog) || r->number || r->end.signal ||
        pin__dialog_say(r->dialog, PIN_LINE_END, (struct pin_bytes){ "", 0 }, &number, &err) !=
            PIN_OK)
        return;
    if (r->options->terminal)
        l.until = pin__clock_after_ms(pin__clock_mono(), PIN_REPL_LEAVE_MS);
    pin__executor_watch(r->executor, r->epoll_fd, TICK_MS, on_watch, r);
    pin__executor_loop(r->executor, has_left, &l);
}

static pin_status
begin(struct repl *r, struct pin_err *err)
{
    pin_status st;

    if ((st = listen_to_all(r, err)) != PIN_OK || (st = open_dialog(r, err)) != PIN_OK)
        return st;
    if (r->options->tenant && !pin__repl_set_tenant(r, r->options->tenant))
        return pin__err_set(err, PIN_NOT_FOUND, "--tenant %s: the session was not begun",
                            r->options->tenant);
    return r->options->terminal ? pin__repl_editor_open(r, err) : pin__repl_lines_open(r, err);
}

static void
close_all(struct repl *r)
{
    pin__repl_editor_close(r->editor);
    pin__repl_lines_close(r->lines);
    pin__dialog_close(r->dialog);
    pin__executor_watch(r->executor, -1, 0, NULL, NULL);
    pin__watch_close(r->watch);
    if (r->epoll_fd >= 0)
        close(r->epoll_fd);
    if (r->signal_fd >= 0)
        close(r->signal_fd);
    free(r->tenant);
    pin__buf_fini(&r->input);
    pin__buf_fini(&r->text);
}

pin_status
pin__repl_run(const struct pin_repl_options *options, struct pin_repl_end *end, struct pin_err *err)
{
    struct repl r = { .options = options,
                      .executor = options->executor,
                      .epoll_fd = -1,
                      .signal_fd = -1,
                      .input = PIN_BUF_INIT(PIN_LINE_BYTES_MAX),
                      .text = PIN_BUF_INIT(TEXT_BYTES_MAX) };
    pin_status st;

    r.sink = (struct pin_sink){ .context = &r,
                                .console = sink_console,
                                .finished = sink_finished,
                                .note = sink_note,
                                .full = sink_full };
    if ((st = begin(&r, err)) == PIN_OK) {
        all_lines(&r);
        end_dialog(&r);
    }
    *end = r.end;
    close_all(&r);
    return st;
}
