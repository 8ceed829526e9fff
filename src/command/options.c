/* options.c - see options.h. */
#include "command/options.h"

#include <errno.h>

#include "base/quote.h"
#include "project/names.h"

#define OPTION_NAMES_MAX ((size_t)2 * ARGS_OPTIONS_MAX)

struct parser {
    struct args *args;
    const struct opt *tables[2];
    char **argv;
    int argc;
    int at;
};

static const struct given *
find_given(const struct args *a, const char *name)
{
    for (size_t i = 0; i < a->option_count; i++)
        if (strcmp(a->options[i].opt->name, name) == 0)
            return &a->options[i];
    return NULL;
}

bool
pin__args_flag(const struct args *a, const char *name)
{
    return find_given(a, name) != NULL;
}

int
pin__args_count(const struct args *a, const char *name)
{
    const struct given *g = find_given(a, name);

    return g ? g->count : 0;
}

const char *
pin__args_value(const struct args *a, const char *name)
{
    const struct given *g = find_given(a, name);

    return g ? g->value : NULL;
}

/* With commas between; NULL when memory is out. */
static char *
join_values(const struct given *g)
{
    size_t size = 1;
    char *text, *at;

    for (int i = 0; i < g->count && i < ARGS_VALUES_MAX; i++)
        size += strlen(g->values[i]) + 1;
    if (!(text = at = calloc(1, size)))
        return NULL;
    for (int i = 0; i < g->count && i < ARGS_VALUES_MAX; i++)
        at += snprintf(at, size - (size_t)(at - text), "%s%s", i ? "," : "", g->values[i]);
    return text;
}

pin_status
pin__args_list(const struct args *a, const char *name, char **text, const char **items, size_t most,
               size_t *count, struct pin_err *err)
{
    const struct given *g = find_given(a, name);
    char *at;

    *text = NULL;
    *count = 0;
    if (!g)
        return PIN_OK;
    if (!(*text = join_values(g)))
        return pin__err_no_memory(err);
    for (char *item = *text; item; item = at) {
        if ((at = strchr(item, ',')))
            *at++ = '\0';
        if (!*item || *count == most || g->count > ARGS_VALUES_MAX)
            return pin__err_set(err, PIN_INVALID,
                                "--%s %s: takes values with commas between, %zu at most", name,
                                pin__quote_text(g->value).text, most);
        items[(*count)++] = item;
    }
    return PIN_OK;
}

pin_status
pin__args_number(const struct args *a, const char *name, int64_t least, int64_t most, int64_t *out,
                 struct pin_err *err)
{
    const char *text = pin__args_value(a, name);
    long long n;
    char *end;

    if (!text)
        return PIN_OK;
    errno = 0;
    n = strtoll(text, &end, 10);
    if (errno || *end || end == text || n < least || n > most)
        return pin__err_set(err, PIN_INVALID, "--%s %s: takes a number from %lld to %lld", name,
                            pin__quote_text(text).text, (long long)least, (long long)most);
    *out = n;
    return PIN_OK;
}

static void
give(struct args *a, const struct opt *opt, const char *value)
{
    size_t i = 0;

    while (i < a->option_count && strcmp(a->options[i].opt->name, opt->name) != 0)
        i++;
    if (i == ARGS_OPTIONS_MAX)
        pin__bug("a command has more than %d options", ARGS_OPTIONS_MAX);
    if (i == a->option_count)
        a->options[a->option_count++] = (struct given){ .opt = opt };
    a->options[i].value = value;
    if (a->options[i].count < ARGS_VALUES_MAX)
        a->options[i].values[a->options[i].count] = value;
    a->options[i].count++;
}

