/* errors.c - see errors.h. */
#include "javascript/errors.h"

enum {
    DEPTH_MAX = 8,       /* of causes and errors inside errors */
    ERRORS_MAX = 256,    /* in one thrown value, all levels together */
    LIST_MAX = 100,      /* of AggregateError.errors */
    PROPERTIES_MAX = 64, /* own properties of one error */
    TEXT_BYTES_MAX = 64 << 10,
};

struct writer {
    JSContext *ctx;
    struct pin_buf *out;
    int budget;
};

static const char *const class_names[] = { "Error",      "AggregateError", "EvalError",
                                           "RangeError", "ReferenceError", "SyntaxError",
                                           "TypeError",  "URIError",       "InternalError" };
static const char *const own_fields[] = { "name",   "message",  "stack",      "cause",
                                          "errors", "fileName", "lineNumber", "columnNumber" };

static bool
is_one_of(const char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}
#define IS_ONE_OF(list, text) is_one_of((list), sizeof(list) / sizeof *(list), (text))

static void
forget_exception(JSContext *ctx)
{
    JS_FreeValue(ctx, JS_GetException(ctx));
}

/* JS_UNDEFINED for whatever cannot be read. */
static JSValue
get(JSContext *ctx, JSValueConst object, const char *key)
{
    JSValue v = JS_GetPropertyStr(ctx, object, key);

    if (!JS_IsException(v))
        return v;
    forget_exception(ctx);
    return JS_UNDEFINED;
}

/* Ends the text at a whole character. */
static size_t
cut(const char *text, size_t size)
{
    if (size <= TEXT_BYTES_MAX)
        return size;
    size = TEXT_BYTES_MAX;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
        size--;
    return size;
}

/* A text of JavaScript may hold half of a surrogate pair, which is no UTF-8: it becomes U+FFFD,
 * which has as many bytes. */
static void
mend_halves(char *text, size_t size)
{
    for (size_t i = 0; i + 2 < size; i++)
        if ((unsigned char)text[i] == 0xed && (unsigned char)text[i + 1] >= 0xa0)
            memcpy(text + i, "\xef\xbf\xbd", 3);
}

static void
add_string(struct writer *w, const char *text, size_t size)
{
    size_t at = w->out->size;

    pin__buf_add_json_string(w->out, text, cut(text, size));
    if (!w->out->bad)
        mend_halves(w->out->data + at, w->out->size - at);
}

/* Our own frames say nothing to the person who wrote the job. */
static void
add_stack(struct writer *w, const char *stack)
{
    struct pin_buf kept = PIN_BUF_INIT(TEXT_BYTES_MAX + 1);

    while (*stack) {
        size_t n = strcspn(stack, "\n");
        const char *ours = memmem(stack, n, "(pinstripe:", 11);
        const char *top = memmem(stack, n, "at pinstripe:", 13);

        if (stack[n] == '\n')
            n++;
        if (!ours && !top && kept.size + n < kept.max)
            pin__buf_add(&kept, stack, n);
        stack += n;
    }
    add_string(w, pin__buf_text(&kept), kept.size);
    pin__buf_fini(&kept);
}

/* Whether `json` has an escape of a half, the first (d8 to db) or the second (dc to df), of a pair.
 */
static bool
is_half(const char *json, const char *end, const char *digits)
{
    return end - json >= 6 && json[0] == '\\' && json[1] == 'u' && (json[2] | 0x20) == 'd' &&
           strchr(digits, json[3] | 0x20) != NULL;
}

/* JSON.stringify escapes a half without its other half, which strict parsers refuse: U+FFFD. */
static void
mend_escapes(char *json, size_t size)
{
    char *end = json + size;

    while ((json = memchr(json, '\\', (size_t)(end - json))) != NULL) {
        bool first = is_half(json, end, "89ab");

        if (first && is_half(json + 6, end, "cdef")) {
            json += 12;
            continue;
        }
        if (first || is_half(json, end, "cdef"))
            memcpy(json + 2, "fffd", 4);
        json += 2;
    }
}

