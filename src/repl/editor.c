/* editor.c - lines from a terminal: editing, history and completion, by libedit.
 *
 * libedit asks for one key at a time; while there is none the executor's loop goes on. Ctrl-C is a
 * signal that the loop reads: the line is ended then, and dropped.
 */
#include <errno.h>
#include <histedit.h>
#include <locale.h>
#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#include "base/library.h"
#include "repl/history.h"
#include "repl/session.h"

enum { CANDIDATES_SHOWN_MAX = 200, UTF8_MAX = 4 };

#define PROMPT       "pinstripe > "
#define PROMPT_GOING "... "

static struct {
    EditLine *(*init)(const char *, FILE *, FILE *, FILE *);
    void (*end)(EditLine *);
    const char *(*gets)(EditLine *, int *);
    int (*set)(EditLine *, int, ...);
    int (*wset)(EditLine *, int, ...); /* keeps texts as they are, where set leaks a copy */
    int (*get)(EditLine *, int, ...);
    int (*source)(EditLine *, const char *);
    const LineInfo *(*line)(EditLine *);
    int (*insert)(EditLine *, const char *);
    void (*delete)(EditLine *, int);
    void (*resize)(EditLine *);
    History *(*history_init)(void);
    void (*history_end)(History *);
    int (*history)(History *, HistEvent *, int, ...);
} el;

static const struct pin_symbol symbols[] = {
    { "el_init", &el.init },
    { "el_end", &el.end },
    { "el_gets", &el.gets },
    { "el_set", &el.set },
    { "el_get", &el.get },
    { "el_wset", &el.wset },
    { "el_source", &el.source },
    { "el_line", &el.line },
    { "el_insertstr", &el.insert },
    { "el_deletestr", &el.delete },
    { "el_resize", &el.resize },
    { "history_init", &el.history_init },
    { "history_end", &el.history_end },
    { "history", &el.history },
};

struct repl_editor {
    EditLine *line;
    History *history;
    char *history_path;
    char prompt[160];
    bool editing;    /* the prompt is on the screen */
    bool hidden;     /* but not now */
    bool dropped;    /* the line was cancelled */
    mbstate_t state; /* of a character whose bytes are not all there */
};

static struct repl *
repl_of(EditLine *line)
{
    struct repl *r = NULL;

    el.get(line, EL_CLIENTDATA, &r);
    return r;
}

static char *
prompt(EditLine *line)
{
    struct repl *r = repl_of(line);

    if (r->input.size)
        snprintf(r->editor->prompt, sizeof r->editor->prompt, PROMPT_GOING);
    else if (r->tenant)
        snprintf(r->editor->prompt, sizeof r->editor->prompt, "pinstripe (%.100s) > ", r->tenant);
    else
        snprintf(r->editor->prompt, sizeof r->editor->prompt, PROMPT);
    return r->editor->prompt;
}

/* ---- keys ---- */

/* 1: a character. 0: the end. A line that is cancelled ends. */
static int
get_character(EditLine *line, wchar_t *out)
{
    struct repl *r = repl_of(line);
    char byte;
    size_t n;

    for (;;) {
        if (!pin__repl_wait_for_input(r)) {
            r->editor->dropped = r->cancelled;
            *out = L'\n';
            return r->leaving ? 0 : 1;
        }
        if (read(STDIN_FILENO, &byte, 1) != 1)
            return 0;
        n = mbrtowc(out, &byte, 1, &r->editor->state);
        if (n == (size_t)-1) { /* no UTF-8: it is dropped */
            r->editor->state = (mbstate_t){ 0 };
            continue;
        }
        if (n != (size_t)-2)
            return 1;
    }
}

/* ---- completion ---- */

