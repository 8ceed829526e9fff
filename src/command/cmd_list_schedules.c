/* cmd_list_schedules.c - the schedules of the project: in words, when next, what became of the last
 * due times; and the bots that look at them. */
#include "base/clock.h"
#include "command/command.h"
#include "command/human.h"
#include "command/schedule_list.h"
#include "schedule/describe.h"
#include "schedule/time_text.h"

enum { LAST_SHOWN = 3, ZONES_SHOWN = 3, LINE_BYTES_MAX = 16 << 20 };

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "only those of this job, or the one with this id"),
    OPT_FLAG("json", 0, "one JSON line a schedule, then one a bot"),
    OPT_END,
};

struct list {
    struct cli *cli;
    const struct pin_bot_context *bot;
    struct pin_arena arena;
    int64_t now_ms;
};

static const char *const missed_names[] = { "latest", "all", "skip" };
static const char *const overlap_names[] = { "skip", "queue", "allow" };

/* ---- the last due times ---- */

struct last {
    struct pin_occurrence rows[LAST_SHOWN];
    char states[LAST_SHOWN][16]; /* of their runs; "": none, or not kept */
    size_t count;
    struct pin_arena *arena;
};

static pin_status
keep_row(void *context, const struct pin_occurrence *o, struct pin_err *err)
{
    struct last *l = context;
    struct pin_occurrence *to = &l->rows[l->count++];

    *to = *o;
    to->tenant = NULL;
    to->reason = o->reason ? pin__arena_strdup(l->arena, o->reason) : NULL;
    return o->reason && !to->reason ? pin__err_no_memory(err) : PIN_OK;
}

static pin_status
keep_state(void *context, const struct pin_run_row *row, struct pin_err *err)
{
    (void)err;
    snprintf(context, 16, "%s", pin__run_state_name(row->state));
    return PIN_OK;
}

static pin_status
read_last(struct list *l, const struct schedule_item *item, struct last *out, struct pin_err *err)
{
    pin_status st;

    *out = (struct last){ .arena = &l->arena };
    if (!item->known)
        return PIN_OK;
    st = pin__store_occurrences(l->bot->store, item->row.id, 0, INT64_MAX, LAST_SHOWN, keep_row,
                                out, err);
    for (size_t i = 0; st == PIN_OK && i < out->count; i++) {
        if (out->rows[i].has_run)
            st = pin__store_show(l->bot->store, &out->rows[i].run, keep_state, out->states[i], err);
        if (st == PIN_NOT_FOUND)
            st = PIN_OK;
    }
    return st;
}

/* ---- for a person ---- */

static void
label(const struct list *l, const char *name)
{
    fprintf(l->cli->out, "    %-8s", name);
}

static void
print_line(const struct list *l, const struct schedule_item *item, const struct pin_bot_when *when)
{
    const struct pin_schedule_row *row = &item->row;
    struct pin_buf words = PIN_BUF_INIT(LINE_BYTES_MAX);

    fputs("  ", l->cli->out);
    pin__cli_put(l->cli->out, row->cron);
    if (when) {
        pin__cron_describe(&when->cron, &words);
        fprintf(l->cli->out, "  %s", pin__buf_text(&words));
        if (row->by_tenant)
            fputs(", by each tenant's clock", l->cli->out);
        else
            fprintf(l->cli->out, ", %s", when->zone.name);
    }
    fputc('\n', l->cli->out);
    label(l, "id");
    pin__cli_put(l->cli->out, row->id);
    fputc('\n', l->cli->out);
    if (row->args && strcmp(row->args, "[]") != 0) {
        label(l, "with");
        pin__cli_put(l->cli->out, row->args);
        fputc('\n', l->cli->out);
    }
    pin__buf_fini(&words);
}

static void
print_next(const struct list *l, const struct schedule_item *item, const struct pin_bot_when *when)
{
    char local[PIN_BOT_WORDS], utc[PIN_TIME_TEXT_SIZE];
    const int64_t next_ms = item->row.next_due_ms;

    label(l, "next");
    if (next_ms == INT64_MAX) {
        fputs("never\n", l->cli->out);
        return;
    }
    pin__time_text(next_ms, 0, false, utc);
    fprintf(l->cli->out, "%s, %s (%s)\n", pin__bot_wall_words(&when->zone, next_ms, local), utc,
            next_ms <= l->now_ms ? "due" : pin__human_ago(next_ms, l->now_ms).text);
}

