/* cron.c - any text: parsed or refused with a sentence, printed and parsed again to the same, and
 * asked about a wall time. The first 8 bytes choose the instant. */
#include "schedule/cron.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect_same_after_print(const struct pin_cron *cron)
{
    struct pin_buf text = PIN_BUF_INIT(PIN_CRON_TEXT_MAX);
    struct pin_err err = PIN_ERR_INIT;
    struct pin_cron again;

    pin__cron_print(cron, &text);
    if (pin__buf_check(&text, "the printed expression", &err) != PIN_OK ||
        pin__cron_parse(&again, pin__buf_text(&text), &err) != PIN_OK)
        pin__bug("%s", err.message);
    if (memcmp(cron, &again, sizeof again) != 0)
        pin__bug("%s means something else", pin__buf_text(&text));
    pin__buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pin_err err = PIN_ERR_INIT;
    struct pin_cron cron;
    struct pin_civil c;
    int64_t instant;
    char *text;

    if (size < sizeof instant || !(text = malloc(size - sizeof instant + 1)))
        return 0;
    memcpy(&instant, data, sizeof instant);
    memcpy(text, data + sizeof instant, size - sizeof instant);
    text[size - sizeof instant] = '\0';
    if (pin__cron_parse(&cron, text, &err) == PIN_OK) {
        c = pin__civil_from_unix(instant, 0);
        (void)pin__cron_matches(&cron, &c);
        expect_same_after_print(&cron);
    } else if (!err.message[0])
        pin__bug("refused without a reason");
    free(text);
    return 0;
}
