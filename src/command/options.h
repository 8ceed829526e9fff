/* options.h - the words of a command line.
 *
 * `--name X`, `--name=X`, `-n X`, `-nX`; flags may be given together (`-qv`); options and words
 * mix;
 * `--` ends the options. An option's value is one word, taken as it is, whatever it looks like.
 * Everything is borrowed from argv: nothing here is expanded, split or handed to a shell.
 */
#ifndef PIN_COMMAND_OPTIONS_H
#define PIN_COMMAND_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct opt {
    const char *name;  /* without the dashes; NULL ends a table */
    char letter;       /* 0: none */
    const char *value; /* what to call its value in help; NULL for a flag */
    const char *brief;
};
#define OPT_FLAG(long_name, short_letter, text)                                                    \
    {                                                                                              \
        .name = (long_name), .letter = (short_letter), .value = NULL, .brief = (text)              \
    }
#define OPT_STR(long_name, short_letter, value_name, text)                                         \
    {                                                                                              \
        .name = (long_name), .letter = (short_letter), .value = (value_name), .brief = (text)      \
    }
#define OPT_END                                                                                    \
    {                                                                                              \
        .name = NULL                                                                               \
    }

#define ARGS_OPTIONS_MAX 32
#define ARGS_VALUES_MAX  16 /* of one option that may be given several times */

struct given {
    const struct opt *opt;
    const char *value; /* the last one given; NULL for a flag */
    const char *values[ARGS_VALUES_MAX];
    int count;
};

struct args {
    struct given options[ARGS_OPTIONS_MAX];
    size_t option_count;
    char **words; /* argv's own, moved to its front */
    size_t word_count;
};

/* Takes argv apart by the tables (each may be NULL). With `stop_at_word` it ends at the first word
 * that is no option and leaves everything from there in a->words. PIN_INVALID for an unknown option
 * or a missing value. `a` is filled further when it holds something already. */
pin_status pin__args_parse(struct args *a, const struct opt *own, const struct opt *global,
                           bool stop_at_word, int argc, char **argv,
                           struct pin_err *err) PIN_MUST_USE;
/* As if `name` had been given: for the first word of a command. */
void pin__args_set(struct args *a, const struct opt *table, const char *name, const char *value);

bool pin__args_flag(const struct args *a, const char *name);
int pin__args_count(const struct args *a, const char *name);
/* NULL when it was not given. */
const char *pin__args_value(const struct args *a, const char *name);
/* An option that may be given several times, each value with commas between its parts: all of them
 * in `items`, which point into *text, a copy that the caller frees. Without it there are none. */
pin_status pin__args_list(const struct args *a, const char *name, char **text, const char **items,
                          size_t most, size_t *count, struct pin_err *err) PIN_MUST_USE;
/* Leaves *out alone when it was not given; PIN_INVALID for what is no whole number in the range. */
pin_status pin__args_number(const struct args *a, const char *name, int64_t least, int64_t most,
                            int64_t *out, struct pin_err *err) PIN_MUST_USE;

#endif