static void
print_last(const struct list *l, const struct last *last, const struct pin_bot_when *when)
{
    char local[PIN_BOT_WORDS];

    for (size_t i = 0; i < last->count; i++) {
        const struct pin_occurrence *o = &last->rows[i];

        label(l, i ? "" : "last");
        fprintf(l->cli->out, "%s %s", pin__bot_wall_words(&when->zone, o->due_ms, local),
                pin__occurrence_result_name(o->result));
        if (*last->states[i])
            fprintf(l->cli->out, " (%s)", last->states[i]);
        if (o->reason) {
            fputs(": ", l->cli->out);
            pin__cli_put(l->cli->out, o->reason);
        }
        fputc('\n', l->cli->out);
    }
}

static void
print_state(const struct list *l, const struct schedule_item *item)
{
    char since[PIN_TIME_TEXT_SIZE];

    if (item->row.paused) {
        pin__time_text(item->row.paused_ms, 0, false, since);
        label(l, "paused");
        fprintf(l->cli->out, "since %s\n", since);
    }
    if (!item->known) {
        label(l, "remark");
        fputs("no bot has read it yet: start-bot does\n", l->cli->out);
    } else if (!item->in_project) {
        label(l, "remark");
        fputs(pin__catalog_job(l->bot->catalog, item->row.job)
                  ? "the job is broken, or says this schedule no more\n"
                  : "the project has no such job any more\n",
              l->cli->out);
    }
}

static pin_status
print_item(struct list *l, const struct schedule_item *item, struct pin_err *err)
{
    struct pin_err wrong = PIN_ERR_INIT;
    struct pin_bot_when when;
    struct last last;
    pin_status st = read_last(l, item, &last, err);

    if (st != PIN_OK)
        return st;
    if (pin__bot_when(l->bot, item->row.cron, item->row.time_zone, &when, &wrong) != PIN_OK) {
        print_line(l, item, NULL);
        label(l, "wrong");
        pin__cli_put(l->cli->out, wrong.message);
        fputc('\n', l->cli->out);
        return PIN_OK;
    }
    print_line(l, item, &when);
    print_next(l, item, &when);
    print_last(l, &last, &when);
    print_state(l, item);
    return PIN_OK;
}

static pin_status
print_schedules(struct list *l, const struct schedule_list *all, struct pin_err *err)
{
    pin_status st = PIN_OK;
    size_t zones;

    for (size_t i = 0; st == PIN_OK && i < all->count; i += zones) {
        zones = pin__schedule_list_zones(all, i);
        if (i == 0 || strcmp(all->items[i].row.job, all->items[i - 1].row.job) != 0) {
            fputs(i ? "\n" : "", l->cli->out);
            pin__cli_paint(l->cli, STYLE_GREEN, "%s", all->items[i].row.job);
            fputc('\n', l->cli->out);
        }
        for (size_t k = 0; st == PIN_OK && k < zones && k < ZONES_SHOWN; k++)
            st = print_item(l, &all->items[i + k], err);
        if (zones > ZONES_SHOWN)
            fprintf(l->cli->out, "  and for %zu more zones of its tenants (--json has them all)\n",
                    zones - ZONES_SHOWN);
    }
    return st;
}

static void
print_bots(const struct list *l, const struct pin_bot_row *bots, size_t count)
{
    fputc('\n', l->cli->out);
    pin__cli_paint(l->cli, STYLE_BOLD, "Bots");
    fputc('\n', l->cli->out);
    if (!count)
        fputs("  none is running: start-bot starts one\n", l->cli->out);
    for (size_t i = 0; i < count; i++) {
        fputs("  ", l->cli->out);
        pin__cli_put(l->cli->out, bots[i].name);
        fprintf(l->cli->out, "  started %s", pin__human_ago(bots[i].started_ms, l->now_ms).text);
        fprintf(l->cli->out, ", seen %s", pin__human_ago(bots[i].tick_ms, l->now_ms).text);
        if (l->now_ms - bots[i].tick_ms > PIN_BOT_GONE_MS)
            fputs(", so it is taken for gone", l->cli->out);
        if (bots[i].queues) {
            fputs(", queues ", l->cli->out);
            pin__cli_put(l->cli->out, bots[i].queues);
        }
        fputc('\n', l->cli->out);
    }
}

