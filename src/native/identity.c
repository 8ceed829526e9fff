/* identity.c - see identity.h. */
#include "native/identity.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/ban.h"
#include "base/quote.h"
#include "native/config.h"

/* ---- who ---- */

/* A run has to be stopped at its limits. Containers may leave root without the right to do that to
 * another user's process. */
static bool
may_kill_others(void)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { { 0, 0, 0 } };

    return syscall(SYS_capget, &header, sets) == 0 &&
           sets[CAP_TO_INDEX(CAP_KILL)].effective & CAP_TO_MASK(CAP_KILL);
}

static void
find_user(struct pin_native_identity *out, const char *name)
{
    const struct passwd *who = getpwnam(name);

    if (!who) {
        pin__err_set(&out->problem, PIN_CONFIG,
                     "there is no user %s on this machine (native.user in pinstripe.config.js)",
                     pin__quote_text(name).text);
        return;
    }
    out->uid = who->pw_uid;
    out->gid = who->pw_gid;
    out->group_count = PIN_NATIVE_GROUPS_MAX;
    if (getgrouplist(name, who->pw_gid, out->groups, &out->group_count) < 0)
        out->group_count = PIN_NATIVE_GROUPS_MAX;
    out->changes = out->uid != 0;
    if (out->changes && !may_kill_others())
        pin__err_set(&out->problem, PIN_DENIED,
                     "root may not stop another user's process here (CAP_KILL), so no run can "
                     "become the user %s",
                     pin__quote_text(name).text);
}

void
pin__native_identity_find(struct pin_native_identity *out, const char *user)
{
    const char *name = user ? user : PIN_NATIVE_USER;

    *out = (struct pin_native_identity){ .named = user != NULL, .problem = PIN_ERR_INIT };
    if (geteuid() != 0 || strcmp(name, "root") == 0)
        return;
    snprintf(out->name, sizeof out->name, "%s", name);
    find_user(out, name);
}

/* The owner of a folder in /proc is the process's user; its folder `task` has one in it for each
 * thread. */
uint64_t
pin__native_identity_processes(const struct pin_native_identity *id)
{
    uid_t uid = id->changes ? id->uid : geteuid();
    DIR *all = opendir("/proc");
    struct dirent *entry;
    uint64_t count = 0;
    char path[300];
    struct stat st;

    while (all && (entry = readdir(all)) != NULL) {
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            fstatat(dirfd(all), entry->d_name, &st, 0) != 0 || st.st_uid != uid)
            continue;
        snprintf(path, sizeof path, "%s/task", entry->d_name);
        if (fstatat(dirfd(all), path, &st, 0) == 0 && st.st_nlink > 2)
            count += st.st_nlink - 2;
    }
    if (all)
        closedir(all);
    return count;
}

/* ---- what it may do ---- */

static bool
may(const char *path, int mode)
{
    return faccessat(AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

static bool
may_or_is_missing(const char *path)
{
    return may(path, R_OK | W_OK) || errno == ENOENT;
}

/* SQLite writes the file and two beside it, which it makes and removes. */
static bool
may_use(const char *database)
{
    const char *slash = strrchr(database, '/');
    char path[4096];

    if (!slash)
        return true; /* in memory */
    snprintf(path, sizeof path, "%.*s", (int)(slash - database + 1), database);
    if (!may(path, W_OK | X_OK) || !may_or_is_missing(database))
        return false;
    snprintf(path, sizeof path, "%s-wal", database);
    if (!may_or_is_missing(path))
        return false;
    snprintf(path, sizeof path, "%s-shm", database);
    return may_or_is_missing(path);
}

/* Looks with the user's eyes: the ids that count for files, and for nothing else. */
static bool
could_use(const struct pin_native_identity *id, const char *database)
{
    bool could;

    (void)setfsgid(id->gid);
    (void)setfsuid(id->uid);
    could = may_use(database);
    (void)setfsuid(geteuid());
    (void)setfsgid(getegid());
    return could;
}

/* ---- becoming it ---- */

/* True when it is that user now; else it is who it was, with errno. */
static bool
become(const struct pin_native_identity *id, const char *database, bool *unusable)
{
    static gid_t before[PIN_NATIVE_GROUPS_MAX];
    int count = getgroups(PIN_NATIVE_GROUPS_MAX, before), failed;
    gid_t gid = getegid();

    *unusable = false;
    if (count < 0 || setgroups((size_t)id->group_count, id->groups) != 0)
        return false;
    if (!id->named && database && !could_use(id, database))
        *unusable = true;
    else if (setresgid(id->gid, id->gid, id->gid) == 0 && setresuid(id->uid, id->uid, id->uid) == 0)
        return true;
    failed = errno;
    (void)!setresgid(gid, gid, gid);
    (void)!setgroups((size_t)count, before);
    errno = failed;
    return false;
}

static void
say_why_not(const char *why, const char *database, struct pin_err *err)
{
    pin__err_set(err, PIN_DENIED,
                 "this run is root's, so nothing limits how many processes it starts: %s%s%s. See "
                 "native.user in docs/native-jobs.md; native: { user: 'root' } in "
                 "pinstripe.config.js leaves it so, without a word.",
                 why, database ? " " : "", database ? database : "");
}

pin_status
pin__native_identity_take(const struct pin_native_identity *id, const char *database, bool *became,
                          struct pin_err *err)
{
    char why[256];
    bool unusable = false;

    *became = false;
    err->status = PIN_OK;
    if (id->problem.status != PIN_OK && id->named)
        return pin__err_set(err, id->problem.status, "%s", id->problem.message);
    if (id->problem.status != PIN_OK) {
        say_why_not(id->problem.message, NULL, err);
        return PIN_OK;
    }
    if (!id->changes)
        return PIN_OK;
    if ((*became = become(id, database, &unusable)))
        return PIN_OK;
    if (id->named)
        return pin__err_set(err, PIN_DENIED,
                            "the run cannot become the user \"%s\" (native.user in "
                            "pinstripe.config.js): %s",
                            id->name, strerror(errno));
    snprintf(why, sizeof why, "it cannot become the user \"%s\": %s", id->name, strerror(errno));
    if (unusable)
        snprintf(why, sizeof why, "the user \"%s\" may not write the database", id->name);
    say_why_not(why, unusable ? database : NULL, err);
    return PIN_OK;
}
