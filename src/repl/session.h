/* session.h - what the files of this folder share: one session, and where its lines come from. */
#ifndef PIN_REPL_SESSION_H
#define PIN_REPL_SESSION_H

#include "bot/watch.h"
#include "repl/repl.h"

struct repl_editor; /* editor.c */
struct repl_lines;  /* plain_lines.c */

enum repl_read { REPL_LINE, REPL_CANCELLED, REPL_END };

struct repl {
    const struct pin_repl_options *options;
    struct pin_executor *executor;
    struct pin_dialog *dialog;
    struct pin_sink sink;       /* options->sink, with the line being edited out of the way */
    struct repl_editor *editor; /* NULL: plain lines */
    struct repl_lines *lines;
    int epoll_fd; /* signals, changes of files, and stdin while it is read */
    int signal_fd;
    struct pin_watch *watch; /* NULL: files are not watched */
    bool changed;            /* a file did, and no reload has begun since */
    bool reloading;
    struct pin_buf input; /* lines that are not whole yet */
    char *tenant;         /* NULL: none */
    bool in_tenant;       /* the worker knows */
    bool readable;        /* stdin has something */
    bool cancelled;       /* Ctrl-C while a line was read */
    bool warned;          /* it was pressed at an empty prompt */
    bool leaving;
    struct pin_repl_end end;
    /* Of the line in hand: */
    uint64_t number; /* 0: none */
    bool interrupted;
    enum pin_reply_kind reply;
    struct pin_buf text;
};

/* repl.c */
void pin__repl_print(struct repl *r, enum pin_stream stream, const char *data, size_t size);
void pin__repl_say(struct repl *r, const char *fmt, ...) PIN_PRINTF(2, 3); /* a line on stderr */
/* Sends a line and waits for what comes of it: in r->reply and r->text. False: it could not be
 * sent, which has been said, or its worker is gone, which too. */
bool pin__repl_ask(struct repl *r, enum pin_line_kind kind, struct pin_bytes text);
/* Goes round in the executor's loop until stdin is readable; false: Ctrl-C, or it is over. */
bool pin__repl_wait_for_input(struct repl *r);
bool pin__repl_set_tenant(struct repl *r, const char *tenant);

/* command.c: a line that begins with a dot and a letter. */
bool pin__repl_is_command(const char *line);
void pin__repl_command(struct repl *r, const char *line);

/* editor.c */
pin_status pin__repl_editor_open(struct repl *r, struct pin_err *err) PIN_MUST_USE;
enum repl_read pin__repl_editor_read(struct repl *r, struct pin_buf *line);
void pin__repl_editor_hide(struct repl *r); /* something is about to be printed */
void pin__repl_editor_show(struct repl *r);
void pin__repl_editor_resized(struct repl *r);
void pin__repl_editor_close(struct repl_editor *e); /* NULL is fine */

/* plain_lines.c */
pin_status pin__repl_lines_open(struct repl *r, struct pin_err *err) PIN_MUST_USE;
enum repl_read pin__repl_lines_read(struct repl *r, struct pin_buf *line);
void pin__repl_lines_close(struct repl_lines *l); /* NULL is fine */

#endif
