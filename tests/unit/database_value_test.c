/* database_value_test.c - what values become for a column of each type. */
#include "database_help.h"

#define V_TEXT(v) pin__value_bytes(v, sizeof(v) - 1)
#define V_INT(v)  pin__value_integer(v)
#define V_REAL(v) pin__value_real(v)

static void
compare(const char *label, struct pin_value got, struct pin_value want)
{
    bool same = got.type == want.type;

    if (same && got.type == PIN_VALUE_INTEGER)
        same = got.integer == want.integer;
    else if (same && got.type == PIN_VALUE_REAL)
        same = got.real == want.real;
    else if (same && got.type != PIN_VALUE_NULL)
        same = got.bytes.size == want.bytes.size &&
               memcmp(got.bytes.data, want.bytes.data, got.bytes.size) == 0;
    if (!same)
        fail_msg("%s: type %d, %lld", label, (int)got.type, (long long)got.integer);
}

static void
test_coercion(void **state)
{
    const struct {
        const char *label;
        enum pin_column_type type;
        struct pin_value in, want;
    } rows[] = {
        { "null is null", PIN_COLUMN_BOOLEAN, pin__value_null(), pin__value_null() },
        { "true", PIN_COLUMN_BOOLEAN, V_TEXT("true"), V_INT(1) },
        { "1", PIN_COLUMN_BOOLEAN, V_TEXT("1"), V_INT(1) },
        { "false", PIN_COLUMN_BOOLEAN, V_TEXT("false"), V_INT(0) },
        { "empty is false", PIN_COLUMN_BOOLEAN, V_TEXT(""), V_INT(0) },
        { "any number is true", PIN_COLUMN_BOOLEAN, V_INT(-3), V_INT(1) },
        { "0.0 is false", PIN_COLUMN_BOOLEAN, V_REAL(0), V_INT(0) },
        { "date alone is UTC", PIN_COLUMN_DATE, V_TEXT("2026-01-02"), V_INT(1767312000000) },
        { "year", PIN_COLUMN_DATE, V_TEXT("2026"), V_INT(1767225600000) },
        { "month", PIN_COLUMN_DATE, V_TEXT("2026-02"), V_INT(1769904000000) },
        { "Z", PIN_COLUMN_DATETIME, V_TEXT("2026-01-02T03:04:05Z"), V_INT(1767323045000) },
        { "fraction", PIN_COLUMN_DATETIME, V_TEXT("2026-01-02T03:04:05.678Z"),
          V_INT(1767323045678) },
        { "long fraction", PIN_COLUMN_DATETIME, V_TEXT("2026-01-02T03:04:05.6789999Z"),
          V_INT(1767323045678) },
        { "short fraction", PIN_COLUMN_DATETIME, V_TEXT("2026-01-02T03:04:05.6Z"),
          V_INT(1767323045600) },
        { "zone", PIN_COLUMN_DATETIME, V_TEXT("2026-01-02T05:04:05+02:00"), V_INT(1767323045000) },
        { "zone west", PIN_COLUMN_DATETIME, V_TEXT("2026-01-01T21:34:05-0530"),
          V_INT(1767323045000) },
        { "local", PIN_COLUMN_DATETIME, V_TEXT("2026-01-02T04:04:05"), V_INT(1767323045000) },
        { "local summer", PIN_COLUMN_DATETIME, V_TEXT("2026-07-02 00:00"), V_INT(1782943200000) },
        { "24:00", PIN_COLUMN_DATETIME, V_TEXT("2026-01-01T24:00:00Z"), V_INT(1767312000000) },
        { "before 1970", PIN_COLUMN_DATETIME, V_TEXT("1969-12-31T23:59:59.999Z"), V_INT(-1) },
        { "year 1", PIN_COLUMN_DATE, V_TEXT("0001-01-01"), V_INT(-62135596800000) },
        { "leap day", PIN_COLUMN_DATE, V_TEXT("2024-02-29"), V_INT(1709164800000) },
        { "spaces around", PIN_COLUMN_DATE, V_TEXT(" 2026 "), V_INT(1767225600000) },
        { "empty is null", PIN_COLUMN_DATE, V_TEXT(""), pin__value_null() },
        { "milliseconds", PIN_COLUMN_DATETIME, V_INT(5), V_INT(5) },
        { "fractions of one", PIN_COLUMN_DATETIME, V_REAL(5.75), V_INT(5) },
        { "number as text", PIN_COLUMN_INTEGER, V_TEXT("-42"), V_INT(-42) },
        { "large number as text", PIN_COLUMN_INTEGER, V_TEXT("9007199254740993"),
          V_INT(9007199254740993) },
        { "float as text", PIN_COLUMN_FLOAT, V_TEXT("1.5e3"), V_REAL(1500) },
        { "no number", PIN_COLUMN_INTEGER, V_TEXT("12a"), V_TEXT("12a") },
        { "hexadecimal is none", PIN_COLUMN_INTEGER, V_TEXT("0x10"), V_TEXT("0x10") },
        { "no infinity", PIN_COLUMN_FLOAT, V_TEXT("1e999"), V_TEXT("1e999") },
        { "a sign alone", PIN_COLUMN_INTEGER, V_TEXT("-"), V_TEXT("-") },
        { "number in a string column", PIN_COLUMN_STRING, V_INT(5), V_INT(5) },
        { "text", PIN_COLUMN_TEXT, V_TEXT("true"), V_TEXT("true") },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_err err = PIN_ERR_INIT;
        struct pin_value got;

        if (pin__column_coerce(rows[i].type, rows[i].in, &got, &err) != PIN_OK)
            fail_msg("%s: %s", rows[i].label, err.message);
        compare(rows[i].label, got, rows[i].want);
    }
}

static void
test_what_is_no_date(void **state)
{
    static const char *const texts[] = {
        "x",
        "2026-13-01",
        "2026-02-30",
        "2023-02-29",
        "2026-01-02T",
        "2026-1-2",
        "26-01-02",
        "2026-01-02T25:00Z",
        "2026-01-02T03:04:05+25:00",
        "2026-01-02T24:00:01Z",
        "2026-01-02T03:04:05Zx",
        "2026-01-02T03:04:05.Z",
        "Jan 2 2026",
        "2026-00-01",
        "2026-01-00",
        "2026-01-02T03:60Z",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pin_value got;

        if (pin__column_coerce(PIN_COLUMN_DATE, pin__value_text(texts[i]), &got, NULL) !=
            PIN_INVALID)
            fail_msg("\"%s\" became %lld", texts[i], (long long)got.integer);
    }
}

static void
test_types(void **state)
{
    enum pin_column_type type;
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    for (int i = 0; i < PIN_COLUMN_TYPE_COUNT; i++) {
        const char *name = pin__column_type_name((enum pin_column_type)i);

        assert_int_equal(pin__column_type_parse(name, &type, &err), PIN_OK);
        assert_int_equal(type, i);
    }
    assert_int_equal(pin__column_type_parse("strin", &type, &err), PIN_INVALID);
    assert_non_null(strstr(err.message, "\"strin\""));
    assert_non_null(strstr(err.message, "foreign_key"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_coercion),
        cmocka_unit_test(test_what_is_no_date),
        cmocka_unit_test(test_types),
    };

    setenv("TZ", "Europe/Berlin", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