/* ---- JSON ---- */

/* NULL for 0 and for never. */
static void
add_time(struct pin_buf *b, const char *key, int64_t ms, int offset_s)
{
    char text[PIN_TIME_TEXT_SIZE];

    if (ms && ms != INT64_MAX)
        pin__time_text(ms, offset_s, ms % 1000 != 0, text);
    pin__buf_add_json_member(b, key, ms && ms != INT64_MAX ? text : NULL);
}

static void
add_bool(struct pin_buf *b, const char *key, bool value)
{
    pin__buf_addf(b, ",\"%s\":%s", key, value ? "true" : "false");
}

static void
add_when(const struct list *l, struct pin_buf *b, const struct pin_schedule_row *row)
{
    struct pin_buf words = PIN_BUF_INIT(LINE_BYTES_MAX);
    struct pin_err wrong = PIN_ERR_INIT;
    struct pin_bot_when when;
    bool well = pin__bot_when(l->bot, row->cron, row->time_zone, &when, &wrong) == PIN_OK;
    int64_t next_s = row->next_due_ms / 1000;

    if (well)
        pin__cron_describe(&when.cron, &words);
    pin__buf_add_json_member(b, "words", well ? pin__buf_text(&words) : NULL);
    pin__buf_add_json_member(b, "clock", well ? when.zone.name : NULL);
    pin__buf_add_json_member(b, "wrong", well ? NULL : wrong.message);
    add_time(b, "nextDueAt", row->next_due_ms, 0);
    if (well && row->next_due_ms != INT64_MAX)
        add_time(b, "nextDueLocal", row->next_due_ms, pin__zone_offset(when.zone.zone, next_s));
    else
        pin__buf_add_json_member(b, "nextDueLocal", NULL);
    pin__buf_fini(&words);
}

static void
add_last(struct pin_buf *b, const struct last *last)
{
    pin__buf_adds(b, ",\"last\":[");
    for (size_t i = 0; i < last->count; i++) {
        const struct pin_occurrence *o = &last->rows[i];
        char id[PIN_RUN_ID_TEXT];

        pin__run_id_text(&o->run, id);
        pin__buf_addf(b, "%s{\"result\":\"%s\"", i ? "," : "",
                      pin__occurrence_result_name(o->result));
        add_time(b, "dueAt", o->due_ms, 0);
        pin__buf_add_json_member(b, "reason", o->reason);
        pin__buf_add_json_member(b, "run", o->has_run ? id : NULL);
        pin__buf_add_json_member(b, "runState", *last->states[i] ? last->states[i] : NULL);
        pin__buf_addc(b, '}');
    }
    pin__buf_addc(b, ']');
}

static void
add_item(const struct list *l, struct pin_buf *b, const struct schedule_item *item,
         const struct last *last)
{
    const struct pin_schedule_row *row = &item->row;

    pin__buf_adds(b, "{\"type\":\"schedule\"");
    pin__buf_add_json_member(b, "id", row->id);
    pin__buf_add_json_member(b, "job", row->job);
    pin__buf_add_json_member(b, "cron", row->cron);
    pin__buf_add_json_member(b, "timeZone", row->time_zone);
    add_bool(b, "byTenant", row->by_tenant);
    pin__buf_addf(b, ",\"args\":%s", row->args ? row->args : "[]");
    pin__buf_add_json_member(b, "missed", missed_names[row->missed]);
    pin__buf_add_json_member(b, "overlap", overlap_names[row->overlap]);
    add_when(l, b, row);
    add_bool(b, "paused", row->paused);
    add_time(b, "pausedAt", row->paused_ms, 0);
    add_bool(b, "known", item->known);
    add_bool(b, "inProject", item->in_project);
    add_time(b, "evaluatedAt", row->evaluated_ms, 0);
    add_last(b, last);
    pin__buf_adds(b, "}\n");
}

