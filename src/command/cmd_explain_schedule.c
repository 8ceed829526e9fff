/* cmd_explain_schedule.c - "why did nothing run at 02:30?" */
#include "base/clock.h"
#include "bot/explain.h"
#include "command/command.h"
#include "command/schedule_list.h"
#include "schedule/describe.h"
#include "schedule/time_text.h"

enum { DOCUMENT_BYTES_MAX = 64 << 20, ZONES_SHOWN = 10 };

static const struct opt opts[] = {
    OPT_STR("name", 0, "NAME", "a job: all its schedules; or a schedule's id"),
    OPT_STR("at", 0, "TIME", "the moment that is asked about"),
    OPT_FLAG("json", 0, "one JSON document on stdout"),
    OPT_END,
};

struct explaining {
    struct cli *cli;
    const struct pin_bot_context *bot;
    struct pin_arena arena;
    struct pin_explain ask;
    struct pin_buf json;
    bool as_json;
    size_t told;
};

/* Whether it is about a due time at all. */
static bool
says_something(const struct pin_explanation *x)
{
    return x->at[0].answer != PIN_ANSWER_NOT_DUE ||
           (x->count == 2 && x->at[1].answer != PIN_ANSWER_NOT_DUE);
}

/* ---- for a person ---- */

static void
print_heading(const struct explaining *e, const struct schedule_item *item,
              const struct pin_explanation *x)
{
    struct pin_buf words = PIN_BUF_INIT(4096);

    fputs(e->told ? "\n" : "", e->cli->out);
    pin__cli_paint(e->cli, STYLE_BOLD, "%s", item->row.job);
    fputs("  ", e->cli->out);
    pin__cli_put(e->cli->out, item->row.cron);
    if (x->at[0].answer != PIN_ANSWER_WRONG) {
        pin__cron_describe(&x->when.cron, &words);
        fprintf(e->cli->out, "  %s, %s", pin__buf_text(&words), x->when.zone.name);
    }
    fputc('\n', e->cli->out);
    pin__buf_fini(&words);
}

static void
print_sentence(const struct explaining *e, const char *text)
{
    if (!*text)
        return;
    fputs("  ", e->cli->out);
    pin__cli_put(e->cli->out, text);
    fputs(".\n", e->cli->out);
}

static void
print_explanation(const struct explaining *e, const struct schedule_item *item,
                  const struct pin_explanation *x)
{
    char utc[PIN_TIME_TEXT_SIZE], wall[PIN_BOT_WORDS];

    print_heading(e, item, x);
    print_sentence(e, x->note);
    for (size_t i = 0; i < x->count; i++) {
        const struct pin_explained *it = &x->at[i];

        if (i && !says_something(x))
            break; /* neither is a due time: once is enough */
        if (it->answer != PIN_ANSWER_WRONG && it->answer != PIN_ANSWER_NOT_DUE) {
            pin__time_text(it->at_ms, 0, false, utc);
            fprintf(e->cli->out, "  Due at %s, %s:\n",
                    pin__bot_wall_words(&x->when.zone, it->at_ms, wall), utc);
        }
        if (!*x->note)
            print_sentence(e, it->remark);
        print_sentence(e, it->text);
    }
}

/* ---- JSON ---- */

static void
add_instant(struct pin_buf *b, const struct pin_explanation *x, const struct pin_explained *it)
{
    const bool has_row = it->answer == PIN_ANSWER_RESULT;
    char utc[PIN_TIME_TEXT_SIZE], local[PIN_TIME_TEXT_SIZE], id[PIN_RUN_ID_TEXT];

    pin__buf_addf(b, "{\"answer\":\"%s\"", pin__answer_name(it->answer));
    if (it->answer != PIN_ANSWER_WRONG) {
        pin__time_text(it->at_ms, 0, it->at_ms % 1000 != 0, utc);
        pin__time_text(it->at_ms, pin__zone_offset(x->when.zone.zone, it->at_ms / 1000),
                       it->at_ms % 1000 != 0, local);
        pin__buf_add_json_member(b, "at", utc);
        pin__buf_add_json_member(b, "local", local);
    }
    pin__run_id_text(&it->row.run, id);
    pin__buf_add_json_member(b, "result",
                             has_row ? pin__occurrence_result_name(it->row.result) : NULL);
    pin__buf_add_json_member(b, "reason", has_row ? it->row.reason : NULL);
    pin__buf_add_json_member(b, "run", has_row && it->row.has_run ? id : NULL);
    pin__buf_add_json_member(b, "runState",
                             it->run_there ? pin__run_state_name(it->run_state) : NULL);
    pin__buf_add_json_member(b, "remark", *it->remark ? it->remark : NULL);
    pin__buf_add_json_member(b, "text", it->text);
    pin__buf_addc(b, '}');
}

static void
add_explanation(struct explaining *e, const struct schedule_item *item,
                const struct pin_explanation *x)
{
    struct pin_buf *b = &e->json;

    pin__buf_adds(b, e->told ? ",{\"id\":" : "{\"id\":");
    pin__buf_add_json_string(b, item->row.id, strlen(item->row.id));
    pin__buf_add_json_member(b, "job", item->row.job);
    pin__buf_add_json_member(b, "cron", item->row.cron);
    pin__buf_add_json_member(b, "zone",
                             x->at[0].answer == PIN_ANSWER_WRONG ? NULL : x->when.zone.name);
    pin__buf_add_json_member(b, "note", *x->note ? x->note : NULL);
    pin__buf_adds(b, ",\"moments\":[");
    for (size_t i = 0; i < x->count; i++) {
        pin__buf_adds(b, i ? "," : "");
        add_instant(b, x, &x->at[i]);
    }
    pin__buf_adds(b, "]}");
}

