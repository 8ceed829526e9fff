/* calls.c - see calls.h. */
#include "javascript/calls.h"

#include "javascript/errors.h"
#include "javascript/native.h"

struct request { /* the C side of one call; fini frees everything */
    const char *name;
    const char *tenant_id;
    JSValue args_json;
    const char *args;
    JSValue options_json;
    const char *params;
    const char *options;
    struct pin_call call;
};

enum { NAME, KIND, ARGS, PARAMS, TENANT_ID, OPTIONS, GIVEN };

static bool
is_given(JSValueConst v)
{
    return !JS_IsUndefined(v) && !JS_IsNull(v);
}

/* `*text` stays NULL for undefined and null. */
static int
get_text(JSContext *ctx, JSValueConst v, const char **text, struct pin_bytes *bytes)
{
    if (!is_given(v))
        return 0;
    *text = JS_ToCStringLen(ctx, &bytes->size, v);
    bytes->data = *text;
    return *text ? 0 : -1;
}

static int
get_json(JSContext *ctx, JSValueConst v, JSValue *json, const char **text, struct pin_bytes *bytes)
{
    if (!is_given(v))
        return 0;
    *json = JS_JSONStringify(ctx, v, JS_UNDEFINED, JS_UNDEFINED);
    return JS_IsException(*json) ? -1 : get_text(ctx, *json, text, bytes);
}

static const char *const kinds[PIN_CALL_KIND_COUNT] = {
    [PIN_CALL_RUN] = "run",           [PIN_CALL_RUN_ONCE] = "once",
    [PIN_CALL_ENQUEUE] = "enqueue",   [PIN_CALL_BOT_START] = "start bot",
    [PIN_CALL_BOT_STOP] = "stop bot",
};

static int
get_kind(JSContext *ctx, JSValueConst v, enum pin_call_kind *out)
{
    const char *word;
    int found = -1;

    *out = PIN_CALL_RUN;
    if (!is_given(v))
        return 0;
    word = JS_ToCString(ctx, v);
    for (int i = 0; word && i < PIN_CALL_KIND_COUNT; i++)
        if (strcmp(word, kinds[i]) == 0) {
            *out = (enum pin_call_kind)i;
            found = 0;
        }
    JS_FreeCString(ctx, word);
    return found;
}

static void
request_fini(struct request *r, JSContext *ctx)
{
    JS_FreeCString(ctx, r->name);
    JS_FreeCString(ctx, r->tenant_id);
    JS_FreeCString(ctx, r->args);
    JS_FreeCString(ctx, r->params);
    JS_FreeCString(ctx, r->options);
    JS_FreeValue(ctx, r->options_json);
    JS_FreeValue(ctx, r->args_json);
}

/* Parameters are JSON already, and so are the arguments of an enqueue: made where each list was
 * checked. */
static int
request_read(struct request *r, JSContext *ctx, JSValueConst given[GIVEN])
{
    struct pin_bytes name = { NULL, 0 }, tenant_id = { NULL, 0 };

    *r = (struct request){ .args_json = JS_UNDEFINED, .options_json = JS_UNDEFINED };
    if (get_kind(ctx, given[KIND], &r->call.kind) != 0 ||
        get_text(ctx, given[NAME], &r->name, &name) != 0 || !r->name ||
        get_text(ctx, given[PARAMS], &r->params, &r->call.params) != 0 ||
        get_text(ctx, given[TENANT_ID], &r->tenant_id, &tenant_id) != 0 ||
        get_json(ctx, given[OPTIONS], &r->options_json, &r->options, &r->call.options) != 0 ||
        (r->call.kind == PIN_CALL_ENQUEUE
             ? get_text(ctx, given[ARGS], &r->args, &r->call.args)
             : get_json(ctx, given[ARGS], &r->args_json, &r->args, &r->call.args)) != 0)
        return -1;
    if (!r->call.args.data)
        r->call.args = (struct pin_bytes){ "[]", 2 };
    r->call.name = r->name;
    r->call.tenant_id = r->tenant_id;
    return 0;
}

