/* project_names_test.c - every row of the original's tables of names, with our differences beside
 * them, and the grammar of job names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "project/names.h"

/* NULL in `camel`: refused. A fifth text says what the original gave where we differ. */
static const struct {
    const char *in, *dash, *snake, *camel, *was;
} words[] = {
    { "foo", "foo", "foo", "foo", NULL },
    { "foo-bar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "foo_bar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "fooBar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "FooBar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "foo bar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "Foo Bar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "FOO_BAR", "foo-bar", "foo_bar", "fooBar", "f-o-o-b-a-r" },
    { "HELLO_WORLD", "hello-world", "hello_world", "helloWorld", "h-e-l-l-o-w-o-r-l-d" },
    { "HTMLParser", "html-parser", "html_parser", "htmlParser", "h-t-m-l-parser" },
    { "parseHTML", "parse-html", "parse_html", "parseHtml", "parse-h-t-m-l" },
    { "userID", "user-id", "user_id", "userId", "user-i-d" },
    { "APIKey2", "api-key2", "api_key2", "apiKey2", "a-p-i-key2" },
    { "oauth2Token", "oauth2-token", "oauth2_token", "oauth2Token", NULL },
    { "v2Api", "v2-api", "v2_api", "v2Api", NULL },
    { "2fast", "2fast", "2fast", "fast", NULL },
    { "123", "123", "123", NULL, NULL },
    { "job1", "job1", "job1", "job1", NULL },
    { "job_1", "job-1", "job_1", "job1", NULL },
    { "job-10-times", "job-10-times", "job_10_times", "job10Times", NULL },
    { "a1B2", "a1-b2", "a1_b2", "a1B2", NULL },
    { "_private", "private", "private", "private", NULL },
    { "__double", "double", "double", "double", NULL },
    { "trailing_", "trailing", "trailing", "trailing", NULL },
    { "-x-", "x", "x", "x", NULL },
    { "foo--bar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "foo.bar", "foo-bar", "foo_bar", "fooBar", NULL },
    { "foo/bar", "foo/bar", "foo/bar", "fooBar", NULL },
    { "Foo/BarBaz", "foo/bar-baz", "foo/bar_baz", "fooBarBaz", NULL },
    { "/lead", "/lead", "/lead", NULL, NULL },
    { "trail/", "trail/", "trail/", NULL, NULL },
    { "a/b/c", "a/b/c", "a/b/c", "aBC", NULL },
    { "admin/clean-up", "admin/clean-up", "admin/clean_up", "adminCleanUp", NULL },
    { "été", "t", "t", "t", NULL },
    { "ÀBC", "bc", "bc", "bc", "b-c" },
    { "naïve café", "na-ve-caf", "na_ve_caf", "naVeCaf", NULL },
    { "日本語", "", "", NULL, NULL },
    { "ß", "", "", NULL, NULL },
    { "İstanbul", "i-stanbul", "i_stanbul", "iStanbul", NULL },
    { "foo’s", "foo-s", "foo_s", "fooS", NULL },
    { "send e-mail", "send-e-mail", "send_e_mail", "sendEMail", NULL },
    { "  spaced  out ", "spaced-out", "spaced_out", "spacedOut", NULL },
    { "foo:bar@baz", "foo-bar-baz", "foo_bar_baz", "fooBarBaz", NULL },
    { "ÄÖ_test", "test", "test", "test", NULL },
    { "Ω-mega", "mega", "mega", "mega", NULL },
    { "X", "x", "x", "x", NULL },
    { "", "", "", NULL, NULL },
    { "null", "null", "null", "null", NULL },
    { "undefined", "undefined", "undefined", "undefined", NULL },
    { "42", "42", "42", NULL, NULL },
    { "2_fast", "2-fast", "2_fast", "fast", "a TypeError" },
    { "1/x", "1/x", "1/x", NULL, NULL },
    { "x/\xc3\xa9", "x/", "x/", NULL, NULL },
    { "a/2b", "a/2b", "a/2b", "a2b", NULL },
};

/* A third text: the other way round from `plural`; NULL when it leads back to `in`. */
static const struct {
    const char *in, *plural, *singular, *was;
} plurals[] = {
    { "user", "users", "user", NULL },
    { "users", "users", "user", NULL },
    { "post", "posts", "post", NULL },
    { "posts", "posts", "post", NULL },
    { "category", "categories", "category", NULL },
    { "categories", "categories", "category", NULL },
    { "city", "cities", "city", NULL },
    { "day", "days", "day", NULL },
    { "key", "keys", "key", NULL },
    { "box", "boxes", "box", NULL },
    { "boxes", "boxes", "box", NULL },
    { "class", "classes", "class", NULL },
    { "address", "addresses", "address", NULL },
    { "emailAddress", "emailAddresses", "emailAddress", NULL },
    { "usedHash", "usedHashes", "usedHash", NULL },
    { "usedHashes", "usedHashes", "usedHash", NULL },
    { "bus", "buses", "bus", NULL },
    { "buses", "buses", "bus", NULL },
    { "status", "statuses", "status", NULL },
    { "statuses", "statuses", "status", NULL },
    { "alias", "aliases", "alias", NULL },
    { "news", "news", "news", NULL },
    { "person", "people", "person", NULL },
    { "people", "people", "person", NULL },
    { "man", "men", "man", NULL },
    { "woman", "women", "woman", NULL },
    { "child", "children", "child", NULL },
    { "children", "children", "child", NULL },
    { "mouse", "mice", "mouse", NULL },
    { "mice", "mice", "mouse", NULL },
    { "house", "houses", "house", NULL },
    { "quiz", "quizzes", "quiz", NULL },
    { "quizzes", "quizzes", "quiz", NULL },
    { "ox", "oxen", "ox", NULL },
    { "oxen", "oxen", "ox", NULL },
    { "matrix", "matrices", "matrix", NULL },
    { "matrices", "matrices", "matrix", NULL },
    { "index", "indices", "index", NULL },
    { "indices", "indices", "index", NULL },
    { "vertex", "vertices", "vertex", NULL },
    { "octopus", "octopi", "octopus", NULL },
    { "virus", "viri", "virus", NULL },
    { "datum", "data", "datum", NULL },
    { "data", "data", "datum", NULL },
    { "medium", "media", "medium", NULL },
    { "analysis", "analyses", "analysis", NULL },
    { "analyses", "analyses", "analysis", NULL },
    { "crisis", "crises", "crisis", NULL },
    { "axis", "axes", "axis", NULL },
    { "wolf", "wolves", "wolf", NULL },
    { "knife", "knives", "knife", NULL },
    { "safe", "safes", "safe", "saves" },
    { "leaf", "leafs", "leaf", NULL },
    { "roof", "roofs", "roof", NULL },
    { "hive", "hives", "hive", NULL },
    { "archive", "archives", "archive", NULL },
    { "hero", "heros", "hero", NULL },
    { "tomato", "tomatoes", "tomato", NULL },
    { "potato", "potatos", "potato", NULL },
    { "photo", "photos", "photo", NULL },
    { "series", "series", "series", NULL },
    { "species", "species", "species", NULL },
    { "fish", "fish", "fish", NULL },
    { "sheep", "sheep", "sheep", NULL },
    { "equipment", "equipment", "equipment", NULL },
    { "information", "information", "information", NULL },
    { "money", "money", "money", NULL },
    { "rice", "rice", "rice", NULL },
    { "jeans", "jeans", "jeans", NULL },
    { "police", "police", "police", NULL },
    { "move", "moves", "move", NULL },
    { "zombie", "zombies", "zombie", NULL },
    { "sex", "sexes", "sex", NULL },
    { "database", "databases", "database", NULL },
    { "databases", "databases", "database", NULL },
    { "bonus", "bonuses", "bonus", "bonus and bonu" },
    { "campus", "campuses", "campus", "campus and campu" },
    { "gas", "gases", "gas", "gas and ga" },
    { "human", "humans", "human", "humen" },
    { "German", "Germans", "German", "Germen" },
    { "tenant", "tenants", "tenant", NULL },
    { "tenants", "tenants", "tenant", NULL },
    { "Person", "People", "Person", NULL },
    { "", "", "", "s" },
    /* beyond the original's table */
    { "contactPerson", "contactPeople", "contactPerson", NULL },
    { "contact_people", "contact_people", "contact_person", NULL },
    { "notification", "notifications", "notification", NULL },
    { "newsletter", "newsletters", "newsletter", NULL },
    { "appliedMigrations", "appliedMigrations", "appliedMigration", NULL },
    { "service", "services", "service", NULL },
    { "invoices", "invoices", "invoice", NULL },
    { "cache", "caches", "cache", NULL },
    { "response", "responses", "response", NULL },
    { "licenses", "licenses", "license", NULL },
    { "purchase", "purchases", "purchase", NULL },
    { "lens", "lenses", "lens", NULL },
    { "menu", "menus", "menu", NULL },
    { "menus", "menus", "menu", NULL },
    { "api", "apis", "api", NULL },
    { "apis", "apis", "api", NULL },
    { "taxi", "taxis", "taxi", NULL },
    { "quota", "quotas", "quota", NULL },
    { "movie", "movies", "movie", NULL },
    { "cookie", "cookies", "cookie", NULL },
    { "pie", "pies", "pie", NULL },
    { "spouse", "spouses", "spouse", NULL },
    { "cause", "causes", "cause", NULL },
    { "use", "uses", "use", NULL },
    { "walrus", "walruses", "walrus", NULL },
    { "size", "sizes", "size", NULL },
    { "prize", "prizes", "prize", NULL },
    { "waltz", "waltzes", "waltz", NULL },
    { "branch", "branches", "branch", NULL },
    { "epoch", "epochs", "epoch", NULL },
    { "soliloquy", "soliloquies", "soliloquy", NULL },
    { "basis", "bases", "basis", NULL },
    { "knowledgeBases", "knowledgeBases", "knowledgeBase", NULL },
    { "thesis", "theses", "thesis", NULL },
    { "specimen", "specimens", "specimen", NULL },
    { "salesman", "salesmen", "salesman", NULL },
    { "shelf", "shelves", "shelf", NULL },
    { "valve", "valves", "valve", NULL },
    { "heroes", "heroes", "hero", NULL },
    { "leaves", "leaves", "leaf", NULL },
    { "shoe", "shoes", "shoe", NULL },
    { "job2", "job2s", "job2", NULL },
    { "é", "és", "é", NULL },
    { "s", "s", "s", NULL },
};

static struct pin_bytes
bytes(const char *text)
{
    return (struct pin_bytes){ text, strlen(text) };
}

static void
expect(const char *name, pin_inflection *apply, const char *in, const char *want)
{
    struct pin_buf out = PIN_BUF_INIT(4096);
    struct pin_err err = PIN_ERR_INIT;
    pin_status st = apply(bytes(in), &out, &err);

    if (want && (st != PIN_OK || strcmp(pin__buf_text(&out), want) != 0))
        fail_msg("%s(\"%s\") = \"%s\" %s, expected \"%s\"", name, in, pin__buf_text(&out),
                 err.message, want);
    if (!want && st != PIN_INVALID)
        fail_msg("%s(\"%s\") = \"%s\", expected to be refused", name, in, pin__buf_text(&out));
    pin__buf_fini(&out);
}

static void
words_are_found_in_every_spelling(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        expect("dasherize", pin__names_dasherize, words[i].in, words[i].dash);
        expect("snakeify", pin__names_snakeify, words[i].in, words[i].snake);
        expect("camelize", pin__names_camelize, words[i].in, words[i].camel);
        expect("dasherize again", pin__names_dasherize, words[i].dash, words[i].dash);
        if (words[i].camel)
            expect("camelize again", pin__names_camelize, words[i].snake, words[i].camel);
    }
}