/* False when the value has no JSON. */
static bool
add_json(struct writer *w, JSValueConst value)
{
    JSValue json = JS_JSONStringify(w->ctx, value, JS_UNDEFINED, JS_UNDEFINED);
    const char *text = NULL;
    size_t size, at = w->out->size;

    if (JS_IsString(json) && (text = JS_ToCStringLen(w->ctx, &size, json)) &&
        size <= 16 * TEXT_BYTES_MAX) {
        pin__buf_add(w->out, text, size);
        if (!w->out->bad)
            mend_escapes(w->out->data + at, size);
    } else {
        at = SIZE_MAX;
    }
    JS_FreeCString(w->ctx, text);
    JS_FreeValue(w->ctx, json);
    forget_exception(w->ctx);
    return at != SIZE_MAX;
}

static void
add_text_field(struct writer *w, JSValueConst error, const char *key, const char *otherwise)
{
    JSValue v = get(w->ctx, error, key);
    const char *text = NULL;
    size_t size = 0;

    if (JS_IsString(v))
        text = JS_ToCStringLen(w->ctx, &size, v);
    pin__buf_addf(w->out, "\"%s\":", key);
    if (text && strcmp(key, "stack") == 0)
        add_stack(w, text);
    else if (text && (size || !otherwise[0]))
        add_string(w, text, size);
    else
        add_string(w, otherwise, strlen(otherwise));
    JS_FreeCString(w->ctx, text);
    JS_FreeValue(w->ctx, v);
    forget_exception(w->ctx);
}

/* True when it was written. */
static bool
add_property(struct writer *w, JSValueConst error, JSAtom key, bool first)
{
    const char *name = JS_AtomToCString(w->ctx, key);
    JSValue v = JS_UNDEFINED;
    size_t before = w->out->size;
    bool done = false;

    if (name && !IS_ONE_OF(own_fields, name)) {
        v = JS_GetProperty(w->ctx, error, key);
        if (!first)
            pin__buf_addc(w->out, ',');
        add_string(w, name, strlen(name));
        pin__buf_addc(w->out, ':');
        done = !JS_IsException(v) && add_json(w, v);
        if (!done && !w->out->bad)
            w->out->data[w->out->size = before] = '\0';
    }
    JS_FreeCString(w->ctx, name);
    JS_FreeValue(w->ctx, v);
    forget_exception(w->ctx);
    return done;
}

static void
add_properties(struct writer *w, JSValueConst error)
{
    JSPropertyEnum *keys = NULL;
    uint32_t n = 0;
    int written = 0;

    if (JS_GetOwnPropertyNames(w->ctx, &keys, &n, error, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) !=
        0) {
        forget_exception(w->ctx);
        return;
    }
    pin__buf_adds(w->out, ",\"properties\":{");
    for (uint32_t i = 0; i < n; i++) {
        if (written < PROPERTIES_MAX && add_property(w, error, keys[i].atom, written == 0))
            written++;
        JS_FreeAtom(w->ctx, keys[i].atom);
    }
    pin__buf_addc(w->out, '}');
    js_free(w->ctx, keys);
}

static void write_any(struct writer *w, JSValueConst thrown, int depth);

static void
add_errors(struct writer *w, JSValueConst error, int depth)
{
    JSValue list = get(w->ctx, error, "errors");
    int64_t n = 0;

    if (JS_IsArray(w->ctx, list) == 1) {
        JSValue length = get(w->ctx, list, "length");

        if (JS_ToInt64(w->ctx, &n, length) != 0)
            n = 0;
        JS_FreeValue(w->ctx, length);
        pin__buf_adds(w->out, ",\"errors\":[");
        for (uint32_t i = 0; i < n && i < LIST_MAX && w->budget > 0; i++) {
            JSValue e = JS_GetPropertyUint32(w->ctx, list, i);

            if (i)
                pin__buf_addc(w->out, ',');
            write_any(w, JS_IsException(e) ? JS_UNDEFINED : e, depth + 1);
            JS_FreeValue(w->ctx, e);
        }
        pin__buf_addc(w->out, ']');
    }
    JS_FreeValue(w->ctx, list);
    forget_exception(w->ctx);
}

