/* driver.h - what a kind of database does for the store. Inside this folder only.
 *
 * Few, whole operations, each with the meaning that store.h gives it, so a driver can do each in
 * its own best way. For a second one: write its files, add it to drivers[] in store.c, and run
 * tests/contract/store_contract.h against it. An operation joins the session's open transaction or
 * is one by itself.
 */
#ifndef PIN_STORE_DRIVER_H
#define PIN_STORE_DRIVER_H

#include "store/store.h"

struct pin_store {
    const struct pin_store_driver *driver;
    struct pin_session *session; /* borrowed */
    uint8_t identity[16];
    bool hasty; /* batches are not durable now */
};

typedef pin_status (*pin_each_run)(void *context, const struct pin_run_row *row,
                                   struct pin_err *err);
typedef pin_status (*pin_each_output)(void *context, const struct pin_output *piece,
                                      struct pin_err *err);
typedef pin_status (*pin_each_occurrence)(void *context, const struct pin_occurrence *o,
                                          struct pin_err *err);
typedef void (*pin_each_diff)(void *context, enum pin_diff what,
                              const struct pin_schedule_row *row);

struct pin_store_driver {
    const char *name;
    pin_status (*migrate)(struct pin_session *session, const uint8_t identity[16], int64_t now_ms,
                          struct pin_err *err);
    pin_status (*version)(struct pin_session *session, int64_t *version, struct pin_err *err);
    /* Checks the version and fills s->identity. */
    pin_status (*open)(struct pin_store *s, struct pin_err *err);
    pin_status (*set_durable)(struct pin_store *s, bool durable, struct pin_err *err);
    void (*defer_tidying)(struct pin_store *s);
    bool (*wants_tidying)(const struct pin_store *s);
    void (*note_tidying)(struct pin_store *s);
    pin_status (*tidy)(struct pin_store *s, struct pin_err *err);
    pin_status (*tidy_file)(const char *filename, struct pin_err *err);
    pin_status (*sync)(struct pin_store *s, struct pin_err *err);
    pin_status (*enqueue)(struct pin_store *s, const struct pin_enqueue *runs, size_t count,
                          int64_t now_ms, struct pin_enqueued *out, struct pin_err *err);
    pin_status (*claim)(struct pin_store *s, const struct pin_claim_request *request,
                        struct pin_arena *arena, struct pin_claim *out, size_t *count,
                        struct pin_err *err);
    pin_status (*peek)(struct pin_store *s, const char *const *queues, size_t queue_count,
                       struct pin_peek *out, struct pin_err *err);
    pin_status (*bot_tick)(struct pin_store *s, const struct pin_bot_row *bot, struct pin_err *err);
    pin_status (*bot_leave)(struct pin_store *s, const char *name, struct pin_err *err);
    pin_status (*bots)(struct pin_store *s, int64_t since_ms, struct pin_arena *arena,
                       struct pin_bot_row **rows, size_t *count, struct pin_err *err);
    pin_status (*next_due)(struct pin_store *s, int64_t *due_ms, struct pin_err *err);
    pin_status (*start)(struct pin_store *s, const struct pin_hold *hold, const char *worker,
                        int64_t now_ms, struct pin_err *err);
    pin_status (*beat)(struct pin_store *s, const struct pin_hold *holds, size_t count,
                       int64_t lease_until_ms, enum pin_beat_answer *answers, struct pin_err *err);
    pin_status (*progress)(struct pin_store *s, const struct pin_hold *hold, int64_t done,
                           int64_t total, const char *text, struct pin_err *err);
    pin_status (*finish)(struct pin_store *s, const struct pin_hold *hold,
                         const struct pin_result *result, int64_t now_ms, struct pin_finished *out,
                         struct pin_err *err);
    pin_status (*give_back)(struct pin_store *s, const struct pin_hold *hold, int64_t now_ms,
                            struct pin_err *err);
    pin_status (*lose)(struct pin_store *s, const struct pin_hold *hold, const char *reason,
                       int64_t now_ms, struct pin_finished *out, struct pin_err *err);
    pin_status (*rescue)(struct pin_store *s, const struct pin_rescue *rescue, size_t *count,
                         struct pin_err *err);
    pin_status (*fan_out)(struct pin_store *s, const struct pin_hold *hold,
                          const struct pin_enqueue *children, size_t count, const char *cursor,
                          bool done, int64_t now_ms, enum pin_run_state *state,
                          struct pin_err *err);
    pin_status (*cancel)(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                         enum pin_run_state *state, struct pin_err *err);
    pin_status (*retry)(struct pin_store *s, const struct pin_run_id *id, int64_t now_ms,
                        enum pin_run_state *state, struct pin_err *err);
    pin_status (*record)(struct pin_store *s, const struct pin_enqueue *run,
                         const struct pin_result *result, const char *worker, int64_t created_ms,
                         int64_t finished_ms, struct pin_err *err);
    pin_status (*output_add)(struct pin_store *s, const struct pin_run_id *id, int stream,
                             struct pin_bytes bytes, int64_t now_ms, struct pin_err *err);
    pin_status (*output_read)(struct pin_store *s, const struct pin_run_id *id, int64_t offset,
                              pin_each_output each, void *context, struct pin_err *err);
    pin_status (*reconcile)(struct pin_store *s, const struct pin_reconcile *r,
                            struct pin_err *err);
    pin_status (*schedules)(struct pin_store *s, int64_t until_ms, size_t limit,
                            struct pin_arena *arena, struct pin_schedule_row **rows, size_t *count,
                            struct pin_err *err);
    pin_status (*advance)(struct pin_store *s, const char *id, int64_t evaluated_ms,
                          int64_t next_due_ms, struct pin_err *err);
    pin_status (*pause)(struct pin_store *s, const char *name, bool paused, int64_t now_ms,
                        size_t *count, struct pin_err *err);
    pin_status (*occurrence)(struct pin_store *s, const struct pin_occurrence *o,
                             struct pin_err *err);
    pin_status (*occurrences)(struct pin_store *s, const char *schedule, int64_t from_ms,
                              int64_t to_ms, size_t limit, pin_each_occurrence each, void *context,
                              struct pin_err *err);
    pin_status (*schedule_live)(struct pin_store *s, const char *schedule, struct pin_live_run *out,
                                struct pin_err *err);
    pin_status (*list)(struct pin_store *s, const struct pin_run_filter *filter, pin_each_run each,
                       void *context, struct pin_err *err);
    pin_status (*show)(struct pin_store *s, const struct pin_run_id *id, pin_each_run each,
                       void *context, struct pin_err *err);
    pin_status (*count)(struct pin_store *s, const struct pin_run_filter *filter,
                        int64_t counts[PIN_RUN_STATE_COUNT], struct pin_err *err);
    pin_status (*gauges)(struct pin_store *s, int64_t now_ms, struct pin_arena *arena,
                         struct pin_gauges *out, struct pin_err *err);
    pin_status (*prune)(struct pin_store *s, const struct pin_prune *prune, size_t *count,
                        bool *more, struct pin_err *err);
};

extern const struct pin_store_driver pin__store_sqlite;

#endif