void
pin__args_set(struct args *a, const struct opt *table, const char *name, const char *value)
{
    for (const struct opt *o = table; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            give(a, o, value);
}

static const struct opt *
find_long(const struct parser *p, const char *name, size_t size)
{
    for (size_t t = 0; t < 2; t++)
        for (const struct opt *o = p->tables[t]; o && o->name; o++)
            if (strlen(o->name) == size && memcmp(o->name, name, size) == 0)
                return o;
    return NULL;
}

static const struct opt *
find_short(const struct parser *p, char letter)
{
    for (size_t t = 0; t < 2; t++)
        for (const struct opt *o = p->tables[t]; o && o->name; o++)
            if (o->letter == letter)
                return o;
    return NULL;
}

static pin_status
unknown_option(const struct parser *p, const char *name, size_t size, struct pin_err *err)
{
    const char *names[OPTION_NAMES_MAX];
    char word[64];
    const char *near;
    size_t n = 0;

    for (size_t t = 0; t < 2; t++)
        for (const struct opt *o = p->tables[t]; o && o->name && n < OPTION_NAMES_MAX; o++)
            names[n++] = o->name;
    snprintf(word, sizeof word, "%.*s", size < sizeof word ? (int)size : 0, name);
    near = pin__names_suggest(word, names, n);
    if (near)
        return pin__err_set(err, PIN_INVALID, "unknown option \"--%s\"; did you mean --%s?", word,
                            near);
    return pin__err_set(
        err, PIN_INVALID,
        "unknown option \"--%.*s\"; a word that begins with a dash goes after \"--\"",
        size < 64 ? (int)size : 64, name);
}

/* The word after an option that still needs a value. */
static pin_status
next_value(struct parser *p, const struct opt *opt, struct pin_err *err)
{
    if (p->at + 1 >= p->argc)
        return pin__err_set(err, PIN_INVALID, "option --%s needs a value: --%s %s", opt->name,
                            opt->name, opt->value);
    give(p->args, opt, p->argv[++p->at]);
    return PIN_OK;
}

static pin_status
parse_long(struct parser *p, const char *text, struct pin_err *err)
{
    const char *equals = strchr(text, '=');
    size_t size = equals ? (size_t)(equals - text) : strlen(text);
    const struct opt *opt = find_long(p, text, size);

    if (!opt)
        return unknown_option(p, text, size, err);
    if (equals && !opt->value)
        return pin__err_set(err, PIN_INVALID, "option --%s takes no value", opt->name);
    if (!equals && opt->value)
        return next_value(p, opt, err);
    give(p->args, opt, equals ? equals + 1 : NULL);
    return PIN_OK;
}

static pin_status
parse_letters(struct parser *p, const char *letters, struct pin_err *err)
{
    for (; *letters; letters++) {
        const struct opt *opt = find_short(p, *letters);

        if (!opt)
            return pin__err_set(
                err, PIN_INVALID,
                "unknown option \"-%s\"; a word that begins with a dash goes after \"--\"",
                letters);
        if (!opt->value) {
            give(p->args, opt, NULL);
            continue;
        }
        if (!letters[1])
            return next_value(p, opt, err);
        give(p->args, opt, letters + 1);
        break;
    }
    return PIN_OK;
}

/* Moves everything from p->at on behind the words found so far. */
static void
keep_rest(struct parser *p)
{
    for (; p->at < p->argc; p->at++)
        p->args->words[p->args->word_count++] = p->argv[p->at];
}

pin_status
pin__args_parse(struct args *a, const struct opt *own, const struct opt *global, bool stop_at_word,
                int argc, char **argv, struct pin_err *err)
{
    struct parser p = { a, { own, global }, argv, argc, 0 };

    a->words = argv; /* a word never moves to a later place, so none is overwritten unread */
    a->word_count = 0;
    for (; p.at < argc; p.at++) {
        const char *word = argv[p.at];
        bool option = word[0] == '-' && word[1];
        pin_status st = PIN_OK;

        if (!option && stop_at_word)
            break;
        if (strcmp(word, "--") == 0) {
            p.at++;
            break;
        }
        if (!option)
            a->words[a->word_count++] = argv[p.at];
        else
            st = word[1] == '-' ? parse_long(&p, word + 2, err) : parse_letters(&p, word + 1, err);
        if (st != PIN_OK)
            return st;
    }
    keep_rest(&p);
    return PIN_OK;
}
