/* run_changes.c - see run_changes.h. */
#include "command/run_changes.h"

#include "base/clock.h"
#include "base/quote.h"
#include "command/human.h"
#include "command/progress.h"
#include "store/wake.h"

enum { AT_ONCE = 200 };

struct changes {
    struct cli *cli;
    const struct run_change *change;
    struct project_store *project;
    struct run_filter filter;
    bool dry_run, json;
    int64_t done, asked; /* in transactions that are committed */
};

/* --- what is asked for --- */

static pin_status
take(struct changes *c, const struct args *a, struct pin_err *err)
{
    bool all = pin__args_flag(a, "all");
    pin_status st;

    c->dry_run = pin__args_flag(a, "dry-run");
    c->json = pin__args_flag(a, "json");
    if ((st = pin__run_filter_take(&c->filter, a, pin__clock_wall().ms, err)) != PIN_OK)
        return st;
    if (a->word_count && (c->filter.given || all))
        return pin__err_set(err, PIN_INVALID, "give ids of runs or a filter, not both");
    if (!a->word_count && !c->filter.given && !all)
        return pin__err_set(err, PIN_INVALID,
                            "which runs? give their ids, a filter such as --job NAME, or --all for "
                            "all %s",
                            c->change->which);
    if (c->filter.filter.has_state && !c->change->applies(c->filter.filter.state))
        return pin__err_set(err, PIN_INVALID, "--state %s: %s-run is for runs %s",
                            pin__run_state_name(c->filter.filter.state), c->change->verb,
                            c->change->which);
    if (!c->filter.filter.has_state)
        c->change->narrow(&c->filter.filter);
    return PIN_OK;
}

/* --- a transaction --- */

/* PIN_CONFLICT and PIN_NOT_FOUND are about that run alone; `refused` hears of them. */
static pin_status
apply_some(struct changes *c, const struct pin_run_id *ids, size_t count,
           void (*refused)(struct changes *c, const struct pin_err *err), struct pin_err *err)
{
    struct pin_store *s = c->project->store;
    int64_t done = 0, asked = 0, now_ms = pin__clock_wall().ms;
    pin_status st = pin__store_begin(s, err);

    if (st != PIN_OK)
        return st;
    for (size_t i = 0; i < count; i++) {
        enum pin_run_state state;

        st = c->change->apply(s, &ids[i], now_ms, &state, err);
        if (st == PIN_OK && c->change->is_done(state))
            done++;
        else if (st == PIN_OK)
            asked++;
        else if (st == PIN_CONFLICT || st == PIN_NOT_FOUND)
            refused(c, err);
        else {
            pin__store_rollback(s);
            return st;
        }
    }
    if ((st = pin__store_commit(s, err)) != PIN_OK)
        return st;
    pin__wake_send(pin__store_identity(s));
    c->done += done;
    c->asked += asked;
    return PIN_OK;
}

/* --- by id --- */

struct named {
    struct changes c; /* first: refused() is given it */
    enum pin_exit code;
};

static void
tell_refused(struct changes *c, const struct pin_err *err)
{
    struct named *n = (struct named *)c;
    enum pin_exit code = pin__cli_fail(c->cli, err);

    if (n->code == PIN_EXIT_OK || code == PIN_EXIT_NOT_FOUND)
        n->code = code;
}

static pin_status
count_named(void *changes, const struct pin_run_row *row, struct pin_err *err)
{
    struct changes *c = changes;
    char id[PIN_RUN_ID_TEXT];

    if (c->change->applies(row->state)) {
        c->done++;
        return PIN_OK;
    }
    pin__run_id_text(&row->id, id);
    return pin__err_set(err, PIN_CONFLICT, "the run %s is %s: %s-run is for runs %s", id,
                        pin__run_state_name(row->state), c->change->verb, c->change->which);
}

static pin_status
look_at_named(struct named *n, const struct pin_run_id *ids, size_t count, struct pin_err *err)
{
    for (size_t i = 0; i < count; i++) {
        pin_status st = pin__store_show(n->c.project->store, &ids[i], count_named, &n->c, err);

        if (st == PIN_CONFLICT || st == PIN_NOT_FOUND)
            tell_refused(&n->c, err);
        else if (st != PIN_OK)
            return st;
    }
    return PIN_OK;
}

static pin_status
change_named(struct named *n, const struct args *a, struct pin_err *err)
{
    struct pin_run_id *ids = calloc(a->word_count, sizeof *ids);
    pin_status st = PIN_OK;

    if (!ids)
        return pin__err_no_memory(err);
    for (size_t i = 0; st == PIN_OK && i < a->word_count; i++)
        st = pin__run_id_take(&ids[i], a->words[i], err);
    if (st == PIN_OK && n->c.dry_run)
        st = look_at_named(n, ids, a->word_count, err);
    for (size_t at = 0; st == PIN_OK && !n->c.dry_run && at < a->word_count; at += AT_ONCE) {
        size_t left = a->word_count - at;

        st = apply_some(&n->c, ids + at, left < AT_ONCE ? left : AT_ONCE, tell_refused, err);
    }
    free(ids);
    return st;
}

