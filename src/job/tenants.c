/* tenants.c - see tenants.h. */
#include "job/tenants.h"

#include "base/quote.h"
#include "database/driver.h"
#include "database/query.h"
#include "job/catalog.h"
#include "store/id.h"

enum { ARENA_BYTES_MAX = 64 << 20 };

struct pin_tenant_name {
    struct pin_tenant_name *next;
    const char *id;
    const char *name; /* NULL: it has none */
};

void
pin__tenants_init(struct pin_tenants *t)
{
    t->owns_session = false;
    t->arena = PIN_ARENA_INIT(ARENA_BYTES_MAX);
    t->known = NULL;
}

void
pin__tenants_fini(struct pin_tenants *t)
{
    if (t->owns_session)
        pin__session_close(t->session);
    pin__arena_fini(&t->arena);
    *t = (struct pin_tenants){ .filename = NULL };
}

static pin_status
open_database(struct pin_tenants *t, struct pin_err *err)
{
    struct pin_session_config config = { .filename = t->filename,
                                         .busy_ms = PIN_BUSY_MS_DEFAULT,
                                         .multi_tenant = t->multi_tenant,
                                         .must_exist = true };
    pin_status st;

    if (t->session)
        return PIN_OK;
    if (!t->filename)
        return pin__err_set(err, PIN_NOT_FOUND, "the project's database is in no file");
    st = pin__session_open(&t->session, &config, err);
    t->owns_session = st == PIN_OK;
    return st;
}

static pin_status
copy_text(struct pin_tenants *t, const struct pin_value *v, const char **out, struct pin_err *err)
{
    *out = NULL;
    if (v->type != PIN_VALUE_TEXT)
        return PIN_OK;
    *out = pin__arena_copy(&t->arena, v->bytes.data, v->bytes.size);
    return *out ? PIN_OK : pin__err_no_memory(err);
}

/* *found: how many tenants have that text in that column, 2 for more than one; *out is the first's
 * `wanted` column. */
static pin_status
look_up(struct pin_tenants *t, const char *column, const char *text, const char *wanted,
        const char **out, size_t *found, struct pin_err *err)
{
    struct pin_value value = pin__value_text(text);
    struct pin_query *q = NULL;
    struct pin_cursor c = { .values = NULL };
    pin_status st;
    int at;

    *out = NULL;
    *found = 0;
    if ((st = open_database(t, err)) != PIN_OK ||
        (st = pin__query_new(&q, &t->arena, t->session, &PIN_SCOPE_ALL, "tenants", err)) !=
            PIN_OK ||
        (st = pin__query_where(q, column, &value, 1, false, err)) != PIN_OK)
        return st;
    pin__query_limit(q, 2);
    at = pin__table_column(pin__query_table(q), wanted);
    if ((st = pin__query_select(q, &c, err)) != PIN_OK)
        return st;
    while ((st = pin__cursor_next(&c, err)) == PIN_OK)
        if ((*found)++ == 0 && at >= 0 && (st = copy_text(t, &c.values[at], out, err)) != PIN_OK)
            break;
    pin__cursor_close(&c);
    return st == PIN_EMPTY ? PIN_OK : st;
}

pin_status
pin__tenants_find(struct pin_tenants *t, const char *name_or_id, const char **id,
                  struct pin_err *err)
{
    struct pin_quote quoted = pin__quote_text(name_or_id);
    size_t found;
    pin_status st;

    *id = NULL;
    if (!t->multi_tenant)
        return pin__err_set(err, PIN_INVALID,
                            "%s %s: this project has no tenants; set multiTenant: true in "
                            "pinstripe.config.js to make it multi-tenant",
                            t->word, quoted.text);
    st = look_up(t, "id", name_or_id, "id", id, &found, err);
    if (st == PIN_OK && !found)
        st = look_up(t, "name", name_or_id, "id", id, &found, err);
    if (st != PIN_OK)
        return st;
    if (found > 1)
        return pin__err_set(err, PIN_NOT_FOUND,
                            "More than one tenant has the name %s: give the id.", quoted.text);
    if (!*id)
        return pin__err_set(err, PIN_NOT_FOUND, "No such tenant %s exists.", quoted.text);
    return PIN_OK;
}

pin_status
pin__tenants_find_for(struct pin_tenants *t, const char *name_or_id, const struct pin_job *job,
                      const char **id, struct pin_err *err)
{
    *id = NULL;
    if (!name_or_id)
        return PIN_OK;
    if (t->multi_tenant && job->multi_tenant == PIN_NO)
        return pin__err_set(err, PIN_INVALID,
                            "%s %s: the job %s says multiTenant: false, it runs for no tenant",
                            t->word, pin__quote_text(name_or_id).text, job->name);
    return pin__tenants_find(t, name_or_id, id, err);
}

pin_status
pin__tenants_find_past(struct pin_tenants *t, const char *name_or_id, const char **id,
                       struct pin_err *err)
{
    struct pin_run_id uuid;
    pin_status st = pin__tenants_find(t, name_or_id, id, err);

    if (st != PIN_NOT_FOUND || !pin__run_id_parse(name_or_id, &uuid))
        return st;
    *id = name_or_id;
    return PIN_OK;
}

const char *
pin__tenants_name(struct pin_tenants *t, const char *id)
{
    struct pin_tenant_name *n = t->known;
    size_t found;

    while (n && strcmp(n->id, id) != 0)
        n = n->next;
    if (n || !t->multi_tenant)
        return n ? n->name : NULL;
    if (!(n = pin__arena_alloc(&t->arena, sizeof *n)) ||
        !(n->id = pin__arena_strdup(&t->arena, id)))
        return NULL;
    if (look_up(t, "id", id, "name", &n->name, &found, NULL) != PIN_OK)
        n->name = NULL;
    n->next = t->known;
    t->known = n;
    return n->name;
}
