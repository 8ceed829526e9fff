/* schedule_next_test.c - when schedules fire, in zones whose clocks jump.
 *
 * The search is held against three things: the table of tests/vectors/cron_next.tsv; a reference
 * that is as slow as it is simple, minute by minute and with the offsets of libc; and properties
 * that hold at every change of the clocks in every zone of the machine. PIN_TEST_LONG=66 runs
 * the reference over all days of the 66 years before 2040 instead of those around some changes
 * (some 15 seconds a year).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fts.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/path.h"
#include "schedule/next.h"

enum { COLUMNS = 7, DAY_S = 86400 };

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

static struct pin_cron
cron(const char *text)
{
    struct pin_cron c;
    struct pin_err err = PIN_ERR_INIT;

    if (pin__cron_parse(&c, text, &err) != PIN_OK)
        fail_msg("%s", err.message);
    return c;
}

static int64_t
instant(const char *text)
{
    struct pin_civil c = { 0 };
    long long year;

    if (sscanf(text, "%lld-%d-%dT%d:%d:%dZ", &year, &c.month, &c.day, &c.hour, &c.minute,
               &c.second) != 6)
        fail_msg("no instant: %s", text);
    c.year = year;
    return pin__civil_to_unix(&c);
}

static const char *
shown(int64_t unix_s)
{
    static char texts[4][40];
    static unsigned turn;
    struct pin_civil c = pin__civil_from_unix(unix_s, 0);
    char *text = texts[turn++ % 4];

    snprintf(text, sizeof texts[0], "%lld-%02d-%02dT%02d:%02d:%02dZ", (long long)c.year, c.month,
             c.day, c.hour, c.minute, c.second);
    return text;
}

/* A table of tabs, rows cut off one by one. */

static char *
next_row(char **rest, char *columns[COLUMNS])
{
    static char empty[] = "";
    char *line;

    do {
        if (!*rest || !**rest)
            return NULL;
        line = strsep(rest, "\n");
    } while (*line == '#');
    for (int i = 0; i < COLUMNS; i++)
        columns[i] = line ? strsep(&line, "\t") : empty;
    return columns[0];
}

/* The row's list: instants, or instants and "end" when nothing comes after them. */
static void
expect_row(char *columns[COLUMNS])
{
    const char *id = columns[0];
    struct pin_cron c = cron(columns[1]);
    const struct pin_zone *z = zone(c.zone[0] ? c.zone : columns[2]);
    int64_t after = instant(columns[3]), next;

    for (char *one, *list = columns[4]; (one = strsep(&list, ",")) != NULL; after = next) {
        pin_status st = pin__cron_next(&c, z, after, &next);

        if (strcmp(one, "end") == 0 && st == PIN_EMPTY)
            return;
        if (st != PIN_OK || next != instant(one))
            fail_msg("%s \"%s\" in %s: after %s comes %s, expected %s", id, columns[1], columns[2],
                     shown(after), st == PIN_OK ? shown(next) : "nothing", one);
        if (!pin__cron_fires(&c, z, next) || (next - 1 > after && pin__cron_fires(&c, z, next - 1)))
            fail_msg("%s \"%s\" in %s: fires() does not agree at %s", id, columns[1], columns[2],
                     shown(next));
    }
}

static void
every_row_of_the_table_comes_next(void **state)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    char *columns[COLUMNS], *rest;
    int rows = 0;

    (void)state;
    if (pin__path_read("tests/vectors/cron_next.tsv", &text, &err) != PIN_OK)
        fail_msg("%s (run from the top of the tree)", err.message);
    for (rest = text.data; next_row(&rest, columns); rows++)
        expect_row(columns);
    assert_true(rows >= 150);
    pin__buf_fini(&text);
}

/* Its lines | `expression` | zone | after | next, next | remark | are rows as those of the table.
 */
