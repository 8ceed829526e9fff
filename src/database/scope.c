/* scope.c - see scope.h: the first wall, a tokenizer for text conditions.
 *
 * It follows SQLite's own tokenizer (src/tokenize.c there) in what begins and ends a token, and
 * refuses whatever that one could read in another way than this one.
 */
#include "database/scope.h"

#include <strings.h>

enum { NESTING_MAX = 100, WORD_MAX = 32 };

pin_status
pin__scope_check(const struct pin_scope *scope, const char *what, struct pin_err *err)
{
    if (scope->tenant_id || scope->all)
        return PIN_OK;
    return pin__err_set(err, PIN_DENIED, "no tenant was decided for the query on \"%s\"", what);
}

struct scan {
    const unsigned char *at, *end;
    int depth;
    size_t parameters;
    size_t tokens;
    bool after_in; /* the last token was IN: only a bracket may follow */
};

static const char *const keywords[] = {
    "alter",  "attach",  "commit", "create", "delete",  "detach",    "drop",      "except",
    "exists", "explain", "from",   "group",  "having",  "insert",    "intersect", "join",
    "limit",  "order",   "pragma", "raise",  "reindex", "returning", "rollback",  "savepoint",
    "select", "union",   "update", "vacuum", "values",  "window",    "with",
};

static bool
is_word_start(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}

static bool
is_word_part(unsigned char c)
{
    return is_word_start(c) || (c >= '0' && c <= '9') || c == '$';
}

static unsigned char
next_char(const struct scan *s)
{
    return s->at + 1 < s->end ? s->at[1] : '\0';
}

/* 'text', "name", `name`: ends at the same mark, which stands for itself when doubled. */
static const char *
scan_quoted(struct scan *s)
{
    unsigned char mark = *s->at++;

    for (; s->at < s->end; s->at++) {
        if (*s->at == '\0')
            return "it holds a NUL byte";
        if (*s->at != mark)
            continue;
        if (next_char(s) != mark) {
            s->at++;
            return NULL;
        }
        s->at++;
    }
    return mark == '\'' ? "a string does not end" : "a quoted name does not end";
}

static const char *
scan_bracketed(struct scan *s)
{
    while (s->at < s->end && *s->at != ']' && *s->at != '\0')
        s->at++;
    if (s->at == s->end || *s->at == '\0')
        return "a quoted name does not end";
    s->at++;
    return NULL;
}

static const char *
scan_word(struct scan *s)
{
    char word[WORD_MAX];
    size_t size = 0;

    for (; s->at < s->end && is_word_part(*s->at); s->at++) {
        /* A byte order mark is a space to SQLite where a token begins. */
        if (*s->at == 0xef)
            if (s->end - s->at >= 3 && s->at[1] == 0xbb && s->at[2] == 0xbf)
                return "it holds a byte order mark";
        if (size < sizeof word - 1)
            word[size++] = (char)*s->at;
    }
    word[size] = '\0';
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (strcasecmp(word, keywords[i]) == 0)
            return "it is to be one expression, without sub-selects and other statements";
    s->after_in = strcasecmp(word, "in") == 0;
    return NULL;
}

static void
scan_number(struct scan *s)
{
    while (s->at < s->end && (is_word_part(*s->at) || *s->at == '.'))
        s->at++;
}

static const char *
scan_parameter(struct scan *s)
{
    s->at++;
    if (s->at < s->end && is_word_part(*s->at))
        return "its parameters are to be plain ?";
    s->parameters++;
    return NULL;
}

static const char *
scan_bracket(struct scan *s)
{
    s->depth += *s->at++ == '(' ? 1 : -1;
    if (s->depth < 0)
        return "a bracket is closed that was not opened";
    return s->depth > NESTING_MAX ? "its brackets are nested too deeply" : NULL;
}

static const char *
scan_sign(struct scan *s)
{
    if (*s->at == '-' && next_char(s) == '-')
        return "it holds a comment";
    if (*s->at == '/' && next_char(s) == '*')
        return "it holds a comment";
    if (!strchr("+-*/%<>=!|&~.,", *s->at))
        return *s->at == ';' ? "it holds a semicolon"
                             : "it holds a character that has no place there";
    s->at++;
    return NULL;
}

static const char *
scan_token(struct scan *s)
{
    unsigned char c = *s->at;
    bool after_in = s->after_in;

    s->after_in = false;
    s->tokens++;
    if (after_in && c != '(')
        return "IN is to be followed by a list in brackets";
    if (c == '\'' || c == '"' || c == '`')
        return scan_quoted(s);
    if (c == '[')
        return scan_bracketed(s);
    if (c == '(' || c == ')')
        return scan_bracket(s);
    if (c == '?')
        return scan_parameter(s);
    if (is_word_start(c))
        return scan_word(s);
    if (c >= '0' && c <= '9') {
        scan_number(s);
        return NULL;
    }
    return c == '\0' ? "it holds a NUL byte" : scan_sign(s);
}

static bool
is_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static const char *
scan_all(struct scan *s)
{
    const char *why;

    while (s->at < s->end) {
        if (is_space(*s->at)) {
            s->at++;
            continue;
        }
        if ((why = scan_token(s)) != NULL)
            return why;
    }
    if (s->depth > 0)
        return "a bracket is not closed";
    if (s->after_in)
        return "IN is to be followed by a list in brackets";
    return s->tokens ? NULL : "it is empty";
}

pin_status
pin__condition_check(struct pin_bytes text, size_t *parameters, struct pin_err *err)
{
    struct scan s = { .at = (const unsigned char *)text.data };
    const char *why = "it is too long";

    *parameters = 0;
    if (text.size <= PIN_CONDITION_MAX) {
        s.end = s.at + text.size;
        why = scan_all(&s);
    }
    if (why)
        return pin__err_set(err, PIN_INVALID, "the condition \"%.*s\" is refused: %s",
                            (int)(text.size < 200 ? text.size : 200), text.size ? text.data : "",
                            why);
    *parameters = s.parameters;
    return PIN_OK;
}
