/* native_cron.c - module 'pinstripe:native/cron': schedules, for JavaScript.
 *
 *   check(text)                  null, or { message } saying what is wrong with the expression
 *   checkZone(name)              null, or { message }
 *   splitZone(text)              [name or null, the rest] of an expression that is right:
 *                                CRON_TZ=Europe/Paris 0 9 * * * is ["Europe/Paris", "0 9 * * *"]
 *   matches(text, zone, second)  whether the expression fires at that second since 1970; zone null
 *                                is the one that TZ gives
 *
 * Parsed expressions and zones are kept in C over all runs: they hold no JavaScript value, and what
 * one run left there changes nothing for the next but the time it takes.
 */
#include "base/quote.h"
#include "javascript/native.h"
#include "schedule/next.h"

#define SLOTS       128                /* of parsed expressions; a newcomer takes the old one's */
#define SECONDS_MAX 9007199254740991.0 /* the last whole number of a JavaScript number */

static struct {
    struct pin_zones *zones;
    struct {
        char *text; /* NULL: empty */
        struct pin_cron cron;
    } parsed[SLOTS];
} cache;

static int
setup(JSContext *ctx)
{
    struct pin_err err = PIN_ERR_INIT;

    if (cache.zones || pin__zones_new(&cache.zones, getenv("TZDIR"), &err) == PIN_OK)
        return 0;
    pin__js_throw(ctx, &err);
    return -1;
}

static unsigned
slot_of(const char *text)
{
    uint32_t hash = 2166136261;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619;
    return hash % SLOTS;
}

/* Points into the cache, until the next call. */
static pin_status
parse(const char *text, const struct pin_cron **out, struct pin_err *err)
{
    unsigned slot = slot_of(text);
    struct pin_cron cron;
    char *copy;
    pin_status st;

    *out = &cache.parsed[slot].cron;
    if (cache.parsed[slot].text && strcmp(cache.parsed[slot].text, text) == 0)
        return PIN_OK;
    if ((st = pin__cron_parse(&cron, text, err)) != PIN_OK)
        return st;
    if (!(copy = strdup(text)))
        return pin__err_no_memory(err);
    free(cache.parsed[slot].text);
    cache.parsed[slot].text = copy;
    cache.parsed[slot].cron = cron;
    return PIN_OK;
}

/* A text without NUL in it, to be freed with JS_FreeCString; NULL with an exception, or with *err
 * filled. */
static const char *
plain_text(JSContext *ctx, JSValueConst value, const char *what, struct pin_err *err)
{
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, value);

    if (!text || strlen(text) == size)
        return text;
    pin__err_set(err, PIN_INVALID, "%s %s holds a NUL; leave it out", what,
                 pin__quote(text, size).text);
    JS_FreeCString(ctx, text);
    return NULL;
}

static JSValue
problem(JSContext *ctx, const struct pin_err *err)
{
    JSValue object;

    if (err->status == PIN_OK)
        return JS_NULL;
    object = JS_NewObject(ctx);
    if (!JS_IsException(object))
        JS_SetPropertyStr(ctx, object, "message", JS_NewString(ctx, err->message));
    return object;
}

static JSValue
js_check(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_err err = PIN_ERR_INIT;
    const struct pin_cron *cron;
    const char *text = plain_text(ctx, argc ? argv[0] : JS_UNDEFINED, "cron expression", &err);

    (void)this;
    if (!text && err.status == PIN_OK)
        return JS_EXCEPTION;
    if (text && parse(text, &cron, &err) == PIN_OK)
        err.status = PIN_OK;
    JS_FreeCString(ctx, text);
    return problem(ctx, &err);
}

static JSValue
js_check_zone(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_err err = PIN_ERR_INIT;
    const struct pin_zone *zone;
    const char *name = plain_text(ctx, argc ? argv[0] : JS_UNDEFINED, "time zone", &err);

    (void)this;
    if (!name && err.status == PIN_OK)
        return JS_EXCEPTION;
    if (name && pin__zones_get(cache.zones, name, &zone, &err) == PIN_OK)
        err.status = PIN_OK;
    JS_FreeCString(ctx, name);
    return problem(ctx, &err);
}

static JSValue
js_split_zone(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_err err = PIN_ERR_INIT;
    const struct pin_cron *cron;
    const char *text = plain_text(ctx, argc ? argv[0] : JS_UNDEFINED, "cron expression", &err);
    JSValue pair = JS_EXCEPTION;

    (void)this;
    if (text && parse(text, &cron, &err) == PIN_OK) {
        pair = JS_NewArray(ctx);
        if (!JS_IsException(pair)) {
            JS_SetPropertyUint32(ctx, pair, 0,
                                 cron->zone[0] ? JS_NewString(ctx, cron->zone) : JS_NULL);
            JS_SetPropertyUint32(ctx, pair, 1,
                                 JS_NewString(ctx, pin__cron_text_without_zone(text)));
        }
    } else if (err.status != PIN_OK)
        pin__js_throw(ctx, &err);
    JS_FreeCString(ctx, text);
    return pair;
}

static pin_status
find_zone(JSContext *ctx, JSValueConst value, const struct pin_zone **out, struct pin_err *err)
{
    const char *name;
    pin_status st;

    if (JS_IsNull(value) || JS_IsUndefined(value))
        return pin__zones_local(cache.zones, getenv("TZ"), out, err);
    if (!(name = plain_text(ctx, value, "time zone", err)))
        return PIN_INVALID;
    st = pin__zones_get(cache.zones, name, out, err);
    JS_FreeCString(ctx, name);
    return st;
}

static JSValue
js_matches(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_err err = PIN_ERR_INIT;
    const struct pin_cron *cron = NULL;
    const struct pin_zone *zone = NULL;
    const char *text;
    double second;
    pin_status st;

    (void)this;
    if (argc < 3)
        return JS_ThrowTypeError(ctx, "matches(text, zone, second)");
    if (JS_ToFloat64(ctx, &second, argv[2]) != 0)
        return JS_EXCEPTION;
    if (!(second >= -SECONDS_MAX && second <= SECONDS_MAX) || second != (double)(int64_t)second)
        return JS_ThrowTypeError(ctx, "a second is a whole number");
    if ((st = find_zone(ctx, argv[1], &zone, &err)) == PIN_OK) {
        if (!(text = plain_text(ctx, argv[0], "cron expression", &err)))
            st = PIN_INVALID;
        else
            st = parse(text, &cron, &err);
        JS_FreeCString(ctx, text);
    }
    if (st != PIN_OK)
        return JS_HasException(ctx) ? JS_EXCEPTION : pin__js_throw(ctx, &err);
    return JS_NewBool(ctx, pin__cron_fires(cron, zone, (int64_t)second));
}

static const JSCFunctionListEntry exports[] = {
    JS_CFUNC_DEF("check", 1, js_check),
    JS_CFUNC_DEF("checkZone", 1, js_check_zone),
    JS_CFUNC_DEF("splitZone", 1, js_split_zone),
    JS_CFUNC_DEF("matches", 3, js_matches),
};

const struct pin_js_native pin__js_native_cron = {
    .name = "pinstripe:native/cron",
    PIN_JS_EXPORTS(exports),
    .setup = setup,
};
