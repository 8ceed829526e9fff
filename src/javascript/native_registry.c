/* native_registry.c - module 'pinstripe:native/registry'.
 *
 *   copyMembers(to, from)   makes every own property of `from`, but meta and constructor, one of
 *                           `to`, getters and setters as they are
 *   quote(text)             the text as JSON
 *   areBare(...objects)     whether none of them has a property of its own
 *
 * In C because a project may have thousands of files: property descriptors as JavaScript objects
 * were half of the work of making a class, and JSON.stringify most of that of describing it. What
 * every run asks is here for the same reason.
 */
#include "javascript/native.h"

#define PLAIN_TEXT_MAX 256 /* longer ones take the long way */

static int
copy_member(JSContext *ctx, JSValueConst to, JSValueConst from, JSAtom name)
{
    JSPropertyDescriptor d;
    int has = JS_PROP_HAS_CONFIGURABLE | JS_PROP_HAS_ENUMERABLE, result;

    if ((result = JS_GetOwnProperty(ctx, &d, from, name)) <= 0)
        return result;
    if (d.flags & JS_PROP_GETSET)
        has |= JS_PROP_HAS_GET | JS_PROP_HAS_SET;
    else
        has |= JS_PROP_HAS_VALUE | JS_PROP_HAS_WRITABLE;
    result = JS_DefineProperty(ctx, to, name, d.value, d.getter, d.setter,
                               d.flags | has | JS_PROP_THROW);
    JS_FreeValue(ctx, d.value);
    JS_FreeValue(ctx, d.getter);
    JS_FreeValue(ctx, d.setter);
    return result;
}

static JSValue
js_copy_members(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    JSAtom meta = JS_NewAtom(ctx, "meta"), constructor = JS_NewAtom(ctx, "constructor");
    JSPropertyEnum *names = NULL;
    uint32_t count = 0;
    int status;

    (void)this;
    status = argc < 2 ? -1
                      : JS_GetOwnPropertyNames(ctx, &names, &count, argv[1],
                                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK);
    for (uint32_t i = 0; i < count; i++) {
        if (status >= 0 && names[i].atom != meta && names[i].atom != constructor)
            status = copy_member(ctx, argv[0], argv[1], names[i].atom);
        JS_FreeAtom(ctx, names[i].atom);
    }
    js_free(ctx, names);
    JS_FreeAtom(ctx, meta);
    JS_FreeAtom(ctx, constructor);
    return status < 0 ? JS_EXCEPTION : JS_UNDEFINED;
}

static bool
is_plain(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    return true;
}

static JSValue
js_quote(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    char quoted[PLAIN_TEXT_MAX + 2];
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, argc ? argv[0] : JS_UNDEFINED);
    JSValue result;

    (void)this;
    if (!text)
        return JS_EXCEPTION;
    if (size <= PLAIN_TEXT_MAX && is_plain(text, size)) {
        quoted[0] = quoted[size + 1] = '"';
        memcpy(quoted + 1, text, size);
        result = JS_NewStringLen(ctx, quoted, size + 2);
    } else {
        result = JS_JSONStringify(ctx, argv[0], JS_UNDEFINED, JS_UNDEFINED);
    }
    JS_FreeCString(ctx, text);
    return result;
}

static int
count_members(JSContext *ctx, JSValueConst object, uint32_t *count)
{
    JSPropertyEnum *names = NULL;

    if (JS_GetOwnPropertyNames(ctx, &names, count, object,
                               JS_GPN_STRING_MASK | JS_GPN_SYMBOL_MASK) != 0)
        return -1;
    for (uint32_t i = 0; i < *count; i++)
        JS_FreeAtom(ctx, names[i].atom);
    js_free(ctx, names);
    return 0;
}

static JSValue
js_are_bare(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    uint32_t count = 0;

    (void)this;
    for (int i = 0; i < argc && count == 0; i++)
        if (count_members(ctx, argv[i], &count) != 0)
            return JS_EXCEPTION;
    return JS_NewBool(ctx, count == 0);
}

static const JSCFunctionListEntry exports[] = {
    JS_CFUNC_DEF("areBare", 1, js_are_bare),
    JS_CFUNC_DEF("quote", 1, js_quote),
    JS_CFUNC_DEF("copyMembers", 2, js_copy_members),
};

const struct pin_js_native pin__js_native_registry = {
    .name = "pinstripe:native/registry",
    PIN_JS_EXPORTS(exports),
};