static void
every_example_of_the_documentation_is_true(void **state)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    char *line, *rest;
    int rows = 0;

    (void)state;
    if (pin__path_read("docs/cron.md", &text, &err) != PIN_OK)
        fail_msg("%s (run from the top of the tree)", err.message);
    rest = text.data;
    while ((line = strsep(&rest, "\n")) != NULL) {
        char expression[80], place[40], after[40], list[400], *columns[COLUMNS];

        if (sscanf(line, "| `%79[^`]` | %39[^ |] | %39[^ |] | %399[^|]|", expression, place, after,
                   list) != 4)
            continue;
        for (char *space; (space = strchr(list, ' ')) != NULL;)
            memmove(space, space + 1, strlen(space));
        columns[0] = line;
        columns[1] = expression;
        columns[2] = place;
        columns[3] = after;
        columns[4] = list;
        expect_row(columns);
        rows++;
    }
    assert_true(rows >= 12);
    pin__buf_fini(&text);
}

/* In its table of what is refused, each text between backquotes of the first column. */
static void
everything_that_the_documentation_refuses_is_refused(void **state)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    char *line, *rest, *one;
    int count = 0;

    (void)state;
    assert_int_equal(pin__path_read("docs/cron.md", &text, NULL), PIN_OK);
    assert_non_null(rest = strstr(text.data, "### What is refused"));
    *strstr(rest, "## The zone") = '\0';
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "| `", 3) != 0)
            continue;
        line[strcspn(line + 2, "|") + 2] = '\0';
        for (char *cell = line + 2; (one = strsep(&cell, "`")) != NULL;) {
            struct pin_cron c;

            if (strlen(one) < 3 || strchr(" |,", one[0]))
                continue;
            if (pin__cron_parse(&c, one, NULL) == PIN_OK)
                fail_msg("\"%s\" is accepted", one);
            count++;
        }
    }
    assert_true(count >= 12);
    pin__buf_fini(&text);
}

/* The reference: every minute of some days, with what the clocks show then by libc. */

enum { MINUTES_MAX = 410 * 1440 };

static struct {
    int64_t start; /* minutes since 1970, as all of these */
    int count;
    int64_t wall[MINUTES_MAX];
    int64_t first_wall; /* the walls that the days can show: [0] of the arrays below */
    int wall_count;
    struct pin_civil civil[MINUTES_MAX];
    int first[MINUTES_MAX], last[MINUTES_MAX]; /* the minutes that show a wall; -1: none */
    bool fires[MINUTES_MAX];
} days;

static void
look_at_days(int64_t start_s, int count)
{
    assert_true(count + 2880 <= MINUTES_MAX);
    days.start = start_s / 60;
    days.count = count;
    days.first_wall = days.start - 1440;
    days.wall_count = count + 2880;
    for (int i = 0; i < days.wall_count; i++) {
        time_t wall = (time_t)(days.first_wall + i) * 60;
        struct tm tm;

        assert_non_null(gmtime_r(&wall, &tm));
        days.civil[i] = (struct pin_civil){ tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                            tm.tm_hour,        tm.tm_min,     0,
                                            tm.tm_wday };
        days.first[i] = days.last[i] = -1;
    }
    for (int i = 0; i < count; i++) {
        time_t t = (time_t)(days.start + i) * 60;
        struct tm tm;
        int wall;

        assert_non_null(localtime_r(&t, &tm));
        assert_int_equal(tm.tm_gmtoff % 60, 0);
        days.wall[i] = days.start + i + tm.tm_gmtoff / 60;
        wall = (int)(days.wall[i] - days.first_wall);
        if (days.first[wall] < 0)
            days.first[wall] = i;
        days.last[wall] = i;
    }
}