static void
other_helpers_work(void **state)
{
    (void)state;
    expect("titleize", pin__names_titleize, "fooBar", "Foo Bar");
    expect("titleize", pin__names_titleize, "admin/HTML_page", "Admin Html Page");
    expect("humanize", pin__names_humanize, "fooBar", "Foo bar");
    expect("humanize", pin__names_humanize, "", "");
    expect("capitalize", pin__names_capitalize, "fooBar", "FooBar");
    expect("capitalize", pin__names_capitalize, "", "");
    expect("uncapitalize", pin__names_uncapitalize, "FooBar", "fooBar");
    expect("pascalize", pin__names_pascalize, "foo-bar/baz", "FooBarBaz");
    expect("pascalize", pin__names_pascalize, "--", NULL);
}

static void
plurals_and_singulars_follow_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plurals / sizeof plurals[0]; i++) {
        expect("pluralize", pin__names_pluralize, plurals[i].in, plurals[i].plural);
        if (strcmp(plurals[i].in, "basis") != 0) /* "bases" belongs to "base" */
            expect("singularize", pin__names_singularize, plurals[i].plural, plurals[i].singular);
        expect("singularize", pin__names_singularize, plurals[i].in, plurals[i].singular);
        expect("singularize again", pin__names_singularize, plurals[i].singular,
               plurals[i].singular);
        expect("pluralize again", pin__names_pluralize, plurals[i].plural, plurals[i].plural);
    }
}

