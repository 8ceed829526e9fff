/* build.c - see build.h. */
#include "native/build.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/quote.h"

enum {
    TOGETHER_MAX = 8,
    LINK_LINE_MAX = 512,
    ARGUMENTS_MAX = 48,
    POLL_MS = 5,
};

#define LOG_BYTES_MAX  ((size_t)64 << 10)
#define INCLUDE_FOLDER "build/pinstripe/include" /* in PIN_NATIVE_FOLDER */
#define HEADER_FILE    INCLUDE_FOLDER "/pinstripe/job.h"

extern const char pin__job_header_text[]; /* include/pinstripe/job.h, made at build time */

static const char *const flags[] = {
    "-std=c17",      "-O2",   "-g",          "-Wall",
    "-Wextra",       "-fPIC", "-shared",     "-fno-omit-frame-pointer",
    "-D_GNU_SOURCE", "-I",    INCLUDE_FOLDER
};

struct unit { /* one file that is compiled */
    struct pin_file *file;
    char *object, *fresh, *log; /* fresh: written first, then renamed */
    char link[LINK_LINE_MAX];   /* what its source asks to be linked with */
    pid_t pid;
};

static const char *
compiler(void)
{
    const char *cc = getenv("CC");

    return cc && *cc && !strchr(cc, ' ') ? cc : "cc";
}

static uint64_t
hash_more(uint64_t h, const void *data, size_t size)
{
    const unsigned char *at = data;

    for (size_t i = 0; i < size; i++)
        h = (h ^ at[i]) * 0x100000001b3u; /* FNV-1a */
    return h;
}

static uint64_t
hash_text(uint64_t h, const char *text)
{
    return hash_more(h, text, strlen(text) + 1);
}

static bool
ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n > m && strcmp(name + n - m, end) == 0;
}

/* Which headers a file includes is not known before it is compiled: those beside it all count. */
static uint64_t
hash_headers(uint64_t h, const char *file)
{
    char folder[4096];
    uint64_t sum = 0;
    struct dirent *entry;
    DIR *dir;

    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(file, '/') - file), file);
    if (!(dir = opendir(folder)))
        return h;
    while ((entry = readdir(dir)) != NULL) {
        struct pin_buf text = PIN_BUF_INIT(PIN_FILE_BYTES_MAX);

        if (ends_with(entry->d_name, ".h") &&
            pin__path_read_at(dirfd(dir), entry->d_name, &text, NULL) == PIN_OK)
            sum += hash_more(hash_text(h, entry->d_name), pin__buf_text(&text), text.size);
        pin__buf_fini(&text);
    }
    closedir(dir);
    return hash_more(h, &sum, sizeof sum);
}

/* The compiler that would run: another one at its place makes another object. */
static uint64_t
hash_compiler(uint64_t h)
{
    const char *path = getenv("PATH");
    char file[4096];
    struct stat st;

    h = hash_text(h, compiler());
    for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
        size_t n = strcspn(at, ":");

        snprintf(file, sizeof file, "%.*s/%s", (int)n, at, compiler());
        if (stat(file, &st) == 0) {
            h = hash_more(h, &st.st_size, sizeof st.st_size);
            return hash_more(h, &st.st_mtim.tv_sec, sizeof st.st_mtim.tv_sec);
        }
        at += n + (at[n] == ':');
    }
    return h;
}

/* A line of the source such as "pinstripe-link: -lz -lm" in a comment. */
static void
find_link_line(struct unit *u, const char *source)
{
    static const char mark[] = "pinstripe-link:";
    const char *at = strstr(source, mark);

    u->link[0] = '\0';
    if (!at)
        return;
    at += sizeof mark - 1;
    snprintf(u->link, sizeof u->link, "%.*s", (int)strcspn(at, "\n*"), at);
}

