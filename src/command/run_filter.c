/* run_filter.c - see run_filter.h. */
#include "command/run_filter.h"

#include "base/duration.h"
#include "base/quote.h"
#include "schedule/time_text.h"

pin_status
pin__run_id_take(struct pin_run_id *id, const char *text, struct pin_err *err)
{
    if (pin__run_id_parse(text, id))
        return PIN_OK;
    return pin__err_set(err, PIN_INVALID,
                        "%s is no run's id; an id is 36 characters long, as list-runs shows it",
                        pin__quote_text(text).text);
}

static pin_status
take_job(struct run_filter *f, const char *text, struct pin_err *err)
{
    pin_status st;

    if (!text)
        return PIN_OK;
    st = pin__names_job((struct pin_bytes){ text, strlen(text) }, &f->job, err);
    if (st != PIN_OK) {
        pin__err_prefix(err, "--job %s", pin__quote_text(text).text);
        return PIN_INVALID;
    }
    f->filter.job = f->job.text;
    return PIN_OK;
}

static pin_status
take_state(struct run_filter *f, const char *text, struct pin_err *err)
{
    if (!text)
        return PIN_OK;
    f->filter.has_state = true;
    if (pin__run_state_parse(text, &f->filter.state))
        return PIN_OK;
    return pin__err_set(err, PIN_INVALID,
                        "--state %s: is delayed, queued, running, held, waiting, succeeded, failed "
                        "or cancelled",
                        pin__quote_text(text).text);
}

/* A time has a dash in it, a length of time has none. */
static pin_status
take_since(struct run_filter *f, const char *text, int64_t now_ms, struct pin_err *err)
{
    int64_t ms = 0;
    bool is_time;
    pin_status st;

    if (!text)
        return PIN_OK;
    is_time = strchr(text, '-') != NULL;
    st = is_time ? pin__time_parse(&ms, text, err) : pin__duration_parse(&ms, text, err);
    if (st != PIN_OK)
        pin__err_prefix(err, "--since");
    else
        f->filter.since_ms = is_time ? ms : now_ms - ms;
    return st;
}

static pin_status
take_parent(struct run_filter *f, const char *text, struct pin_err *err)
{
    pin_status st;

    if (!text)
        return PIN_OK;
    if ((st = pin__run_id_take(&f->parent, text, err)) != PIN_OK) {
        pin__err_prefix(err, "--parent");
        return st;
    }
    f->filter.parent = &f->parent;
    return PIN_OK;
}

pin_status
pin__run_filter_take(struct run_filter *f, const struct args *a, int64_t now_ms,
                     struct pin_err *err)
{
    static const char *const names[] = { "job", "tenant", "state", "since", "text", "parent" };
    pin_status st;

    *f = (struct run_filter){ .tenant = pin__args_value(a, "tenant") };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        f->given = f->given || pin__args_value(a, names[i]);
    f->filter.text = pin__args_value(a, "text");
    if ((st = take_job(f, pin__args_value(a, "job"), err)) != PIN_OK ||
        (st = take_state(f, pin__args_value(a, "state"), err)) != PIN_OK ||
        (st = take_since(f, pin__args_value(a, "since"), now_ms, err)) != PIN_OK)
        return st;
    return take_parent(f, pin__args_value(a, "parent"), err);
}

pin_status
pin__run_filter_resolve(struct run_filter *f, struct pin_tenants *t, struct pin_err *err)
{
    return f->tenant ? pin__tenants_find_past(t, f->tenant, &f->filter.tenant, err) : PIN_OK;
}
