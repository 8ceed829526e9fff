/* names.c - small helpers about names: what somebody probably meant, and new ids. */
#include <strings.h>
#include <sys/random.h>

#include "database/driver.h"

enum { WORD_MAX = 40 };

static size_t
least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

/* Levenshtein; words longer than WORD_MAX are far from everything. */
static size_t
distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], n = strlen(a), m = strlen(b), before, keep;

    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= m; j++)
        row[j] = j;
    for (size_t i = 1; i <= n; i++) {
        before = row[0];
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            keep = row[j];
            row[j] = least(row[j] + 1, row[j - 1] + 1, before + (a[i - 1] != b[j - 1]));
            before = keep;
        }
    }
    return row[m];
}

const char *
pin__nearest(const char *word, const char *const *candidates, size_t count)
{
    size_t best = strlen(word) / 3 + 1, d;
    const char *found = NULL;

    for (size_t i = 0; i < count; i++) {
        d = strcasecmp(word, candidates[i]) == 0 ? 0 : distance(word, candidates[i]);
        if (d < best || (d == best && !found)) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}

pin_status
pin__uuid(char out[37], struct pin_err *err)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char b[16];
    char *p = out;

    if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
        return pin__err_set(err, PIN_IO, "the system gives no random bytes for a new id");
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        *p++ = hex[b[i] >> 4];
        *p++ = hex[b[i] & 15];
    }
    *p = '\0';
    return PIN_OK;
}
