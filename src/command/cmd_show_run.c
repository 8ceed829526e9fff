/* cmd_show_run.c - all that is known of one run; and following one that has not ended. */
#include <jansson.h>
#include <poll.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/error_text.h"
#include "command/human.h"
#include "command/run_console.h"
#include "command/run_filter.h"
#include "command/run_view.h"
#include "schedule/time_text.h"

enum { LOOK_EVERY_MS = 200, DOCUMENT_BYTES_MAX = 256 << 20, TEXT_BYTES_MAX = 16 << 20 };

static const struct opt opts[] = {
    OPT_STR("id", 0, "ID", "the run"),
    OPT_FLAG("follow", 'f', "print what it prints, as it comes, until it has ended"),
    OPT_FLAG("json", 0, "one JSON document on stdout"),
    OPT_END,
};

struct show {
    struct cli *cli;
    struct pin_store *store;
    struct pin_tenants *tenants;
    int64_t now_ms;
    struct run_console console;
};

/* ---- for a person ---- */

static void
heading(const struct show *s, const char *text)
{
    fputc('\n', s->cli->out);
    pin__cli_paint(s->cli, STYLE_BOLD, "%s", text);
    fputc('\n', s->cli->out);
}

/* "  name      " and what follows is the caller's. */
static void
label(const struct show *s, const char *name)
{
    fprintf(s->cli->out, "  %-10s", name);
}

static void
line(const struct show *s, const char *name, const char *text)
{
    if (!text)
        return;
    label(s, name);
    pin__cli_put(s->cli->out, text);
    fputc('\n', s->cli->out);
}

static void
line_id(const struct show *s, const char *name, const struct pin_run_id *id)
{
    char text[PIN_RUN_ID_TEXT];

    pin__run_id_text(id, text);
    line(s, name, text);
}

static enum cli_style
style_of(enum pin_run_state state)
{
    return state == PIN_RUN_SUCCEEDED ? STYLE_GREEN
           : state == PIN_RUN_FAILED  ? STYLE_RED
                                      : STYLE_YELLOW;
}

static void
print_state(const struct show *s, const struct pin_run_row *row)
{
    label(s, "state");
    pin__cli_paint(s->cli, style_of(row->state), "%s", pin__run_state_name(row->state));
    if (row->outcome && strcmp(row->outcome, pin__run_state_name(row->state)) != 0) {
        fputs(" (", s->cli->out);
        pin__cli_put(s->cli->out, row->outcome);
        fputc(')', s->cli->out);
    }
    fputc('\n', s->cli->out);
}

static void
print_tenant(const struct show *s, const struct pin_run_row *row)
{
    const char *name = row->tenant ? pin__tenants_name(s->tenants, row->tenant) : NULL;

    if (!row->tenant)
        return;
    label(s, "tenant");
    if (name) {
        pin__cli_put(s->cli->out, name);
        fputs(", ", s->cli->out);
    }
    pin__cli_put(s->cli->out, row->tenant);
    fputc('\n', s->cli->out);
}

static void
print_whence(const struct show *s, const struct pin_run_row *row)
{
    char time[PIN_TIME_TEXT_SIZE];

    label(s, "asked by");
    if (row->schedule) {
        pin__time_text(row->scheduled_for_ms, 0, false, time);
        fputs("schedule ", s->cli->out);
        pin__cli_put(s->cli->out, row->schedule);
        fprintf(s->cli->out, " for %s\n", time);
    } else {
        fprintf(s->cli->out, "%s\n", pin__trigger_name(row->trigger));
    }
    if (row->has_parent)
        line_id(s, "parent", &row->parent);
    line(s, "key", row->key);
}

static void
print_progress(const struct show *s, const struct pin_run_row *row)
{
    json_t *p = row->progress ? json_loads(row->progress, JSON_ALLOW_NUL, NULL) : NULL;
    const char *text = json_string_value(json_object_get(p, "text"));

    if (p) {
        label(s, "progress");
        fprintf(s->cli->out, "%lld of %lld ",
                (long long)json_integer_value(json_object_get(p, "done")),
                (long long)json_integer_value(json_object_get(p, "total")));
        pin__cli_put(s->cli->out, text ? text : "");
        fputc('\n', s->cli->out);
    }
    json_decref(p);
}

