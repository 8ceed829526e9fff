/* loader.c - see loader.h. */
#include "javascript/loader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/path.h"
#include "javascript/bytecode.h"
#include "javascript/engine_internal.h"

#define PROJECT_SCHEME "project:"

static const struct pin_bytecode *
find_bytecode(const char *name)
{
    for (size_t i = 0; i < pin__bytecode_count; i++)
        if (strcmp(pin__bytecode[i].name, name) == 0)
            return &pin__bytecode[i];
    return NULL;
}

static const struct pin_js_native *
find_native(const char *name)
{
    for (size_t i = 0; pin__js_natives[i]; i++)
        if (strcmp(pin__js_natives[i]->name, name) == 0)
            return pin__js_natives[i];
    return NULL;
}

bool
pin__loader_is_own(const char *name)
{
    return find_bytecode(name) || find_native(name);
}

/* Resolves `.` and `..` of `path`, which follows `folder` (its first `folder_size` bytes, ending in
 * a slash or empty). False when it leaves the root. */
static bool
join(char *out, size_t out_size, const char *folder, size_t folder_size, const char *path)
{
    size_t n = folder_size;

    if (folder_size >= out_size)
        return false;
    memcpy(out, folder, n);
    while (*path) {
        size_t part = strcspn(path, "/");

        if (part == 2 && path[0] == '.' && path[1] == '.') {
            if (n == 0)
                return false;
            for (n--; n > 0 && out[n - 1] != '/';)
                n--;
        } else if (part > 0 && !(part == 1 && path[0] == '.')) {
            if (n + part + 2 > out_size)
                return false;
            memcpy(out + n, path, part);
            n += part;
            if (path[part] == '/')
                out[n++] = '/';
        }
        path += part + (path[part] == '/');
    }
    out[n] = '\0';
    return true;
}

static bool
ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool
has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

/* Why a project's file may not import this; NULL when it may. */
static const char *
refusal(const char *name)
{
    if (strncmp(name, "pinstripe:", 10) == 0)
        return "'pinstripe:' modules are internal; import from 'pinstripe'";
    if (name[0] == '/')
        return "absolute paths are not imported; write a path relative to this file";
    if (name[0] != '.') {
        if (strchr(name, ':'))
            return "URLs are not imported, only 'pinstripe' and files of the project";
        return "packages are not imported, only 'pinstripe' and files of the project "
               "(write './' in front of a file's name)";
    }
    if (strncmp(name, "./", 2) != 0 && strncmp(name, "../", 3) != 0)
        return "write './' or '../' in front of a file's name";
    if (strchr(name, '%') || strchr(name, '?') || strchr(name, '#') || strchr(name, '\\'))
        return "a file's name is written as it is, without %, ?, # or backslash";
    if (has_control(name))
        return "its name holds a control character";
    if (!ends_with(name, ".js") && !ends_with(name, ".json"))
        return "write the file's ending: .js or .json";
    return NULL;
}

static char *
refuse(JSContext *ctx, const char *name, const char *base, const char *why)
{
    JS_ThrowTypeError(ctx, "cannot import '%.200s' from %.200s: %s", name, base, why);
    return NULL;
}

static char *
normalize_relative(JSContext *ctx, const char *base, const char *name)
{
    const char *slash = strrchr(base, '/');
    size_t folder_size = slash ? (size_t)(slash - base) + 1 : 0;
    char path[PIN_MODULE_NAME_MAX];

    if (!join(path, sizeof path, base, folder_size, name))
        return refuse(ctx, name, base, "it is outside the project's folder");
    if (pin__loader_is_own(path))
        return refuse(ctx, name, base, "a file may not be named like one of our modules");
    return js_strdup(ctx, path);
}

char *
pin__loader_normalize(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    const char *why;

    (void)opaque;
    if (strcmp(name, "pinstripe") == 0)
        return js_strdup(ctx, name);
    if (pin__loader_is_own(base)) {
        if (strncmp(name, PROJECT_SCHEME, sizeof PROJECT_SCHEME - 1) == 0)
            return normalize_relative(ctx, "", name + sizeof PROJECT_SCHEME - 1);
        return js_strdup(ctx, name);
    }
    if ((why = refusal(name)) != NULL)
        return refuse(ctx, name, base, why);
    return normalize_relative(ctx, base, name);
}

