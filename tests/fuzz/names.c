/* names.c - any bytes: each inflection gives a text that is fit for its purpose, and a job name
 * that is accepted keeps to the grammar and stays as it is when it is normalised again. */
#include "project/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_job_name(const char *name)
{
    bool start = true; /* of a word or a segment: a letter or digit must come */

    for (; *name; name++) {
        bool letter = (*name >= 'a' && *name <= 'z') || (*name >= '0' && *name <= '9');

        if (!letter && (start || (*name != '-' && *name != '/')))
            return false;
        start = !letter;
    }
    return !start;
}

static void
check_job_name(struct pin_bytes in)
{
    struct pin_job_name name, again;
    struct pin_err err = PIN_ERR_INIT;

    if (pin__names_job(in, &name, &err) != PIN_OK) {
        if (!err.message[0])
            pin__bug("refused without a reason");
        return;
    }
    if (!is_job_name(name.text))
        pin__bug("\"%s\" is no job name", name.text);
    if (pin__names_job((struct pin_bytes){ name.text, strlen(name.text) }, &again, &err) !=
            PIN_OK ||
        strcmp(name.text, again.text) != 0)
        pin__bug("\"%s\" becomes \"%s\" %s", name.text, again.text, err.message);
}

static void
check_inflection(const struct pin_inflection_row *row, struct pin_bytes in)
{
    struct pin_buf out = PIN_BUF_INIT(2 * in.size + 64);
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = row->apply(in, &out, &err);

    if (st != PIN_OK && (st != PIN_INVALID || !err.message[0]))
        pin__bug("%s: %s", row->name, err.message);
    pin__buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const candidates[] = { "send-newsletter", "run-background-job", "help" };
    struct pin_bytes in = { (const char *)data, size };
    char *text = malloc(size + 1);

    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    for (size_t i = 0; i < PIN_INFLECTION_COUNT; i++)
        check_inflection(&pin__names_inflections[i], in);
    check_job_name(in);
    (void)pin__names_suggest(text, candidates, sizeof candidates / sizeof candidates[0]);
    free(text);
    return 0;
}