static void
print_facts(const struct show *s, const struct pin_run_row *row)
{
    char id[PIN_RUN_ID_TEXT];

    pin__run_id_text(&row->id, id);
    pin__cli_paint(s->cli, STYLE_BOLD, "Run %s", id);
    fputc('\n', s->cli->out);
    line(s, "job", row->job);
    print_tenant(s, row);
    print_state(s, row);
    label(s, "queue");
    pin__cli_put(s->cli->out, row->queue);
    fprintf(s->cli->out, ", priority %d\n", row->priority);
    print_whence(s, row);
    label(s, "attempts");
    fprintf(s->cli->out, "%d of %d", row->attempt, row->attempt_limit);
    if (row->lost)
        fprintf(s->cli->out, ", %d lost", row->lost);
    fputc('\n', s->cli->out);
    if (row->started_ms)
        line(s, "worker", row->worker);
    print_progress(s, row);
}

/* ---- the timeline ---- */

/* "  2026-...Z  TEXT (3m ago)" */
static void event(const struct show *s, int64_t at_ms, const char *fmt, ...) PIN_PRINTF(3, 4);

static void
event(const struct show *s, int64_t at_ms, const char *fmt, ...)
{
    struct pin_buf text = PIN_BUF_INIT(TEXT_BYTES_MAX);
    char time[PIN_TIME_TEXT_SIZE], words[256];
    va_list ap;

    pin__time_text(at_ms, 0, true, time);
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    pin__error_text_add_visible(&text, words);
    for (size_t i = 0; i < text.size; i++) /* one event, one line */
        if (text.data[i] == '\n')
            text.data[i] = ' ';
    fprintf(s->cli->out, "  %s  %s (%s)\n", time, pin__buf_text(&text),
            pin__human_ago(at_ms, s->now_ms).text);
    pin__buf_fini(&text);
}

static void
print_start(const struct show *s, const struct pin_run_row *row, bool *told)
{
    if (*told || !row->started_ms)
        return;
    *told = true;
    event(s, row->started_ms, "attempt %d began%s%.80s", row->attempt, row->worker ? " on " : "",
          row->worker ? row->worker : "");
}

/* The store keeps the beginning of the last attempt only. */
static void
print_reasons(const struct show *s, const struct pin_run_row *row, bool *start_told)
{
    json_t *list = row->reasons.data
                       ? json_loadb(row->reasons.data, row->reasons.size, JSON_ALLOW_NUL, NULL)
                       : NULL;
    json_t *reason;
    size_t i;

    json_array_foreach(list, i, reason)
    {
        int64_t at_ms = json_integer_value(json_object_get(reason, "at"));
        int64_t attempt = json_integer_value(json_object_get(reason, "attempt"));
        const char *text = json_string_value(json_object_get(reason, "reason"));

        if (row->started_ms <= at_ms && attempt >= row->attempt)
            print_start(s, row, start_told);
        if (text && pin__run_view_is_reopening(text))
            event(s, at_ms, "%s", text);
        else
            event(s, at_ms, "attempt %lld: %s", (long long)attempt, text ? text : "");
    }
    json_decref(list);
}

static void
print_timeline(const struct show *s, const struct pin_run_row *row)
{
    bool start_told = false, first = !row->reasons.data;

    heading(s, "Timeline");
    event(s, row->created_ms, "made");
    if (first && row->due_ms > row->created_ms && row->state != PIN_RUN_DELAYED)
        event(s, row->due_ms, "due");
    print_reasons(s, row, &start_told);
    print_start(s, row, &start_told);
    if (row->state == PIN_RUN_DELAYED)
        event(s, row->due_ms, "due");
    if (row->finished_ms)
        event(s, row->finished_ms, "%s", pin__run_state_name(row->state));
}

/* ---- the rest ---- */

static void
print_json_text(const struct show *s, const char *name, struct pin_bytes json)
{
    if (!json.data)
        return;
    heading(s, name);
    fputs("  ", s->cli->out);
    pin__cli_put_bytes(s->cli->out, json.data, json.size);
    fputc('\n', s->cli->out);
}

static void
print_error(const struct show *s, const struct pin_run_row *row)
{
    struct pin_buf text = PIN_BUF_INIT(TEXT_BYTES_MAX);

    if (!row->error.data)
        return;
    heading(s, "Error");
    pin__error_text_add(&text, row->error);
    fprintf(s->cli->out, "  %s", pin__buf_text(&text));
    pin__buf_fini(&text);
}

static void
print_resources(const struct show *s, const struct pin_run_row *row)
{
    if (!row->finished_ms || !row->started_ms)
        return;
    heading(s, "Resources");
    fprintf(s->cli->out, "  wall %s, CPU %s, peak heap %s", pin__human_duration(row->wall_us).text,
            pin__human_duration(row->cpu_us).text, pin__human_bytes(row->peak_heap_bytes).text);
    if (row->exit_signal)
        fprintf(s->cli->out, ", killed by signal %d (%s)", row->exit_signal,
                strsignal(row->exit_signal));
    fputc('\n', s->cli->out);
}