static void
add_cause(struct writer *w, JSValueConst error, int depth)
{
    JSAtom key = JS_NewAtom(w->ctx, "cause");
    JSValue cause = JS_UNDEFINED;

    if (JS_GetOwnProperty(w->ctx, NULL, error, key) == 1) {
        cause = get(w->ctx, error, "cause");
        pin__buf_adds(w->out, ",\"cause\":");
        write_any(w, cause, depth + 1);
    }
    JS_FreeValue(w->ctx, cause);
    JS_FreeAtom(w->ctx, key);
    forget_exception(w->ctx);
}

static void
write_error(struct writer *w, JSValueConst error, int depth)
{
    pin__buf_addc(w->out, '{');
    add_text_field(w, error, "name", "Error");
    pin__buf_addc(w->out, ',');
    add_text_field(w, error, "message", "");
    pin__buf_addc(w->out, ',');
    add_text_field(w, error, "stack", "");
    add_properties(w, error);
    if (depth < DEPTH_MAX && w->budget > 0) {
        add_cause(w, error, depth);
        add_errors(w, error, depth);
    }
    pin__buf_addc(w->out, '}');
}

static void
write_value(struct writer *w, JSValueConst value)
{
    const char *text;

    if (JS_IsUndefined(value)) {
        pin__buf_adds(w->out, "{}");
        return;
    }
    pin__buf_adds(w->out, "{\"value\":");
    if (!add_json(w, value)) {
        if (!(text = JS_ToCString(w->ctx, value)))
            forget_exception(w->ctx);
        add_string(w, text ? text : "a value that cannot be shown",
                   strlen(text ? text : "a value that cannot be shown"));
        JS_FreeCString(w->ctx, text);
    }
    pin__buf_addc(w->out, '}');
}

static void
write_any(struct writer *w, JSValueConst thrown, int depth)
{
    w->budget--;
    if (JS_IsError(w->ctx, thrown))
        write_error(w, thrown, depth);
    else
        write_value(w, thrown);
}

void
pin__error_write(JSContext *ctx, JSValueConst thrown, struct pin_buf *out)
{
    struct writer w = { .ctx = ctx, .out = out, .budget = ERRORS_MAX };

    write_any(&w, thrown, 0);
}

static void
define(JSContext *ctx, JSValueConst object, const char *key, JSValue value)
{
    if (JS_DefinePropertyValueStr(ctx, object, key, value,
                                  JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE) < 0)
        forget_exception(ctx);
}

static void
set_class(JSContext *ctx, JSValueConst error, JSValue name)
{
    const char *text = JS_ToCString(ctx, name);
    JSValue global = JS_GetGlobalObject(ctx), class = JS_UNDEFINED, prototype = JS_UNDEFINED;

    if (text && IS_ONE_OF(class_names, text)) {
        class = get(ctx, global, text);
        prototype = JS_IsObject(class) ? get(ctx, class, "prototype") : JS_UNDEFINED;
        if (JS_IsObject(prototype) && JS_SetPrototype(ctx, error, prototype) < 0)
            forget_exception(ctx);
    } else if (text) {
        define(ctx, error, "name", JS_DupValue(ctx, name));
    }
    JS_FreeValue(ctx, prototype);
    JS_FreeValue(ctx, class);
    JS_FreeValue(ctx, global);
    JS_FreeCString(ctx, text);
    JS_FreeValue(ctx, name);
}

static void
copy_properties(JSContext *ctx, JSValueConst error, JSValue from)
{
    JSPropertyEnum *keys = NULL;
    uint32_t n = 0;

    if (JS_IsObject(from) &&
        JS_GetOwnPropertyNames(ctx, &keys, &n, from, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY) != 0)
        forget_exception(ctx);
    for (uint32_t i = 0; i < n; i++) {
        JS_DefinePropertyValue(ctx, error, keys[i].atom, JS_GetProperty(ctx, from, keys[i].atom),
                               JS_PROP_C_W_E);
        JS_FreeAtom(ctx, keys[i].atom);
    }
    js_free(ctx, keys);
    JS_FreeValue(ctx, from);
}

static JSValue build_any(JSContext *ctx, JSValueConst form, int depth);