/* ---- the command ---- */

static pin_status
explain(struct explaining *e, const struct schedule_item *item, struct pin_explanation *x,
        struct pin_err *err)
{
    e->ask.row = &item->row;
    e->ask.known = item->known;
    return pin__explain(&e->ask, &e->arena, x, err);
}

static void
tell(struct explaining *e, const struct schedule_item *item, const struct pin_explanation *x)
{
    if (e->as_json)
        add_explanation(e, item, x);
    else
        print_explanation(e, item, x);
    e->told++;
}

/* Of many zones those are told for which it is a due time; of none, the first. */
static pin_status
explain_zones(struct explaining *e, const struct schedule_item *items, size_t count,
              struct pin_err *err)
{
    size_t told = 0, left = 0;
    struct pin_explanation x;
    pin_status st = PIN_OK;

    for (size_t i = 0; st == PIN_OK && i < count; i++) {
        if ((st = explain(e, &items[i], &x, err)) != PIN_OK)
            break;
        if (count > 1 && !says_something(&x))
            continue;
        if (e->as_json || told++ < ZONES_SHOWN)
            tell(e, &items[i], &x);
        else
            left++;
    }
    if (st == PIN_OK && count > 1 && told == 0 && !e->as_json &&
        (st = explain(e, &items[0], &x, err)) == PIN_OK) {
        tell(e, &items[0], &x);
        fprintf(e->cli->out, "  Nor is it for %zu more zones of its tenants.\n", count - 1);
    }
    if (left)
        fprintf(e->cli->out, "  And for %zu more zones of its tenants (--json has them all).\n",
                left);
    return st;
}

static pin_status
explain_all(struct explaining *e, const struct schedule_list *all, struct pin_err *err)
{
    pin_status st = PIN_OK;
    size_t zones;

    pin__buf_adds(&e->json, "{\"schema\":\"explain-schedule\",\"version\":1,\"schedules\":[");
    for (size_t i = 0; st == PIN_OK && i < all->count; i += zones) {
        zones = pin__schedule_list_zones(all, i);
        st = explain_zones(e, &all->items[i], zones, err);
    }
    pin__buf_adds(&e->json, "]}\n");
    if (st == PIN_OK && e->as_json &&
        (st = pin__buf_check(&e->json, "the document", err)) == PIN_OK)
        fwrite(e->json.data, 1, e->json.size, e->cli->out);
    return st;
}

static pin_status
run(struct explaining *e, const struct project_store *p, const struct schedule_name *name,
    struct pin_err *err)
{
    struct schedule_list all;
    struct pin_bot_row *bots;
    pin_status st = pin__schedule_list_read(&all, p, e->bot, name, e->ask.now_ms, err);

    if (st != PIN_OK)
        return st;
    st = pin__store_bots(p->store, 0, &e->arena, &bots, &e->ask.bot_count, err);
    e->ask.bots = bots;
    if (st == PIN_OK)
        st = explain_all(e, &all, err);
    pin__schedule_list_fini(&all);
    return st;
}

static enum pin_exit
exit_of(const struct cli *cli, pin_status st, const struct pin_err *err)
{
    if (st == PIN_OK)
        return PIN_EXIT_OK;
    return st == PIN_NOT_FOUND || st == PIN_INVALID || st == PIN_CONFIG
               ? pin__cli_fail(cli, err)
               : pin__cli_fail_store(cli, err);
}

static enum pin_exit
explain_schedule_exec(struct cli *cli, const struct args *a)
{
    struct explaining e = { .cli = cli,
                            .arena = PIN_ARENA_INIT(DOCUMENT_BYTES_MAX),
                            .json = PIN_BUF_INIT(DOCUMENT_BYTES_MAX),
                            .as_json = pin__args_flag(a, "json") };
    const char *text = pin__args_value(a, "name"), *time = pin__args_value(a, "at");
    struct pin_err err = PIN_ERR_INIT;
    struct schedule_name name;
    struct pin_bot_context bot;
    struct project_store p;
    enum pin_exit code;

    if (!text || !time)
        return pin__cli_refuse(cli, PIN_INVALID,
                               "which schedule, and when? explain-schedule NAME --at"
                               " 2026-03-08T02:30");
    if (pin__schedule_name_take(&name, text, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (!pin__cli_open_store(cli, true, &p, &code))
        return code;
    if (pin__schedule_context(&bot, cli, p.catalog, p.store, &code)) {
        e.bot = &bot;
        e.ask = (struct pin_explain){ .bot = &bot, .time = time, .now_ms = pin__clock_wall().ms };
        code = exit_of(cli, run(&e, &p, &name, &err), &err);
        pin__zones_free(bot.zones);
    }
    pin__buf_fini(&e.json);
    pin__arena_fini(&e.arena);
    pin__cli_close_store(&p);
    return code;
}

const struct command pin__cmd_explain_schedule = {
    .name = "explain-schedule",
    .args = "NAME --at TIME",
    .brief = "say what became of a due time, and why: \"why did nothing run at 02:30?\"",
    .details = "NAME is a job, in any spelling, or a schedule's id. TIME is what the clock of the "
               "schedule shows,\n"
               "2026-03-08T02:30, or an instant, 2026-03-08T07:30Z. The answer comes from what the "
               "bots kept of\n"
               "each due time, and from the rules of cron and clocks.",
    .opts = opts,
    .first_word = "name",
    .needs = NEEDS_PROJECT,
    .exec = explain_schedule_exec,
};
