/* job_args.c - see job_args.h. */
#include "command/job_args.h"

#include <jansson.h>

#include "base/quote.h"
#include "project/names.h"

static bool
is_utf8(const char *text)
{
    size_t size = strlen(text), n;

    for (; size; text += n, size -= n)
        if (!(n = pin__quote_utf8_length(text, size)))
            return false;
    return true;
}

/* How many arrays and objects lie in each other. The parser refuses what is too deep for recursion.
 */
static int
json_depth(json_t *value)
{
    int deepest = 0, depth;
    const char *key;
    json_t *member;
    size_t i;

    if (!json_is_array(value) && !json_is_object(value))
        return 0;
    json_array_foreach(value, i, member) if ((depth = json_depth(member)) > deepest) deepest =
        depth;
    json_object_foreach(value, key, member) if ((depth = json_depth(member)) > deepest) deepest =
        depth;
    return deepest + 1;
}

/* Checked here, passed on as written: numbers are read once, by the engine. */
static pin_status
take_json(struct pin_buf *out, const char *text, struct pin_err *err)
{
    json_error_t why;
    json_t *value = json_loads(text, JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &why);
    bool is_array = json_is_array(value);
    bool too_deep = value ? json_depth(value) > PIN_ARGS_DEPTH_MAX + 1
                          : json_error_code(&why) == json_error_stack_overflow;

    json_decref(value);
    if (too_deep)
        return pin__err_set(err, PIN_INVALID, "--args: a value is nested more than %d levels deep",
                            PIN_ARGS_DEPTH_MAX);
    if (!value)
        return pin__err_set(err, PIN_INVALID, "--args is no JSON: %s at character %d", why.text,
                            why.position);
    if (!is_array)
        return pin__err_set(err, PIN_INVALID,
                            "--args takes a JSON array, such as '[\"a\",{\"n\":1}]'");
    pin__buf_adds(out, text);
    return PIN_OK;
}

static pin_status
take_words(struct pin_buf *out, const struct args *a, struct pin_err *err)
{
    pin__buf_addc(out, '[');
    for (size_t i = 0; i < a->word_count; i++) {
        if (!is_utf8(a->words[i]))
            return pin__err_set(err, PIN_INVALID, "argument %zu is not valid UTF-8: %s", i + 1,
                                pin__quote_text(a->words[i]).text);
        if (i)
            pin__buf_addc(out, ',');
        pin__buf_add_json_string(out, a->words[i], strlen(a->words[i]));
    }
    pin__buf_addc(out, ']');
    return PIN_OK;
}

pin_status
pin__job_args_take(struct pin_buf *out, const struct args *a, struct pin_err *err)
{
    const char *json = pin__args_value(a, "args");
    pin_status st;

    if (json && a->word_count)
        return pin__err_set(err, PIN_INVALID,
                            "give the arguments as words or with --args, not both");
    if ((st = json ? take_json(out, json, err) : take_words(out, a, err)) != PIN_OK)
        return st;
    if (out->size > PIN_ARGS_BYTES_MAX)
        return pin__err_set(err, PIN_INVALID,
                            "the arguments are %zu bytes of JSON, more than the limit of %zu",
                            out->size, PIN_ARGS_BYTES_MAX);
    return pin__buf_check(out, "the arguments", err);
}

void
pin__job_args_suggest(struct pin_err *err, const struct pin_catalog *catalog, const char *name)
{
    const char **names = calloc(catalog->job_count + 1, sizeof *names);
    const char *near;
    size_t len = strlen(err->message);

    for (size_t i = 0; names && i < catalog->job_count; i++)
        names[i] = catalog->jobs[i].name;
    near = names ? pin__names_suggest(name, names, catalog->job_count) : NULL;
    if (near)
        snprintf(err->message + len, sizeof err->message - len, " Did you mean %s?", near);
    else
        snprintf(err->message + len, sizeof err->message - len,
                 " list-background-jobs shows those there are.");
    free(names);
}
