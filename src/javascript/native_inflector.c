/* native_inflector.c - module 'pinstripe:native/inflector', which is this.inflector of a workspace.
 *
 *   dasherize(value) snakeify camelize pascalize titleize humanize capitalize uncapitalize
 *   pluralize singularize      each gives a text; the value is made text first
 *   inflect(value, ...steps)   one after the other: inflect('UsedHash', 'pluralize', 'dasherize')
 *   jobName(value)             the normalised name of a job; throws for what can be none
 *
 * camelize and pascalize throw a TypeError when nothing is left to make an identifier of.
 */
#include "javascript/native.h"
#include "project/names.h"

/* Throws; `st` is how an inflection or the grammar failed. */
static JSValue
refuse(JSContext *ctx, pin_status st, const struct pin_err *err)
{
    if (st == PIN_INVALID)
        return JS_ThrowTypeError(ctx, "%s", err->message);
    return st == PIN_NO_MEMORY ? JS_ThrowOutOfMemory(ctx) : pin__js_throw(ctx, err);
}

static JSValue
inflect_text(JSContext *ctx, JSValueConst value, pin_inflection *apply)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_buf out;
    struct pin_bytes in;
    JSValue result;
    pin_status st;

    if (!(in.data = JS_ToCStringLen(ctx, &in.size, value)))
        return JS_EXCEPTION;
    out = PIN_BUF_INIT(2 * in.size + 64); /* each letter may gain a dash, a plural some letters */
    st = apply(in, &out, &err);
    result =
        st == PIN_OK ? JS_NewStringLen(ctx, pin__buf_text(&out), out.size) : refuse(ctx, st, &err);
    pin__buf_fini(&out);
    JS_FreeCString(ctx, in.data);
    return result;
}

/* `row`: of pin__names_inflections. */
static JSValue
js_inflection(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv, int row)
{
    (void)this;
    return inflect_text(ctx, argc ? argv[0] : JS_UNDEFINED, pin__names_inflections[row].apply);
}

static pin_inflection *
find_inflection(const char *name)
{
    for (size_t i = 0; i < PIN_INFLECTION_COUNT; i++)
        if (strcmp(pin__names_inflections[i].name, name) == 0)
            return pin__names_inflections[i].apply;
    return NULL;
}

/* Takes `value`. */
static JSValue
apply_step(JSContext *ctx, JSValue value, JSValueConst step)
{
    const char *name = JS_ToCString(ctx, step);
    pin_inflection *apply = name ? find_inflection(name) : NULL;
    JSValue result = JS_EXCEPTION;

    if (apply)
        result = inflect_text(ctx, value, apply);
    else if (name)
        JS_ThrowTypeError(ctx,
                          "inflect() does not know the step \"%s\"; write one such as "
                          "pluralize or dasherize",
                          name);
    JS_FreeCString(ctx, name);
    JS_FreeValue(ctx, value);
    return result;
}

static JSValue
js_inflect(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    JSValue value = JS_ToString(ctx, argc ? argv[0] : JS_UNDEFINED);

    (void)this;
    for (int i = 1; i < argc && !JS_IsException(value); i++)
        value = apply_step(ctx, value, argv[i]);
    return value;
}

static JSValue
js_job_name(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_job_name name;
    struct pin_bytes in;
    pin_status st;

    (void)this;
    if (!(in.data = JS_ToCStringLen(ctx, &in.size, argc ? argv[0] : JS_UNDEFINED)))
        return JS_EXCEPTION;
    st = pin__names_job(in, &name, &err);
    JS_FreeCString(ctx, in.data);
    return st == PIN_OK ? JS_NewString(ctx, name.text) : pin__js_throw(ctx, &err);
}

/* The last number is the row of pin__names_inflections, whose order this is. */
static const JSCFunctionListEntry exports[] = {
    JS_CFUNC_MAGIC_DEF("dasherize", 1, js_inflection, 0),
    JS_CFUNC_MAGIC_DEF("snakeify", 1, js_inflection, 1),
    JS_CFUNC_MAGIC_DEF("camelize", 1, js_inflection, 2),
    JS_CFUNC_MAGIC_DEF("pascalize", 1, js_inflection, 3),
    JS_CFUNC_MAGIC_DEF("titleize", 1, js_inflection, 4),
    JS_CFUNC_MAGIC_DEF("humanize", 1, js_inflection, 5),
    JS_CFUNC_MAGIC_DEF("capitalize", 1, js_inflection, 6),
    JS_CFUNC_MAGIC_DEF("uncapitalize", 1, js_inflection, 7),
    JS_CFUNC_MAGIC_DEF("pluralize", 1, js_inflection, 8),
    JS_CFUNC_MAGIC_DEF("singularize", 1, js_inflection, 9),
    JS_CFUNC_DEF("inflect", 1, js_inflect),
    JS_CFUNC_DEF("jobName", 1, js_job_name),
};

const struct pin_js_native pin__js_native_inflector = {
    .name = "pinstripe:native/inflector",
    PIN_JS_EXPORTS(exports),
};