/* The rule of docs/cron.md, word for word. */
static void
mark_what_fires(const struct pin_cron *c)
{
    int before = -1; /* the wall before this one that exists */

    memset(days.fires, 0, sizeof days.fires[0] * (size_t)days.count);
    for (int wall = 0; wall < days.wall_count; wall++) {
        int at = days.first[wall];

        if (at < 0 && before >= 0)
            at = days.last[before] + wall - before;
        if (days.first[wall] >= 0)
            before = wall;
        if (at < 0 || at >= days.count || !pin__cron_matches(c, &days.civil[wall]))
            continue;
        days.fires[at] = true;
        if (c->every_hours && days.first[wall] >= 0)
            for (int i = days.first[wall]; i <= days.last[wall]; i++)
                days.fires[i] |= days.wall[i] - days.first_wall == wall;
    }
}

/* What lies within two days of the ends is not fully known. */
static void
expect_search_as_marked(const char *name, const char *text, const struct pin_cron *c)
{
    const struct pin_zone *z = zone(name);
    int64_t t = (days.start + 2880) * 60 - 1, next = 0;

    for (int i = 2880; i < days.count - 2880; i++) {
        int64_t at = (days.start + i) * 60;

        if (!days.fires[i])
            continue;
        if (pin__cron_next(c, z, t, &next) != PIN_OK || next != at)
            fail_msg("\"%s\" in %s: after %s comes %s, by the minute it is %s", text, name,
                     shown(t), shown(next), shown(at));
        if (!pin__cron_fires(c, z, at) || (at - 60 > t && pin__cron_fires(c, z, at - 60)))
            fail_msg("\"%s\" in %s: fires() does not agree at %s", text, name, shown(at));
        t = at;
    }
}

static const char *const expressions[] = {
    "* * * * *",           "*/20 * * * *", "0 * * * *",      "7 * * * *",    "30 */2 * * *",
    "0 */3 * * *",         "*/30 1 * * *", "*/20 2 * * *",   "30 2 * * *",   "0 0 * * *",
    "15 0,23 * * *",       "45 0-3 * * *", "30 1-2 * * SUN", "*/15 0 L * *", "0 3 1W,15W,LW * *",
    "5 1 30 * 5",          "0 9 * * 1#1",  "59 23 * * 0L",   "0 */5 31 * *", "10 2-4/2 */2 * 6,0",
    "*/30 * 17,31 2,10 *",
};
enum { EXPRESSIONS = sizeof expressions / sizeof expressions[0] };

static const char *const odd_zones[] = {
    "UTC",
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "America/Asuncion",
    "America/Santiago",
    "America/St_Johns",
    "America/Nuuk",
    "Europe/London",
    "Europe/Dublin",
    "Europe/Athens",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Tehran",
    "Asia/Kathmandu",
    "Asia/Amman",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Antarctica/Troll",
};

static void
compare_days(const char *name, int64_t start_s, int count)
{
    look_at_days(start_s - start_s % DAY_S, count * 1440);
    for (int i = 0; i < EXPRESSIONS; i++) {
        struct pin_cron c = cron(expressions[i]);

        mark_what_fires(&c);
        expect_search_as_marked(name, expressions[i], &c);
    }
}

/* Days around each change of the clocks, and 20 that have none perhaps. */
static int
compare_changes(const char *name, const char *from, const char *until)
{
    int64_t t = instant(from);
    int changes = 0;

    compare_days(name, t, 20);
    while ((t = pin__zone_span(zone(name), t).end) < instant(until)) {
        compare_days(name, t - 4 * DAY_S, 8);
        changes++;
    }
    return changes;
}

static void
the_search_agrees_with_every_minute(void **state)
{
    const char *years = getenv("PIN_TEST_LONG");
    bool all = years != NULL;
    int changes = 0;

    (void)state;
    for (size_t i = 0; i < sizeof odd_zones / sizeof odd_zones[0]; i++) {
        setenv("TZ", odd_zones[i], 1);
        tzset();
        for (int year = 2040 - (all ? (int)strtol(years, NULL, 10) : 0); year < 2040; year++) {
            struct pin_civil start = { .year = year, .month = 1, .day = 1 };

            compare_days(odd_zones[i], pin__civil_to_unix(&start), 400);
        }
        if (all)
            continue;
        changes += compare_changes(odd_zones[i], "2010-09-01T00:00:00Z", "2012-11-30T00:00:00Z");
        changes += compare_changes(odd_zones[i], "2018-01-01T00:00:00Z", "2019-01-01T00:00:00Z");
        changes += compare_changes(odd_zones[i], "2026-01-01T00:00:00Z", "2027-06-01T00:00:00Z");
    }
    assert_true(all || changes > 100);
    unsetenv("TZ");
    tzset();
}