static pin_status
count_children(const struct show *s, const struct pin_run_row *row,
               int64_t counts[PIN_RUN_STATE_COUNT], int64_t *total, struct pin_err *err)
{
    struct pin_run_filter filter = { .parent = &row->id };
    pin_status st = pin__store_count(s->store, &filter, counts, err);

    *total = 0;
    for (int i = 0; st == PIN_OK && i < PIN_RUN_STATE_COUNT; i++)
        *total += counts[i];
    return st;
}

static pin_status
print_children(const struct show *s, const struct pin_run_row *row, struct pin_err *err)
{
    int64_t counts[PIN_RUN_STATE_COUNT], total;
    pin_status st = count_children(s, row, counts, &total, err);
    const char *comma = "  ";

    if (st != PIN_OK || !total)
        return st;
    heading(s, row->role == PIN_ROLE_PARENT ? "Its runs for tenants" : "Runs it asked for");
    for (int i = 0; i < PIN_RUN_STATE_COUNT; i++) {
        if (!counts[i])
            continue;
        fprintf(s->cli->out, "%s%s %s", comma, pin__human_count(counts[i]).text,
                pin__run_state_name((enum pin_run_state)i));
        comma = ", ";
    }
    fputc('\n', s->cli->out);
    return PIN_OK;
}

static pin_status
print_output(struct show *s, const struct pin_run_row *row, struct pin_err *err)
{
    char *text = NULL;
    size_t size = 0;
    struct run_console c = { .to = { NULL } };
    pin_status st;

    c.to[0] = c.to[1] = open_memstream(&text, &size);
    if (!c.to[0])
        return pin__err_no_memory(err);
    st = pin__run_console_read(&c, s->store, &row->id, err);
    pin__run_console_end(&c);
    if (fclose(c.to[0]) != 0 && st == PIN_OK)
        st = pin__err_no_memory(err);
    if (st == PIN_OK && size) {
        heading(s, "Output");
        if (c.dropped)
            fprintf(s->cli->out, "(the first %s were not kept)\n",
                    pin__human_bytes(c.dropped).text);
        fwrite(text, 1, size, s->cli->out);
        fputs(c.line_open ? "\n" : "", s->cli->out);
    }
    free(text);
    return st;
}

static pin_status
print_run(void *show, const struct pin_run_row *row, struct pin_err *err)
{
    struct show *s = show;
    pin_status st;

    print_facts(s, row);
    print_timeline(s, row);
    print_json_text(s, "Arguments", row->args);
    print_json_text(s, "Parameters", row->params);
    print_error(s, row);
    print_resources(s, row);
    if ((st = print_children(s, row, err)) != PIN_OK)
        return st;
    return print_output(s, row, err);
}

/* ---- for a program ---- */

static pin_status
add_children(const struct show *s, struct pin_buf *b, const struct pin_run_row *row,
             struct pin_err *err)
{
    int64_t counts[PIN_RUN_STATE_COUNT], total;
    pin_status st = count_children(s, row, counts, &total, err);

    if (st != PIN_OK)
        return st;
    pin__buf_adds(b, ",\"children\":{");
    for (int i = 0; i < PIN_RUN_STATE_COUNT; i++)
        pin__buf_addf(b, "%s\"%s\":%lld", i ? "," : "", pin__run_state_name((enum pin_run_state)i),
                      (long long)counts[i]);
    pin__buf_addc(b, '}');
    return PIN_OK;
}

static pin_status
print_document(void *show, const struct pin_run_row *row, struct pin_err *err)
{
    struct show *s = show;
    struct pin_buf b = PIN_BUF_INIT(DOCUMENT_BYTES_MAX);
    int64_t dropped = 0;
    pin_status st;

    pin__buf_adds(&b, "{\"schema\":\"run\",\"version\":1,");
    pin__run_view_add_json(&b, row, s->tenants);
    if ((st = add_children(s, &b, row, err)) != PIN_OK)
        goto out;
    pin__buf_adds(&b, ",\"output\":");
    if ((st = pin__run_console_add_json(&b, s->store, &row->id, &dropped, err)) != PIN_OK)
        goto out;
    pin__buf_addf(&b, ",\"outputBytesDropped\":%lld}\n", (long long)dropped);
    if ((st = pin__buf_check(&b, "the document", err)) == PIN_OK)
        fwrite(b.data, 1, b.size, s->cli->out);
out:
    pin__buf_fini(&b);
    return st;
}

/* ---- following ---- */

struct look {
    enum pin_run_state state;
    int attempt;
    struct pin_buf why;
};

