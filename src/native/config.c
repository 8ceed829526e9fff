/* config.c - see config.h. The JSON is our own JavaScript's, which has checked the values. */
#include "native/config.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/ban.h"

static bool
read_text(char **out, const json_t *value)
{
    const char *text = json_string_value(value);

    *out = text ? strdup(text) : NULL;
    return *out || json_is_null(value);
}

static bool
read_texts(char ***out, const json_t *list)
{
    size_t count = json_array_size(list);

    if (!json_is_array(list) || !(*out = calloc(count + 1, sizeof **out)))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!read_text(&(*out)[i], json_array_get(list, i)))
            return false;
    return true;
}

pin_status
pin__native_config_read(struct pin_native_config *out, struct pin_bytes json, struct pin_err *err)
{
    json_t *all = json_loadb(json.data, json.size, 0, NULL);
    bool good;

    *out = (struct pin_native_config){ .transaction_ms = json_integer_value(
                                           json_object_get(all, "transactionMs")) };
    good = read_text(&out->compiler, json_object_get(all, "compiler")) &&
           read_text(&out->user, json_object_get(all, "user")) &&
           read_texts(&out->flags, json_object_get(all, "flags")) &&
           read_texts(&out->libraries, json_object_get(all, "libraries")) &&
           out->transaction_ms > 0;
    json_decref(all);
    return good ? PIN_OK
                : pin__err_set(err, PIN_CONFIG, "the configuration of jobs in C cannot be read");
}

static void
free_texts(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++)
        free(texts[i]);
    free(texts);
}

void
pin__native_config_fini(struct pin_native_config *c)
{
    free(c->compiler);
    free(c->user);
    free_texts(c->flags);
    free_texts(c->libraries);
    *c = (struct pin_native_config){ .compiler = NULL };
}