/* Properties, at every change of the clocks in every zone. */

static void
expect_properties(const char *name, const struct pin_zone *z, const struct pin_cron *c,
                  int64_t after)
{
    int64_t next = 0, again = 0, middle;

    if (pin__cron_next(c, z, after, &next) != PIN_OK || next <= after || next > after + 400 * DAY_S)
        fail_msg("%s: after %s comes %s", name, shown(after), shown(next));
    middle = after + (next - after) / 2;
    if (pin__cron_next(c, z, middle, &again) != PIN_OK || again != next)
        fail_msg("%s: after %s comes %s, but after %s %s", name, shown(after), shown(next),
                 shown(middle), shown(again));
    if (pin__cron_next(c, z, next - 1, &again) != PIN_OK || again != next)
        fail_msg("%s: %s comes next, but not after the second before it: %s", name, shown(next),
                 shown(again));
    if (pin__cron_next(c, z, next, &again) != PIN_OK || again <= next)
        fail_msg("%s: after %s comes %s", name, shown(next), shown(again));
    if (!pin__cron_fires(c, z, next) || (middle > after && pin__cron_fires(c, z, middle)))
        fail_msg("%s: fires() does not agree between %s and %s", name, shown(after), shown(next));
}

static int
expect_properties_at_changes(const char *name)
{
    static const char *const texts[] = { "0 * * * *", "*/7 1-3 * * *", "30 2 * * *", "0 0 1W * *",
                                         "59 59 23 * * 0" };
    static const int around[] = { -90000, -3601, -1, 0, 1799, 3600, 86400 };
    const struct pin_zone *z = zone(name);
    struct pin_cron crons[5];
    int changes = 0;

    for (int i = 0; i < 5; i++)
        crons[i] = cron(texts[i]);
    for (int64_t t = 0; (t = pin__zone_span(z, t).end) < instant("2040-01-01T00:00:00Z");
         changes++) {
        time_t before = (time_t)t - 1, at = (time_t)t;
        struct tm tm;

        assert_non_null(localtime_r(&before, &tm));
        if (tm.tm_gmtoff != pin__zone_offset(z, t - 1))
            fail_msg("%s: not libc's offset before %s", name, shown(t));
        assert_non_null(localtime_r(&at, &tm));
        if (tm.tm_gmtoff != pin__zone_offset(z, t))
            fail_msg("%s: not libc's offset at %s", name, shown(t));
        for (int i = 0; i < 35; i++)
            expect_properties(name, z, &crons[i / 7], t + around[i % 7]);
    }
    return changes;
}

static bool
is_zone_file(const char *path)
{
    char head[4] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head, f) : 0;

    if (f)
        fclose(f);
    return n == 4 && memcmp(head, "TZif", 4) == 0;
}

/* Two names of one zone are one file. */
static bool
is_new(ino_t inode)
{
    static ino_t seen[2048];
    static size_t count;

    for (size_t i = 0; i < count; i++)
        if (seen[i] == inode)
            return false;
    assert_true(count < sizeof seen / sizeof seen[0]);
    seen[count++] = inode;
    return true;
}

