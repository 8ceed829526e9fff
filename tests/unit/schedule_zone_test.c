/* schedule_zone_test.c - wall time in places with odd clocks, by facts and against libc; names and
 * files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "schedule/posix_tz.h"
#include "schedule/tzif.h"
#include "schedule/zone.h"

static struct pin_zones *zones;

static int
open_zones(void **state)
{
    (void)state;
    return pin__zones_new(&zones, NULL, NULL) == PIN_OK ? 0 : -1;
}

static int
close_zones(void **state)
{
    (void)state;
    pin__zones_free(zones);
    return 0;
}

static const struct pin_zone *
zone(const char *name)
{
    const struct pin_zone *z = NULL;
    struct pin_err err = PIN_ERR_INIT;

    if (pin__zones_get(zones, name, &z, &err) != PIN_OK)
        fail_msg("%s", err.message);
    return z;
}

static int64_t
instant(const char *text)
{
    struct pin_civil c = { 0 };
    int year;

    assert_int_equal(
        sscanf(text, "%d-%d-%dT%d:%d:%dZ", &year, &c.month, &c.day, &c.hour, &c.minute, &c.second),
        6);
    c.year = year;
    return pin__civil_to_unix(&c);
}

static void
expect_wall(const struct pin_zone *z, const char *name, const char *utc, const char *want)
{
    struct pin_civil c = pin__zone_civil(z, instant(utc));
    char got[64];

    snprintf(got, sizeof got, "%04d-%02d-%02dT%02d:%02d:%02d", (int)c.year, c.month, c.day, c.hour,
             c.minute, c.second);
    if (strcmp(got, want) != 0)
        fail_msg("%s at %s: %s, expected %s", name, utc, got, want);
}

static void
clocks_show_what_is_known(void **state)
{
    static const struct {
        const char *zone, *utc, *wall;
    } rows[] = {
        { "UTC", "2026-01-15T10:07:30Z", "2026-01-15T10:07:30" },
        { "Etc/UTC", "1969-12-31T23:59:59Z", "1969-12-31T23:59:59" },
        { "America/New_York", "1850-01-01T00:00:00Z", "1849-12-31T19:03:58" }, /* local mean time */
        { "America/New_York", "2026-03-08T06:59:59Z", "2026-03-08T01:59:59" },
        { "America/New_York", "2026-03-08T07:00:00Z", "2026-03-08T03:00:00" },
        { "America/New_York", "2026-11-01T05:59:59Z", "2026-11-01T01:59:59" },
        { "America/New_York", "2026-11-01T06:00:00Z", "2026-11-01T01:00:00" },
        { "America/New_York", "2040-01-01T12:00:00Z", "2040-01-01T07:00:00" }, /* by the rule */
        { "America/New_York", "2040-07-01T12:00:00Z", "2040-07-01T08:00:00" },
        { "America/New_York", "9999-07-01T12:00:00Z", "9999-07-01T08:00:00" },
        { "Australia/Lord_Howe", "2026-01-15T00:00:00Z", "2026-01-15T11:00:00" },
        { "Australia/Lord_Howe", "2026-04-04T14:59:59Z", "2026-04-05T01:59:59" },
        { "Australia/Lord_Howe", "2026-04-04T15:00:00Z", "2026-04-05T01:30:00" }, /* half an hour */
        { "Australia/Lord_Howe", "2040-07-01T00:00:00Z", "2040-07-01T10:30:00" },
        { "Australia/Lord_Howe", "2040-12-31T13:30:00Z", "2041-01-01T00:30:00" },
        { "Asia/Kathmandu", "2026-01-15T10:07:30Z", "2026-01-15T15:52:30" },
        { "Asia/Kathmandu", "1985-01-01T00:00:00Z", "1985-01-01T05:30:00" },
        { "Africa/Casablanca", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00" },
        { "Africa/Casablanca", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00" }, /* Ramadan */
        { "Africa/Casablanca", "2100-07-01T00:00:00Z", "2100-07-01T01:00:00" },
        { "Europe/Dublin", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00" }, /* negative DST */
        { "Europe/Dublin", "2040-01-01T00:00:00Z", "2040-01-01T00:00:00" },
        { "Europe/Dublin", "2040-07-01T00:00:00Z", "2040-07-01T01:00:00" },
        { "Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T23:59:59" },
        { "Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T00:00:00" }, /* a day is missing */
        { "Antarctica/Troll", "2040-07-01T00:00:00Z", "2040-07-01T02:00:00" },
        { "Pacific/Chatham", "2040-01-01T00:00:00Z", "2040-01-01T13:45:00" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect_wall(zone(rows[i].zone), rows[i].zone, rows[i].utc, rows[i].wall);
}

static void
expect_as_libc(const char *name)
{
    const struct pin_zone *z = zone(name);

    setenv("TZ", name, 1);
    tzset();
    for (int64_t t = instant("1900-01-01T00:00:00Z"); t < instant("2200-01-01T00:00:00Z");
         t += 1000003) {
        time_t libc = (time_t)t;
        struct tm tm;

        assert_non_null(localtime_r(&libc, &tm));
        if (pin__zone_offset(z, t) != tm.tm_gmtoff)
            fail_msg("%s at %lld: %d, libc says %ld", name, (long long)t, pin__zone_offset(z, t),
                     tm.tm_gmtoff);
    }
}

static void
clocks_agree_with_libc(void **state)
{
    static const char *const names[] = {
        "America/New_York", "America/Sao_Paulo", "America/Havana",      "America/Asuncion",
        "America/Santiago", "America/St_Johns",  "America/Nuuk",        "Europe/London",
        "Europe/Dublin",    "Europe/Athens",     "Africa/Casablanca",   "Africa/Cairo",
        "Asia/Beirut",      "Asia/Gaza",         "Asia/Tehran",         "Asia/Kathmandu",
        "Asia/Amman",       "Pacific/Apia",      "Australia/Lord_Howe", "Pacific/Chatham",
        "Antarctica/Troll",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect_as_libc(names[i]);
    unsetenv("TZ");
    tzset();
}

static void
names_that_are_none_are_refused_by_name(void **state)
{
    static const struct {
        const char *name;
        pin_status status;
        const char *word;
    } rows[] = {
        { "", PIN_INVALID, "cannot be the name" },
        { "/etc/localtime", PIN_INVALID, "cannot be the name" },
        { "../../etc/passwd", PIN_INVALID, "cannot be the name" },
        { "Europe/../../etc/passwd", PIN_INVALID, "cannot be the name" },
        { "Europe//Paris", PIN_INVALID, "cannot be the name" },
        { "Europe/", PIN_INVALID, "cannot be the name" },
        { "Europe/Par\nis", PIN_INVALID, "\"Europe/Par\\x0ais\"" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", PIN_INVALID, "cannot be the name" },
        { "Europe/Pariss", PIN_NOT_FOUND, "\"Europe/Pariss\" is not known" },
        { "UTC/x", PIN_NOT_FOUND, "not known" },
        { "Europe", PIN_INVALID, "no file" },
        { "zone1970.tab", PIN_INVALID, "cannot be the name" },
        { "right/UTC", PIN_INVALID, "leap seconds" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct pin_zone *z;
        struct pin_err err = PIN_ERR_INIT;
        pin_status st = pin__zones_get(zones, rows[i].name, &z, &err);

        if (strncmp(rows[i].name, "right/", 6) == 0 && st == PIN_NOT_FOUND)
            continue; /* a tzdata without that folder */
        if (st != rows[i].status || !strstr(err.message, rows[i].word))
            fail_msg("\"%s\": %s; expected %s", rows[i].name, err.message, rows[i].word);
        assert_null(z);
    }
}

static void
a_zone_is_read_once(void **state)
{
    (void)state;
    assert_ptr_equal(zone("Europe/Paris"), zone("Europe/Paris"));
    assert_ptr_not_equal(zone("Europe/Paris"), zone("Europe/Berlin"));
}

static void
without_tzdata_only_utc_is_known(void **state)
{
    struct pin_zones *none;
    const struct pin_zone *z;
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    assert_int_equal(pin__zones_new(&none, "/nonexistent/zones", NULL), PIN_OK);
    assert_int_equal(pin__zones_get(none, "UTC", &z, &err), PIN_OK);
    assert_int_equal(pin__zone_offset(z, 0), 0);
    assert_int_equal(pin__zones_get(none, "Europe/Paris", &z, &err), PIN_NOT_FOUND);
    assert_non_null(strstr(err.message, "Europe/Paris"));
    assert_non_null(strstr(err.message, "install"));
    pin__zones_free(none);
}

static void
the_local_zone_follows_TZ(void **state)
{
    static const struct {
        const char *tz, *utc, *wall;
    } rows[] = {
        { "", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00" },
        { "UTC", "2026-07-01T00:00:00Z", "2026-07-01T00:00:00" },
        { "Asia/Kathmandu", "2026-07-01T00:00:00Z", "2026-07-01T05:45:00" },
        { ":Asia/Kathmandu", "2026-07-01T00:00:00Z", "2026-07-01T05:45:00" },
        { "/usr/share/zoneinfo/Asia/Kathmandu", "2026-07-01T00:00:00Z", "2026-07-01T05:45:00" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-07-01T00:00:00Z", "2026-07-01T02:00:00" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T00:59:59Z", "2026-03-29T01:59:59" },
        { "CET-1CEST,M3.5.0,M10.5.0/3", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00" },
        { "<+0545>-5:45", "2026-07-01T00:00:00Z", "2026-07-01T05:45:00" },
        { "XXX3EDT4,0/0,J365/23", "2026-01-01T00:00:00Z", "2025-12-31T20:00:00" }, /* always */
        { "XXX3EDT4,0/0,J365/23", "2026-07-01T00:00:00Z", "2026-06-30T20:00:00" },
        { "ABC5DEF", "2026-07-01T00:00:00Z", "2026-06-30T20:00:00" },
    };
    static const char *const bad[] = { "Nowhere/Land", "../etc/passwd",           "/etc/passwd",
                                       "E5",           "EST5EDT,M13.1.0,M11.1.0", "EST5EDT,M3.2.0",
                                       "EST25",        "EST5EDT,M3.2.0,M11.1.0x", "<E>5" };
    const struct pin_zone *z;
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (pin__zones_local(zones, rows[i].tz, &z, &err) != PIN_OK)
            fail_msg("%s", err.message);
        expect_wall(z, rows[i].tz, rows[i].utc, rows[i].wall);
    }
    assert_int_equal(pin__zones_local(zones, NULL, &z, &err), PIN_OK);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (pin__zones_local(zones, bad[i], &z, &err) == PIN_OK)
            fail_msg("TZ=%s is accepted", bad[i]);
}

/* A wall time to its instants, and the gap that swallowed it. */
static void
wall_times_lead_back_to_instants(void **state)
{
    static const struct {
        const char *zone, *wall;
        int count;
        const char *first, *second; /* with count 0: the gap's instant, NULL */
        int gap_s;
    } rows[] = {
        { "UTC", "2026-01-15T10:07:30Z", 1, "2026-01-15T10:07:30Z", NULL, 0 },
        { "America/New_York", "2026-03-08T01:59:59Z", 1, "2026-03-08T06:59:59Z", NULL, 0 },
        { "America/New_York", "2026-03-08T02:00:00Z", 0, "2026-03-08T07:00:00Z", NULL, 3600 },
        { "America/New_York", "2026-03-08T02:59:59Z", 0, "2026-03-08T07:00:00Z", NULL, 3600 },
        { "America/New_York", "2026-03-08T03:00:00Z", 1, "2026-03-08T07:00:00Z", NULL, 0 },
        { "America/New_York", "2026-11-01T00:59:59Z", 1, "2026-11-01T04:59:59Z", NULL, 0 },
        { "America/New_York", "2026-11-01T01:00:00Z", 2, "2026-11-01T05:00:00Z",
          "2026-11-01T06:00:00Z", 0 },
        { "America/New_York", "2026-11-01T01:59:59Z", 2, "2026-11-01T05:59:59Z",
          "2026-11-01T06:59:59Z", 0 },
        { "America/New_York", "2026-11-01T02:00:00Z", 1, "2026-11-01T07:00:00Z", NULL, 0 },
        { "America/New_York", "2150-03-08T02:30:00Z", 0, "2150-03-08T07:00:00Z", NULL, 3600 },
        { "Australia/Lord_Howe", "2024-10-06T02:15:00Z", 0, "2024-10-05T15:30:00Z", NULL, 1800 },
        { "Australia/Lord_Howe", "2024-04-07T01:45:00Z", 2, "2024-04-06T14:45:00Z",
          "2024-04-06T15:15:00Z", 0 },
        { "Antarctica/Troll", "2024-03-31T01:30:00Z", 0, "2024-03-31T01:00:00Z", NULL, 7200 },
        { "Pacific/Apia", "2011-12-30T12:00:00Z", 0, "2011-12-30T10:00:00Z", NULL, 86400 },
        { "America/Sao_Paulo", "2018-11-04T00:00:00Z", 0, "2018-11-04T03:00:00Z", NULL, 3600 },
        { "Asia/Manila", "1844-12-31T12:00:00Z", 0, "1844-12-31T15:56:08Z", NULL, 86400 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t wall_s = instant(rows[i].wall), found[2] = { 0 };
        struct pin_civil wall = pin__civil_from_unix(wall_s, 0);
        struct pin_zone_gap gap = { 0 };
        int count = pin__zone_instants(zone(rows[i].zone), &wall, found, &gap);
        int64_t first = count ? found[0] : gap.at;

        if (count != rows[i].count || first != instant(rows[i].first))
            fail_msg("%s at %s: %d, first %lld", rows[i].wall, rows[i].zone, count,
                     (long long)first);
        if (count == 2)
            assert_int_equal(found[1], instant(rows[i].second));
        if (count == 0)
            assert_int_equal(gap.after_s - gap.before_s, rows[i].gap_s);
    }
}

static void
spans_touch_and_cover_all_time(void **state)
{
    const struct pin_zone *z = zone("America/New_York");
    struct pin_tz_span s = pin__zone_span(z, INT64_MIN);
    int spans = 0;

    (void)state;
    assert_int_equal(s.start, INT64_MIN);
    for (; s.end < instant("2300-01-01T00:00:00Z"); spans++) {
        struct pin_tz_span next = pin__zone_span(z, s.end);

        assert_int_equal(next.start, s.end);
        assert_int_equal(pin__zone_span(z, s.end - 1).start, s.start);
        s = next;
    }
    assert_true(spans > 750); /* two a year since 1918, but for some years of war */
    assert_int_equal(pin__zone_span(z, INT64_MAX).end, INT64_MAX);
}

/* A folder of zones of our own, with one in it. */
static char folder[64];

static void
put_zone(const char *source)
{
    struct pin_buf file = PIN_BUF_INIT(PIN_TZIF_BYTES_MAX);
    char from[128], to[128], new[128];
    FILE *f;

    snprintf(from, sizeof from, "/usr/share/zoneinfo/%s", source);
    snprintf(new, sizeof new, "%s/new", folder);
    snprintf(to, sizeof to, "%s/Here", folder);
    assert_int_equal(pin__path_read(from, &file, NULL), PIN_OK);
    assert_non_null(f = fopen(new, "wb"));
    assert_int_equal(fwrite(file.data, 1, file.size, f), file.size);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(rename(new, to), 0);
    pin__buf_fini(&file);
}

static char noted[512];

static void
note(void *data, const char *name, const char *text)
{
    assert_ptr_equal(data, noted);
    snprintf(noted, sizeof noted, "%s: %s", name, text);
}

static void
expect_reload(struct pin_zones *own, size_t count, const char *words)
{
    noted[0] = '\0';
    assert_int_equal(pin__zones_reload(own, instant("2026-01-01T00:00:00Z"), note, noted), count);
    if (!strstr(noted, words))
        fail_msg("noted \"%s\", expected \"%s\"", noted, words);
}

/* F68: the file changes while a program runs. */
static void
a_file_that_changes_is_read_again(void **state)
{
    struct pin_zones *own = NULL;
    const struct pin_zone *z = NULL;
    char path[128];
    FILE *f;

    (void)state;
    snprintf(folder, sizeof folder, "%s/pin-zones.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/Here", folder);
    put_zone("Europe/Paris");
    assert_int_equal(pin__zones_new(&own, folder, NULL), PIN_OK);
    assert_int_equal(pin__zones_get(own, "Here", &z, NULL), PIN_OK);
    expect_reload(own, 0, "");
    put_zone("Europe/Athens");
    expect_reload(own, 1,
                  "from 2026-01-01T00:00:00Z on its clocks are +120 minutes from UTC, in the old "
                  "file +60");
    expect_wall(z, "Here", "2026-07-01T00:00:00Z", "2026-07-01T03:00:00");
    expect_reload(own, 0, "");
    put_zone("Africa/Tripoli");
    expect_reload(
        own, 1,
        "from 2026-03-29T01:00:00Z on its clocks are +120 minutes from UTC, in the old file +180");
    put_zone("Africa/Cairo");
    put_zone("Africa/Tripoli");
    expect_reload(own, 1, "its clocks show the same from now on");
    assert_non_null(f = fopen(path, "wb"));
    fputs("TZif", f);
    fclose(f);
    expect_reload(own, 1, "Here: the file of before stays in use: ");
    expect_reload(own, 0, "");
    assert_int_equal(remove(path), 0);
    expect_reload(own, 1, "cannot open");
    expect_wall(z, "Here", "2026-07-01T00:00:00Z", "2026-07-01T02:00:00");
    expect_reload(own, 0, "");
    put_zone("Asia/Tokyo");
    expect_reload(own, 1, "+540 minutes");
    expect_wall(z, "Here", "2026-07-01T00:00:00Z", "2026-07-01T09:00:00");
    pin__zones_free(own);
    assert_int_equal(remove(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void
a_damaged_file_is_refused(void **state)
{
    struct pin_buf file = PIN_BUF_INIT(PIN_TZIF_BYTES_MAX);

    (void)state;
    assert_int_equal(pin__path_read("/usr/share/zoneinfo/America/New_York", &file, NULL), PIN_OK);
    for (size_t size = 0; size <= file.size; size++) {
        struct pin_tzif t;
        char *copy = malloc(size + 1); /* so that a sanitizer sees its end */
        pin_status st;

        memcpy(copy, file.data, size);
        st = pin__tzif_parse(&t, (struct pin_bytes){ copy, size }, NULL);
        if ((st == PIN_OK) != (size == file.size))
            fail_msg("cut to %zu of %zu bytes: status %d", size, file.size, st);
        pin__tzif_fini(&t);
        free(copy);
    }
    for (size_t i = 0; i < file.size; i++) {
        struct pin_tzif t;

        file.data[i] = (char)(file.data[i] ^ 0xff);
        if (pin__tzif_parse(&t, (struct pin_bytes){ file.data, file.size }, NULL) == PIN_OK)
            (void)pin__tzif_span(&t, 1768471650);
        pin__tzif_fini(&t);
        file.data[i] = (char)(file.data[i] ^ 0xff);
    }
    pin__buf_fini(&file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_show_what_is_known),
        cmocka_unit_test(clocks_agree_with_libc),
        cmocka_unit_test(names_that_are_none_are_refused_by_name),
        cmocka_unit_test(a_zone_is_read_once),
        cmocka_unit_test(without_tzdata_only_utc_is_known),
        cmocka_unit_test(the_local_zone_follows_TZ),
        cmocka_unit_test(wall_times_lead_back_to_instants),
        cmocka_unit_test(spans_touch_and_cover_all_time),
        cmocka_unit_test(a_file_that_changes_is_read_again),
        cmocka_unit_test(a_damaged_file_is_refused),
    };

    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
