/* A dialog: lines to a worker that stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/path.h"
#include "executor/run.h"

enum { PATH_SIZE = 512, TEXT_MAX = 4096 };

static const struct {
    const char *path, *text;
} files[] = {
    { "pinstripe.config.js", "export default {};" },
    { "lib/background_jobs/hello.js", "export default { run(){ console.log('hello'); } };" },
};

struct world {
    struct pin_executor *x;
    struct pin_dialog *dialog;
    struct pin_sink sink;
    char folder[PATH_SIZE];
    char printed[TEXT_MAX];
    /* Of the line in hand: */
    uint64_t number;
    bool answered;
    enum pin_reply_kind kind;
    char text[TEXT_MAX];
    unsigned loose; /* errors of no line */
    unsigned ended;
    bool interrupted;
};

static void
collect(void *context, const struct pin_run_info *run, enum pin_stream stream, const char *data,
        size_t size)
{
    struct world *w = context;
    size_t had = strlen(w->printed);

    (void)run;
    (void)stream;
    assert_true(had + size < sizeof w->printed);
    memcpy(w->printed + had, data, size);
    w->printed[had + size] = '\0';
}

static void
replied(void *context, uint64_t number, enum pin_reply_kind kind, struct pin_bytes text)
{
    struct world *w = context;

    if (!number) {
        w->loose++;
        return;
    }
    assert_int_equal(number, w->number);
    assert_false(w->answered);
    w->answered = true;
    w->kind = kind;
    snprintf(w->text, sizeof w->text, "%.*s", (int)text.size, text.data ? text.data : "");
}

static void
ended(void *context, uint64_t number, bool interrupted, const struct pin_outcome *why)
{
    struct world *w = context;

    (void)why;
    w->ended++;
    w->interrupted = interrupted;
    if (number) {
        assert_int_equal(number, w->number);
        w->answered = true;
        w->kind = PIN_REPLY_STOPPED;
    }
}

static void
write_files(const char *folder)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct pin_bytes text = { files[i].text, strlen(files[i].text) };
        char path[PATH_SIZE * 2];

        snprintf(path, sizeof path, "%s/lib/background_jobs", folder);
        assert_int_equal(pin__path_make_folders(path, NULL), PIN_OK);
        snprintf(path, sizeof path, "%s/%s", folder, files[i].path);
        assert_int_equal(pin__path_create(path, text, NULL), PIN_OK);
    }
}

static int
open_world(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct pin_executor_options options = { .environment = "test",
                                            .program = getenv("PINSTRIPE"),
                                            .workers = 1,
                                            .trigger = PIN_TRIGGER_REPL };
    struct pin_dialog_options dialog = {
        .args = { "[]", 2 }, .context = w, .replied = replied, .ended = ended
    };
    struct pin_err err;

    assert_non_null(w);
    assert_non_null(options.program); /* tools/run-tests names the built program */
    snprintf(w->folder, sizeof w->folder, "%s", "/tmp/pinstripe-dialog-XXXXXX");
    assert_non_null(mkdtemp(w->folder));
    write_files(w->folder);
    w->sink = (struct pin_sink){ .context = w, .console = collect };
    options.root = w->folder;
    dialog.sink = &w->sink;
    if (pin__executor_open(&w->x, &options, &err) != PIN_OK ||
        pin__dialog_open(&w->dialog, w->x, &dialog, &err) != PIN_OK)
        fail_msg("%s", err.message);
    *state = w;
    return 0;
}

static int
close_world(void **state)
{
    struct world *w = *state;
    char command[PATH_SIZE + 16];
    int code;

    pin__dialog_close(w->dialog);
    pin__executor_close(w->x);
    snprintf(command, sizeof command, "rm -rf %s", w->folder);
    code = system(command);
    free(w);
    return code;
}

static void
send(struct world *w, enum pin_line_kind kind, const char *line)
{
    struct pin_err err;

    w->answered = false;
    w->printed[0] = '\0';
    if (pin__dialog_say(w->dialog, kind, (struct pin_bytes){ line, strlen(line) }, &w->number,
                        &err) != PIN_OK)
        fail_msg("%s: %s", line, err.message);
}

static bool
is_answered(void *context)
{
    return ((struct world *)context)->answered;
}

static bool
has_printed(void *context)
{
    return ((struct world *)context)->printed[0] != '\0';
}

static void
expect(struct world *w, const char *line, enum pin_reply_kind kind, const char *text)
{
    pin__executor_loop(w->x, is_answered, w);
    if (w->kind != kind || (text && strcmp(w->text, text) != 0))
        fail_msg("%s: reply %d: %s", line, (int)w->kind, w->text);
}

