/* web_metrics_test.c - what GET /metrics answers, read back line by line. */
#include "executor_help.h"

#include "web/exposition.h"
#include "web/metrics.h"

enum { SAMPLES_MAX = 20000, FAMILIES_MAX = 64, LINE_SIZE = 1024 };

/* ---- reading it back ---- */

struct family {
    char name[128], type[16];
};
struct sample {
    char series[LINE_SIZE]; /* name{labels}, as written */
    double value;
};
struct page {
    struct family families[FAMILIES_MAX];
    size_t family_count;
    struct sample *samples;
    size_t sample_count;
};

static bool
is_name_char(char c, bool first)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
           (!first && c >= '0' && c <= '9');
}

static size_t
name_length(const char *text)
{
    size_t n = 0;

    while (is_name_char(text[n], n == 0))
        n++;
    return n;
}

/* name="value",...} with \\, \" and \n; returns what is behind it, NULL when it is wrong. */
static const char *
skip_labels(const char *at)
{
    static const char *const allowed[] = { "job",      "outcome", "queue",  "state",
                                           "schedule", "result",  "method", "status",
                                           "le",       "version", "hash" };

    for (;; at++) {
        size_t n = name_length(at), known = 0;

        for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
            known += strlen(allowed[i]) == n && memcmp(allowed[i], at, n) == 0;
        if (!known || at[n] != '=' || at[n + 1] != '"')
            return NULL;
        for (at += n + 2; *at && *at != '"'; at++)
            if (*at == '\\' && !strchr("\\\"n", *++at))
                return NULL;
        if (*at != '"')
            return NULL;
        if (*++at == '}')
            return at + 1;
        if (*at != ',')
            return NULL;
    }
}

/* The last family's own name, or for a histogram one with a known ending. */
static bool
belongs(const struct family *f, const char *line, size_t name)
{
    static const char *const endings[] = { "_bucket{", "_sum", "_count" };
    size_t n = strlen(f->name);

    if (strncmp(line, f->name, n) != 0)
        return false;
    if (strcmp(f->type, "histogram") != 0)
        return name == n;
    for (size_t i = 0; i < 3; i++)
        if (strncmp(line + n, endings[i], strlen(endings[i])) == 0)
            return true;
    return false;
}

static void
read_sample(struct page *p, const char *line)
{
    struct sample *s = &p->samples[p->sample_count++];
    size_t name = name_length(line);
    const char *at = line + name;
    char *end;

    assert_true(p->sample_count <= SAMPLES_MAX && strlen(line) < LINE_SIZE);
    if (*at == '{')
        at = skip_labels(at + 1);
    if (!name || !at || *at != ' ' || !p->family_count ||
        !belongs(&p->families[p->family_count - 1], line, name))
        fail_msg("no sample of its family: %s", line);
    snprintf(s->series, sizeof s->series, "%.*s", (int)(at - line), line);
    s->value = strtod(at + 1, &end);
    if (end == at + 1 || *end)
        fail_msg("no number: %s", line);
}

static void
read_line(struct page *p, const char *line)
{
    struct family *f = &p->families[p->family_count];
    char help[128], type[16];

    if (*line != '#') {
        read_sample(p, line);
        return;
    }
    if (sscanf(line, "# TYPE %127s %15s", help, type) == 2) {
        assert_true(p->family_count > 0);
        f = &p->families[p->family_count - 1];
        assert_string_equal(f->name, help);
        assert_string_equal(f->type, "");
        snprintf(f->type, sizeof f->type, "%s", type);
        return;
    }
    assert_true(p->family_count < FAMILIES_MAX);
    if (sscanf(line, "# HELP %127s %*s", f->name) != 1)
        fail_msg("neither HELP, TYPE nor a sample: %s", line);
    f->type[0] = '\0';
    p->family_count++;
}

static int
compare_samples(const void *a, const void *b)
{
    return strcmp(((const struct sample *)a)->series, ((const struct sample *)b)->series);
}