static int
set_values(JSContext *ctx, JSModuleDef *m, const struct pin_js_native *native)
{
    for (size_t i = 0; native->value_names && native->value_names[i]; i++) {
        JSValue value = native->value(ctx, native->value_names[i]);

        if (JS_IsException(value) || JS_SetModuleExport(ctx, m, native->value_names[i], value) != 0)
            return -1;
    }
    return 0;
}

static int
instantiate_native(JSContext *ctx, JSModuleDef *m)
{
    JSAtom atom = JS_GetModuleName(ctx, m);
    const char *name = JS_AtomToCString(ctx, atom);
    const struct pin_js_native *native = name ? find_native(name) : NULL;

    JS_FreeCString(ctx, name);
    JS_FreeAtom(ctx, atom);
    if (!native || JS_SetModuleExportList(ctx, m, native->exports, native->export_count) != 0)
        return -1;
    return set_values(ctx, m, native);
}

static JSModuleDef *
load_native(JSContext *ctx, const struct pin_js_native *native)
{
    JSModuleDef *m = JS_NewCModule(ctx, native->name, instantiate_native);

    if (!m || JS_AddModuleExportList(ctx, m, native->exports, native->export_count) != 0)
        return NULL;
    for (size_t i = 0; native->value_names && native->value_names[i]; i++)
        if (JS_AddModuleExport(ctx, m, native->value_names[i]) != 0)
            return NULL;
    return m;
}

static JSModuleDef *
load_bytecode(JSContext *ctx, const struct pin_bytecode *b)
{
    JSValue module = JS_ReadObject(ctx, b->bytes, b->size, JS_READ_OBJ_BYTECODE);
    JSModuleDef *m;

    if (JS_IsException(module))
        return NULL;
    m = JS_VALUE_GET_PTR(module);
    JS_FreeValue(ctx, module); /* the context keeps the module itself */
    return m;
}

/* Keeps errno. */
static void
close_kept(int fd)
{
    int code = errno;

    close(fd);
    errno = code;
}

/* The folder that a module lies in, in one system call, where the kernel has it (Linux 5.6) and
 * nothing is wrong; else -1. */
static int
open_folder_at_once(int root_fd, const char *path, const char **file)
{
    struct open_how how = { .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                            .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH };
    const char *slash = strrchr(path, '/');
    char folder[PIN_MODULE_NAME_MAX];

    if (!slash || (size_t)(slash - path) >= sizeof folder)
        return -1;
    memcpy(folder, path, (size_t)(slash - path));
    folder[slash - path] = '\0';
    *file = slash + 1;
    return (int)syscall(SYS_openat2, root_fd, folder, &how, sizeof how);
}

/* Opens the folder that a module lies in, one step at a time: a link on the way is not followed, so
 * that none leads out of the root, and *file says how far it came. `path` has no `.` or `..` in
 * it. */
static int
open_folder(int root_fd, const char *path, const char **file)
{
    int folder = open_folder_at_once(root_fd, path, file);

    if (folder >= 0)
        return folder;
    folder = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);

    for (*file = path; folder >= 0 && strchr(*file, '/');) {
        size_t n = strcspn(*file, "/");
        char name[NAME_MAX + 1];
        int parent = folder;

        if (n > NAME_MAX) {
            close(parent);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(name, *file, n);
        name[n] = '\0';
        folder = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        close_kept(parent);
        *file += n + 1;
    }
    return folder;
}

static pin_status
read_source(struct pin_engine *e, const char *path, struct pin_buf *out, struct pin_err *err)
{
    struct pin_err inner = PIN_ERR_INIT;
    const char *file;
    int folder = open_folder(e->root_fd, path, &file);
    pin_status st;

    if (folder < 0 && errno == ENOTDIR)
        return pin__err_set(err, PIN_DENIED,
                            "%s: %.*s is no folder, or a symbolic link, which is not followed",
                            path, (int)(file - path - 1), path);
    if (folder < 0)
        return pin__err_errno(err, errno == ENOENT ? PIN_NOT_FOUND : PIN_IO, errno, "%s", path);
    st = pin__path_read_at(folder, file, out, &inner);
    close(folder);
    if (st != PIN_OK) /* its sentence begins with the file's name alone */
        pin__err_set(err, st, "%.*s%s", (int)(file - path), path, inner.message);
    return st;
}

