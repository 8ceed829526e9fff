/* names.c - see names.h. Plural and singular are in plurals.c. */
#include "project/names.h"

#include "base/quote.h"

const struct pin_inflection_row pin__names_inflections[PIN_INFLECTION_COUNT] = {
    { "dasherize", pin__names_dasherize },   { "snakeify", pin__names_snakeify },
    { "camelize", pin__names_camelize },     { "pascalize", pin__names_pascalize },
    { "titleize", pin__names_titleize },     { "humanize", pin__names_humanize },
    { "capitalize", pin__names_capitalize }, { "uncapitalize", pin__names_uncapitalize },
    { "pluralize", pin__names_pluralize },   { "singularize", pin__names_singularize },
};

static bool
is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool
is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char
to_lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

static char
to_upper(char c)
{
    return is_lower(c) ? (char)(c - 'a' + 'A') : c;
}

/* A word starts at a capital after anything else, and at the last capital of a run that a small
 * letter follows. */
static bool
starts_word(struct pin_bytes in, size_t at)
{
    if (!is_upper(in.data[at]) || at == 0)
        return false;
    return !is_upper(in.data[at - 1]) || (at + 1 < in.size && is_lower(in.data[at + 1]));
}

/* The two letters outside ASCII whose small form is, or begins with, an ASCII one: Kelvin's K and
 * the I with a dot, the latter followed by a mark that separates. Names must not depend on which
 * of the two somebody's keyboard gave. */
static size_t
foreign_letter(struct pin_bytes in, size_t at, char *lower)
{
    if (in.size - at >= 2 && memcmp(in.data + at, "\xc4\xb0", 2) == 0) {
        *lower = 'i';
        return 2;
    }
    if (in.size - at >= 3 && memcmp(in.data + at, "\xe2\x84\xaa", 3) == 0) {
        *lower = 'k';
        return 3;
    }
    return 0;
}

struct words {
    struct pin_buf *out;
    char separator;
    bool pending; /* a separator is due before the next letter */
    bool empty;   /* nothing yet in this segment */
};

static void
put_letter(struct words *w, char c, bool new_word)
{
    if ((w->pending || new_word) && !w->empty)
        pin__buf_addc(w->out, w->separator);
    pin__buf_addc(w->out, c);
    w->pending = w->empty = false;
}

static void
put_words(struct pin_bytes in, char separator, struct pin_buf *out)
{
    struct words w = { .out = out, .separator = separator, .empty = true };

    for (size_t i = 0; i < in.size; i++) {
        char c = in.data[i], lower;
        size_t foreign = foreign_letter(in, i, &lower);

        if (c == '/') {
            pin__buf_addc(out, '/');
            w.pending = false;
            w.empty = true;
        } else if (is_upper(c) || is_lower(c) || is_digit(c))
            put_letter(&w, to_lower(c), starts_word(in, i));
        else if (foreign) {
            put_letter(&w, lower, false);
            w.pending = lower == 'i';
            i += foreign - 1;
        } else
            w.pending = true;
    }
}

pin_status
pin__names_dasherize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    put_words(in, '-', out);
    return pin__buf_check(out, "a name", err);
}

pin_status
pin__names_snakeify(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    put_words(in, '_', out);
    return pin__buf_check(out, "a name", err);
}

/* Joins the words of a snake_case text. False when a segment is empty. */
static bool
join_words(struct pin_bytes snake, bool first_upper, struct pin_buf *out)
{
    size_t at = 0;
    bool upper = first_upper, segment_empty = true;

    while (at < snake.size && (is_digit(snake.data[at]) || snake.data[at] == '_'))
        at++; /* an identifier starts with a letter */
    for (; at < snake.size; at++) {
        char c = snake.data[at];

        if (c == '/' && segment_empty)
            return false;
        if (c == '/' || c == '_') {
            upper = true;
            segment_empty = c == '/';
            continue;
        }
        pin__buf_addc(out, upper ? to_upper(c) : c);
        upper = segment_empty = false;
    }
    return !segment_empty;
}

static pin_status
identifier(struct pin_bytes in, bool first_upper, const char *what, struct pin_buf *out,
           struct pin_err *err)
{
    struct pin_buf snake = PIN_BUF_INIT(out->max);
    size_t before = out->size;
    pin_status st;

    if ((st = pin__names_snakeify(in, &snake, err)) != PIN_OK)
        goto out;
    if (!join_words((struct pin_bytes){ snake.data, snake.size }, first_upper, out)) {
        out->size = before;
        st = pin__err_set(err, PIN_INVALID,
                          "cannot %s %s: nothing of it, or of a part between slashes, can stand in "
                          "an identifier; write it with letters a to z",
                          what, pin__quote(in.data, in.size).text);
        goto out;
    }
    st = pin__buf_check(out, "a name", err);
out:
    pin__buf_fini(&snake);
    return st;
}

pin_status
pin__names_camelize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    return identifier(in, false, "camelize", out, err);
}

pin_status
pin__names_pascalize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    return identifier(in, true, "pascalize", out, err);
}