static const struct {
    const char *in;
    size_t size; /* 0: of the text */
    const char *want;
    const char *word; /* in the refusal, when `want` is NULL */
} jobs[] = {
    { "say-hello", 0, "say-hello", NULL },
    { "say_hello", 0, "say-hello", NULL },
    { "sayHello", 0, "say-hello", NULL },
    { "SayHello", 0, "say-hello", NULL },
    { "say hello", 0, "say-hello", NULL },
    { "say--hello_", 0, "say-hello", NULL },
    { "  say--hello ", 0, "say-hello", NULL },
    { "SAY_HELLO", 0, "say-hello", NULL },
    { "admin/cleanUp", 0, "admin/clean-up", NULL },
    { "_private_job", 0, "private-job", NULL },
    { "con", 0, "con", NULL },
    { "%2e%2e", 0, "2e-2e", NULL },
    { ";rm -rf", 0, "rm-rf", NULL },
    { "' OR 1=1--", 0, "or-1-1", NULL },
    { "<script>", 0, "script", NULL },
    { "", 0, NULL, "empty" },
    { ".", 0, NULL, "nothing is left" },
    { "..", 0, NULL, "\"..\"" },
    { "../x", 0, NULL, "\"..\"" },
    { "a/../../b", 0, NULL, "\"..\"" },
    { "/etc/passwd", 0, NULL, "starts with a slash" },
    { "a//b", 0, NULL, "empty part" },
    { "a/", 0, NULL, "empty part" },
    { "a/-/b", 0, NULL, "nothing is left" },
    { "日本語", 0, NULL, "nothing is left" },
    { "日本語/x", 0, NULL, "nothing is left" },
    { "a\nb", 0, NULL, "control character" },
    { "a\tb", 0, NULL, "control character" },
    { "a\0b", 3, NULL, "control character" },
    { "a\x7f", 0, NULL, "control character" },
};

