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
#include "native/objects.h"

enum {
    TOGETHER_MAX = 8,
    LINK_LINE_MAX = 512,
    ARGUMENTS_MAX =
        512, /* of flags and libraries there are 100 each, of LINK_LINE_MAX bytes half */
    POLL_MS = 5,
};

#define OBJECT_MODE    0755
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

struct build {
    struct pin_files *files; /* texts live in its arena */
    const struct pin_native_config *config;
    const char *compiler;
    struct unit *units; /* what is to be compiled */
    size_t count;
};

/* The environment says more than a file does. */
static const char *
compiler_of(const struct pin_native_config *config)
{
    const char *cc = getenv("CC");

    if (cc && *cc && !strchr(cc, ' '))
        return cc;
    return config->compiler ? config->compiler : "cc";
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

static uint64_t
hash_texts(uint64_t h, char *const *texts)
{
    for (; *texts; texts++)
        h = hash_text(h, *texts);
    return hash_text(h, ""); /* no word is empty */
}

static bool
hash_program(uint64_t *h, const char *file)
{
    struct stat st;

    if (stat(file, &st) != 0)
        return false;
    *h = hash_more(*h, &st.st_size, sizeof st.st_size);
    *h = hash_more(*h, &st.st_mtim.tv_sec, sizeof st.st_mtim.tv_sec);
    return true;
}

/* The compiler that would run: another one at its place makes another object. */
static uint64_t
hash_compiler(uint64_t h, const char *compiler)
{
    const char *path = getenv("PATH");
    char file[4096];

    h = hash_text(h, compiler);
    if (strchr(compiler, '/')) {
        (void)hash_program(&h, compiler);
        return h;
    }
    for (const char *at = path ? path : "/usr/bin:/bin"; *at;) {
        size_t n = strcspn(at, ":");

        snprintf(file, sizeof file, "%.*s/%s", (int)n, at, compiler);
        if (hash_program(&h, file))
            return h;
        at += n + (at[n] == ':');
    }
    return h;
}

/* All of the configuration that an object is made with. */
static uint64_t
hash_ways(uint64_t h, const struct build *b)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        h = hash_text(h, flags[i]);
    h = hash_texts(h, b->config->flags);
    h = hash_texts(h, b->config->libraries);
    return hash_compiler(h, b->compiler);
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
name_unit(const struct build *b, struct unit *u, struct pin_err *err)
{
    struct pin_arena *a = &b->files->arena;
    struct pin_buf source = PIN_BUF_INIT(PIN_FILE_BYTES_MAX);
    uint64_t h = 0xcbf29ce484222325u;
    char flat[128];
    pin_status st;

    if ((st = pin__path_read(u->file->path, &source, err)) != PIN_OK)
        goto out;
    find_link_line(u, pin__buf_text(&source));
    h = hash_more(h, pin__buf_text(&source), source.size);
    h = hash_text(h, pin__job_header_text);
    h = hash_headers(hash_ways(h, b), u->file->path);
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

static size_t
add_words(const char **argv, size_t n, char *const *words)
{
    for (; *words && n + 1 < ARGUMENTS_MAX; words++)
        argv[n++] = *words;
    return n;
}

static void
make_arguments(const struct build *b, struct unit *u, const char **argv)
{
    char *save = NULL;
    size_t n = 0;

    argv[n++] = b->compiler;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        argv[n++] = flags[i];
    n = add_words(argv, n, b->config->flags);
    argv[n++] = "-o";
    argv[n++] = u->fresh;
    argv[n++] = u->file->path;
    for (char *word = strtok_r(u->link, " \t\r", &save); word && n + 1 < ARGUMENTS_MAX;
         word = strtok_r(NULL, " \t\r", &save))
        argv[n++] = word;
    n = add_words(argv, n, b->config->libraries);
    argv[n] = NULL;
}

static int
spawn(const struct build *b, struct unit *u)
{
    const char *argv[ARGUMENTS_MAX];
    posix_spawn_file_actions_t actions;
    int failed;

    make_arguments(b, u, argv);
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

static const char *
no_compiler(const struct build *b)
{
    return pin__arena_printf(&b->files->arena,
                             "there is no C compiler \"%s\": install one (on Debian: apt-get "
                             "install gcc)",
                             b->compiler);
}

static const char *
problem_of(const struct build *b, const struct unit *u, int status)
{
    struct pin_arena *a = &b->files->arena;

    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return no_compiler(b);
    if (WIFSIGNALED(status))
        return pin__arena_printf(a, "it was not compiled within %d s",
                                 PIN_NATIVE_COMPILE_MS / 1000);
    return pin__arena_printf(a, "it does not compile: %s", first_error(a, u->log));
}

/* Whatever the umask is: an object that others can write would not be loaded. */
static void
end_unit(const struct build *b, struct unit *u, int status)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || chmod(u->fresh, OBJECT_MODE) != 0 ||
        rename(u->fresh, u->object) != 0) {
        u->file->problem = problem_of(b, u, status);
        unlink(u->fresh);
    }
    unlink(u->log);
    u->pid = 0;
}

/* Waits for the units under way, and no longer than `until`. */
static void
finish(const struct build *b, size_t from, size_t to, struct pin_mono until)
{
    for (struct unit *u = b->units + from; u < b->units + to; u++) {
        int status = 0;

        while (u->pid && waitpid(u->pid, &status, WNOHANG) == 0) {
            if (pin__clock_mono().ns > until.ns)
                kill(u->pid, SIGKILL);
            usleep(POLL_MS * 1000);
        }
        if (u->pid)
            end_unit(b, u, status);
    }
}

/* A folder of PATH that may not be looked into makes EACCES of what is in none. */
static bool
is_not_found(const struct build *b, int failed)
{
    return failed == ENOENT || (failed == EACCES && !strchr(b->compiler, '/'));
}

static void
start(const struct build *b, struct unit *u)
{
    int failed = spawn(b, u);

    if (!failed)
        return;
    u->pid = 0;
    u->file->problem =
        is_not_found(b, failed)
            ? no_compiler(b)
            : pin__arena_printf(&b->files->arena, "the compiler cannot be started: %s",
                                strerror(failed));
}

static void
compile_all(const struct build *b)
{
    for (size_t i = 0, end; i < b->count; i = end) {
        end = b->count - i < TOGETHER_MAX ? b->count : i + TOGETHER_MAX;
        for (size_t k = i; k < end; k++)
            start(b, &b->units[k]);
        finish(b, i, end, pin__clock_after_ms(pin__clock_mono(), PIN_NATIVE_COMPILE_MS));
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

/* Names the objects of the files, and finds out which are missing. */
static pin_status
list_objects(struct pin_native_objects *out, struct build *b, struct pin_err *err)
{
    struct pin_arena *a = &b->files->arena;
    pin_status st = PIN_OK;

    for (size_t i = 0; i < b->files->count; i++) {
        struct unit u = { .file = &b->files->items[i] };
        const char *path = u.file->path;

        if (!is_native(u.file))
            continue;
        if (u.file->language == PIN_LANGUAGE_C) {
            if ((st = name_unit(b, &u, err)) != PIN_OK)
                return st;
            if (access(u.object, R_OK) != 0)
                b->units[b->count++] = u;
            path = u.object;
        } else {
            path = pin__arena_printf(a, "./%s", path);
        }
        out->items[out->count++] = (struct pin_native_object){ u.file->key, path };
    }
    return PIN_OK;
}

static pin_status
build(struct pin_native_objects *out, struct build *b, struct pin_err *err)
{
    pin_status st = list_objects(out, b, err);

    if (st != PIN_OK || b->count == 0)
        return st;
    if (write_header(err) == PIN_OK) {
        compile_all(b);
        return PIN_OK;
    }
    for (size_t i = 0; i < b->count; i++)
        b->units[i].file->problem =
            pin__arena_printf(&b->files->arena, "it cannot be compiled: %s", err->message);
    return PIN_OK;
}

pin_status
pin__native_build(struct pin_native_objects *out, struct pin_files *files,
                  const struct pin_native_config *config, struct pin_err *err)
{
    struct pin_err own = PIN_ERR_INIT;
    struct build b = { .files = files, .config = config, .compiler = compiler_of(config) };
    size_t count = 0;
    pin_status st;

    pin__native_objects_fini(out);
    for (size_t i = 0; i < files->count; i++)
        count += is_native(&files->items[i]);
    if (count == 0)
        return PIN_OK;
    out->items = calloc(count, sizeof *out->items);
    b.units = calloc(count, sizeof *b.units);
    st = out->items && b.units ? build(out, &b, &own) : pin__err_no_memory(&own);
    free(b.units);
    if (st != PIN_OK)
        return pin__err_set(err, st, "%s", own.message);
    pin__native_objects_sweep(out);
    return PIN_OK;
}

void
pin__native_objects_fini(struct pin_native_objects *o)
{
    free(o->items);
    *o = (struct pin_native_objects){ NULL, 0 };
}