static pin_status
print_json(struct list *l, const struct schedule_list *all, struct pin_err *err)
{
    struct pin_buf b = PIN_BUF_INIT(LINE_BYTES_MAX);
    pin_status st = PIN_OK;
    struct last last;

    for (size_t i = 0; st == PIN_OK && i < all->count; i++) {
        pin__arena_reset(&l->arena);
        pin__buf_clear(&b);
        if ((st = read_last(l, &all->items[i], &last, err)) != PIN_OK)
            break;
        add_item(l, &b, &all->items[i], &last);
        if ((st = pin__buf_check(&b, "a schedule's line", err)) == PIN_OK)
            fwrite(b.data, 1, b.size, l->cli->out);
    }
    pin__buf_fini(&b);
    return st;
}

static void
print_bots_json(const struct list *l, const struct pin_bot_row *bots, size_t count)
{
    struct pin_buf b = PIN_BUF_INIT(LINE_BYTES_MAX);

    for (size_t i = 0; i < count; i++) {
        pin__buf_adds(&b, "{\"type\":\"bot\"");
        pin__buf_add_json_member(&b, "name", bots[i].name);
        add_time(&b, "startedAt", bots[i].started_ms, 0);
        add_time(&b, "tickAt", bots[i].tick_ms, 0);
        pin__buf_add_json_member(&b, "queues", bots[i].queues);
        add_bool(&b, "gone", l->now_ms - bots[i].tick_ms > PIN_BOT_GONE_MS);
        pin__buf_adds(&b, "}\n");
    }
    fwrite(pin__buf_text(&b), 1, b.size, l->cli->out);
    pin__buf_fini(&b);
}

/* ---- the command ---- */

static pin_status
print(struct list *l, const struct project_store *p, const struct schedule_name *name, bool json,
      struct pin_err *err)
{
    struct pin_arena rows = PIN_ARENA_INIT(LINE_BYTES_MAX);
    struct pin_bot_row *bots;
    struct schedule_list all;
    size_t count;
    pin_status st = pin__schedule_list_read(&all, p, l->bot, name, l->now_ms, err);

    if (st != PIN_OK)
        return st;
    st = pin__store_bots(p->store, 0, &rows, &bots, &count, err);
    if (st == PIN_OK)
        st = json ? print_json(l, &all, err) : print_schedules(l, &all, err);
    if (st == PIN_OK && json)
        print_bots_json(l, bots, count);
    else if (st == PIN_OK)
        print_bots(l, bots, count);
    if (!all.count)
        pin__cli_say(l->cli, "pinstripe: no schedules");
    pin__schedule_list_fini(&all);
    pin__arena_fini(&rows);
    return st;
}

static enum pin_exit
list_schedules_exec(struct cli *cli, const struct args *a)
{
    struct list l = { .cli = cli, .arena = PIN_ARENA_INIT(LINE_BYTES_MAX) };
    struct pin_err err = PIN_ERR_INIT;
    struct schedule_name name;
    struct pin_bot_context bot;
    struct project_store p;
    enum pin_exit code;
    pin_status st;

    if (pin__schedule_name_take(&name, pin__args_value(a, "name"), &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (!pin__cli_open_store(cli, true, &p, &code))
        return code;
    if (pin__schedule_context(&bot, cli, p.catalog, p.store, &code)) {
        l.bot = &bot;
        l.now_ms = pin__clock_wall().ms;
        st = print(&l, &p, &name, pin__args_flag(a, "json"), &err);
        code = PIN_EXIT_OK;
        if (st == PIN_NOT_FOUND || st == PIN_CONFIG)
            code = pin__cli_fail(cli, &err);
        else if (st != PIN_OK)
            code = pin__cli_fail_store(cli, &err);
        pin__zones_free(bot.zones);
    }
    pin__arena_fini(&l.arena);
    pin__cli_close_store(&p);
    return code;
}

const struct command pin__cmd_list_schedules = {
    .name = "list-schedules",
    .args = "[NAME]",
    .brief =
        "list the schedules of the jobs: in words, when next, and what became of the last ones",
    .details = "NAME is a job, in any spelling, or a schedule's id. Of a schedule by each tenant's "
               "clock the\n"
               "first zones are shown; --json has all. The bots that look at the schedules come "
               "last.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = list_schedules_exec,
};
