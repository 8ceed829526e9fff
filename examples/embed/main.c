/* embed - a program that triggers background jobs when something happens, and handles their
 * failure.
 *
 *     cc -o embed main.c $(pkg-config --cflags --libs pinstripe)
 *     printf '%s\n' '{"number":1,"total":30}' '{"number":2,"total":0}' | ./embed
 *
 * What happens here is a line on standard input: an order, as JSON. Its own loop goes on meanwhile:
 * poll() watches the project's one descriptor beside its own. The job fulfil-order is a file in
 * lib/background_jobs; charge-card, which that one runs, is a function of this program.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pinstripe/job.h>
#include <pinstripe/pinstripe.h>

/* ---- a job: runs in a process of its own, forked from this program's worker ---- */

static void
charge(pin_workspace *w)
{
    int64_t total = pin_json_integer(w, pin_arg(w, 0), 0);

    if (total > 1000)
        pin_fail(w, "The card was declined.");
    else
        printf("Charged %lld.\n", (long long)total);
}

static const struct pin_background_job charge_card = PIN_HOST_JOB(.run = charge);
static const struct pin_host_job jobs[] = { { "charge-card", &charge_card }, { NULL, NULL } };

/* ---- the program ---- */

/* What a failed job says is for whoever asked for it. */
static void
order_ended(void *number, const pin_run_result *result)
{
    if (pin_run_result_status(result) == PIN_OK)
        printf("{ status: 'success', order: %ld }\n", (long)(intptr_t)number);
    else
        printf("{ status: 'error', order: %ld, message: '%s' }\n", (long)(intptr_t)number,
               pin_run_result_message(result));
}

static void
take_order(pin_project *project, const char *line)
{
    static long orders;
    struct pin_error error;
    char args[1024];

    snprintf(args, sizeof args, "[%s]", line);
    if (pin_project_start(project, "fulfil-order", PIN_CALL_OPTIONS(.args = args), order_ended,
                          (void *)(intptr_t)++orders, NULL, &error) != PIN_OK)
        fprintf(stderr, "the order was not taken: %s\n", error.message);
}

/* Whole lines of what has arrived. False at its end. */
static bool
read_orders(pin_project *project)
{
    static char text[8192];
    static size_t size;
    ssize_t n = read(STDIN_FILENO, text + size, sizeof text - 1 - size);
    char *end;

    if (n <= 0)
        return n < 0 && errno == EINTR;
    size += (size_t)n;
    text[size] = '\0';
    while ((end = strchr(text, '\n')) != NULL) {
        *end = '\0';
        take_order(project, text);
        size -= (size_t)(end + 1 - text);
        memmove(text, end + 1, size + 1);
    }
    return size < sizeof text - 1;
}

static void
serve(pin_project *project)
{
    bool reads = true;

    while (reads || pin_project_calls(project) > 0) {
        struct pollfd fds[] = { { .fd = reads ? STDIN_FILENO : -1, .events = POLLIN },
                                { .fd = pin_project_fd(project), .events = POLLIN } };

        (void)poll(fds, 2, -1);
        if (fds[1].revents)
            (void)pin_project_turn(project, 0, NULL);
        if (fds[0].revents)
            reads = read_orders(project);
    }
}

static void
print(void *context, const struct pin_console_text *text)
{
    (void)context;
    fprintf(text->is_error ? stderr : stdout, "%s: %.*s", text->job, (int)text->size, text->data);
}

int
main(int argc, char **argv)
{
    pin_project *project;
    struct pin_error error;

    pin_worker_main(argc, argv, jobs);
    if (pin_project_open(&project,
                         PIN_PROJECT_OPTIONS(.folder = argc > 1 ? argv[1] : NULL,
                                             .worker = PIN_THIS_PROGRAM, .console = print),
                         &error) != PIN_OK) {
        fprintf(stderr, "embed: %s\n", error.message);
        return EXIT_FAILURE;
    }
    serve(project);
    pin_project_close(project);
    return EXIT_SUCCESS;
}