static void
job_names_are_checked_before_they_are_normalised(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof jobs / sizeof jobs[0]; i++) {
        struct pin_bytes in = { jobs[i].in, jobs[i].size ? jobs[i].size : strlen(jobs[i].in) };
        struct pin_job_name out;
        struct pin_err err = PIN_ERR_INIT;
        pin_status st = pin__names_job(in, &out, &err);

        if (jobs[i].want && (st != PIN_OK || strcmp(out.text, jobs[i].want) != 0))
            fail_msg("job name \"%s\": \"%s\" %s", jobs[i].in, out.text, err.message);
        if (!jobs[i].want && (st != PIN_INVALID || !strstr(err.message, jobs[i].word)))
            fail_msg("job name \"%s\" should be refused with %s: \"%s\" %s", jobs[i].in,
                     jobs[i].word, out.text, err.message);
    }
}

static void
a_long_job_name_is_refused_and_the_longest_fits(void **state)
{
    static char text[10000];
    struct pin_job_name out;
    struct pin_err err = PIN_ERR_INIT;

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(pin__names_job((struct pin_bytes){ text, PIN_JOB_NAME_MAX }, &out, &err),
                     PIN_OK);
    assert_int_equal(strlen(out.text), PIN_JOB_NAME_MAX);
    assert_int_equal(pin__names_job((struct pin_bytes){ text, PIN_JOB_NAME_MAX + 1 }, &out, &err),
                     PIN_INVALID);
    assert_non_null(strstr(err.message, "201 bytes"));
    assert_int_equal(pin__names_job((struct pin_bytes){ text, sizeof text }, &out, &err),
                     PIN_INVALID);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? 'b' : 'A'; /* a dash before each capital */
    assert_int_equal(pin__names_job((struct pin_bytes){ text, PIN_JOB_NAME_MAX }, &out, &err),
                     PIN_INVALID);
    assert_non_null(strstr(err.message, "299 bytes with dashes"));
    assert_string_equal(out.text, "");
}

static void
typos_get_the_nearest_name(void **state)
{
    static const char *const names[] = { "list-background-jobs", "run-background-job", "help",
                                         "generate-model", "send-newsletter" };
    static const struct {
        const char *word, *want;
    } rows[] = {
        { "halp", "help" },
        { "hlep", "help" },
        { "HELP", "help" },
        { "run-backgroud-job", "run-background-job" },
        { "run-background-jobs", "run-background-job" },
        { "generate-modell", "generate-model" },
        { "send-newsleter", "send-newsletter" },
        { "x", NULL },
        { "", NULL },
        { "frobnicate", NULL },
        { "he", NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *got = pin__names_suggest(rows[i].word, names, sizeof names / sizeof names[0]);

        if (rows[i].want ? !got || strcmp(got, rows[i].want) != 0 : got != NULL)
            fail_msg("suggestion for \"%s\": %s, expected %s", rows[i].word, got ? got : "none",
                     rows[i].want ? rows[i].want : "none");
    }
    assert_null(pin__names_suggest("help", names, 0));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_in_every_spelling),
        cmocka_unit_test(other_helpers_work),
        cmocka_unit_test(plurals_and_singulars_follow_the_table),
        cmocka_unit_test(job_names_are_checked_before_they_are_normalised),
        cmocka_unit_test(a_long_job_name_is_refused_and_the_longest_fits),
        cmocka_unit_test(typos_get_the_nearest_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
