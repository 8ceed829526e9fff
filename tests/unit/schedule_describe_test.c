/* schedule_describe_test.c - cron expressions in plain English. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "schedule/describe.h"

static void
an_expression_in_words(void **state)
{
    static const struct {
        const char *cron, *want;
    } rows[] = {
        /* the time of day */
        { "* * * * *", "every minute" },
        { "*/5 * * * *", "every 5 minutes" },
        { "0 * * * *", "every hour" },
        { "@hourly", "every hour" },
        { "0 0-23 * * *", "every hour" },
        { "5 * * * *", "at minute 5 of every hour" },
        { "5/20 * * * *", "at minutes 5, 25 and 45 of every hour" },
        { "0 */2 * * *", "every 2 hours" },
        { "30 */2 * * *", "at minute 30 of every 2nd hour" },
        { "30 */3 * * *", "at minute 30 of every 3rd hour" },
        { "30 2 * * *", "every day at 02:30" },
        { "0 8,12,22 * * *", "every day at 08:00, 12:00 and 22:00" },
        { "0 22-2 * * *", "every day at 00:00, 01:00, 02:00, 22:00 and 23:00" },
        { "*/10 22-2 * * *", "every 10 minutes from 22:00 to 02:59" },
        { "0 9-17 * * *", "every hour from 09:00 to 17:00" },
        { "0 18-3 * * *", "every hour from 18:00 to 03:00" },
        { "* 9 * * *", "every minute from 09:00 to 09:59" },
        { "* 9,12 * * *", "every minute of the hours 09 and 12" },
        { "1-5,9,20 8-18 * * *", "at minutes 1 to 5, 9 and 20 of every hour from 08:00 to 18:59" },
        { "*/7 * * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour" },
        { "* * * * * *", "every second" },
        { "*/10 * * * * *", "every 10 seconds" },
        { "30 * * * * *", "at second 30 of every minute" },
        { "30 5,25 * * * *", "at second 30 of minutes 5 and 25 of every hour" },
        { "* 5 * * * *", "every second of minute 5 of every hour" },
        { "*/10 */15 */4 * * *", "every 10 seconds of every 15th minute of every 4th hour" },
        { "*/30 0 12 * * *", "every day at 12:00:00 and 12:00:30" },
        /* the days */
        { "@daily", "every day at 00:00" },
        { "0 9 * * MON-FRI", "at 09:00, Monday to Friday" },
        { "0 9 * * 1-6", "at 09:00, Monday to Saturday" },
        { "@weekly", "at 00:00 on Sundays" },
        { "0 0 * * SAT,SUN", "at 00:00 on Saturdays and Sundays" },
        { "0 0 * * FRI-MON", "at 00:00 on Mondays and Fridays to Sundays" },
        { "0 0 * * 5L", "at 00:00 on the last Friday of the month" },
        { "0 0 * * MON#2", "at 00:00 on the second Monday of the month" },
        { "0 0 * * 1,5L", "at 00:00 on Mondays and on the last Friday of the month" },
        { "@monthly", "at 00:00 on the 1st of the month" },
        { "0 0 1,2,3,11,22,23 * *",
          "at 00:00 on the 1st to the 3rd, the 11th, the 22nd and the 23rd of the month" },
        { "0 0 L * *", "at 00:00 on the last day of the month" },
        { "0 0 1,L * *", "at 00:00 on the 1st and the last day of the month" },
        { "0 0 15W * *", "at 00:00 on the working day nearest to the 15th of the month" },
        { "0 0 LW * *", "at 00:00 on the last working day of the month" },
        { "0 0 */2 * *", "at 00:00 on every 2nd day counted from the 1st of the month" },
        { "0 0 13 * FRI", "at 00:00 on the 13th of the month, and also on Fridays" },
        { "0 0 13 * 1-5", "at 00:00 on the 13th of the month, and also from Monday to Friday" },
        /* months */
        { "@yearly", "at 00:00 on the 1st of January" },
        { "0 0 29 2 *", "at 00:00 on the 29th of February" },
        { "0 6 1 JAN,JUL *", "at 06:00 on the 1st of January and July" },
        { "0 6 * JUN-AUG *", "every day at 06:00, from June to August" },
        { "0 6 * JAN,JUL *", "every day at 06:00, in January and July" },
        { "0 0 * 3 2L", "at 00:00 on the last Tuesday of March" },
        { "0 0 13 2 FRI", "at 00:00 on the 13th, and also on Fridays, in February" },
        { "*/10 9-17 * 1-6 1-5",
          "every 10 minutes from 09:00 to 17:59, Monday to Friday, from January to June" },
        { "CRON_TZ=Asia/Tokyo 0 9 * * *", "every day at 09:00" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_buf words = PIN_BUF_INIT(4096);
        struct pin_cron c;

        assert_int_equal(pin__cron_parse(&c, rows[i].cron, NULL), PIN_OK);
        pin__cron_describe(&c, &words);
        if (strcmp(pin__buf_text(&words), rows[i].want) != 0)
            fail_msg("%s: %s", rows[i].cron, pin__buf_text(&words));
        pin__buf_fini(&words);
    }
}

/* Whatever the sets hold there are words, and the same for what means the same. */
static void
the_canonical_text_has_the_same_words(void **state)
{
    static const char *const crons[] = { "0-59/2 1-23/2 2-31/3 */5 0-6/2", "59 59 23 31 12 7",
                                         "0 0 0 1W,15W,L,LW JAN 1,2L,3L", "*/7 */9 */5 * *" };

    (void)state;
    for (size_t i = 0; i < sizeof crons / sizeof *crons; i++) {
        struct pin_buf words = PIN_BUF_INIT(4096), again = PIN_BUF_INIT(4096),
                       text = PIN_BUF_INIT(4096);
        struct pin_cron c, d;

        assert_int_equal(pin__cron_parse(&c, crons[i], NULL), PIN_OK);
        pin__cron_print(&c, &text);
        assert_int_equal(pin__cron_parse(&d, pin__buf_text(&text), NULL), PIN_OK);
        pin__cron_describe(&c, &words);
        pin__cron_describe(&d, &again);
        assert_true(words.size > 0 && !words.bad);
        assert_string_equal(pin__buf_text(&words), pin__buf_text(&again));
        pin__buf_fini(&words);
        pin__buf_fini(&again);
        pin__buf_fini(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expression_in_words),
        cmocka_unit_test(the_canonical_text_has_the_same_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
