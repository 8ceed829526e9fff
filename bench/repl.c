/* repl.c - how long a person waits for the REPL's prompt: from its start to the last byte of the
 * prompt, on a pseudo-terminal. The reference is `sqlite3` to its prompt, the same way.
 */
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define RUNS     21
#define WARM_UPS 3
#define MUST_MS  40

static void
read_until(int fd, const char *prompt)
{
    char text[4096];
    size_t size = 0;
    ssize_t n;

    while ((n = read(fd, text + size, sizeof text - 1 - size)) > 0) {
        size += (size_t)n;
        text[size] = '\0';
        if (strstr(text, prompt))
            return;
    }
    fprintf(stderr, "bench: no prompt came, only: %.*s\n", (int)size, text);
    exit(1);
}

static double
to_prompt(const char *const *argv, const char *prompt)
{
    double start = bench_clock_ms(CLOCK_MONOTONIC), ms;
    int fd;
    pid_t pid = forkpty(&fd, NULL, NULL, NULL);

    if (pid < 0)
        bench_die("forkpty");
    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    read_until(fd, prompt);
    ms = bench_clock_ms(CLOCK_MONOTONIC) - start;
    close(fd);
    kill(pid, SIGHUP);
    if (waitpid(pid, NULL, 0) != pid)
        bench_die("waitpid");
    return ms;
}

static double
measure(const char *const *argv, const char *prompt)
{
    double ms[RUNS];

    for (int i = 0; i < WARM_UPS; i++)
        to_prompt(argv, prompt);
    for (int i = 0; i < RUNS; i++)
        ms[i] = to_prompt(argv, prompt);
    return bench_median(ms, RUNS);
}

int
main(void)
{
    char folder[PATH_MAX], home[PATH_MAX + 8];
    const char *repl[] = { bench_program(), "--project", folder, "repl", NULL };
    const char *reference[] = { "sqlite3", ":memory:", NULL };
    double ours, theirs;

    bench_project(folder, "export default {};\n");
    bench_write(folder, "lib/background_jobs/empty.js", "export default { run(){} };\n");
    snprintf(home, sizeof home, "%s/home", folder);
    setenv("HOME", home, 1);
    setenv("TERM", "xterm", 1);
    unsetenv("PINSTRIPE_HISTORY");
    unsetenv("XDG_STATE_HOME");
    ours = measure(repl, "pinstripe > ");
    theirs = measure(reference, "sqlite> ");
    bench_remove(folder);
    bench_row("repl, from its start to the prompt on a terminal", ours, "ms", theirs, "<= 40 ms",
              ours <= MUST_MS);
    return 0;
}