static size_t
common_prefix(const char *a, size_t size, const char *b, size_t other)
{
    size_t n = 0;

    while (n < size && n < other && a[n] == b[n])
        n++;
    while (n && n < size && ((unsigned char)a[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* The candidates below the line, in columns as wide as the longest. */
static void
list_candidates(struct repl *r, const char *names, size_t count)
{
    struct pin_buf text = PIN_BUF_INIT(1 << 20);
    size_t shown = 0, widest = 0, columns = 0;

    for (const char *at = names; *at; at += strcspn(at, "\n") + (strchr(at, '\n') != NULL))
        if (strcspn(at, "\n") > widest)
            widest = strcspn(at, "\n");
    columns = widest < 78 ? 80 / (widest + 2) : 1;
    pin__buf_addc(&text, '\n');
    for (const char *at = names; *at && shown < CANDIDATES_SHOWN_MAX; shown++) {
        size_t n = strcspn(at, "\n");
        bool last = (shown + 1) % columns == 0 || at[n] == '\0';

        pin__buf_addf(&text, "%-*.*s%s", last ? (int)n : (int)widest + 2, (int)n, at,
                      last ? "\n" : "");
        at += n + (at[n] == '\n');
    }
    if (count > shown)
        pin__buf_addf(&text, "\n... %zu more\n", count - shown);
    r->editor->editing = false; /* it is no output that the line has to be hidden from */
    pin__repl_print(r, PIN_STDOUT, text.data, text.size);
    r->editor->editing = true;
    pin__buf_fini(&text);
}

/* The reply: how many bytes before the cursor they replace, then a line for each. */
static unsigned char
offer(struct repl *r, EditLine *line)
{
    const char *reply = pin__buf_text(&r->text), *names = strchr(reply, '\n');
    size_t typed = (size_t)strtoul(reply, NULL, 10), common = 0, count = 0;
    char *more;

    if (!names)
        return CC_ERROR;
    names++;
    for (const char *at = names; *at; count++) {
        size_t n = strcspn(at, "\n");

        common = count ? common_prefix(names, common, at, n) : n;
        at += n + (at[n] == '\n');
    }
    if (common > typed && (more = strndup(names + typed, common - typed)) != NULL) {
        (void)el.insert(line, more);
        free(more);
        return CC_REFRESH;
    }
    if (count < 2)
        return CC_ERROR;
    list_candidates(r, names, count);
    return CC_REDISPLAY;
}

static unsigned char
on_complete(EditLine *line, int key)
{
    struct repl *r = repl_of(line);
    const LineInfo *info = el.line(line);
    struct pin_buf text = PIN_BUF_INIT(PIN_LINE_BYTES_MAX);
    bool asked;

    (void)key;
    pin__buf_add(&text, pin__buf_text(&r->input), r->input.size);
    pin__buf_add(&text, info->buffer, (size_t)(info->cursor - info->buffer));
    asked = pin__repl_ask(r, PIN_LINE_COMPLETE, (struct pin_bytes){ text.data, text.size });
    pin__buf_fini(&text);
    return asked && r->reply == PIN_REPLY_DONE ? offer(r, line) : CC_ERROR;
}

/* ---- what is printed meanwhile ---- */

void
pin__repl_editor_hide(struct repl *r)
{
    if (!r->editor->editing || r->editor->hidden)
        return;
    r->editor->hidden = true;
    (void)!write(STDOUT_FILENO, "\r\033[K", 4);
}

void
pin__repl_editor_show(struct repl *r)
{
    if (!r->editor->hidden)
        return;
    r->editor->hidden = false;
    el.set(r->editor->line, EL_REFRESH);
}

/* Also after the program was stopped and goes on: the terminal is the shell's then. */
void
pin__repl_editor_resized(struct repl *r)
{
    if (!r->editor->editing)
        return;
    el.set(r->editor->line, EL_PREP_TERM, 1);
    el.resize(r->editor->line);
    el.set(r->editor->line, EL_REFRESH);
}

/* ---- one line ---- */

static void
remember(struct repl_editor *e, const char *line)
{
    HistEvent event;

    if (!*line)
        return;
    el.history(e->history, &event, H_ENTER, line);
    pin__history_add(e->history_path, line);
}

enum repl_read
pin__repl_editor_read(struct repl *r, struct pin_buf *line)
{
    struct repl_editor *e = r->editor;
    const char *text;
    int size = 0;

    e->dropped = false;
    e->editing = true;
    text = el.gets(e->line, &size);
    e->editing = e->hidden = false;
    pin__buf_clear(line);
    if (!e->dropped && (!text || size <= 0)) {
        if (!r->leaving)
            (void)!write(STDOUT_FILENO, "\n", 1);
        return REPL_END;
    }
    if (text && size > 0)
        pin__buf_add(line, text, (size_t)size - (text[size - 1] == '\n'));
    if (e->dropped)
        return REPL_CANCELLED;
    remember(e, pin__buf_text(line));
    return REPL_LINE;
}

/* ---- beginning and end ---- */

static void
load_line(void *context, const char *line)
{
    struct repl_editor *e = context;
    HistEvent event;

    if (*line)
        el.history(e->history, &event, H_ENTER, line);
}

static void
set_up(struct repl *r, struct repl_editor *e)
{
    HistEvent event;

    el.set(e->line, EL_CLIENTDATA, r);
    el.set(e->line, EL_PROMPT, prompt);
    el.set(e->line, EL_EDITOR, "emacs");
    el.set(e->line, EL_GETCFN, get_character);
    el.history(e->history, &event, H_SETSIZE, PIN_HISTORY_LINES_MAX);
    el.history(e->history, &event, H_SETUNIQUE, 1);
    el.set(e->line, EL_HIST, el.history, e->history);
    el.wset(e->line, EL_ADDFN, L"pin-complete", L"what may follow", on_complete);
    el.set(e->line, EL_BIND, "^I", "pin-complete", NULL);
    el.set(e->line, EL_BIND, "^R", "em-inc-search-prev", NULL);
    (void)el.source(e->line, NULL); /* what the person has in ~/.editrc */
    pin__history_read(e->history_path, load_line, e);
}

pin_status
pin__repl_editor_open(struct repl *r, struct pin_err *err)
{
    struct repl_editor *e;
    pin_status st = pin__library_load("libedit.so.2", "libedit2", symbols,
                                      sizeof symbols / sizeof *symbols, err);

    if (st != PIN_OK)
        return st;
    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX < UTF8_MAX)
        (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (!(e = calloc(1, sizeof *e)))
        return pin__err_no_memory(err);
    r->editor = e;
    e->history_path = pin__history_path();
    e->line = el.init("pinstripe", stdin, stdout, stderr);
    e->history = el.history_init();
    if (!e->line || !e->history)
        return pin__err_set(err, PIN_FAILED, "the terminal cannot be used for editing lines");
    set_up(r, e);
    return PIN_OK;
}

void
pin__repl_editor_close(struct repl_editor *e)
{
    if (!e)
        return;
    if (e->line)
        el.end(e->line);
    if (e->history)
        el.history_end(e->history);
    free(e->history_path);
    free(e);
}
