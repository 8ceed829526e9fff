/* exposition.c - see exposition.h. */
#include "web/exposition.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"

enum { SECONDS_SIZE = 32, US = 1000000 };

void
pin__exposition_head(struct pin_buf *out, const char *name, const char *type, const char *help)
{
    pin__buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* "0.0025": whole microseconds, without zeros at the end. */
static const char *
seconds_text(int64_t us, char out[SECONDS_SIZE])
{
    size_t size;

    snprintf(out, SECONDS_SIZE, "%s%" PRId64 ".%06d", us < 0 ? "-" : "",
             us < 0 ? -(us / US) : us / US, (int)(us < 0 ? -(us % US) : us % US));
    size = strlen(out);
    while (out[size - 1] == '0')
        out[--size] = '\0';
    if (out[size - 1] == '.')
        out[size - 1] = '\0';
    return out;
}

/* What is no UTF-8 would make the reader refuse all of the page. */
static void
add_value(struct pin_buf *out, const char *value)
{
    size_t left = strlen(value);

    while (left) {
        size_t length = pin__quote_utf8_length(value, left);

        if (length == 0)
            pin__buf_adds(out, "\xEF\xBF\xBD");
        else if (*value == '\n')
            pin__buf_adds(out, "\\n");
        else if (*value == '"' || *value == '\\')
            pin__buf_addf(out, "\\%c", *value);
        else
            pin__buf_add(out, value, length);
        value += length ? length : 1;
        left -= length ? length : 1;
    }
}

static void
add_label(struct pin_buf *out, const struct pin_label *label, bool first)
{
    pin__buf_addf(out, "%c%s=\"", first ? '{' : ',', label->name);
    add_value(out, label->value);
    pin__buf_addc(out, '"');
}

/* `last` comes after the list; NULL: nothing does. */
static void
start_sample(struct pin_buf *out, const char *name, const char *suffix,
             const struct pin_label *labels, const struct pin_label *last)
{
    size_t count = 0;

    pin__buf_addf(out, "%s%s", name, suffix);
    for (; labels[count].name; count++)
        add_label(out, &labels[count], count == 0);
    if (last)
        add_label(out, last, count++ == 0);
    pin__buf_adds(out, count ? "} " : " ");
}

void
pin__exposition_number(struct pin_buf *out, const char *name, const struct pin_label *labels,
                       int64_t value)
{
    start_sample(out, name, "", labels, NULL);
    pin__buf_addf(out, "%" PRId64 "\n", value);
}

void
pin__exposition_seconds(struct pin_buf *out, const char *name, const struct pin_label *labels,
                        int64_t us)
{
    char text[SECONDS_SIZE];

    start_sample(out, name, "", labels, NULL);
    pin__buf_addf(out, "%s\n", seconds_text(us, text));
}

/* ---- histograms ---- */

void
pin__histogram_add(struct pin_histogram *h, pin_histogram_bounds bounds_us, int64_t us)
{
    size_t i = 0;

    while (i < PIN_HISTOGRAM_BUCKETS && us > bounds_us[i])
        i++;
    h->counts[i]++;
    h->sum_us += us;
}

uint64_t
pin__histogram_count(const struct pin_histogram *h)
{
    uint64_t count = 0;

    for (size_t i = 0; i <= PIN_HISTOGRAM_BUCKETS; i++)
        count += h->counts[i];
    return count;
}

void
pin__exposition_histogram(struct pin_buf *out, const char *name, const struct pin_label *labels,
                          const struct pin_histogram *h, pin_histogram_bounds bounds_us)
{
    uint64_t count = 0;
    char text[SECONDS_SIZE];

    for (size_t i = 0; i <= PIN_HISTOGRAM_BUCKETS; i++) {
        struct pin_label le = { "le", "+Inf" };

        if (i < PIN_HISTOGRAM_BUCKETS)
            le.value = seconds_text(bounds_us[i], text);
        count += h->counts[i];
        start_sample(out, name, "_bucket", labels, &le);
        pin__buf_addf(out, "%" PRIu64 "\n", count);
    }
    start_sample(out, name, "_sum", labels, NULL);
    pin__buf_addf(out, "%s\n", seconds_text(h->sum_us, text));
    start_sample(out, name, "_count", labels, NULL);
    pin__buf_addf(out, "%" PRIu64 "\n", count);
}