static pin_status
name_unit(struct unit *u, struct pin_arena *a, struct pin_err *err)
{
    struct pin_buf source = PIN_BUF_INIT(PIN_FILE_BYTES_MAX);
    uint64_t h = 0xcbf29ce484222325u;
    char flat[128];
    pin_status st;

    if ((st = pin__path_read(u->file->path, &source, err)) != PIN_OK)
        goto out;
    find_link_line(u, pin__buf_text(&source));
    h = hash_more(h, pin__buf_text(&source), source.size);
    h = hash_text(h, pin__job_header_text);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        h = hash_text(h, flags[i]);
    h = hash_headers(hash_compiler(h), u->file->path);
    snprintf(flat, sizeof flat, "%s", u->file->key);
    for (char *c = flat; *c; c++)
        if (*c == '/')
            *c = '.';
    u->object =
        pin__arena_printf(a, "./" PIN_NATIVE_FOLDER "/%s-%016llx.so", flat, (unsigned long long)h);
    u->fresh = pin__arena_printf(a, "%s.%d", u->object ? u->object : "", (int)getpid());
    u->log = pin__arena_printf(a, "%s.log", u->fresh ? u->fresh : "");
    if (!u->object || !u->fresh || !u->log)
        st = pin__err_no_memory(err);
out:
    pin__buf_fini(&source);
    return st;
}

