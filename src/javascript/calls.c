/* calls.c - see calls.h. */
#include "javascript/calls.h"

#include "javascript/errors.h"
#include "javascript/native.h"

struct request { /* the C side of one call; fini frees everything */
    const char *name;
    const char *tenant_id;
    JSValue args_json;
    JSValue params_json;
    const char *args;
    const char *params;
    struct pin_call call;
};

static const char *
get_text(JSContext *ctx, JSValueConst object, const char *key)
{
    JSValue v = JS_GetPropertyStr(ctx, object, key);
    const char *text = NULL;

    if (!JS_IsException(v) && !JS_IsUndefined(v) && !JS_IsNull(v))
        text = JS_ToCString(ctx, v);
    JS_FreeValue(ctx, v);
    return text;
}

/* `*text` is NULL for undefined and null. */
static int
get_json(JSContext *ctx, JSValueConst object, const char *key, JSValue *json, const char **text,
         struct pin_bytes *bytes)
{
    JSValue v = JS_GetPropertyStr(ctx, object, key);

    if (JS_IsException(v))
        return -1;
    if (JS_IsUndefined(v) || JS_IsNull(v))
        return 0;
    *json = JS_JSONStringify(ctx, v, JS_UNDEFINED, JS_UNDEFINED);
    JS_FreeValue(ctx, v);
    if (JS_IsException(*json) || !(*text = JS_ToCStringLen(ctx, &bytes->size, *json)))
        return -1;
    bytes->data = *text;
    return 0;
}

static int
get_flag(JSContext *ctx, JSValueConst object, const char *key)
{
    JSValue v = JS_GetPropertyStr(ctx, object, key);
    int flag = JS_IsException(v) ? -1 : JS_ToBool(ctx, v);

    JS_FreeValue(ctx, v);
    return flag;
}

static void
request_fini(struct request *r, JSContext *ctx)
{
    JS_FreeCString(ctx, r->name);
    JS_FreeCString(ctx, r->tenant_id);
    JS_FreeCString(ctx, r->args);
    JS_FreeCString(ctx, r->params);
    JS_FreeValue(ctx, r->args_json);
    JS_FreeValue(ctx, r->params_json);
}

static int
request_read(struct request *r, JSContext *ctx, JSValueConst from)
{
    int once;

    *r = (struct request){ .args_json = JS_UNDEFINED, .params_json = JS_UNDEFINED };
    r->name = get_text(ctx, from, "name");
    r->tenant_id = get_text(ctx, from, "tenantId");
    if (!r->name || JS_HasException(ctx))
        return -1;
    if (get_json(ctx, from, "args", &r->args_json, &r->args, &r->call.args) != 0 ||
        get_json(ctx, from, "params", &r->params_json, &r->params, &r->call.params) != 0 ||
        (once = get_flag(ctx, from, "once")) < 0)
        return -1;
    if (!r->call.args.data)
        r->call.args = (struct pin_bytes){ "[]", 2 };
    r->call.name = r->name;
    r->call.tenant_id = r->tenant_id;
    r->call.once = once != 0;
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

    if (call->args.size > PIN_ARGS_BYTES_MAX)
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
pin__calls_ask(struct pin_calls *c, JSContext *ctx, const struct pin_host *host,
               JSValueConst request)
{
    struct request r;
    JSValue result = JS_EXCEPTION;

    if (!host)
        return JS_ThrowTypeError(ctx, "a background job cannot be run while the project's files "
                                      "are loaded; call it from run() or a service's method");
    if (request_read(&r, ctx, request) == 0)
        result = ask(c, ctx, host, &r.call);
    else if (!JS_HasException(ctx))
        result = JS_ThrowTypeError(ctx, "a call needs the name of a job");
    request_fini(&r, ctx);
    return result;
}

static void
settle(JSContext *ctx, struct pin_open_call *open, struct pin_bytes error)
{
    JSValue value = error.data ? pin__error_read(ctx, error) : JS_UNDEFINED;
    JSValue result =
        JS_Call(ctx, open->settle[error.data ? 1 : 0], JS_UNDEFINED, 1, (JSValueConst *)&value);

    JS_FreeValue(ctx, result);
    JS_FreeValue(ctx, value);
    JS_FreeValue(ctx, open->settle[0]);
    JS_FreeValue(ctx, open->settle[1]);
}

void
pin__calls_answer(struct pin_calls *c, JSContext *ctx, uint64_t number, struct pin_bytes error)
{
    for (size_t i = 0; i < c->count; i++) {
        struct pin_open_call open = c->open[i];

        if (open.number != number)
            continue;
        c->open[i] = c->open[--c->count];
        settle(ctx, &open, error);
        return;
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