static pin_status
take_look(void *look, const struct pin_run_row *row, struct pin_err *err)
{
    struct look *l = look;

    (void)err;
    l->state = row->state;
    l->attempt = row->attempt;
    pin__buf_clear(&l->why);
    if (row->error.data)
        pin__error_text_add(&l->why, row->error);
    else
        pin__run_view_add_why(&l->why, row);
    return PIN_OK;
}

static void
tell_state(const struct show *s, const struct look *l)
{
    struct pin_buf text = PIN_BUF_INIT(TEXT_BYTES_MAX);
    size_t size;

    pin__error_text_add_visible(&text, pin__buf_text(&l->why));
    size = text.size && text.data[text.size - 1] == '\n' ? text.size - 1 : text.size;
    if (l->state == PIN_RUN_RUNNING)
        pin__cli_say(s->cli, "pinstripe: running, attempt %d", l->attempt);
    else
        pin__cli_say(s->cli, "pinstripe: %s%s%.*s", pin__run_state_name(l->state), size ? ": " : "",
                     (int)size, pin__buf_text(&text));
    pin__buf_fini(&text);
}

static enum pin_exit
follow(struct show *s, const struct pin_run_id *id, bool quiet, enum pin_run_state *state)
{
    struct look l = { .state = PIN_RUN_STATE_COUNT, .why = PIN_BUF_INIT(TEXT_BYTES_MAX) };
    enum pin_run_state told = PIN_RUN_STATE_COUNT;
    struct pin_err err = PIN_ERR_INIT;
    int attempt_told = 0;
    pin_status st;

    s->console = (struct run_console){ .to = { s->cli->out, s->cli->err } };
    for (;;) {
        /* The state first: what a run printed is kept before its end is. */
        if ((st = pin__store_show(s->store, id, take_look, &l, &err)) != PIN_OK ||
            (!quiet && (st = pin__run_console_read(&s->console, s->store, id, &err)) != PIN_OK))
            break;
        if (!quiet && (l.state != told || l.attempt != attempt_told))
            tell_state(s, &l);
        told = l.state;
        attempt_told = l.attempt;
        if (pin__run_is_final(l.state))
            break;
        (void)poll(NULL, 0, LOOK_EVERY_MS);
    }
    pin__run_console_end(&s->console);
    pin__buf_fini(&l.why);
    *state = l.state;
    if (st == PIN_NOT_FOUND)
        return pin__cli_fail(s->cli, &err);
    return st == PIN_OK ? PIN_EXIT_OK : pin__cli_fail_store(s->cli, &err);
}

static enum pin_exit
show(struct show *s, const struct args *a, const struct pin_run_id *id)
{
    bool json = pin__args_flag(a, "json"), following = pin__args_flag(a, "follow");
    enum pin_run_state state = PIN_RUN_SUCCEEDED;
    struct pin_err err = PIN_ERR_INIT;
    enum pin_exit code;
    pin_status st = PIN_OK;

    if (following && (code = follow(s, id, json, &state)) != PIN_EXIT_OK)
        return code;
    if (json || !following)
        st = pin__store_show(s->store, id, json ? print_document : print_run, s, &err);
    if (st == PIN_NOT_FOUND)
        return pin__cli_fail(s->cli, &err);
    if (st != PIN_OK)
        return pin__cli_fail_store(s->cli, &err);
    return state == PIN_RUN_SUCCEEDED ? PIN_EXIT_OK : PIN_EXIT_FAILED;
}

static enum pin_exit
show_run_exec(struct cli *cli, const struct args *a)
{
    const char *text = pin__args_value(a, "id");
    struct pin_err err = PIN_ERR_INIT;
    struct project_store p;
    struct pin_tenants tenants;
    struct pin_run_id id;
    struct show s;
    enum pin_exit code;

    if (!text)
        return pin__cli_refuse(cli, PIN_INVALID, "which run? give its id, as list-runs shows it");
    if (pin__run_id_take(&id, text, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (!pin__cli_open_store(cli, false, &p, &code))
        return code;
    pin__cli_tenants_init(&tenants, &p);
    s = (struct show){
        .cli = cli, .store = p.store, .tenants = &tenants, .now_ms = pin__clock_wall().ms
    };
    code = show(&s, a, &id);
    pin__tenants_fini(&tenants);
    pin__cli_close_store(&p);
    return code;
}

const struct command pin__cmd_show_run = {
    .name = "show-run",
    .args = "ID",
    .brief = "show a run: what became of it and when, its error, what it used and printed",
    .details = "With --follow the run's output comes as it is printed, its stderr on stderr, and "
               "the exit code\n"
               "tells how it ended: 0 succeeded, 1 failed or cancelled. --follow --json waits for "
               "the end and\n"
               "prints the document then.",
    .opts = opts,
    .first_word = "id",
    .needs = NEEDS_PROJECT,
    .exec = show_run_exec,
};