static void
replies_say_what_came_of_a_line(void **state)
{
    static const struct {
        const char *line;
        enum pin_line_kind kind;
        enum pin_reply_kind reply;
        const char *text; /* NULL: any */
    } rows[] = {
        { "const x = 5", PIN_LINE_EVALUATE, PIN_REPLY_DONE, "" },
        { "const x = 6; x", PIN_LINE_EVALUATE, PIN_REPLY_DONE, "6" },
        { "x +", PIN_LINE_EVALUATE, PIN_REPLY_INCOMPLETE, "" },
        { "x +", PIN_LINE_WHOLE, PIN_REPLY_FAILED, NULL },
        { "nope", PIN_LINE_EVALUATE, PIN_REPLY_FAILED, NULL },
        { "x", PIN_LINE_EVALUATE, PIN_REPLY_DONE, "6" },
        { "'a'.repeat(3)", PIN_LINE_EVALUATE, PIN_REPLY_DONE, "'aaa'" },
        { "environm", PIN_LINE_COMPLETE, PIN_REPLY_DONE, "8\nenvironment" },
        { "runBackgroundJob('he", PIN_LINE_COMPLETE, PIN_REPLY_DONE, "2\nhello" },
        { "nothing_like_it", PIN_LINE_COMPLETE, PIN_REPLY_DONE, "15" },
        { "alpha", PIN_LINE_TENANT, PIN_REPLY_FAILED, NULL },
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        send(w, rows[i].kind, rows[i].line);
        expect(w, rows[i].line, rows[i].reply, rows[i].text);
    }
    assert_int_equal(w->ended, 0);
}

static void
a_line_calls_jobs_although_the_only_slot_is_all_there_is(void **state)
{
    struct world *w = *state;

    send(w, PIN_LINE_EVALUATE, "await runBackgroundJob('hello')");
    expect(w, "a job", PIN_REPLY_DONE, "");
    assert_string_equal(w->printed, "hello\n");
}

static void
a_line_that_computes_takes_no_slot_from_others(void **state)
{
    struct pin_request_options options = { .kind = PIN_TASK_JOB, .name = "hello" };
    struct world *w = *state;
    struct pin_summary summary;
    struct pin_err err;

    send(w, PIN_LINE_EVALUATE, "console.log('begun'); for(;;){}");
    pin__executor_loop(w->x, has_printed, w);
    pin__summary_init(&summary);
    assert_int_equal(pin__executor_run(w->x, &options, &w->sink, &summary, &err), PIN_OK);
    assert_int_equal(summary.outcome.kind, PIN_OUTCOME_SUCCEEDED);
    pin__summary_fini(&summary);
    assert_false(w->answered);
    assert_string_equal(w->printed, "begun\nhello\n");
}

static void
an_interrupt_stops_the_line_and_keeps_the_variables(void **state)
{
    static const char *const lines[] = { "for(;;){}", "await new Promise(() => {})",
                                         "for(;;) await null",
                                         "await runBackgroundJob('hello'); for(;;){}" };
    struct world *w = *state;

    send(w, PIN_LINE_EVALUATE, "var keep = 7");
    expect(w, "var", PIN_REPLY_DONE, "");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[128];

        snprintf(line, sizeof line, "console.log('begun'); %s", lines[i]);
        send(w, PIN_LINE_EVALUATE, line);
        pin__executor_loop(w->x, has_printed, w);
        pin__dialog_interrupt(w->dialog);
        pin__dialog_interrupt(w->dialog); /* asking twice is asking once */
        expect(w, line, PIN_REPLY_STOPPED, "");
    }
    pin__dialog_interrupt(w->dialog); /* nothing is in hand */
    send(w, PIN_LINE_EVALUATE, "keep");
    expect(w, "keep", PIN_REPLY_DONE, "7");
    assert_int_equal(w->ended, 0);
}

static void
what_does_not_stop_is_killed_and_the_next_line_has_a_fresh_worker(void **state)
{
    struct world *w = *state;

    send(w, PIN_LINE_EVALUATE,
         "var keep = 7; console.log('begun'); new Array(4294967295).toString()");
    pin__executor_loop(w->x, has_printed, w);
    pin__dialog_interrupt(w->dialog);
    pin__executor_loop(w->x, is_answered, w);
    assert_int_equal(w->ended, 1);
    assert_true(w->interrupted);
    assert_false(pin__dialog_has_worker(w->dialog));
    send(w, PIN_LINE_EVALUATE, "typeof keep");
    expect(w, "typeof", PIN_REPLY_DONE, "'undefined'");
    assert_int_equal(w->ended, 1);
}

static bool
has_ended(void *context)
{
    return ((struct world *)context)->ended > 0;
}

static void
the_end_runs_hooks_and_is_told(void **state)
{
    struct world *w = *state;

    send(w, PIN_LINE_EVALUATE,
         "workspace.context.mine = { destroy(){ console.log('destroyed'); } }; 1");
    expect(w, "hook", PIN_REPLY_DONE, "1");
    send(w, PIN_LINE_END, "");
    pin__executor_loop(w->x, has_ended, w);
    assert_string_equal(w->printed, "destroyed\n");
    assert_false(w->interrupted);
}

static void
a_restart_forgets_and_tells_nothing(void **state)
{
    struct world *w = *state;

    send(w, PIN_LINE_EVALUATE, "var keep = 7; 7");
    expect(w, "keep", PIN_REPLY_DONE, "7");
    pin__dialog_restart(w->dialog);
    send(w, PIN_LINE_EVALUATE, "typeof keep");
    expect(w, "typeof", PIN_REPLY_DONE, "'undefined'");
    assert_int_equal(w->ended, 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(replies_say_what_came_of_a_line),
        CASE(a_line_calls_jobs_although_the_only_slot_is_all_there_is),
        CASE(a_line_that_computes_takes_no_slot_from_others),
        CASE(an_interrupt_stops_the_line_and_keeps_the_variables),
        CASE(what_does_not_stop_is_killed_and_the_next_line_has_a_fresh_worker),
        CASE(the_end_runs_hooks_and_is_told),
        CASE(a_restart_forgets_and_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