static int
spawn(struct unit *u)
{
    const char *argv[ARGUMENTS_MAX];
    posix_spawn_file_actions_t actions;
    size_t n = 0;
    char *save = NULL;
    int failed;

    argv[n++] = compiler();
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        argv[n++] = flags[i];
    argv[n++] = "-o";
    argv[n++] = u->fresh;
    argv[n++] = u->file->path;
    for (char *word = strtok_r(u->link, " \t\r", &save); word && n + 1 < ARGUMENTS_MAX;
         word = strtok_r(NULL, " \t\r", &save))
        argv[n++] = word;
    argv[n] = NULL;
    posix_spawn_file_actions_init(&actions);
    failed =
        posix_spawn_file_actions_addopen(&actions, 2, u->log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    failed |= posix_spawn_file_actions_adddup2(&actions, 2, 1);
    if (!failed)
        failed =
            posix_spawnp(&u->pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return failed;
}

/* The first line that tells an error, else the first there is. */
static const char *
first_error(struct pin_arena *a, const char *log)
{
    struct pin_buf text = PIN_BUF_INIT(LOG_BYTES_MAX);
    const char *at, *line, *found = "the compiler gave no reason";

    if (pin__path_read(log, &text, NULL) == PIN_OK && text.size) {
        line = pin__buf_text(&text);
        if ((at = strstr(line, "error: ")) != NULL) {
            while (at > line && at[-1] != '\n')
                at--;
            line = at;
        }
        found = pin__arena_copy(a, line, strcspn(line, "\n"));
    }
    pin__buf_fini(&text);
    return found;
}

static void
end_unit(struct unit *u, struct pin_arena *a, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && rename(u->fresh, u->object) == 0)
        goto out;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        u->file->problem = pin__arena_printf(
            a, "there is no C compiler \"%s\": install one (on Debian: apt-get install gcc)",
            compiler());
    else if (WIFSIGNALED(status))
        u->file->problem =
            pin__arena_printf(a, "it was not compiled within %d s", PIN_NATIVE_COMPILE_MS / 1000);
    else
        u->file->problem = pin__arena_printf(a, "it does not compile: %s", first_error(a, u->log));
    unlink(u->fresh);
out:
    unlink(u->log);
    u->pid = 0;
}

/* Waits for the units under way, and no longer than `until`. */
static void
finish(struct unit *units, size_t count, struct pin_arena *a, struct pin_mono until)
{
    for (size_t i = 0; i < count; i++) {
        int status = 0;

        while (units[i].pid && waitpid(units[i].pid, &status, WNOHANG) == 0) {
            if (pin__clock_mono().ns > until.ns)
                kill(units[i].pid, SIGKILL);
            usleep(POLL_MS * 1000);
        }
        if (units[i].pid)
            end_unit(&units[i], a, status);
    }
}

static void
start(struct unit *u, struct pin_arena *a)
{
    int failed = spawn(u);

    if (!failed)
        return;
    u->pid = 0;
    u->file->problem =
        failed == ENOENT
            ? pin__arena_printf(a,
                                "there is no C compiler \"%s\": install one (on Debian: apt-get "
                                "install gcc)",
                                compiler())
            : pin__arena_printf(a, "the compiler cannot be started: %s", strerror(failed));
}

static void
compile_all(struct unit *units, size_t count, struct pin_arena *a)
{
    for (size_t i = 0, n; i < count; i += n) {
        n = count - i < TOGETHER_MAX ? count - i : TOGETHER_MAX;
        for (size_t k = i; k < i + n; k++)
            start(&units[k], a);
        finish(units + i, n, a, pin__clock_after_ms(pin__clock_mono(), PIN_NATIVE_COMPILE_MS));
    }
}

static pin_status
write_header(struct pin_err *err)
{
    struct pin_bytes text = { pin__job_header_text, strlen(pin__job_header_text) };
    struct pin_buf there = PIN_BUF_INIT(PIN_FILE_BYTES_MAX);
    pin_status st = PIN_OK;
    bool same = pin__path_read(HEADER_FILE, &there, NULL) == PIN_OK && there.size == text.size &&
                memcmp(there.data, text.data, text.size) == 0;

    pin__buf_fini(&there);
    if (!same && (st = pin__path_make_folders(INCLUDE_FOLDER "/pinstripe", err)) == PIN_OK)
        st = pin__path_replace(HEADER_FILE, text, err);
    return st;
}

static bool
is_native(const struct pin_file *f)
{
    return f->language != PIN_LANGUAGE_JAVASCRIPT && f->key && !f->problem;
}

static pin_status
build(struct pin_native_objects *out, struct pin_files *files, struct unit *units,
      struct pin_err *err)
{
    struct pin_arena *a = &files->arena;
    pin_status st = PIN_OK;
    size_t stale = 0;

    for (size_t i = 0; i < files->count; i++) {
        struct unit u = { .file = &files->items[i] };
        const char *path = u.file->path;

        if (!is_native(u.file))
            continue;
        if (u.file->language == PIN_LANGUAGE_C) {
            if ((st = name_unit(&u, a, err)) != PIN_OK)
                return st;
            if (access(u.object, R_OK) != 0)
                units[stale++] = u;
            path = u.object;
        } else {
            path = pin__arena_printf(a, "./%s", path);
        }
        out->items[out->count++] = (struct pin_native_object){ u.file->key, path };
    }
    if (stale == 0)
        return PIN_OK;
    if ((st = write_header(err)) != PIN_OK) {
        for (size_t i = 0; i < stale; i++)
            units[i].file->problem = pin__arena_printf(a, "it cannot be compiled: %s",
                                                       err ? err->message : pin__status_name(st));
        return PIN_OK;
    }
    compile_all(units, stale, a);
    return PIN_OK;
}

pin_status
pin__native_build(struct pin_native_objects *out, struct pin_files *files, struct pin_err *err)
{
    struct pin_err own = PIN_ERR_INIT;
    struct unit *units;
    size_t count = 0;
    pin_status st;

    pin__native_objects_fini(out);
    for (size_t i = 0; i < files->count; i++)
        count += is_native(&files->items[i]);
    if (count == 0)
        return PIN_OK;
    out->items = calloc(count, sizeof *out->items);
    units = calloc(count, sizeof *units);
    st = out->items && units ? build(out, files, units, &own) : pin__err_no_memory(&own);
    free(units);
    if (st != PIN_OK)
        pin__err_set(err, st, "%s", own.message);
    return st;
}

void
pin__native_objects_fini(struct pin_native_objects *o)
{
    free(o->items);
    *o = (struct pin_native_objects){ NULL, 0 };
}