/* Buckets come in order, each at least as large as the one before, the last as _count says. */
static void
check_buckets(const struct page *p)
{
    double last = 0;
    bool inside = false;

    for (size_t i = 0; i < p->sample_count; i++) {
        const struct sample *s = &p->samples[i];

        if (strstr(s->series, "_bucket{")) {
            if (inside && s->value < last)
                fail_msg("not cumulative: %s", s->series);
            last = s->value;
            inside = !strstr(s->series, "le=\"+Inf\"");
        } else {
            assert_false(inside);
            if (strstr(s->series, "_count") && !strstr(s->series, "_count_"))
                assert_true(s->value == last);
        }
    }
}

static void
check_duplicates(const struct page *p)
{
    struct sample *sorted = calloc(p->sample_count + 1, sizeof *sorted);

    memcpy(sorted, p->samples, p->sample_count * sizeof *sorted);
    qsort(sorted, p->sample_count, sizeof *sorted, compare_samples);
    for (size_t i = 1; i < p->sample_count; i++)
        if (strcmp(sorted[i - 1].series, sorted[i].series) == 0)
            fail_msg("twice: %s", sorted[i].series);
    free(sorted);
}

/* Everything that holds of any page. */
static void
read_page(struct page *p, const struct pin_buf *text)
{
    char *copy = strdup(pin__buf_text(text)), *rest = copy, *line;

    assert_int_equal(pin__buf_check(text, "metrics", NULL), PIN_OK);
    *p = (struct page){ .samples = calloc(SAMPLES_MAX + 1, sizeof *p->samples) };
    assert_true(text->size > 0 && text->data[text->size - 1] == '\n');
    while ((line = strsep(&rest, "\n")) != NULL && (rest || *line))
        read_line(p, line);
    for (size_t i = 0; i < p->family_count; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(p->families[i].name, p->families[k].name);
    check_duplicates(p);
    check_buckets(p);
    free(copy);
}

static const struct sample *
find(const struct page *p, const char *series)
{
    for (size_t i = 0; i < p->sample_count; i++)
        if (strcmp(p->samples[i].series, series) == 0)
            return &p->samples[i];
    return NULL;
}

static void
expect(const struct page *p, const char *series, double value)
{
    const struct sample *s = find(p, series);

    if (!s)
        fail_msg("there is no %s", series);
    else if (s->value < value - 1e-9 || s->value > value + 1e-9)
        fail_msg("%s is %g, not %g", series, s->value, value);
}

/* ---- without an executor ---- */

static struct pin_metrics *
metrics(void)
{
    struct pin_metrics *m;

    assert_int_equal(pin__metrics_new(&m, NULL), PIN_OK);
    return m;
}

static void
scrape(struct page *p, struct pin_metrics *m, struct pin_executor *x)
{
    struct pin_buf text = PIN_BUF_INIT(PIN_METRICS_BYTES_MAX);

    pin__metrics_write(m, x, &text);
    read_page(p, &text);
    pin__buf_fini(&text);
}

static void
end(struct pin_metrics *m, const char *job, enum pin_outcome_kind kind, bool again, int64_t wall_us)
{
    const struct pin_observer *o = pin__metrics_observer(m);

    o->ended(o->context, &(struct pin_attempt){ job, kind, again, wall_us });
}

static void
runs_are_counted_by_job_and_outcome(void **state)
{
    struct pin_metrics *m = metrics();
    struct page p;

    (void)state;
    end(m, "mail", PIN_OUTCOME_SUCCEEDED, false, 1000);
    end(m, "mail", PIN_OUTCOME_SUCCEEDED, false, 1001);
    end(m, "mail", PIN_OUTCOME_THREW, true, 400);
    end(m, "mail", PIN_OUTCOME_TIMED_OUT, false, 5000000000);
    end(m, "alpha", PIN_OUTCOME_SUCCEEDED, false, 2500);
    end(m, NULL, PIN_OUTCOME_REFUSED, false, 0);
    end(m, "other", PIN_OUTCOME_SUCCEEDED, false, 0);
    scrape(&p, m, NULL);
    expect(&p, "pinstripe_runs_total{job=\"mail\",outcome=\"succeeded\"}", 2);
    expect(&p, "pinstripe_runs_total{job=\"mail\",outcome=\"retried\"}", 1);
    expect(&p, "pinstripe_runs_total{job=\"mail\",outcome=\"threw\"}", 0);
    expect(&p, "pinstripe_runs_total{job=\"mail\",outcome=\"timed-out\"}", 1);
    expect(&p, "pinstripe_runs_total{job=\"other\",outcome=\"refused\"}", 1);
    expect(&p, "pinstripe_runs_total{job=\"other\",outcome=\"succeeded\"}", 1);
    expect(&p, "pinstripe_run_duration_seconds_bucket{job=\"mail\",le=\"0.001\"}", 2);
    expect(&p, "pinstripe_run_duration_seconds_bucket{job=\"mail\",le=\"0.005\"}", 3);
    expect(&p, "pinstripe_run_duration_seconds_bucket{job=\"mail\",le=\"3600\"}", 3);
    expect(&p, "pinstripe_run_duration_seconds_bucket{job=\"mail\",le=\"+Inf\"}", 4);
    expect(&p, "pinstripe_run_duration_seconds_count{job=\"mail\"}", 4);
    expect(&p, "pinstripe_run_duration_seconds_sum{job=\"mail\"}", 5000.002401);
    expect(&p, "pinstripe_run_duration_seconds_sum{job=\"alpha\"}", 0.0025);
    assert_null(find(&p, "pinstripe_run_duration_seconds_count{job=\"other\"}"));
    free(p.samples);
    pin__metrics_free(m);
}

static void
what_else_is_told_is_counted(void **state)
{
    struct pin_metrics *m = metrics();
    const struct pin_observer *o = pin__metrics_observer(m);
    struct page p;

    (void)state;
    o->began(o->context, "default", 250000);
    o->lost(o->context, 3);
    o->lost(o->context, 2);
    o->busy(o->context);
    o->decided(o->context, "mail#1", PIN_OCCURRENCE_MISSED, 7);
    o->decided(o->context, "mail#1", PIN_OCCURRENCE_RAN, 1);
    o->ticked(o->context, 1700000000500);
    scrape(&p, m, NULL);
    expect(&p, "pinstripe_queue_latency_seconds_sum{queue=\"default\"}", 0.25);
    expect(&p, "pinstripe_leases_lost_total", 5);
    expect(&p, "pinstripe_db_busy_total", 1);
    expect(&p, "pinstripe_schedule_occurrences_total{schedule=\"mail#1\",result=\"missed\"}", 7);
    expect(&p, "pinstripe_schedule_occurrences_total{schedule=\"mail#1\",result=\"ran\"}", 1);
    expect(&p, "pinstripe_schedule_occurrences_total{schedule=\"mail#1\",result=\"paused\"}", 0);
    expect(&p, "pinstripe_bot_last_tick_timestamp_seconds", 1700000000.5);
    expect(&p, "pinstripe_build_info{version=\"" PIN_VERSION "\",hash=\"" PIN_HASH "\"}", 1);
    assert_null(find(&p, "pinstripe_schedule_lag_seconds")); /* the store's, and there is none */
    free(p.samples);
    pin__metrics_free(m);
}

static void
requests_are_counted_by_method_and_status(void **state)
{
    struct pin_metrics *m = metrics();
    struct page p;

    (void)state;
    pin__metrics_http(m, "GET", 200, 700);
    pin__metrics_http(m, "GET", 200, 70000);
    pin__metrics_http(m, "GET", 404, 10);
    pin__metrics_http(m, "BREW", 418, 10);
    pin__metrics_http(m, "STEEP", 418, 10);
    pin__metrics_http(m, "POST", 12345, -1);
    scrape(&p, m, NULL);
    expect(&p, "pinstripe_http_requests_total{method=\"GET\",status=\"200\"}", 2);
    expect(&p, "pinstripe_http_requests_total{method=\"GET\",status=\"404\"}", 1);
    expect(&p, "pinstripe_http_requests_total{method=\"other\",status=\"418\"}", 2);
    expect(&p, "pinstripe_http_requests_total{method=\"POST\",status=\"other\"}", 1);
    expect(&p, "pinstripe_http_request_duration_seconds_bucket{method=\"GET\",le=\"0.0005\"}", 1);
    expect(&p, "pinstripe_http_request_duration_seconds_bucket{method=\"GET\",le=\"0.001\"}", 2);
    expect(&p, "pinstripe_http_request_duration_seconds_count{method=\"GET\"}", 3);
    free(p.samples);
    pin__metrics_free(m);
}

static void
a_label_may_hold_anything(void **state)
{
    struct pin_metrics *m = metrics();
    const struct pin_observer *o = pin__metrics_observer(m);
    char long_name[PIN_METRICS_NAME_BYTES + 2];
    struct page p;

    (void)state;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    o->began(o->context, "a \"b\" \\ c\nd} 7", 1);
    o->began(o->context, "\xC3\xA9\xFF\xC3", 1);
    o->began(o->context, "", 1);
    o->began(o->context, long_name, 1);
    scrape(&p, m, NULL);
    expect(&p, "pinstripe_queue_latency_seconds_count{queue=\"a \\\"b\\\" \\\\ c\\nd} 7\"}", 1);
    expect(&p, "pinstripe_queue_latency_seconds_count{queue=\"\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD\"}",
           1);
    expect(&p, "pinstripe_queue_latency_seconds_count{queue=\"\"}", 1);
    expect(&p, "pinstripe_queue_latency_seconds_count{queue=\"other\"}", 1);
    free(p.samples);
    pin__metrics_free(m);
}

static void
the_number_of_series_has_a_bound(void **state)
{
    struct pin_metrics *m = metrics();
    const struct pin_observer *o = pin__metrics_observer(m);
    struct page p;
    char name[32];

    (void)state;
    for (int i = 0; i < 3 * PIN_METRICS_NAMES_MAX; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        end(m, name, PIN_OUTCOME_SUCCEEDED, false, 10);
        o->began(o->context, name, 10);
        o->decided(o->context, name, PIN_OCCURRENCE_RAN, 1);
    }
    end(m, "name-255", PIN_OUTCOME_SUCCEEDED, false, 10);
    scrape(&p, m, NULL);
    expect(&p, "pinstripe_runs_total{job=\"name-255\",outcome=\"succeeded\"}", 2);
    assert_null(find(&p, "pinstripe_runs_total{job=\"name-256\",outcome=\"succeeded\"}"));
    expect(&p, "pinstripe_runs_total{job=\"other\",outcome=\"succeeded\"}",
           2 * PIN_METRICS_NAMES_MAX);
    expect(&p, "pinstripe_queue_latency_seconds_count{queue=\"other\"}", 2 * PIN_METRICS_NAMES_MAX);
    assert_true(p.sample_count < 12000);
    free(p.samples);
    pin__metrics_free(m);
}

static void
the_process_says_what_it_uses(void **state)
{
    struct pin_metrics *m = metrics();
    int64_t now = pin__clock_wall().ms / 1000;
    struct page p;

    (void)state;
    scrape(&p, m, NULL);
    assert_true(find(&p, "process_resident_memory_bytes")->value > 1 << 20);
    assert_in_range(find(&p, "process_open_fds")->value, 3, 1000);
    assert_true(find(&p, "process_cpu_seconds_total")->value >= 0);
    assert_in_range(find(&p, "process_start_time_seconds")->value, now - 600, now + 1);
    free(p.samples);
    pin__metrics_free(m);
}

/* ---- with one ---- */

static const struct project_file files[] = {
    { "pinstripe.config.js", "export default {};" },
    { JOBS "good.js", "export default { run(){} };" },
    { JOBS "bad.js", "export default { run(){ throw new Error('no'); } };" },
    { JOBS "never.js", "export default { run(){} };" },
    { NULL, NULL },
};

static void
a_page_of_an_executor_has_its_runs_and_its_queues(void **state)
{
    struct pin_metrics *m = metrics();
    struct project p;
    struct page page;

    (void)state;
    project_open(&p, files);
    pin__executor_observe(p.executor, pin__metrics_observer(m));
    project_run(&p, "good");
    project_run(&p, "bad");
    for (int i = 0; i < 3; i++)
        project_queue(&p, (struct pin_enqueue){ .job = "good", .queue = "mail" });
    project_queue(&p,
                  (struct pin_enqueue){ .job = "good", .due_ms = pin__clock_wall().ms + 60000 });
    scrape(&page, m, p.executor);
    expect(&page, "pinstripe_runs_total{job=\"good\",outcome=\"succeeded\"}", 1);
    expect(&page, "pinstripe_runs_total{job=\"bad\",outcome=\"threw\"}", 1);
    expect(&page, "pinstripe_runs_total{job=\"never\",outcome=\"threw\"}", 0);
    expect(&page, "pinstripe_run_duration_seconds_count{job=\"good\"}", 1);
    expect(&page, "pinstripe_running{job=\"never\"}", 0);
    expect(&page, "pinstripe_queue_depth{queue=\"mail\",state=\"queued\"}", 3);
    expect(&page, "pinstripe_queue_depth{queue=\"mail\",state=\"running\"}", 0);
    expect(&page, "pinstripe_queue_depth{queue=\"default\",state=\"delayed\"}", 1);
    expect(&page, "pinstripe_oldest_ready_age_seconds{queue=\"default\"}", 0);
    expect(&page, "pinstripe_schedule_lag_seconds", 0);
    expect(&page, "pinstripe_bot_last_tick_timestamp_seconds", 0);
    free(page.samples);
    project_queue(&p, (struct pin_enqueue){ .job = "good", .queue = "mail" });
    scrape(&page, m, p.executor); /* soon after it is not asked again */
    expect(&page, "pinstripe_queue_depth{queue=\"mail\",state=\"queued\"}", 3);
    free(page.samples);
    project_close(&p);
    pin__metrics_free(m);
}

struct running {
    struct project *project;
    struct pin_metrics *metrics;
    const char *series;
    double want; /* -1: there is no such series */
    bool seen, over;
};

static void
look_at_running(void *context)
{
    struct running *r = context;
    struct page page;

    if (r->seen || pin__executor_running(r->project->executor) == 0)
        return;
    scrape(&page, r->metrics, r->project->executor);
    if (r->want >= 0)
        expect(&page, r->series, r->want);
    else
        assert_null(find(&page, r->series));
    free(page.samples);
    r->seen = true;
    pin__executor_stop(r->project->executor);
    pin__executor_stop(r->project->executor);
}

#define FOR_EVER "return new Promise(() => setTimeout(() => {}, 60000));"

static const struct project_file lasting[] = {
    { "pinstripe.config.js", "export default {};" },
    { JOBS "long.js", "export default { run(){ " FOR_EVER " } };" },
    { "lib/views/long.js", "export default { async render(){ " FOR_EVER " } };" },
    { NULL, NULL },
};

static void
a_run_in_hand_is_running(void **state)
{
    struct pin_metrics *m = metrics();
    struct project p;
    struct running r = { &p, m, "pinstripe_running{job=\"long\"}", 1, false, false };

    (void)state;
    project_open(&p, lasting);
    pin__executor_watch(p.executor, -1, 1, look_at_running, &r);
    project_run(&p, "long");
    assert_true(r.seen);
    project_close(&p);
    pin__metrics_free(m);
}

static void
view_told(void *context, const struct pin_outcome *o)
{
    struct running *r = context;

    (void)o;
    r->over = true;
}

static bool
view_is_over(void *context)
{
    return ((struct running *)context)->over;
}

/* Its path is what anybody may ask for. */
static void
a_view_in_hand_is_no_job(void **state)
{
    static const char request[] =
        "{\"method\":\"GET\",\"path\":\"/long\",\"query\":\"\",\"headers\":[]}";
    static const struct pin_sink sink = { .context = NULL };
    struct pin_metrics *m = metrics();
    struct project p;
    struct running r = { &p, m, "pinstripe_running{job=\"/long\"}", -1, false, false };
    struct pin_view_call call = { .path = "/long",
                                  .request = { request, sizeof request - 1 },
                                  .sink = &sink,
                                  .told = view_told,
                                  .context = &r };
    char id[PIN_RUN_ID_TEXT];

    (void)state;
    project_open(&p, lasting);
    pin__executor_watch(p.executor, -1, 1, look_at_running, &r);
    assert_non_null(pin__executor_view(p.executor, &call, id));
    pin__executor_loop(p.executor, view_is_over, &r);
    assert_true(r.seen);
    project_close(&p);
    pin__metrics_free(m);
}

/* ---- the page about it ---- */

static bool
is_documented(const char *docs, const char *name)
{
    char cell[160];

    snprintf(cell, sizeof cell, "\n| `%s` | ", name);
    return strstr(docs, cell) != NULL;
}

static void
docs_and_code_name_the_same_metrics(void **state)
{
    struct pin_buf docs = PIN_BUF_INIT(1 << 20);
    struct pin_metrics *m = metrics();
    size_t documented = 0;
    struct page p;

    (void)state;
    assert_int_equal(pin__path_read("docs/metrics.md", &docs, NULL), PIN_OK);
    scrape(&p, m, NULL);
    for (size_t i = 0; i < p.family_count; i++)
        if (!is_documented(pin__buf_text(&docs), p.families[i].name))
            fail_msg("docs/metrics.md has no line for %s", p.families[i].name);
    for (const char *at = pin__buf_text(&docs); (at = strstr(at, "\n| `")) != NULL; at++)
        documented++;
    assert_int_equal(documented, p.family_count);
    free(p.samples);
    pin__buf_fini(&docs);
    pin__metrics_free(m);
}

static void
promtool_has_no_complaint(void **state)
{
    struct pin_buf text = PIN_BUF_INIT(PIN_METRICS_BYTES_MAX);
    struct pin_metrics *m = metrics();
    FILE *tool;

    (void)state;
    end(m, "mail", PIN_OUTCOME_SUCCEEDED, false, 1000);
    pin__metrics_http(m, "GET", 200, 700);
    pin__metrics_write(m, NULL, &text);
    assert_non_null(tool = popen("promtool check metrics >&2", "w"));
    fwrite(text.data, 1, text.size, tool);
    assert_int_equal(pclose(tool), 0);
    pin__buf_fini(&text);
    pin__metrics_free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_are_counted_by_job_and_outcome),
        cmocka_unit_test(what_else_is_told_is_counted),
        cmocka_unit_test(requests_are_counted_by_method_and_status),
        cmocka_unit_test(a_label_may_hold_anything),
        cmocka_unit_test(the_number_of_series_has_a_bound),
        cmocka_unit_test(the_process_says_what_it_uses),
        cmocka_unit_test(a_page_of_an_executor_has_its_runs_and_its_queues),
        cmocka_unit_test(a_run_in_hand_is_running),
        cmocka_unit_test(a_view_in_hand_is_no_job),
        cmocka_unit_test(docs_and_code_name_the_same_metrics),
    };
    const struct CMUnitTest by_promtool[] = { cmocka_unit_test(promtool_has_no_complaint) };
    int failed = cmocka_run_group_tests_name("web_metrics", tests, NULL, NULL);

    if (system("command -v promtool >/dev/null") == 0) /* few machines have it */
        failed += cmocka_run_group_tests_name("web_metrics_promtool", by_promtool, NULL, NULL);
    return failed;
}
