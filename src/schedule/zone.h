/* zone.h - what the clocks of a place show at an instant, by the system's tzdata.
 *
 * A cache holds the zones that were asked for; a zone lives as long as its cache. Nothing here
 * reads a clock or an environment variable: TZDIR and TZ are values that the caller passes. "UTC"
 * and "Etc/UTC" need no tzdata.
 */
#ifndef PIN_SCHEDULE_ZONE_H
#define PIN_SCHEDULE_ZONE_H

#include "base/err.h"
#include "schedule/civil.h"
#include "schedule/posix_tz.h"

struct pin_zones; /* the cache */
struct pin_zone;

#define PIN_ZONE_FOLDER   "/usr/share/zoneinfo"
#define PIN_ZONES_MAX     1024 /* in one cache; there are some 600 names */
#define PIN_ZONE_NAME_MAX 64

/* `folder`: where tzdata is; NULL or "" for PIN_ZONE_FOLDER. */
pin_status pin__zones_new(struct pin_zones **out, const char *folder,
                          struct pin_err *err) PIN_MUST_USE;
void pin__zones_free(struct pin_zones *z);

/* A zone by its name, "Europe/Paris". PIN_INVALID for what can be no name, PIN_NOT_FOUND for an
 * unknown one; both name it. */
pin_status pin__zones_get(struct pin_zones *z, const char *name, const struct pin_zone **out,
                          struct pin_err *err) PIN_MUST_USE;
/* The zone that a process with this value of TZ is in: NULL means /etc/localtime, "" means UTC;
 * else a name, an absolute path, or a rule such as CET-1CEST,M3.5.0,M10.5.0/3. */
pin_status pin__zones_local(struct pin_zones *z, const char *tz, const struct pin_zone **out,
                            struct pin_err *err) PIN_MUST_USE;

/* Whether it can be a zone's name: parts of letters, digits, + - and _, with slashes between. */
bool pin__zone_is_name(const char *name, size_t size);

/* Told of a zone whose file is another now: what was before and is now, or why the data of before
 * stays in use. */
typedef void pin_zone_note(void *data, const char *zone, const char *text);
/* Reads again the zones whose files have changed since they were read; pointers to them stay good.
 * `now_unix`: clocks before it are not compared. Returns how many files were others. */
size_t pin__zones_reload(struct pin_zones *z, int64_t now_unix, pin_zone_note *note, void *data);

/* Seconds that the zone's clocks are ahead of UTC. */
int pin__zone_offset(const struct pin_zone *z, int64_t unix_s);
struct pin_civil pin__zone_civil(const struct pin_zone *z, int64_t unix_s);

/* The stretch of one offset around an instant. From the `end` of one to that of the next all
 * changes of the clocks are found, in the table of the file and beyond it. */
struct pin_tz_span pin__zone_span(const struct pin_zone *z, int64_t unix_s);

/* A change that put the clocks forward: no clock showed what lies between. */
struct pin_zone_gap {
    int64_t at;            /* the instant of the change */
    int before_s, after_s; /* offsets */
};

/* The reverse of pin__zone_civil: the instants at which the clocks show `local` (its weekday is not
 * read), earliest first. 1; or 2 when the clocks were put back over it; or 0, and then *gap, which
 * may be NULL, is the earliest that swallowed it. */
int pin__zone_instants(const struct pin_zone *z, const struct pin_civil *local, int64_t out[2],
                       struct pin_zone_gap *gap);
/* The same for a wall time as pin__civil_to_unix gives it. */
int pin__zone_wall_instants(const struct pin_zone *z, int64_t wall_s, int64_t out[2],
                            struct pin_zone_gap *gap);

#endif