static struct pin_open_call *
add(struct pin_calls *c)
{
    if (c->count == c->capacity) {
        size_t capacity = c->capacity ? c->capacity * 2 : 16;
        struct pin_open_call *open = realloc(c->open, capacity * sizeof *open);

        if (!open)
            return NULL;
        c->open = open;
        c->capacity = capacity;
    }
    return &c->open[c->count];
}

static JSValue
ask(struct pin_calls *c, JSContext *ctx, const struct pin_host *host, const struct pin_call *call)
{
    struct pin_open_call *open;
    struct pin_err err = PIN_ERR_INIT;
    JSValue promise;

    if (call->kind != PIN_CALL_ENQUEUE && call->args.size > PIN_ARGS_BYTES_MAX)
        return JS_ThrowRangeError(
            ctx,
            "the arguments of job \"%s\" are %zu bytes as JSON, more than the "
            "limit of %zu; put large data into the database and pass its id",
            call->name, call->args.size, PIN_ARGS_BYTES_MAX);
    if (c->count == PIN_CALLS_MAX || !(open = add(c)))
        return JS_ThrowRangeError(ctx,
                                  "%d runs are being waited for already: that is the limit of one "
                                  "run; await some of them first",
                                  PIN_CALLS_MAX);
    promise = JS_NewPromiseCapability(ctx, open->settle);
    if (JS_IsException(promise))
        return promise;
    if (host->call(host->context, call, &open->number, &err) == PIN_OK) {
        c->count++;
        return promise;
    }
    JS_FreeValue(ctx, open->settle[0]);
    JS_FreeValue(ctx, open->settle[1]);
    JS_FreeValue(ctx, promise);
    return pin__js_throw(ctx, &err);
}

JSValue
pin__calls_ask(struct pin_calls *c, JSContext *ctx, const struct pin_host *host, int argc,
               JSValueConst *argv)
{
    JSValueConst given[GIVEN];
    struct request r;
    JSValue result = JS_EXCEPTION;

    if (!host)
        return JS_ThrowTypeError(ctx, "a background job cannot be run while the project's files "
                                      "are loaded; call it from run() or a service's method");
    for (int i = 0; i < GIVEN; i++)
        given[i] = i < argc ? argv[i] : JS_UNDEFINED;
    if (request_read(&r, ctx, given) == 0)
        result = ask(c, ctx, host, &r.call);
    else if (!JS_HasException(ctx))
        result = JS_ThrowTypeError(ctx, "a call needs the name of a job");
    request_fini(&r, ctx);
    return result;
}

static JSValue
read_value(JSContext *ctx, struct pin_bytes json)
{
    char *text = json.data ? js_strndup(ctx, json.data, json.size) : NULL;
    JSValue value = text ? JS_ParseJSON(ctx, text, json.size, "<answer>") : JS_UNDEFINED;

    js_free(ctx, text);
    return value;
}

static void
settle(JSContext *ctx, struct pin_open_call *open, struct pin_bytes error, struct pin_bytes json)
{
    JSValue value = error.data ? pin__error_read(ctx, error) : read_value(ctx, json);
    JSValue result =
        JS_Call(ctx, open->settle[error.data ? 1 : 0], JS_UNDEFINED, 1, (JSValueConst *)&value);

    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, open->settle[0]);
    JS_FreeValue(ctx, open->settle[1]);
}

void
pin__calls_answer(struct pin_calls *c, JSContext *ctx, uint64_t number, struct pin_bytes error,
                  struct pin_bytes value)
{
    for (size_t i = 0; i < c->count; i++) {
        struct pin_open_call open = c->open[i];

        if (open.number != number)
            continue;
        c->open[i] = c->open[--c->count];
        settle(ctx, &open, error, value);
        return;
    }
}

void
pin__calls_cancel(struct pin_calls *c, JSContext *ctx)
{
    while (c->count) {
        struct pin_open_call *open = &c->open[--c->count];

        JS_FreeValue(ctx, open->settle[0]);
        JS_FreeValue(ctx, open->settle[1]);
    }
}

void
pin__calls_drop(struct pin_calls *c)
{
    c->count = 0;
}

void
pin__calls_fini(struct pin_calls *c)
{
    free(c->open);
    *c = (struct pin_calls){ 0 };
}
