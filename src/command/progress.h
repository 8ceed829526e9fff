/* progress.h - how far a long command is, on stderr: a bar at the bottom of a terminal, elsewhere a
 * line now and then. Nothing with --quiet. */
#ifndef PIN_COMMAND_PROGRESS_H
#define PIN_COMMAND_PROGRESS_H

#include "base/clock.h"
#include "command/cli.h"

struct progress {
    const struct cli *cli;
    const char *what; /* "runs deleted" */
    int64_t total;    /* 0: not known */
    bool terminal;
    bool shown;
    struct pin_mono told;
};

void pin__progress_init(struct progress *p, const struct cli *cli, const char *what, int64_t total);
void pin__progress_tell(struct progress *p, int64_t done);
/* Takes the bar away; before anything else is printed. */
void pin__progress_fini(struct progress *p);

#endif