static JSValue
build_list(JSContext *ctx, JSValueConst forms, int depth)
{
    JSValue list = JS_NewArray(ctx), length = get(ctx, forms, "length");
    int64_t n = 0;

    if (JS_ToInt64(ctx, &n, length) != 0)
        forget_exception(ctx);
    JS_FreeValue(ctx, length);
    for (uint32_t i = 0; i < n && i < LIST_MAX; i++) {
        JSValue form = JS_GetPropertyUint32(ctx, forms, i);

        JS_DefinePropertyValueUint32(ctx, list, i, build_any(ctx, form, depth + 1), JS_PROP_C_W_E);
        JS_FreeValue(ctx, form);
    }
    return list;
}

static void
build_inner(JSContext *ctx, JSValueConst error, JSValueConst form, int depth)
{
    JSValue cause = get(ctx, form, "cause"), errors = get(ctx, form, "errors");

    if (JS_IsObject(cause) && depth < DEPTH_MAX)
        define(ctx, error, "cause", build_any(ctx, cause, depth + 1));
    if (JS_IsObject(errors) && depth < DEPTH_MAX)
        define(ctx, error, "errors", build_list(ctx, errors, depth));
    JS_FreeValue(ctx, cause);
    JS_FreeValue(ctx, errors);
}

/* What the executor adds to the errors of a call for many tenants. */
static void
copy_member(JSContext *ctx, JSValueConst error, JSValueConst form, const char *key)
{
    JSValue value = get(ctx, form, key);

    if (!JS_IsUndefined(value))
        JS_DefinePropertyValueStr(ctx, error, key, JS_DupValue(ctx, value), JS_PROP_C_W_E);
    JS_FreeValue(ctx, value);
}

/* A thrown value that is no Error is itself; in a list, where its tenant has to be told, it is an
 * Error's cause. */
static JSValue
build_value(JSContext *ctx, JSValueConst form)
{
    JSValue value = get(ctx, form, "value"), tenant = get(ctx, form, "tenant"), error = value;

    if (!JS_IsUndefined(tenant)) {
        error = JS_NewError(ctx);
        define(ctx, error, "message", JS_ToString(ctx, value));
        define(ctx, error, "stack", JS_NewString(ctx, ""));
        define(ctx, error, "cause", value);
        copy_member(ctx, error, form, "tenant");
    }
    JS_FreeValue(ctx, tenant);
    return error;
}

static JSValue
build_any(JSContext *ctx, JSValueConst form, int depth)
{
    JSValue name = get(ctx, form, "name"), error, stack;

    if (!JS_IsString(name)) {
        JS_FreeValue(ctx, name);
        return build_value(ctx, form);
    }
    error = JS_NewError(ctx);
    if (JS_IsException(error)) {
        JS_FreeValue(ctx, name);
        return error;
    }
    set_class(ctx, error, name);
    define(ctx, error, "message", get(ctx, form, "message"));
    stack = get(ctx, form, "stack");
    define(ctx, error, "stack", JS_IsString(stack) ? stack : JS_NewString(ctx, ""));
    copy_properties(ctx, error, get(ctx, form, "properties"));
    copy_member(ctx, error, form, "tenant");
    copy_member(ctx, error, form, "failed");
    build_inner(ctx, error, form, depth);
    return error;
}

JSValue
pin__error_read(JSContext *ctx, struct pin_bytes json)
{
    char *text = js_strndup(ctx, json.data, json.size); /* the parser wants a NUL behind it */
    JSValue form = text ? JS_ParseJSON(ctx, text, json.size, "<error>") : JS_EXCEPTION;
    JSValue error;

    js_free(ctx, text);
    if (JS_IsException(form))
        return JS_GetException(ctx);
    error = build_any(ctx, form, 0);
    JS_FreeValue(ctx, form);
    return JS_IsException(error) ? JS_GetException(ctx) : error;
}

void
pin__error_sentence(JSContext *ctx, JSValueConst thrown, struct pin_buf *out)
{
    const char *text = JS_ToCString(ctx, thrown);
    JSValue stack = JS_IsError(ctx, thrown) ? get(ctx, thrown, "stack") : JS_UNDEFINED;
    const char *lines = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;

    pin__buf_adds(out, text ? text : "a value that cannot be shown");
    if (lines && lines[0])
        pin__buf_addf(out, "\n%s", lines);
    JS_FreeCString(ctx, lines);
    JS_FreeValue(ctx, stack);
    JS_FreeCString(ctx, text);
    forget_exception(ctx);
}
