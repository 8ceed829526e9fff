/* tzif.h - a compiled zone file (RFC 8536), from bytes to offsets. The bytes may be anything. */
#ifndef PIN_SCHEDULE_TZIF_H
#define PIN_SCHEDULE_TZIF_H

#include "base/buf.h"
#include "schedule/posix_tz.h"

#define PIN_TZIF_BYTES_MAX ((size_t)256 << 10)
#define PIN_TZIF_TYPES_MAX 256
#define PIN_TZIF_YEAR      2100 /* the rule is written out as changes up to here */

struct pin_tzif {
    int64_t *changes; /* instants at which another type begins, ascending */
    uint8_t *types;   /* of the time from each change on */
    size_t change_count;
    int32_t offsets[PIN_TZIF_TYPES_MAX]; /* of each type; type 0 holds before the first change */
    bool has_rule;                       /* `rule` holds from the last change on */
    struct pin_posix_tz rule;
};

/* PIN_INVALID with what is wrong ("is cut short"). The caller calls fini whatever the status. */
pin_status pin__tzif_parse(struct pin_tzif *out, struct pin_bytes file,
                           struct pin_err *err) PIN_MUST_USE;
void pin__tzif_fini(struct pin_tzif *t);
/* The stretch of one offset around an instant. */
struct pin_tz_span pin__tzif_span(const struct pin_tzif *t, int64_t unix_s);

#endif
