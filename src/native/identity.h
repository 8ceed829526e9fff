/* identity.h - whom a run of a job in C becomes when pinstripe is root's.
 *
 * RLIMIT_NPROC holds nobody who is root, so a run of root's becomes another user before the job's
 * code begins: the one that `native.user` names, or `nobody`. What the run may then do with the
 * database is what the rights of the file say. If nobody was named, and `nobody` may not use the
 * database, the run stays root's and says so: a project that is root's own works as it is, and
 * whoever runs it learns what holds and what does not.
 */
#ifndef PIN_NATIVE_IDENTITY_H
#define PIN_NATIVE_IDENTITY_H

#include <sys/types.h>

#include "base/buf.h"

enum { PIN_NATIVE_GROUPS_MAX = 256 };

struct pin_native_identity {
    bool changes; /* runs become another user; the rest has no meaning when they do not */
    bool named;   /* by the configuration: that user or none */
    char name[64];
    uid_t uid;
    gid_t gid;
    gid_t groups[PIN_NATIVE_GROUPS_MAX];
    int group_count;
    struct pin_err problem; /* why runs cannot become it; status PIN_OK: they can */
};

/* In the process that forks runs. `user`: what the configuration names; NULL: nobody. */
void pin__native_identity_find(struct pin_native_identity *out, const char *user);
/* How many processes and threads the user has that runs will be. */
uint64_t pin__native_identity_processes(const struct pin_native_identity *id);
/* In the run, for good. *became tells whether it is that user now; if not, and PIN_OK, then *err is
 * the sentence that says why it is root's still, its status PIN_OK when there is nothing to say.
 * Any other status: the run must not begin. `database` may be NULL. */
pin_status pin__native_identity_take(const struct pin_native_identity *id, const char *database,
                                     bool *became, struct pin_err *err) PIN_MUST_USE;

#endif
