/* exposition.h - writes the text format 0.0.4 that Prometheus reads.
 *
 * Numbers are integers or microseconds written as seconds, so nothing here depends on a locale or
 * loses digits. Names and help are ours and go out as they are; a label's value may be anybody's.
 */
#ifndef PIN_WEB_EXPOSITION_H
#define PIN_WEB_EXPOSITION_H

#include "base/buf.h"

struct pin_label {
    const char *name; /* NULL: the end of a list */
    const char *value;
};
#define PIN_LABELS(...) ((const struct pin_label[]){ __VA_ARGS__, { NULL, NULL } })
#define PIN_NO_LABELS   ((const struct pin_label[]){ { NULL, NULL } })

/* The two lines above a metric's samples. */
void pin__exposition_head(struct pin_buf *out, const char *name, const char *type,
                          const char *help);
void pin__exposition_number(struct pin_buf *out, const char *name, const struct pin_label *labels,
                            int64_t value);
void pin__exposition_seconds(struct pin_buf *out, const char *name, const struct pin_label *labels,
                             int64_t us);

#define PIN_HISTOGRAM_BUCKETS 12

struct pin_histogram {                          /* zeros: empty */
    uint64_t counts[PIN_HISTOGRAM_BUCKETS + 1]; /* one each; the last is of what is above all */
    int64_t sum_us;
};
/* What a bucket holds at most, rising; a histogram always with the same ones. */
typedef const int64_t pin_histogram_bounds[PIN_HISTOGRAM_BUCKETS];

void pin__histogram_add(struct pin_histogram *h, pin_histogram_bounds bounds_us, int64_t us);
uint64_t pin__histogram_count(const struct pin_histogram *h);
void pin__exposition_histogram(struct pin_buf *out, const char *name,
                               const struct pin_label *labels, const struct pin_histogram *h,
                               pin_histogram_bounds bounds_us);

#endif
