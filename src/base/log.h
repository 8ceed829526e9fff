/* log.h - log lines: what a process that lasts says of itself, for a person or for a machine.
 *
 *     pin__log(log, PIN_LOG_INFO, "run.finished",
 *              &(struct pin_log_fields){ .job = job, .run_id = id, .duration_us = wall },
 *              "%s has ended", job);
 *
 * On a terminal a line is the time of day, the level, the message and key=value; elsewhere it is
 * one JSON object with `ts`, `level`, `event`, `msg` and the fields under the names that peers use.
 * A job that fails is information, a system that fails is an error.
 *
 * Any text may hold anything: what is no printable UTF-8 is escaped, so a line is one line and
 * plays no tricks on a terminal. Long values are cut. A line is written by one write; when writing
 * fails (a reader that is gone, a full disk) the line is dropped and counted, nothing else happens.
 */
#ifndef PIN_BASE_LOG_H
#define PIN_BASE_LOG_H

#include "base/buf.h"

enum pin_log_level { PIN_LOG_DEBUG, PIN_LOG_INFO, PIN_LOG_WARNING, PIN_LOG_ERROR, PIN_LOG_LEVELS };

struct pin_log {
    int fd; /* borrowed; may be changed between two lines (a log file that was moved away) */
    bool json;
    bool utc;      /* times of day on a terminal are UTC's, not the machine's zone's */
    bool together; /* lines wait for pin__log_flush, or for a warning, or for many of them */
    enum pin_log_level level; /* what is below is not written */
    uint64_t dropped;         /* lines that could not be written */
    int failure;              /* errno of the last of them; 0: none */
    struct pin_buf waiting;
    uint64_t lines_waiting;
};

struct pin_log_fields { /* borrowed; NULL and 0 are left out */
    const char *job, *run_id, *queue, *tenant, *schedule, *worker, *outcome;
    int attempt, max_attempts;
    int64_t due_at_ms; /* since 1970 */
    int64_t pid;
    int64_t duration_us, queue_us, cpu_us; /* written as duration_ms, queue_ms, cpu_ms: 0.25 */
    uint64_t peak_mem_bytes;
    struct {
        const char *kind, *message, *stack;
    } error;
    const char *trace_id, *span_id, *code_hash;
    struct { /* of a request: for machines only, since the sentence says it */
        const char *method, *path;
        int status;
    } http;
};

/* For a terminal when `fd` is one, JSON otherwise; from PIN_LOG_INFO on. */
void pin__log_init(struct pin_log *log, int fd);
void pin__log_fini(struct pin_log *log); /* writes what waits; does not close */

/* `event` is a word for machines ("run.finished"), the rest a sentence for people. `fields` may be
 * NULL. A NULL log is fine: nothing is said. */
void pin__log(struct pin_log *log, enum pin_log_level level, const char *event,
              const struct pin_log_fields *fields, const char *fmt, ...) PIN_PRINTF(5, 6);
/* What somebody printed: each line of it is a line of the log, from PIN_LOG_INFO on. */
void pin__log_output(struct pin_log *log, const char *event, const struct pin_log_fields *fields,
                     const char *data, size_t size);
void pin__log_flush(struct pin_log *log);

/* The line itself, with its newline, as of a time in microseconds since 1970. */
void pin__log_line(struct pin_buf *out, const struct pin_log *log, int64_t now_us,
                   enum pin_log_level level, const char *event, const struct pin_log_fields *fields,
                   const char *message);

/* "warning"; never NULL. */
const char *pin__log_level_name(enum pin_log_level level);
/* False for a word that names no level. */
bool pin__log_level_parse(const char *name, enum pin_log_level *out);

#endif
