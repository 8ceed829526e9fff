/* javascript_engine_test.c - what one task comes to: outcomes, limits, errors, and the heap after
 * it.
 *
 * All rows run one after the other in one engine: after each the heap must be what it was before
 * the first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <poll.h>
#include <unistd.h>

#include "base/path.h"
#include "javascript/engine.h"

#define MB ((uint64_t)1 << 20)

enum { PAGES_MAX = 24 };

struct row {
    const char *name; /* of the job */
    const char *run;  /* what its file holds after `export default {` */
    enum pin_outcome_kind kind;
    const char *error;   /* must be in the error's JSON; NULL: nothing */
    const char *printed; /* must be what the run printed on stdout; NULL: nothing */
    const char *said;    /* must be in what it printed on stderr; NULL: not looked at */
    int64_t wall_ms;     /* 0: a minute */
    bool any_output;     /* printed is not looked at */
};

static const struct row rows[] = {
    { .name = "sync", .run = "run(){ console.log('hello') }", .printed = "hello\n" },
    { .name = "async",
      .run = "async run(){ await 1; console.log('a'); await 2 }",
      .printed = "a\n" },
    { .name = "timer",
      .run = "async run(){ await new Promise(r => setTimeout(r, 3, 1)); "
             "console.log('later') }",
      .printed = "later\n" },
    { .name = "interval",
      .run = "async run(){ let n = 0; await new Promise(r => { const i = "
             "setInterval(() => { if(++n == 3){ clearInterval(i); r() } }, 1) }); console.log(n) }",
      .printed = "3\n" },
    { .name = "timer-order",
      .run =
          "async run(){ const seen = []; await new Promise(r => { "
          "setTimeout(() => { seen.push('c'); r() }, 4); setTimeout(() => seen.push('a'), 1); "
          "setTimeout(() => seen.push('b'), 1); clearTimeout(setTimeout(() => seen.push('x'), 2)); "
          "clearTimeout(12345); clearTimeout('no'); clearTimeout() }); console.log(seen.join('')) "
          "}",
      .printed = "abc\n" },
    { .name = "timer-arguments",
      .run = "async run(){ const many = Array(40).fill(2); await new Promise(r => { "
             "Function.prototype.apply = null; setTimeout((...a) => { console.log(a.length, a[0], "
             "a[39]); r() }, 1, ...many) }); setTimeout(a => console.log('never', a), 1e5, 1) }",
      .printed = "40 2 2\n" },
    { .name = "microtask",
      .run = "async run(){ queueMicrotask(() => console.log('micro')); "
             "await null; console.log('after') }",
      .printed = "micro\nafter\n" },
    /* errors */
    { .name = "throws",
      .run = "run(){\n throw new TypeError('no') }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"name\":\"TypeError\",\"message\":\"no\",\"stack\":\"    at run "
               "(lib/background_jobs/throws.js:2:" },
    { .name = "rejects",
      .run = "async run(){ await 1; throw new RangeError('late') }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"name\":\"RangeError\",\"message\":\"late\"" },
    { .name = "throws-text",
      .run = "run(){ throw 'text' }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"value\":\"text\"}" },
    { .name = "throws-nothing",
      .run = "run(){ throw undefined }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{}" },
    { .name = "throws-object",
      .run = "run(){ throw { a: [1, null] } }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"value\":{\"a\":[1,null]}}" },
    { .name = "throws-cycle",
      .run = "run(){ const a = {}; a.a = a; throw a }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"value\":\"[object Object]\"}" },
    { .name = "throws-bigint",
      .run = "run(){ throw 12n }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"value\":\"12\"}" },
    { .name = "throws-symbol",
      .run = "run(){ throw Symbol('s') }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"value\":\"a value that cannot be shown\"}" },
    { .name = "throws-surrogate",
      .run = "run(){ throw Object.assign(new Error('x\\ud800y'), "
             "{ code: 'a\\udc00\\ud83d\\ude00' }) }",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"message\":\"x\xef\xbf\xbdy\"" },
    { .name = "own-class",
      .run = "run(){ class Odd extends Error { get name(){ return 'Odd' } } "
             "throw Object.assign(new Odd('x'), { code: 7, fn(){}, big: 1n, list: [1] }) }",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"properties\":{\"code\":7,\"list\":[1]}" },
    { .name = "cause",
      .run = "run(){ throw new Error('outer', { cause: new TypeError('inner') }) }",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"cause\":{\"name\":\"TypeError\",\"message\":\"inner\"" },
    { .name = "cause-cycle",
      .run = "run(){ const e = new Error('e'); e.cause = e; throw e }",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"cause\":{\"name\":\"Error\"" },
    { .name = "aggregate",
      .run = "run(){ throw new AggregateError([new Error('a'), 'b'], 'both') }",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"errors\":[{\"name\":\"Error\",\"message\":\"a\"" },
    { .name = "aggregate-bomb",
      .run = "run(){ let e = new Error('x'); for(let i = 0; i < 30; i++) "
             "e = new AggregateError(Array(1000).fill(e)); throw e }",
      .kind = PIN_OUTCOME_THREW,
      .error = "{\"name\":\"AggregateError\"" },
    { .name = "hostile-getters",
      .run = "run(){ throw Object.defineProperties(new Error('x'), { name: "
             "{ get(){ throw 1 } }, message: { get(){ throw 2 } }, bad: { enumerable: true, get(){ "
             "throw 3 } },"
             " good: { enumerable: true, value: 4 } }) }",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"name\":\"Error\",\"message\":\"\"" },
    { .name = "hostile-proxy",
      .run = "run(){ throw new Proxy(new Error('x'), { get(){ throw 1 }, "
             "ownKeys(){ throw 2 }, getPrototypeOf(){ throw 3 } }) }",
      .kind = PIN_OUTCOME_THREW,
      .error = "\"value\"" },
    { .name = "hostile-loop",
      .run = "run(){ throw { toJSON(){ for(;;); } } }",
      .kind = PIN_OUTCOME_THREW,
      .error = "the thrown value could not be read" },
    { .name = "hostile-globals",
      .run = "run(){ JSON.stringify = Error.prototype.toString = "
             "Array.prototype.map = Object.keys = Promise.prototype.then = null; "
             "Object.prototype.toJSON = () => { throw 1 }; throw new Error('still told') }",
      .kind = PIN_OUTCOME_THREW,
      .error = "still told" },
    /* nothing that can settle it */
    { .name = "unsettled",
      .run = "run(){ return new Promise(() => {}) }",
      .kind = PIN_OUTCOME_UNSETTLED,
      .error = "ended without settling" },
    { .name = "unsettled-later",
      .run = "async run(){ await new Promise(r => setTimeout(r, 1)); "
             "await new Promise(() => {}) }",
      .kind = PIN_OUTCOME_UNSETTLED,
      .error = "ended without settling" },
    /* time */
    { .name = "loop",
      .run = "run(){ for(;;); }",
      .kind = PIN_OUTCOME_TIMED_OUT,
      .wall_ms = 50,
      .error = "time limit of 0.05 s reached after 0." },
    { .name = "loop-finally",
      .run = "run(){ try { for(;;); } catch { for(;;); } finally { for(;;); } }",
      .kind = PIN_OUTCOME_TIMED_OUT,
      .wall_ms = 50,
      .error = "time limit" },
    { .name = "loop-async",
      .run = "async run(){ await 1; for(;;); }",
      .wall_ms = 50,
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit" },
    { .name = "loop-await",
      .run = "async run(){ for(;;) await 0 }",
      .wall_ms = 50,
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit" },
    { .name = "loop-microtasks",
      .run = "async run(){ const g = () => { Promise.resolve().then(g); }; g(); }",
      .wall_ms = 50,
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit" },
    { .name = "loop-timers",
      .run = "run(){ return new Promise(() => setInterval(() => {}, 1)) }",
      .wall_ms = 50,
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit" },
    { .name = "loop-regex",
      .run = "run(){ /^(a+)+$/.test('a'.repeat(40) + 'b') }",
      .wall_ms = 50,
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit" },
    { .name = "wait-too-long",
      .run = "run(){ return new Promise(r => setTimeout(r, 1e6)) }",
      .wall_ms = 50,
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit" },
    /* memory: the limit is 16 MB */
    { .name = "bomb-push",
      .run = "run(){ const a = []; for(;;) a.push({}) }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit of 16 MB reached: the run held " },
    { .name = "bomb-string",
      .run = "run(){ 'x'.repeat(2 ** 29) }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "and asked for 512.0 MB more" },
    { .name = "bomb-array",
      .run = "run(){ new Uint8Array(1e9) }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-typed",
      .run = "run(){ const a = []; for(;;) a.push(new Uint8Array(1e6)) }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-caught",
      .run = "run(){ try { new Uint8Array(1e9) } catch {} }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-finally",
      .run = "run(){ const a = []; for(;;) try { for(;;) a.push([]) } catch {} }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-concat",
      .run = "run(){ let s = 'x'; for(;;){ s += s; s.indexOf('y') } }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-map",
      .run = "run(){ const m = new Map(); for(let i = 0;; i++) m.set(i, 'v' + i) }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-keys",
      .run = "run(){ const o = {}; for(let i = 0;; i++) o['k' + i] = i }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-promises",
      .run = "async run(){ const a = []; for(;;) a.push((async () => { await 1 })()) }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "bomb-json",
      .run = "run(){ JSON.stringify(Array(1e5).fill('x'.repeat(1e3))) }",
      .kind = PIN_OUTCOME_HEAP_LIMIT,
      .error = "heap limit" },
    { .name = "garbage",
      .run = "run(){ for(let i = 0; i < 300000; i++){ const a = {}; a.a = a; a.b = [i] } }" },
    { .name = "garbage-near-the-limit",
      .run = "run(){ const live = []; for(let i = 0; i < 90000; i++) live.push({ i }); "
             "for(let i = 0; i < 300000; i++){ const a = {}; a.a = a; a.b = [i] } }" },
    { .name = "grow-and-drop",
      .run = "run(){ for(let i = 0; i < 50; i++) new Uint8Array(4e6).fill(1) }" },
    /* stack */
    { .name = "recursion",
      .run = "run(){ const f = () => f() + 1; f() }",
      .kind = PIN_OUTCOME_THREW,
      .error = "stack overflow" },
    { .name = "recursion-caught",
      .run = "run(){ const f = () => f() + 1; try { f() } catch(e) { "
             "console.log(e.message) } }",
      .printed = "stack overflow\n" },
    { .name = "deep-json",
      .run = "run(){ try { JSON.parse('['.repeat(1e6)) } catch(e) { "
             "console.log('caught') } }",
      .printed = "caught\n" },
    { .name = "deep-string",
      .run = "run(){ let a = []; for(let i = 0; i < 5e4; i++) a = [a]; "
             "try { String(a) } catch(e) { console.log('caught') } }",
      .printed = "caught\n" },
    { .name = "deep-regex",
      .run = "run(){ try { new RegExp('('.repeat(1e5) + ')'.repeat(1e5)) } "
             "catch(e) { console.log('caught') } }",
      .printed = "caught\n" },
    { .name = "deep-source",
      .run = "run(){ try { new Function('return ' + '('.repeat(1e5)) } catch(e) "
             "{ console.log('caught') } }",
      .printed = "caught\n" },
    /* rejections */
    { .name = "floating",
      .run = "async run(){ Promise.reject(new TypeError('lost')); await 1 }",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "{\"name\":\"TypeError\",\"message\":\"lost\"" },
    { .name = "floating-async",
      .run = "async run(){ (async () => { await 1; throw new Error('lost') })(); "
             "await new Promise(r => setTimeout(r, 2)) }",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "lost" },
    { .name = "handled-later",
      .run = "async run(){ const p = Promise.reject(new Error('x')); await 1; "
             "await 2; await p.catch(() => {}) }" },
    { .name = "handled-in-bulk",
      .run = "async run(){ const all = Array.from({ length: 10000 }, (_, i) => Promise.reject(i)); "
             "const some = all.filter((_, i) => i % 3); await Promise.allSettled(some.reverse()); "
             "}",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "{\"value\":0}" },
    { .name = "handled-in-order",
      .run = "async run(){ await Promise.allSettled(Array.from({ length: 10000 }, (_, i) => "
             "Promise.reject(i))) }" },
    { .name = "handled-too-late",
      .run = "async run(){ const p = Promise.reject(new Error('x')); "
             "await new Promise(r => setTimeout(r, 1)); await p.catch(() => {}) }",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "\"x\"" },
    { .name = "uncaught-timer",
      .run = "async run(){ setTimeout(() => { throw new Error('tick') }, 1); "
             "await new Promise(r => setTimeout(r, 3)) }",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "tick" },
    { .name = "uncaught-microtask",
      .run = "async run(){ queueMicrotask(() => { throw 'm' }); await 1 }",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "{\"value\":\"m\"}" },
    { .name = "throws-and-floats",
      .run = "async run(){ Promise.reject(1); throw new Error('own') }",
      .kind = PIN_OUTCOME_THREW,
      .error = "own" },
    { .name = "many-rejections",
      .run = "async run(){ for(let i = 0; i < 1e5; i++) Promise.reject(i) }",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "\"value\":" },
    /* what is left behind */
    { .name = "open-timer",
      .run = "run(){ setTimeout(() => console.log('never'), 1000) }",
      .said = "1 open timer was dropped" },
    { .name = "open-timers",
      .run = "run(){ for(let i = 0; i < 3; i++) setInterval(() => {}, 1000) }",
      .said = "3 open timers were dropped" },
    { .name = "too-many-timers",
      .run = "run(){ try { for(;;) setTimeout(() => {}, 1e6) } catch(e) { "
             "console.log(e.message) } }",
      .printed = "65536 timers are open already: that is the limit of one run\n" },
    /* child runs: the host below answers by name */
    { .name = "calls",
      .run = "async run(){ console.log(await this.runBackgroundJob('child-ok', 1)) }",
      .printed = "undefined\n" },
    { .name = "calls-failing",
      .run = "async run(){ try { await this.runBackgroundJob('child-fails') } "
             "catch(e) { console.log(e instanceof RangeError, e.message, e.code, e.cause "
             "instanceof TypeError, "
             "e.stack.trim()) } }",
      .printed = "true child 7 true at run (lib/child.js:1:2)\n" },
    { .name = "calls-throwing-value",
      .run = "async run(){ try { await this.runBackgroundJob('child-value') } "
             "catch(e) { console.log(JSON.stringify(e)) } }",
      .printed = "{\"a\":1}\n" },
    { .name = "calls-odd",
      .run = "async run(){ try { await this.runBackgroundJob('child-odd') } catch(e) "
             "{ console.log(e.name, e.constructor == Error, Object.getPrototypeOf(e) == "
             "Error.prototype, "
             "Object.keys(e).join()) } }",
      .printed = "OddError true true __proto__,code\n" },
    { .name = "calls-unawaited",
      .run = "run(){ this.runBackgroundJob('child-ok').then(() => "
             "console.log('ended')) }",
      .printed = "ended\n" },
    { .name = "calls-in-parallel",
      .run = "async run(){ await Promise.all([1, 2, 3].map(() => "
             "this.runBackgroundJob('child-ok'))); console.log('all') }",
      .printed = "all\n" },
    { .name = "calls-unhandled",
      .run = "run(){ this.runBackgroundJob('child-fails') }",
      .kind = PIN_OUTCOME_REJECTED,
      .error = "\"RangeError\"" },
    { .name = "calls-refused",
      .run = "async run(){ try { await this.runBackgroundJob('child-refused') } "
             "catch(e) { console.log(e.message) } }",
      .printed = "no more runs today\n" },
    /* nothing of a run reaches the next: the same row twice */
    { .name = "leaves-no-trace",
      .run = "count: 0, run(){ this.constructor.prototype.count++; "
             "globalThis.seen = (globalThis.seen ?? 0) + 1; Array.prototype.last = 1; Math.random "
             "= () => 5; "
             "console.log(this.count, seen) }",
      .printed = "1 1\n" },
    { .name = "shared-memory",
      .run =
          "run(){ try { Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0) } catch(e) { "
          "console.log(e.name) } }",
      .printed = "TypeError\n" },
    { .name = "weak",
      .run = "async run(){ const w = new WeakRef({}); const m = new WeakMap(); "
             "new FinalizationRegistry(() => {}).register({}, 1); m.set({}, w); await 1; "
             "const g = (function*(){ yield 1; yield 2 })(); g.next(); globalThis.g = g }" },
    { .name = "much-of-everything",
      .run =
          "async run(){ class A extends Map { #p = 1; get p(){ return this.#p } } const a = new "
          "A(); "
          "for(let i = 0; i < 500; i++) a.set('k' + i, [i, { i }, `t${i}`, new Date(i), "
          "/a(b)+/.exec('xabb')]); "
          "const copy = JSON.parse(JSON.stringify([...a])); copy.sort((x, y) => x[1][0] < y[1][0] "
          "? 1 : -1); "
          "const s = copy.map(String).join('|').replace(/k/g, 'kk').split('|'); "
          "await Promise.all(s.slice(0, 100).map(async x => { await null; return structuredClone({ "
          "x }) })); "
          "const b = new Uint8Array(70000).map((_, i) => i); new Proxy(b, {})[1]; eval('1 + 1'); "
          "Object.entries(Object.fromEntries(copy.map(c => [c[0], c]))).length; "
          "try { throw new AggregateError([new Error('x', { cause: b })], 'y') } catch {} }" },
    { .name = "random",
      .run = "run(){ console.log([1, 2, 3].map(Math.random).join()) }",
      .kind = PIN_OUTCOME_SUCCEEDED,
      .any_output = true },
    { .name = "waits",
      .run = "async run(){ try { await new Promise(r => setTimeout(r, 1e6)) } finally { "
             "console.log('not reached') } }",
      .kind = PIN_OUTCOME_TIMED_OUT,
      .error = "time limit",
      .wall_ms = 20 },
    { .name = "child-ok", .run = "run(){}" },
    { .name = "child-fails", .run = "run(){}" },
    { .name = "child-value", .run = "run(){}" },
    { .name = "child-odd", .run = "run(){}" },
    { .name = "child-refused", .run = "run(){}" },
};
enum { ROW_COUNT = sizeof rows / sizeof *rows };

static struct {
    struct pin_engine *engine;
    char root[64];
    struct pin_buf printed;
    struct pin_buf said;
    bool stop; /* the next wait brings a request to stop */
    uint64_t calls;
    const char *open[16]; /* names of the calls to answer, by number */
} t;

static const struct {
    const char *name;
    const char *error; /* NULL: success */
} answers[] = {
    { "child-ok", NULL },
    { "child-fails", "{\"name\":\"RangeError\",\"message\":\"child\",\"stack\":\"    at run "
                     "(lib/child.js:1:2)\\n\",\"properties\":{\"code\":7},\"cause\":{\"name\":"
                     "\"TypeError\",\"message\":\"inner\",\"stack\":\"\",\"properties\":{}}}" },
    { "child-value", "{\"value\":{\"a\":1}}" },
    { "child-odd", "{\"name\":\"OddError\",\"message\":\"m\",\"stack\":\"\",\"properties\":"
                   "{\"__proto__\":{\"x\":1},\"code\":1}}" },
};

static pin_status
take_call(void *context, const struct pin_call *call, uint64_t *number, struct pin_err *err)
{
    (void)context;
    if (strcmp(call->name, "child-refused") == 0)
        return pin__err_set(err, PIN_DENIED, "no more runs today");
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(answers[i].name, call->name) == 0) {
            t.open[t.calls] = answers[i].name;
            *number = t.calls++;
            return PIN_OK;
        }
    return pin__err_set(err, PIN_NOT_FOUND, "the test knows no job %s", call->name);
}

static void
take_output(void *context, enum pin_stream stream, const char *data, size_t size)
{
    (void)context;
    pin__buf_add(stream == PIN_STDOUT ? &t.printed : &t.said, data, size);
}

static void
answer(uint64_t number)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strcmp(answers[i].name, t.open[number]) == 0) {
            const char *error = answers[i].error;

            pin__engine_answer(t.engine, number,
                               (struct pin_bytes){ error, error ? strlen(error) : 0 },
                               (struct pin_bytes){ NULL, 0 });
        }
}

static pin_status
wait_until(void *context, struct pin_mono until)
{
    (void)context;
    if (t.stop) {
        pin__engine_stop(t.engine);
        return PIN_OK;
    }
    if (t.calls) {
        answer(--t.calls); /* the newest first: answers come in any order */
        return PIN_OK;
    }
    poll(NULL, 0, (int)pin__clock_until_ms(until));
    return PIN_OK;
}

static const struct pin_host host = { .call = take_call,
                                      .console = take_output,
                                      .wait = wait_until };

static void
write_job(const struct row *row)
{
    struct pin_err err = PIN_ERR_INIT;
    char path[256], text[2048];
    int n = snprintf(text, sizeof text, "export default { %s };\n", row->run);

    snprintf(path, sizeof path, "%s/lib/background_jobs/%s.js", t.root, row->name);
    assert_true(n > 0 && (size_t)n < sizeof text);
    if (pin__path_create(path, (struct pin_bytes){ text, (size_t)n }, &err) != PIN_OK)
        fail_msg("%s", err.message);
}

/* Inside the test: cmocka puts its own handler of SIGSEGV in front of the heap's otherwise. */
static void
open_engine(void)
{
    struct pin_engine_options options = { .environment = "test", .version = "test" };
    struct pin_buf catalog = PIN_BUF_INIT(1 << 20);
    struct pin_err err = PIN_ERR_INIT;
    char path[128];

    memcpy(t.root, "/tmp/pinstripe-engine-XXXXXX", sizeof "/tmp/pinstripe-engine-XXXXXX");
    assert_non_null(mkdtemp(t.root));
    options.root = t.root;
    t.printed = t.said = PIN_BUF_INIT(1 << 20);
    snprintf(path, sizeof path, "%s/lib/background_jobs", t.root);
    assert_int_equal(pin__path_make_folders(path, &err), PIN_OK);
    for (size_t i = 0; i < ROW_COUNT; i++)
        write_job(&rows[i]);
    if (pin__engine_new(&t.engine, &options, &err) != PIN_OK ||
        pin__engine_load(t.engine, &catalog, &err) != PIN_OK ||
        pin__engine_freeze(t.engine, &err) != PIN_OK ||
        pin__engine_enter(t.engine, &host, &err) != PIN_OK)
        fail_msg("%s", err.message);
    pin__buf_fini(&catalog);
}

static void
close_engine(void)
{
    char command[128];

    pin__engine_free(t.engine);
    pin__buf_fini(&t.printed);
    pin__buf_fini(&t.said);
    snprintf(command, sizeof command, "rm -rf '%s'", t.root);
    assert_int_equal(system(command), 0);
}

static bool
execute(const char *name, int64_t wall_ms, struct pin_outcome *o)
{
    struct pin_task task = { .kind = PIN_TASK_JOB,
                             .name = name,
                             .wall_ms = wall_ms ? wall_ms : 60000,
                             .heap_bytes = 16 * MB };

    t.calls = 0;
    pin__buf_clear(&t.printed);
    pin__buf_clear(&t.said);
    return pin__engine_execute(t.engine, &task, o);
}

static void
check_row(const struct row *row, const struct pin_outcome *o, bool good)
{
    const char *error = pin__buf_text(&o->error);
    bool breach = row->kind == PIN_OUTCOME_TIMED_OUT || row->kind == PIN_OUTCOME_HEAP_LIMIT;

    if (o->kind != row->kind)
        fail_msg("%s: %s, not %s: %s%s", row->name, pin__outcome_kind_name(o->kind),
                 pin__outcome_kind_name(row->kind), error, pin__buf_text(&t.said));
    if (row->error ? !strstr(error, row->error) : *error != '\0')
        fail_msg("%s: the error is %s", row->name, error);
    if (!row->any_output &&
        strcmp(pin__buf_text(&t.printed), row->printed ? row->printed : "") != 0)
        fail_msg("%s: printed %s", row->name, pin__buf_text(&t.printed));
    if (row->said && !strstr(pin__buf_text(&t.said), row->said))
        fail_msg("%s: said %s", row->name, pin__buf_text(&t.said));
    if (good == breach)
        fail_msg("%s: the worker %s be used again", row->name, good ? "would" : "would not");
}

static void
each_job_comes_to_its_outcome_and_leaves_the_heap_as_it_was(void **state)
{
    uint64_t hash;

    (void)state;
    open_engine();
    hash = pin__engine_hash(t.engine);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < ROW_COUNT; i++) {
            struct pin_outcome o;
            bool good;

            pin__outcome_init(&o);
            good = execute(rows[i].name, rows[i].wall_ms, &o);
            check_row(&rows[i], &o, good);
            pin__outcome_fini(&o);
            if (pin__engine_hash(t.engine) != hash)
                fail_msg("%s: the heap is not what it was (round %d)", rows[i].name, round);
        }
    close_engine();
}

/* Where this fails nothing is wrong but slower: see tools/learn-placement.c and javascript/warm.js.
 */
static void
a_run_writes_to_few_pages(void **state)
{
    struct pin_outcome o;

    (void)state;
    open_engine();
    pin__outcome_init(&o);
    assert_true(execute("async", 0, &o));
    assert_in_range(pin__engine_heap(t.engine).set_pages, 0, PAGES_MAX);
    pin__outcome_fini(&o);
    close_engine();
}

static void
a_collection_costs_what_the_run_made(void **state)
{
    struct pin_outcome o;
    size_t usual;

    (void)state;
    open_engine();
    pin__outcome_init(&o);
    assert_true(execute("sync", 0, &o));
    usual = pin__engine_heap(t.engine).set_pages;
    assert_true(execute("garbage", 0, &o)); /* 100 MB of it under a limit of 16 MB */
    assert_int_equal(o.kind, PIN_OUTCOME_SUCCEEDED);
    if (PIN_IMAGE_DEFAULT == PIN_IMAGE_WRITE_SET &&
        pin__engine_heap(t.engine).set_pages > 2 * usual)
        fail_msg("%zu pages are copied after each run, %zu before the collections",
                 pin__engine_heap(t.engine).set_pages, usual);
    pin__outcome_fini(&o);
    close_engine();
}

/* Memory runs out at each point in turn: wherever that is, the run ends cleanly and so does the
 * heap. */
static void
any_heap_limit_is_an_outcome_and_no_crash(void **state)
{
    uint64_t hash;

    (void)state;
    open_engine();
    hash = pin__engine_hash(t.engine);
    for (uint64_t limit = 0; limit < 2 * MB; limit += 29011) {
        struct pin_task task = { .kind = PIN_TASK_JOB,
                                 .name = "much-of-everything",
                                 .wall_ms = 60000,
                                 .heap_bytes = limit };
        struct pin_outcome o;
        bool good;

        pin__outcome_init(&o);
        good = pin__engine_execute(t.engine, &task, &o);
        if (o.kind != PIN_OUTCOME_HEAP_LIMIT && o.kind != PIN_OUTCOME_SUCCEEDED)
            fail_msg("%llu bytes: %s", (unsigned long long)limit, pin__buf_text(&o.error));
        if (good != (o.kind == PIN_OUTCOME_SUCCEEDED))
            fail_msg("%llu bytes: %s, yet %d", (unsigned long long)limit, pin__buf_text(&o.error),
                     good);
        if (pin__engine_hash(t.engine) != hash)
            fail_msg("%llu bytes: the heap is not what it was", (unsigned long long)limit);
        pin__outcome_fini(&o);
    }
    close_engine();
}

static void
a_request_to_stop_cancels_the_run(void **state)
{
    struct pin_outcome o;
    uint64_t hash;

    (void)state;
    open_engine();
    hash = pin__engine_hash(t.engine);
    pin__outcome_init(&o);
    t.stop = true;
    assert_false(execute("waits", 60000, &o));
    t.stop = false;
    assert_int_equal(o.kind, PIN_OUTCOME_CANCELLED);
    assert_non_null(strstr(pin__buf_text(&o.error), "cancelled after"));
    assert_string_equal(pin__buf_text(&t.printed), "");
    assert_true(pin__engine_hash(t.engine) == hash);
    pin__outcome_fini(&o);
    close_engine();
}

static void
every_run_draws_other_random_numbers(void **state)
{
    char first[128];
    struct pin_outcome o;

    (void)state;
    open_engine();
    pin__outcome_init(&o);
    assert_true(execute("random", 0, &o));
    snprintf(first, sizeof first, "%s", pin__buf_text(&t.printed));
    assert_int_equal(strncmp(first, "0.", 2), 0);
    assert_true(execute("random", 0, &o));
    assert_string_not_equal(first, pin__buf_text(&t.printed));
    pin__outcome_fini(&o);
    close_engine();
}

static void
arguments_that_are_no_json_are_refused(void **state)
{
    struct pin_task task = { .kind = PIN_TASK_JOB,
                             .name = "sync",
                             .args = { "[1,", 3 },
                             .wall_ms = 60000,
                             .heap_bytes = 16 * MB };
    struct pin_outcome o;

    (void)state;
    open_engine();
    pin__outcome_init(&o);
    assert_true(pin__engine_execute(t.engine, &task, &o));
    assert_int_equal(o.kind, PIN_OUTCOME_REFUSED);
    assert_non_null(strstr(pin__buf_text(&o.error), "SyntaxError"));
    pin__outcome_fini(&o);
    close_engine();
}

static void
what_a_run_is_given_counts_for_its_heap(void **state)
{
    enum { SIZE = 4 << 20 };
    char *text = calloc(1, SIZE);
    struct pin_task task = { .kind = PIN_TASK_JOB,
                             .name = "sync",
                             .params = { text, SIZE },
                             .wall_ms = 60000,
                             .heap_bytes = MB };
    struct pin_outcome o;

    (void)state;
    memset(text, ' ', SIZE);
    memcpy(text, "{}", 2);
    open_engine();
    pin__outcome_init(&o);
    (void)!pin__engine_execute(t.engine, &task, &o);
    assert_int_equal(o.kind, PIN_OUTCOME_HEAP_LIMIT);
    assert_non_null(strstr(pin__buf_text(&o.error), "heap limit of 1 MB reached"));
    pin__outcome_fini(&o);
    pin__outcome_init(&o);
    task.heap_bytes = 16 * MB;
    assert_true(pin__engine_execute(t.engine, &task, &o));
    assert_int_equal(o.kind, PIN_OUTCOME_SUCCEEDED);
    pin__outcome_fini(&o);
    close_engine();
    free(text);
}

static void
an_unknown_job_is_refused(void **state)
{
    struct pin_outcome o;

    (void)state;
    open_engine();
    pin__outcome_init(&o);
    assert_true(execute("nobody", 0, &o));
    assert_int_equal(o.kind, PIN_OUTCOME_REFUSED);
    assert_non_null(strstr(pin__buf_text(&o.error), "No such background job"));
    pin__outcome_fini(&o);
    close_engine();
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_job_comes_to_its_outcome_and_leaves_the_heap_as_it_was),
        cmocka_unit_test(a_run_writes_to_few_pages),
        cmocka_unit_test(a_collection_costs_what_the_run_made),
        cmocka_unit_test(any_heap_limit_is_an_outcome_and_no_crash),
        cmocka_unit_test(a_request_to_stop_cancels_the_run),
        cmocka_unit_test(every_run_draws_other_random_numbers),
        cmocka_unit_test(arguments_that_are_no_json_are_refused),
        cmocka_unit_test(what_a_run_is_given_counts_for_its_heap),
        cmocka_unit_test(an_unknown_job_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