static int
instantiate_json(JSContext *ctx, JSModuleDef *m)
{
    JSValue meta = JS_GetImportMeta(ctx, m);
    JSValue value = JS_GetPropertyStr(ctx, meta, "json");

    JS_FreeValue(ctx, meta);
    return JS_IsException(value) ? -1 : JS_SetModuleExport(ctx, m, "default", value);
}

static JSModuleDef *
load_json(JSContext *ctx, const char *name, const struct pin_buf *source)
{
    JSValue value = JS_ParseJSON(ctx, pin__buf_text(source), source->size, name), meta;
    JSModuleDef *m;

    if (JS_IsException(value))
        return NULL;
    m = JS_NewCModule(ctx, name, instantiate_json);
    if (!m || JS_AddModuleExport(ctx, m, "default") != 0) {
        JS_FreeValue(ctx, value);
        return NULL;
    }
    meta = JS_GetImportMeta(ctx, m);
    JS_DefinePropertyValueStr(ctx, meta, "json", value, JS_PROP_C_W_E);
    JS_FreeValue(ctx, meta);
    return m;
}

static JSModuleDef *
load_script(JSContext *ctx, const char *name, const struct pin_buf *source)
{
    JSValue module = JS_Eval(ctx, pin__buf_text(source), source->size, name,
                             JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    JSModuleDef *m;

    if (JS_IsException(module))
        return NULL;
    m = JS_VALUE_GET_PTR(module);
    JS_FreeValue(ctx, module); /* the context keeps the module itself */
    return m;
}

/* Apart from load_file, which is on the stack once for every file of a chain of imports. */
static __attribute__((noinline)) bool
read_or_throw(struct pin_engine *e, JSContext *ctx, const char *name, struct pin_buf *source)
{
    struct pin_err err = PIN_ERR_INIT;

    if (read_source(e, name, source, &err) == PIN_OK)
        return true;
    pin__js_throw(ctx, &err);
    return false;
}

static JSModuleDef *
load_file(struct pin_engine *e, JSContext *ctx, const char *name)
{
    struct pin_buf source = PIN_BUF_INIT(PIN_SOURCE_BYTES_MAX);
    JSModuleDef *m = NULL;

    if (read_or_throw(e, ctx, name, &source))
        m = ends_with(name, ".json") ? load_json(ctx, name, &source)
                                     : load_script(ctx, name, &source);
    pin__buf_fini(&source);
    return m;
}

JSModuleDef *
pin__loader_load(JSContext *ctx, const char *name, void *opaque)
{
    const struct pin_js_native *native = find_native(name);
    const struct pin_bytecode *bytecode = find_bytecode(name);

    if (native)
        return load_native(ctx, native);
    if (bytecode)
        return load_bytecode(ctx, bytecode);
    if (strncmp(name, "pinstripe:", 10) == 0) {
        JS_ThrowReferenceError(ctx, "there is no module %s", name);
        return NULL;
    }
    return load_file(opaque, ctx, name);
}

static void
settle(struct pin_engine *e, int which, JSValue value)
{
    JSValue result =
        JS_Call(e->ctx, e->import.settle[which], JS_UNDEFINED, 1, (JSValueConst *)&value);

    JS_FreeValue(e->ctx, result);
    JS_FreeValue(e->ctx, value);
    JS_FreeValue(e->ctx, e->import.settle[0]);
    JS_FreeValue(e->ctx, e->import.settle[1]);
    JS_FreeValue(e->ctx, e->import.module);
    e->import.open = false;
    pin__rejections_clear(&e->rejections, e->ctx);
    e->deadline = e->load_deadline;
}

static JSValue
error(struct pin_engine *e, const char *sentence)
{
    JSValue error = JS_NewError(e->ctx);

    JS_DefinePropertyValueStr(e->ctx, error, "message", JS_NewString(e->ctx, sentence),
                              JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE);
    return error;
}

static JSValue
timers_error(struct pin_engine *e, uint32_t n)
{
    char text[128];

    snprintf(text, sizeof text,
             "The top level of the file leaves %u timer%s open: start %s in run().", n,
             n == 1 ? "" : "s", n == 1 ? "it" : "them");
    return error(e, text);
}

/* The top level has ended: it must have left nothing behind, for the image is taken from here. */
static void
settle_ended(struct pin_engine *e)
{
    bool failed = JS_PromiseState(e->ctx, e->import.module) == JS_PROMISE_REJECTED;
    uint32_t timers = pin__timers_cancel(&e->timers, e->ctx);

    if (!failed && timers)
        settle(e, 1, timers_error(e, timers));
    else if (!failed && e->rejections.found)
        settle(e, 1, JS_DupValue(e->ctx, e->rejections.first));
    else
        settle(e, failed, JS_PromiseResult(e->ctx, e->import.module));
}

bool
pin__loader_step(struct pin_engine *e, bool stuck)
{
    if (!e->import.open)
        return false;
    if (e->stop == PIN_STOP_DEADLINE) {
        if (JS_IsJobPending(e->rt))
            return false; /* its microtasks cannot be taken out: the engine starts over without it
                           */
        e->stop = PIN_STOP_NONE;
        pin__timers_cancel(&e->timers, e->ctx);
        settle(e, 1, error(e, PIN_ENDLESS_FILE));
        return true;
    }
    if (e->stop != PIN_STOP_NONE)
        return false;
    if (JS_PromiseState(e->ctx, e->import.module) != JS_PROMISE_PENDING) {
        settle_ended(e);
        return true;
    }
    if (stuck)
        settle(e, 1,
               error(e, "The top level of the file waits for a promise that nothing can settle."));
    return stuck;
}

JSValue
pin__loader_import(struct pin_engine *e, const char *specifier)
{
    JSContext *ctx = e->ctx;
    JSValue promise;

    if (e->phase != PIN_ENGINE_LOADING)
        return JS_LoadModule(ctx, "pinstripe", specifier);
    if (strlen(specifier) >= sizeof e->import.path)
        return JS_ThrowRangeError(ctx, "a module's name is too long");
    if (e->import.open)
        return JS_ThrowTypeError(ctx, "importFile is used one file at a time");
    promise = JS_NewPromiseCapability(ctx, e->import.settle);
    if (JS_IsException(promise))
        return promise;
    e->load_deadline = e->deadline;
    e->deadline = pin__clock_after_ms(pin__clock_mono(), e->top_level_ms);
    e->import.module = JS_LoadModule(ctx, "pinstripe", specifier);
    if (JS_IsException(e->import.module)) {
        JS_FreeValue(ctx, e->import.settle[0]);
        JS_FreeValue(ctx, e->import.settle[1]);
        JS_FreeValue(ctx, promise);
        return JS_EXCEPTION;
    }
    e->import.open = true;
    snprintf(e->import.path, sizeof e->import.path, "%s",
             specifier + (strncmp(specifier, PROJECT_SCHEME, sizeof PROJECT_SCHEME - 1) == 0
                              ? sizeof PROJECT_SCHEME - 1
                              : 0));
    return promise;
}

JSValue
pin__loader_import_own(struct pin_engine *e, const char *name)
{
    JSValue promise = JS_LoadModule(e->ctx, "pinstripe", name), result;

    if (JS_IsException(promise))
        return promise;
    pin__engine_pump(e, promise);
    result = JS_PromiseResult(e->ctx, promise);
    if (JS_PromiseState(e->ctx, promise) == JS_PROMISE_REJECTED)
        result = JS_Throw(e->ctx, result);
    else if (JS_PromiseState(e->ctx, promise) == JS_PROMISE_PENDING)
        result = JS_ThrowInternalError(e->ctx, "module %s was not evaluated to its end", name);
    JS_FreeValue(e->ctx, promise);
    return result;
}
