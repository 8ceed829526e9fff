/* progress.c - see progress.h. */
#include "command/progress.h"

#include <unistd.h>

#include "command/human.h"

enum { BAR_WIDTH = 30, BAR_EVERY_MS = 100, LINE_EVERY_MS = 10000 };

void
pin__progress_init(struct progress *p, const struct cli *cli, const char *what, int64_t total)
{
    const char *term = getenv("TERM");

    *p = (struct progress){ .cli = cli,
                            .what = what,
                            .total = total,
                            .terminal =
                                isatty(fileno(cli->err)) && term && strcmp(term, "dumb") != 0,
                            .told = pin__clock_mono() };
}

static void
add_bar(char *out, size_t size, int64_t done, int64_t total)
{
    int full = (int)((double)(done < total ? done : total) / (double)total * BAR_WIDTH);
    char bar[BAR_WIDTH + 1];

    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', (size_t)full);
    bar[BAR_WIDTH] = '\0';
    snprintf(out, size, "[%s] ", bar);
}

void
pin__progress_tell(struct progress *p, int64_t done)
{
    struct pin_mono now = pin__clock_mono();
    char bar[BAR_WIDTH + 8] = "", of[48] = "";

    if (p->cli->verbosity < 0 ||
        now.ns - p->told.ns < (p->terminal ? BAR_EVERY_MS : LINE_EVERY_MS) * INT64_C(1000000))
        return;
    p->told = now;
    if (p->total > 0) {
        snprintf(of, sizeof of, " of %s", pin__human_count(p->total).text);
        add_bar(bar, sizeof bar, done, p->total);
    }
    if (p->terminal)
        fprintf(p->cli->err, "\r\033[K%s%s%s %s", bar, pin__human_count(done).text, of, p->what);
    else
        fprintf(p->cli->err, "pinstripe: %s%s %s\n", pin__human_count(done).text, of, p->what);
    fflush(p->cli->err);
    p->shown = p->terminal;
}

void
pin__progress_fini(struct progress *p)
{
    if (p->shown)
        fputs("\r\033[K", p->cli->err);
    p->shown = false;
}
