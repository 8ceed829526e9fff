/* daemon.h - what commands that stay have in common: their log, their signals, how they end.
 *
 * TERM and INT: stop, and what runs may end; once more: at once. QUIT: at once, after telling what
 * runs. HUP: load the project anew. TSTP and CONT: take nothing from the queue, and go on. TTIN:
 * tell what runs. USR1: reopen the log.
 */
#ifndef PIN_COMMAND_DAEMON_H
#define PIN_COMMAND_DAEMON_H

#include "base/log.h"
#include "base/notify.h"
#include "bot/bot.h"
#include "bot/watch.h"
#include "command/command.h"

struct daemon { /* zeros but for cli and signal_fd -1 to begin with */
    struct cli *cli;
    struct pin_executor *executor;
    struct pin_bot *bot; /* NULL: none */
    struct pin_log log;
    struct pin_notify notify;
    const char *log_file;
    int64_t workers;
    int64_t grace_ms;
    int signal_fd;
    int first_signal; /* of those that stop it; 0: none yet */
    /* Called at the first of them instead of stopping the executor. NULL: the executor stops. */
    void (*drain)(void *context);
    int64_t drain_ms; /* how long it may take until the executor stops */
    void *context;
    struct { /* of one that reloads without a bot */
        struct pin_service service;
        struct pin_watch *watch;
        int64_t due_ms; /* INT64_MAX: nothing has changed */
    } reload;
};

#define DAEMON_OPTIONS                                                                             \
    OPT_STR("workers", 'w', "N", "runs at the same time (default: one per core)"),                 \
        OPT_STR("grace", 0, "DURATION",                                                            \
                "what running jobs get when asked to stop (default: 25s)"),                        \
        OPT_STR("log", 0, "FILE", "append the log to a file (default: standard error)"),           \
        OPT_STR("log-format", 0, "FORMAT",                                                         \
                "text or json (default: text on a terminal, else json)"),                          \
        OPT_FLAG("watch", 0,                                                                       \
                 "load the project anew when a file changes (default in development)"),            \
        OPT_FLAG("no-watch", 0, "do not")

/* Reads DAEMON_OPTIONS. */
pin_status pin__daemon_options(struct daemon *d, const struct args *a,
                               struct pin_err *err) PIN_MUST_USE;
bool pin__daemon_watches_files(const struct daemon *d, const struct args *a);
/* From now on signals are as above; the executor and the log must be there. */
void pin__daemon_listen(struct daemon *d);
/* As if the signal had come. */
void pin__daemon_stop(struct daemon *d, int number);
/* Without a bot, which does it otherwise: HUP, and a file that changes, load the project anew. */
void pin__daemon_reloads(struct daemon *d, bool watches_files);
/* 0 after TERM, else what the signal says; PIN_EXIT_OK without one. */
enum pin_exit pin__daemon_exit(const struct daemon *d);
/* Ends executor and log. */
void pin__daemon_fini(struct daemon *d);

#endif
