/* dialog.h - lines that a person sends to the run that lasts (PIN_TASK_REPL): one in hand at a
 * time, each answered once.
 *
 * What a line means is said by repl.js, through three functions that it registers here. A line that
 * is stopped loses what it computes, what it waits for and every open timer; variables stay. The
 * module 'pinstripe:native/dialog':
 *
 *   listen(line, stopped, uncaught)   from now on; line(number, kind, text) begins one,
 *                                     stopped(text) when it was interrupted (text: why, or
 *                                     undefined), uncaught(error) for what nobody handles
 *   reply(number, kind, text)         what came of it; nothing when it is not in hand any more
 *   evaluate(source, name)            a script with top-level await: a promise of { value }
 */
#ifndef PIN_JAVASCRIPT_DIALOG_H
#define PIN_JAVASCRIPT_DIALOG_H

#include <quickjs.h>

#include "workspace/workspace.h"

struct pin_engine;

struct pin_dialog_lines {
    bool open; /* `on` is registered */
    struct {
        JSValue line, stopped, uncaught;
    } on;            /* undefined unless open */
    uint64_t number; /* of the line in hand; 0: none */
    bool waiting;    /* it has not begun; `kind` and `text` are undefined otherwise */
    enum pin_line_kind kind;
    struct pin_buf text;
};

/* Begins a line that has come. True when there was one. */
bool pin__dialog_step(struct pin_engine *e);
/* The line in hand was interrupted, or computed while the database was locked: it ends, the dialog
 * goes on. False when that is not why the engine must stop. */
bool pin__dialog_recover(struct pin_engine *e);
/* An error that nobody handled is told, and the dialog goes on. True when there was one. */
bool pin__dialog_tell_uncaught(struct pin_engine *e);
/* Forgets everything without touching the heap. */
void pin__dialog_drop(struct pin_dialog_lines *d);
void pin__dialog_fini(struct pin_dialog_lines *d);

#endif
