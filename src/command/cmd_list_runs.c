/* cmd_list_runs.c - the runs of the project, the newest first. */
#include <unistd.h>

#include "base/clock.h"
#include "command/command.h"
#include "command/human.h"
#include "command/run_filter.h"
#include "command/run_view.h"
#include "command/table.h"
#include "schedule/time_text.h"

enum { LIMIT = 50, LIMIT_MAX = 1000, LINE_BYTES_MAX = 64 << 20 };

static const struct opt opts[] = {
    RUN_FILTER_OPTS,
    OPT_STR("limit", 'n', "N", "at most so many (default: 50, at most 1000)"),
    OPT_STR("before", 0, "ID", "those made before this one: where the page before ended"),
    OPT_FLAG("json", 0, "one JSON line a run"),
    OPT_END,
};

static const char *const headings[] = { "ID",   "JOB",      "TENANT", "STATE",
                                        "WHEN", "DURATION", "ERROR",  NULL };

struct list {
    struct cli *cli;
    struct pin_tenants *tenants;
    struct run_filter filter;
    struct pin_run_id before;
    size_t limit;
    bool json;
    bool relative; /* "3m ago": on a terminal */
    int64_t now_ms;
    struct table table;
    struct pin_run_id last; /* of those shown */
    size_t shown;
    bool more;
};

static pin_status
take_list(struct list *l, const struct args *a, struct pin_err *err)
{
    const char *before = pin__args_value(a, "before");
    int64_t limit = LIMIT;
    pin_status st;

    l->now_ms = pin__clock_wall().ms;
    l->json = pin__args_flag(a, "json");
    l->relative = isatty(fileno(l->cli->out)) == 1;
    if ((st = pin__run_filter_take(&l->filter, a, l->now_ms, err)) != PIN_OK ||
        (st = pin__args_number(a, "limit", 1, LIMIT_MAX, &limit, err)) != PIN_OK)
        return st;
    l->limit = (size_t)limit;
    l->filter.filter.limit = l->limit + 1; /* one more tells whether there are more */
    if (!before)
        return PIN_OK;
    if ((st = pin__run_id_take(&l->before, before, err)) != PIN_OK)
        pin__err_prefix(err, "--before");
    l->filter.filter.before = &l->before;
    return st;
}

/* When the last thing happened to it, or when the next will. */
static int64_t
when(const struct pin_run_row *row)
{
    if (row->finished_ms)
        return row->finished_ms;
    if (row->state == PIN_RUN_DELAYED)
        return row->due_ms;
    return row->started_ms ? row->started_ms : row->created_ms;
}

static void
add_when(struct list *l, int64_t ms)
{
    char text[PIN_TIME_TEXT_SIZE];

    pin__time_text(ms, 0, false, text);
    pin__table_add(&l->table, l->relative ? pin__human_ago(ms, l->now_ms).text : text);
}

static void
add_row(struct list *l, const struct pin_run_row *row)
{
    const char *name = row->tenant ? pin__tenants_name(l->tenants, row->tenant) : NULL;
    int64_t wall_us = pin__run_view_wall_us(row, l->now_ms);
    struct pin_buf why = PIN_BUF_INIT(16 << 20);
    char id[PIN_RUN_ID_TEXT];
    const char *end;

    pin__run_id_text(&row->id, id);
    pin__table_add(&l->table, id);
    pin__table_add(&l->table, row->job);
    pin__table_add(&l->table, name ? name : row->tenant);
    pin__table_add(&l->table, pin__run_state_name(row->state));
    add_when(l, when(row));
    pin__table_add(&l->table, wall_us >= 0 ? pin__human_duration(wall_us).text : NULL);
    pin__run_view_add_why(&why, row);
    end = strchr(pin__buf_text(&why), '\n');
    pin__table_add_bytes(&l->table,
                         (struct pin_bytes){ why.data, end ? (size_t)(end - why.data) : why.size });
    pin__buf_fini(&why);
}

static pin_status
print_json(struct list *l, const struct pin_run_row *row, struct pin_err *err)
{
    struct pin_buf line = PIN_BUF_INIT(LINE_BYTES_MAX);
    pin_status st;

    pin__buf_addc(&line, '{');
    pin__run_view_add_json(&line, row, l->tenants);
    pin__buf_adds(&line, "}\n");
    if ((st = pin__buf_check(&line, "a run's line", err)) == PIN_OK)
        fwrite(line.data, 1, line.size, l->cli->out);
    pin__buf_fini(&line);
    return st;
}

static pin_status
on_run(void *list, const struct pin_run_row *row, struct pin_err *err)
{
    struct list *l = list;

    if (l->shown == l->limit) {
        l->more = true;
        return PIN_OK;
    }
    l->shown++;
    l->last = row->id;
    if (l->json)
        return print_json(l, row, err);
    add_row(l, row);
    return PIN_OK;
}

static void
tell_rest(const struct list *l)
{
    char id[PIN_RUN_ID_TEXT];

    if (!l->shown)
        pin__cli_say(l->cli, "pinstripe: no runs");
    if (!l->more)
        return;
    fflush(l->cli->out);
    pin__run_id_text(&l->last, id);
    pin__cli_say(l->cli, "pinstripe: there are more: --before %s", id);
}

static enum pin_exit
list(struct list *l, struct project_store *p)
{
    struct pin_err err = PIN_ERR_INIT;

    if (pin__run_filter_resolve(&l->filter, l->tenants, &err) != PIN_OK)
        return pin__cli_fail(l->cli, &err);
    if (pin__store_list(p->store, &l->filter.filter, on_run, l, &err) != PIN_OK ||
        pin__table_print(&l->table, l->cli->out, pin__table_terminal_width(l->cli->out), &err) !=
            PIN_OK)
        return pin__cli_fail_store(l->cli, &err);
    if (!l->json)
        tell_rest(l);
    return PIN_EXIT_OK;
}

static enum pin_exit
list_runs_exec(struct cli *cli, const struct args *a)
{
    struct list l = { .cli = cli };
    struct pin_err err = PIN_ERR_INIT;
    struct project_store p;
    struct pin_tenants tenants;
    enum pin_exit code;

    if (take_list(&l, a, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (!pin__cli_open_store(cli, false, &p, &code))
        return code;
    pin__cli_tenants_init(&tenants, &p);
    pin__table_init(&l.table, headings);
    l.tenants = &tenants;
    code = list(&l, &p);
    pin__table_fini(&l.table);
    pin__tenants_fini(&tenants);
    pin__cli_close_store(&p);
    return code;
}

const struct command pin__cmd_list_runs = {
    .name = "list-runs",
    .brief = "list the runs of background jobs, the newest first",
    .details = "WHEN is when a run ended, began or was made; of one that waits for its time, when "
               "that is. On a\n"
               "terminal it is told as in \"3m ago\", elsewhere as a time in UTC. When there are "
               "more runs than\n"
               "the limit, stderr tells how to get the next page.",
    .opts = opts,
    .needs = NEEDS_PROJECT,
    .exec = list_runs_exec,
};
