# native_helper.bash - jobs in C.
#
#   c_job NAME DECLARATIONS BODY...   lib/background_jobs/NAME.c: DECLARATIONS stand in PIN_BACKGROUND_JOB(), each with
#                                     its comma; the first BODY is run()'s, a second one stands before it

load ../cli/helper

# A run of root's would become nobody, who may not use the database in these folders, and would say so in its output:
# native_root.bats is about that.
# shellcheck disable=SC2034  # project_with reads it
[ "$(id -u)" -ne 0 ] || PROJECT_CONFIG="{ native: { user: 'root' } }"

c_job() {
    project_with
    mkdir -p lib/background_jobs
    cat >"lib/background_jobs/$1.c" <<C
#include <pinstripe/job.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

${4-}

static void
run(pin_workspace *w)
{
    (void)w;
    $3
}

PIN_BACKGROUND_JOB($2 .run = run)
C
}