/* --- by filter --- */

struct page {
    bool parents_only;
    struct pin_run_id ids[AT_ONCE], last;
    size_t count, seen;
};

static pin_status
add_to_page(void *page, const struct pin_run_row *row, struct pin_err *err)
{
    struct page *p = page;

    (void)err;
    p->seen++;
    p->last = row->id;
    if (!p->parents_only || row->role == PIN_ROLE_PARENT)
        p->ids[p->count++] = row->id;
    return PIN_OK;
}

/* Somebody else was quicker: the run is no longer one of those asked for. */
static void
pass_over(struct changes *c, const struct pin_err *err)
{
    (void)c;
    (void)err;
}

static pin_status
change_pages(struct changes *c, bool parents_only, struct progress *progress, struct pin_err *err)
{
    struct pin_run_filter filter = c->filter.filter;
    struct page *p = calloc(1, sizeof *p);
    pin_status st;

    if (!p)
        return pin__err_no_memory(err);
    p->parents_only = parents_only;
    filter.limit = AT_ONCE;
    do {
        p->count = p->seen = 0;
        st = pin__store_list(c->project->store, &filter, add_to_page, p, err);
        filter.before = &p->last;
        if (st == PIN_OK && p->count)
            st = apply_some(c, p->ids, p->count, pass_over, err);
        pin__progress_tell(progress, c->done + c->asked);
        if (p->seen == AT_ONCE)
            pin__cli_let_others_write();
    } while (st == PIN_OK && p->seen == AT_ONCE);
    free(p);
    return st;
}

static pin_status
count_matching(const struct changes *c, int64_t *total, struct pin_err *err)
{
    int64_t counts[PIN_RUN_STATE_COUNT];
    pin_status st = pin__store_count(c->project->store, &c->filter.filter, counts, err);

    *total = 0;
    for (int i = 0; st == PIN_OK && i < PIN_RUN_STATE_COUNT; i++)
        *total += counts[i];
    return st;
}

static pin_status
change_matching(struct changes *c, struct pin_err *err)
{
    struct progress progress;
    int64_t total;
    pin_status st = count_matching(c, &total, err);

    if (st != PIN_OK)
        return st;
    if (c->dry_run) {
        c->done = total;
        return PIN_OK;
    }
    pin__progress_init(&progress, c->cli, "runs", total);
    if (c->change->parents_first)
        st = change_pages(c, true, &progress, err);
    if (st == PIN_OK)
        st = change_pages(c, false, &progress, err);
    pin__progress_fini(&progress);
    return st;
}

/* --- the result --- */

static void
print_json(const struct changes *c)
{
    const struct run_change *change = c->change;
    FILE *out = c->cli->out;

    fprintf(out, "{\"schema\":\"%s\",\"version\":1,\"dryRun\":%s,\"%s\":%lld", change->json_done,
            c->dry_run ? "true" : "false", c->dry_run ? "matched" : change->json_done,
            (long long)c->done);
    if (change->json_asked && !c->dry_run)
        fprintf(out, ",\"%s\":%lld", change->json_asked, (long long)c->asked);
    fputs("}\n", out);
}

static void
tell_result(const struct changes *c)
{
    if (c->json)
        print_json(c);
    else if (c->dry_run)
        fprintf(c->cli->out, "Would %s %s run%s\n", c->change->verb, pin__human_count(c->done).text,
                c->done == 1 ? "" : "s");
    else
        c->change->tell(c->cli, c->done, c->asked);
}

static enum pin_exit
change_all(struct named *n, const struct args *a)
{
    struct changes *c = &n->c;
    struct pin_err err = PIN_ERR_INIT;
    struct pin_tenants tenants;
    pin_status st;

    pin__cli_tenants_init(&tenants, c->project);
    if (pin__run_filter_resolve(&c->filter, &tenants, &err) != PIN_OK) {
        pin__tenants_fini(&tenants);
        return pin__cli_fail(c->cli, &err);
    }
    st = a->word_count ? change_named(n, a, &err) : change_matching(c, &err);
    pin__tenants_fini(&tenants);
    if (st == PIN_INVALID)
        return pin__cli_fail(c->cli, &err);
    tell_result(c);
    return st == PIN_OK ? n->code : pin__cli_fail_store(c->cli, &err);
}

enum pin_exit
pin__run_change_exec(struct cli *cli, const struct args *a, const struct run_change *change)
{
    struct named n = { .c = { .cli = cli, .change = change } };
    struct pin_err err = PIN_ERR_INIT;
    struct project_store p;
    enum pin_exit code;

    if (take(&n.c, a, &err) != PIN_OK)
        return pin__cli_fail(cli, &err);
    if (!pin__cli_open_store(cli, false, &p, &code))
        return code;
    n.c.project = &p;
    code = change_all(&n, a);
    pin__cli_close_store(&p);
    return code;
}
