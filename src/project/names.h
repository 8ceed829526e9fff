/* names.h - the names of a project: what a file, a table or a person's spelling of a job is called.
 *
 * One rule underlies all: cut at '/'; in each segment a word starts at a capital letter (a run of
 * capitals is one word: HTMLParser is html-parser), everything is lower-cased, and what is not a-z
 * or 0-9 only separates words. Text is bytes with a length and may hold anything; results are
 * ASCII, except of the functions that only change an end of the text (capitalize, pluralize).
 * No state, no locale.
 */
#ifndef PIN_PROJECT_NAMES_H
#define PIN_PROJECT_NAMES_H

#include "base/buf.h"

#define PIN_JOB_NAME_MAX  200 /* bytes of a job's name, as somebody wrote it and normalised */
#define PIN_JOB_NAME_SIZE (PIN_JOB_NAME_MAX + 1)

struct pin_job_name {
    char text[PIN_JOB_NAME_SIZE];
};

/* Each appends its result to `out`. PIN_LIMIT when that is full; camelize and pascalize also give
 * PIN_INVALID for a text in which a segment holds no letter. */
typedef pin_status pin_inflection(struct pin_bytes in, struct pin_buf *out, struct pin_err *err);

pin_inflection pin__names_dasherize;    /* fooBar/Baz -> foo-bar/baz */
pin_inflection pin__names_snakeify;     /* fooBar/Baz -> foo_bar/baz */
pin_inflection pin__names_camelize;     /* foo_bar/baz -> fooBarBaz */
pin_inflection pin__names_pascalize;    /* foo_bar/baz -> FooBarBaz */
pin_inflection pin__names_titleize;     /* fooBar -> Foo Bar */
pin_inflection pin__names_humanize;     /* fooBar -> Foo bar */
pin_inflection pin__names_capitalize;   /* fooBar -> FooBar; ASCII letters only */
pin_inflection pin__names_uncapitalize; /* FooBar -> fooBar */
/* Of the last word of the text; in plurals.c. The text itself when it is plural, or singular,
 * already. */
pin_inflection pin__names_pluralize;   /* usedHash -> usedHashes */
pin_inflection pin__names_singularize; /* usedHashes -> usedHash */

struct pin_inflection_row {
    const char *name;
    pin_inflection *apply;
};
#define PIN_INFLECTION_COUNT 10
extern const struct pin_inflection_row pin__names_inflections[PIN_INFLECTION_COUNT];

/* The one grammar of job names, for files, commands, calls and the store. Input is checked before
 * it is normalised: nothing empty, over PIN_JOB_NAME_MAX, with a control character, "..", or an
 * empty segment ("/a", "a//b"). The result is segments [a-z0-9]+(-[a-z0-9]+)* joined by '/',
 * and is its own normalised name. */
pin_status pin__names_job(struct pin_bytes in, struct pin_job_name *out,
                          struct pin_err *err) PIN_MUST_USE;

/* The candidate nearest to what somebody typed, or NULL when none is near. */
const char *pin__names_suggest(const char *word, const char *const *candidates, size_t count);

#endif