/* Words with spaces between them; a slash separates words like anything else. */
static pin_status
spaced(struct pin_bytes in, bool all_upper, struct pin_buf *out, struct pin_err *err)
{
    struct pin_buf snake = PIN_BUF_INIT(out->max);
    bool first = true, start = true;
    pin_status st = pin__names_snakeify(in, &snake, err);

    for (size_t i = 0; st == PIN_OK && i < snake.size; i++) {
        char c = snake.data[i];

        if (c == '_' || c == '/') {
            start = true;
            continue;
        }
        if (start && !first)
            pin__buf_addc(out, ' ');
        pin__buf_addc(out, start && (first || all_upper) ? to_upper(c) : c);
        first = start = false;
    }
    pin__buf_fini(&snake);
    return st == PIN_OK ? pin__buf_check(out, "a name", err) : st;
}

pin_status
pin__names_titleize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    return spaced(in, true, out, err);
}

pin_status
pin__names_humanize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    return spaced(in, false, out, err);
}

pin_status
pin__names_capitalize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    if (in.size) {
        pin__buf_addc(out, to_upper(in.data[0]));
        pin__buf_add(out, in.data + 1, in.size - 1);
    }
    return pin__buf_check(out, "a name", err);
}

pin_status
pin__names_uncapitalize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    if (in.size) {
        pin__buf_addc(out, to_lower(in.data[0]));
        pin__buf_add(out, in.data + 1, in.size - 1);
    }
    return pin__buf_check(out, "a name", err);
}

/* Why a job name is refused as it stands, or NULL. */
static const char *
refusal(struct pin_bytes in)
{
    if (in.size == 0)
        return "it is empty";
    for (size_t i = 0; i < in.size; i++) {
        unsigned char c = (unsigned char)in.data[i];
        char next = i + 1 < in.size ? in.data[i + 1] : '/';

        if (c < 0x20 || c == 0x7f)
            return "it holds a control character";
        if (c == '.' && next == '.')
            return "it holds \"..\"";
        if (c == '/' && i == 0)
            return "it starts with a slash";
        if (c == '/' && next == '/')
            return "it has an empty part beside a slash";
    }
    return NULL;
}

static bool
has_empty_segment(const struct pin_buf *name)
{
    for (size_t i = 0; i < name->size; i++)
        if (name->data[i] == '/' && (i == 0 || i + 1 == name->size || name->data[i + 1] == '/'))
            return true;
    return name->size == 0;
}

static pin_status
too_long(struct pin_bytes in, size_t size, const char *how, struct pin_err *err)
{
    return pin__err_set(err, PIN_INVALID,
                        "job name %s is not allowed: it has %zu bytes%s, more than %d",
                        pin__quote(in.data, in.size).text, size, how, PIN_JOB_NAME_MAX);
}

pin_status
pin__names_job(struct pin_bytes in, struct pin_job_name *out, struct pin_err *err)
{
    static const char advice[] =
        "write letters a to z, digits and dashes, with slashes for folders, as in admin/clean-up";
    struct pin_buf name = PIN_BUF_INIT(2 * PIN_JOB_NAME_MAX);
    const char *why;
    pin_status st;

    out->text[0] = '\0';
    if (in.size > PIN_JOB_NAME_MAX)
        return too_long(in, in.size, "", err);
    if ((why = refusal(in)) != NULL)
        return pin__err_set(err, PIN_INVALID, "job name %s is not allowed: %s; %s",
                            pin__quote(in.data, in.size).text, why, advice);
    if ((st = pin__names_dasherize(in, &name, err)) != PIN_OK)
        goto out;
    if (has_empty_segment(&name)) {
        st = pin__err_set(err, PIN_INVALID,
                          "job name %s is not allowed: nothing is left of it, or of a part between "
                          "slashes; %s",
                          pin__quote(in.data, in.size).text, advice);
        goto out;
    }
    if (name.size > PIN_JOB_NAME_MAX)
        st = too_long(in, name.size, " with dashes between its words", err);
    else
        memcpy(out->text, name.data, name.size + 1);
out:
    pin__buf_fini(&name);
    return st;
}

#define SUGGEST_MAX 64 /* longer words are not typos */

static unsigned
least(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;

    return m < c ? m : c;
}

/* How many letters must be changed, put in, left out or swapped with their neighbour. */
static unsigned
distance(const char *a, size_t na, const char *b, size_t nb)
{
    unsigned rows[3][SUGGEST_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= nb; j++)
        last[j] = (unsigned)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned *unused = before;

        now[0] = (unsigned)i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned change = last[j - 1] + (to_lower(a[i - 1]) != to_lower(b[j - 1]));

            now[j] = least(change, last[j] + 1, now[j - 1] + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
        before = last;
        last = now;
        now = unused;
    }
    return last[nb];
}

/* A word of this length is no typo for one that is so many letters away. */
static unsigned
typo_limit(size_t length)
{
    if (length < 3)
        return 1;
    if (length < 5)
        return 2;
    return length < 9 ? 3 : (unsigned)length / 3 + 1;
}

const char *
pin__names_suggest(const char *word, const char *const *candidates, size_t count)
{
    size_t length = strlen(word);
    const char *best = NULL;
    unsigned best_distance = typo_limit(length);

    if (length == 0 || length > SUGGEST_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t n = strlen(candidates[i]);
        unsigned d;

        if (n > SUGGEST_MAX)
            continue;
        d = distance(word, length, candidates[i], n);
        if (d < best_distance && d < n) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