static void
the_properties_hold_at_every_change_in_every_zone(void **state)
{
    char folder[] = PIN_ZONE_FOLDER, *roots[] = { folder, NULL };
    FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
    int names = 0, changes = 0;

    (void)state;
    assert_non_null(walk);
    for (FTSENT *e; (e = fts_read(walk)) != NULL;) {
        const char *name = e->fts_path + sizeof PIN_ZONE_FOLDER;

        if (e->fts_level == 1 && (!strcmp(e->fts_name, "posix") || !strcmp(e->fts_name, "right")))
            fts_set(walk, e, FTS_SKIP);
        if (e->fts_info != FTS_F || !is_zone_file(e->fts_path) || !is_new(e->fts_statp->st_ino))
            continue;
        setenv("TZ", name, 1);
        tzset();
        names++;
        changes += expect_properties_at_changes(name);
    }
    fts_close(walk);
    unsetenv("TZ");
    tzset();
    assert_true(names > 200 && changes > 10000);
}

static void
the_ends_of_time_are_no_trap(void **state)
{
    static const int64_t far[] = { INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX };
    static const struct {
        const char *expression, *zone, *after, *next;
    } rows[] = {
        { "0 0 29 2 *", "UTC", "9996-02-29T00:00:00Z", "10000-02-29T00:00:00Z" },
        { "0 0 * 2 1#5", "UTC", "2072-02-29T00:00:00Z", "2112-02-29T00:00:00Z" },
        { "30 2 * * *", "America/New_York", "9999-12-31T23:00:00Z", "10000-01-01T07:30:00Z" },
        { "0 0 1 1 *", "America/New_York", "-0050-06-01T00:00:00Z", "-0049-01-01T04:56:02Z" },
        { "14 8 * * *", "UTC", "2038-01-19T03:14:07Z", "2038-01-19T08:14:00Z" },
    };
    struct pin_cron c = cron("* * * * * *");
    int64_t next;

    (void)state;
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        assert_int_equal(pin__cron_next(&c, zone("America/New_York"), far[i], &next), PIN_EMPTY);
        assert_false(pin__cron_fires(&c, zone("America/New_York"), far[i]));
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        c = cron(rows[i].expression);
        assert_int_equal(pin__cron_next(&c, zone(rows[i].zone), instant(rows[i].after), &next),
                         PIN_OK);
        if (next != instant(rows[i].next))
            fail_msg("\"%s\" after %s: %s, expected %s", rows[i].expression, rows[i].after,
                     shown(next), rows[i].next);
    }
    c = cron("0 0 30 * *");
    c.sets[PIN_CRON_MONTH] = 4; /* as no text can say: February 30 */
    assert_int_equal(pin__cron_next(&c, zone("America/New_York"), 0, &next), PIN_EMPTY);
}

/* A rule as TZ may give it, with a change on each day at which people are not prepared. */
static void
rules_without_a_table_work_too(void **state)
{
    static const char *const rules[] = {
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "AAA+12BBB-12,0/0,J365/23",
        "XXX3EDT4,0/0,J365/23",
        "AAA0BBB-1,J1/-167,J365/167",
        "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct pin_zone *z = NULL;
        struct pin_cron c = cron("*/30 0-4 * * *");
        int64_t t = instant("2026-01-01T00:00:00Z");

        assert_int_equal(pin__zones_local(zones, rules[i], &z, NULL), PIN_OK);
        for (int n = 0; n < 50; n++) {
            struct pin_tz_span s = pin__zone_span(z, t);

            assert_true(s.start <= t && s.end > t);
            assert_int_equal(pin__zone_span(z, s.start).start, s.start);
            assert_int_equal(pin__zone_span(z, s.end - 1).start, s.start);
            for (int64_t around = -90000; around < 90000; around += 7201)
                expect_properties(rules[i], z, &c, s.end + around);
            t = s.end;
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_of_the_table_comes_next),
        cmocka_unit_test(every_example_of_the_documentation_is_true),
        cmocka_unit_test(everything_that_the_documentation_refuses_is_refused),
        cmocka_unit_test(the_search_agrees_with_every_minute),
        cmocka_unit_test(the_properties_hold_at_every_change_in_every_zone),
        cmocka_unit_test(the_ends_of_time_are_no_trap),
        cmocka_unit_test(rules_without_a_table_work_too),
    };

    return cmocka_run_group_tests(tests, open_zones, close_zones);
}
