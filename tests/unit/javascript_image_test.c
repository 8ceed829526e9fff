/* javascript_image_test.c - the heap is put back byte for byte, whatever a run did to it; in both
 * modes.
 *
 * An image is made inside the test that uses it: cmocka's own handler of SIGSEGV would otherwise
 * stand in front of the heap's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "javascript/image.h"

#define MB ((uint64_t)1 << 20)

enum { ROUNDS = 300, BLOCKS = 400, STEPS = 40000 };

struct heap {
    struct pin_image *image;
    JSRuntime *rt;
    JSContext *ctx;
};

static const enum pin_image_mode modes[] = { PIN_IMAGE_WRITE_SET, PIN_IMAGE_COPY };
static const char *const mode_names[] = { "write set", "copy" };

static void
must(pin_status st, const struct pin_err *err)
{
    if (st != PIN_OK)
        fail_msg("%s", err->message);
}

static void
evaluate(struct heap *h, const char *code)
{
    JSValue v = JS_Eval(h->ctx, code, strlen(code), "test.js", JS_EVAL_TYPE_GLOBAL);

    if (JS_IsException(v))
        v = JS_GetException(h->ctx);
    JS_FreeValue(h->ctx, v);
}

static JSValue
collect_garbage(JSContext *ctx, JSValueConst this, int argc, JSValueConst *argv)
{
    (void)this;
    (void)argc;
    (void)argv;
    JS_RunGC(JS_GetRuntime(ctx));
    return JS_UNDEFINED;
}

/* A heap with some 2 MB of objects, frozen. */
static void
open_heap(struct heap *h, enum pin_image_mode mode)
{
    struct pin_err err = PIN_ERR_INIT;
    JSValue global;

    must(pin__image_new(&h->image, mode, 256 * MB, &err), &err);
    h->rt = JS_NewRuntime2(&pin__image_allocator, h->image);
    assert_non_null(h->rt);
    h->ctx = JS_NewContext(h->rt);
    JS_SetGCThreshold(h->rt, 64 * MB);
    global = JS_GetGlobalObject(h->ctx);
    JS_SetPropertyStr(h->ctx, global, "collect",
                      JS_NewCFunction(h->ctx, collect_garbage, "collect", 0));
    JS_FreeValue(h->ctx, global);
    evaluate(h,
             "globalThis.project = Array.from({ length: 5000 }, (_, i) => ({ i, name: 'job ' + i, "
             "run(){ return this.i } })); project.big = 'x'.repeat(400000) + project.length;");
    JS_RunGC(h->rt);
    must(pin__image_freeze(h->image, &err), &err);
}

static void
run(struct heap *h, const char *code, uint64_t limit_bytes)
{
    struct pin_err err = PIN_ERR_INIT;

    pin__image_start(h->image, limit_bytes);
    evaluate(h, code);
    must(pin__image_restore(h->image, &err), &err);
}

static void
after_any_mix_of_runs_the_heap_is_what_it_was(void **state)
{
    static const char *const runs[] = {
        "1 + 1",
        "collect()",
        "project[7].run(); project[8].name += '!'; Array.prototype.x = 1; Object.freeze(project)",
        "throw new Error('fails')",
        "syntax error here",
        "let a = []; for(let i = 0; i < 20000; i++) a.push({ i }); globalThis.kept = a",
        "globalThis.large = new Uint8Array(5e6).fill(7); large = large.slice(1)",
        "let a = []; for(;;) a.push(new Uint8Array(3e5))",
        "let s = 'secret'; for(;;){ s += s; s.indexOf('y') }",
        "for(let i = 0; i < 3000; i++){ const a = {}; a.a = a }",
        "project.length = 0; project = undefined",
        "for(const p of project) p.name = p.i",
        "for(let i = 0; i < 5000; i++) globalThis['atom' + i] = Symbol(i)",
        "const f = () => f() + 1; f()",
    };
    const size_t count = sizeof runs / sizeof *runs;

    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct heap h;
        uint64_t hash;

        open_heap(&h, modes[m]);
        hash = pin__image_hash(h.image);
        for (size_t i = 0; i < ROUNDS; i++)
            for (size_t r = 0; r < (i % 20 ? 3 : count); r++) {
                run(&h, runs[r], 16 * MB);
                if (r + 1 < (i % 20 ? 3 : count) && i % 10)
                    continue; /* a hash reads the whole heap */
                if (pin__image_hash(h.image) != hash)
                    fail_msg("%s, round %zu: the heap is not what it was after: %s", mode_names[m],
                             i, runs[r]);
            }
        pin__image_free(h.image);
    }
}

static void
what_a_run_left_behind_is_gone(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        struct pin_err err = PIN_ERR_INIT;
        struct heap h;
        uint64_t hash, dirty;

        open_heap(&h, modes[m]);
        hash = pin__image_hash(h.image);
        pin__image_start(h.image, 64 * MB);
        evaluate(&h, "globalThis.secret = Array.from({ length: 30000 }, (_, i) => 'secret ' + i)");
        dirty = pin__image_hash(h.image); /* the hash sees what lies behind the image */
        must(pin__image_restore(h.image, &err), &err);
        assert_true(dirty != hash);
        assert_true(pin__image_hash(h.image) == hash);
        pin__image_free(h.image);
    }
}

static void
a_collection_does_not_make_every_later_restore_copy_the_whole_image(void **state)
{
    struct heap h;
    size_t usual, pages;

    (void)state;
    open_heap(&h, PIN_IMAGE_WRITE_SET);
    pages = pin__image_stats(h.image).image_bytes / 4096;
    run(&h, "project[1].i++", 16 * MB);
    usual = pin__image_stats(h.image).set_pages;
    assert_true(usual > 0 && usual < pages / 4);
    run(&h, "collect()", 16 * MB);
    run(&h, "project[1].i++", 16 * MB);
    if (pin__image_stats(h.image).set_pages > 2 * usual)
        fail_msg("%zu pages are copied after each run, %zu before the collection",
                 pin__image_stats(h.image).set_pages, usual);
    pin__image_free(h.image);
}

static void
the_limit_is_enforced_and_the_first_breach_is_kept(void **state)
{
    static const struct {
        const char *code;
        uint64_t limit, asked_min;
        bool breach;
    } rows[] = {
        { "new Uint8Array(1e6)", 4 * MB, 0, false },
        { "new Uint8Array(8e6)", 4 * MB, 8000000, true },
        { "try { new Uint8Array(8e6) } catch {} new Uint8Array(6e6)", 4 * MB, 8000000, true },
        { "const a = []; for(;;) a.push(new Uint8Array(1000))", 4 * MB, 1000, true },
        { "for(let i = 0; i < 100; i++) new Uint8Array(1e6)", 4 * MB, 0, false },
        { "new ArrayBuffer(2 ** 40)", 4 * MB, 0, false }, /* the engine itself refuses this */
        { "project.length = 0; new Uint8Array(3e6)", 4 * MB, 0, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct pin_err err = PIN_ERR_INIT;
        struct pin_breach breach;
        struct pin_image_stats stats;
        struct heap h;

        open_heap(&h, PIN_IMAGE_DEFAULT);
        pin__image_start(h.image, rows[i].limit);
        evaluate(&h, rows[i].code);
        breach = *pin__image_breach(h.image);
        stats = pin__image_stats(h.image);
        must(pin__image_restore(h.image, &err), &err);
        if ((breach.asked_bytes != 0) != rows[i].breach || breach.asked_bytes < rows[i].asked_min ||
            breach.held_bytes > rows[i].limit)
            fail_msg("%s: held %llu, asked %llu", rows[i].code,
                     (unsigned long long)breach.held_bytes, (unsigned long long)breach.asked_bytes);
        if (stats.peak_bytes > rows[i].limit + 8 * MB)
            fail_msg("%s: peak %llu", rows[i].code, (unsigned long long)stats.peak_bytes);
        pin__image_free(h.image);
    }
}

static uint64_t
next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static void
check_bytes(const unsigned char *bytes, size_t size, unsigned char value)
{
    for (size_t i = 0; i < size; i += i < 64 ? 1 : 61)
        if (bytes[i] != value)
            fail_msg("byte %zu of %zu is %u, not %u", i, size, bytes[i], value);
}

/* Mostly small, sometimes more than a block of its own mapping. */
static size_t
random_size(uint64_t *seed)
{
    uint64_t r = next_random(seed);

    return 1 + (size_t)(r % (r % 31 == 0 ? 700000 : r % 7 == 0 ? 20000 : 300));
}

static void
blocks_keep_their_bytes_and_the_accounts_balance(void **state)
{
    static unsigned char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    struct pin_err err = PIN_ERR_INIT;
    uint64_t seed = 42;

    (void)state;
    for (int frozen = 0; frozen < 2; frozen++) {
        const JSMallocFunctions *f = &pin__image_allocator;
        JSMallocState js = { 0 };
        struct pin_image *image;

        must(pin__image_new(&image, PIN_IMAGE_DEFAULT, 1024 * MB, &err), &err);
        if (frozen)
            must(pin__image_freeze(image, &err), &err);
        pin__image_start(image, 1024 * MB);
        js.opaque = image;
        for (int step = 0; step < STEPS; step++) {
            size_t i = next_random(&seed) % BLOCKS, size = random_size(&seed);

            if (blocks[i])
                check_bytes(blocks[i], sizes[i], (unsigned char)i);
            if (blocks[i] && next_random(&seed) % 2) {
                f->js_free(&js, blocks[i]);
                blocks[i] = NULL;
                continue;
            }
            blocks[i] = f->js_realloc(&js, blocks[i], size);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            assert_true(f->js_malloc_usable_size(blocks[i]) >= size);
            sizes[i] = size;
            memset(blocks[i], (int)i, size);
        }
        for (size_t i = 0; i < BLOCKS; i++) {
            f->js_free(&js, blocks[i]);
            blocks[i] = NULL;
        }
        assert_int_equal(js.malloc_size, 0);
        assert_int_equal(js.malloc_count, 0);
        assert_int_equal(pin__image_stats(image).run_bytes, 0);
        pin__image_free(image);
    }
}

/* ---- placement ---- */

enum { LOADED = 3000, SECOND_STAGE = 2000, LARGE = 6000 };

/* As loading does: the same blocks in the same order every time, some freed again, in two stages.
 */
static void
load_blocks(struct pin_image *image, JSMallocState *js, char **blocks, size_t longer)
{
    const JSMallocFunctions *f = &pin__image_allocator;

    js->opaque = image;
    for (size_t i = 0; i < LOADED; i++) {
        if (i == SECOND_STAGE)
            pin__image_stage(image);
        blocks[i] = f->js_malloc(js, i == 700 ? LARGE : 24 + i % 300 + (i == 31 ? longer : 0));
        assert_non_null(blocks[i]);
        *blocks[i] = (char)i;
        if (i % 3 == 1)
            f->js_free(js, blocks[i - 1]);
    }
}

static const size_t written[] = { 31, 700, 1202, SECOND_STAGE + 2, SECOND_STAGE + 500 };

enum { WRITTEN = sizeof written / sizeof *written };

static void
write_to_blocks(struct pin_image *image, char **blocks)
{
    struct pin_err err = PIN_ERR_INIT;

    pin__image_start(image, MB);
    for (size_t i = 0; i < WRITTEN; i++)
        blocks[written[i]][written[i] == 700 ? LARGE - 1 : 8] = 1;
    must(pin__image_restore(image, &err), &err);
    for (size_t i = 0; i < WRITTEN; i++)
        assert_int_equal(*blocks[written[i]], (char)written[i]);
}

/* The places, one behind the other, are the caller's to free. */
static struct pin_placement
learn_placement(void)
{
    static char *blocks[LOADED];
    struct pin_err err = PIN_ERR_INIT;
    struct pin_placement p = { 0 };
    struct pin_place *places;
    struct pin_image *image;
    JSMallocState js = { 0 };

    must(pin__image_new(&image, PIN_IMAGE_LEARN, 1024 * MB, &err), &err);
    load_blocks(image, &js, blocks, 0);
    must(pin__image_freeze(image, &err), &err);
    write_to_blocks(image, blocks);
    must(pin__image_learned(image, &places, &p.count, &err), &err);
    assert_int_equal(p.count, WRITTEN);
    for (size_t i = 0; i < WRITTEN; i++) {
        size_t stage = written[i] / SECOND_STAGE;

        assert_int_equal(places[i].serial,
                         stage * PIN_STAGE_SERIALS + written[i] - stage * SECOND_STAGE);
        places[i].at = (uint32_t)p.bytes;
        p.bytes += places[i].bytes;
    }
    p.places = places;
    pin__image_free(image);
    return p;
}

static size_t
pages_written(const struct pin_placement *p, size_t longer)
{
    static char *blocks[LOADED];
    struct pin_err err = PIN_ERR_INIT;
    struct pin_image *image;
    JSMallocState js = { 0 };
    uint64_t hash;
    size_t pages;

    must(pin__image_new(&image, PIN_IMAGE_WRITE_SET, 1024 * MB, &err), &err);
    if (p)
        must(pin__image_place(image, p, &err), &err);
    load_blocks(image, &js, blocks, longer);
    must(pin__image_freeze(image, &err), &err);
    hash = pin__image_hash(image);
    write_to_blocks(image, blocks);
    assert_int_equal(pin__image_hash(image), hash);
    pages = pin__image_stats(image).set_pages;
    pin__image_free(image);
    return pages;
}

static void
blocks_that_runs_write_to_stand_side_by_side(void **state)
{
    struct pin_placement p = learn_placement();

    (void)state;
    assert_int_equal(pages_written(NULL, 0), WRITTEN);
    assert_in_range(pages_written(&p, 0), 1, 3); /* some 8 KB, wherever they begin in a page */
    /* A block that is not what it was goes elsewhere, the others are where they should be. */
    assert_in_range(pages_written(&p, 2000), 2, 4);
    free((void *)(uintptr_t)p.places);
}

static void
two_heaps_live_side_by_side(void **state)
{
    struct heap a, b;
    uint64_t hash;

    (void)state;
    open_heap(&a, PIN_IMAGE_WRITE_SET);
    open_heap(&b, PIN_IMAGE_WRITE_SET);
    hash = pin__image_hash(a.image);
    run(&a, "project[1].name = 1", 16 * MB);
    run(&b, "project[2].name = 2", 16 * MB);
    pin__image_free(b.image);
    run(&a, "project[3].name = 3", 16 * MB);
    assert_true(pin__image_hash(a.image) == hash);
    pin__image_free(a.image);
}

/* A fork of a frozen heap: what one process writes, the other never sees. */
static void
a_fork_has_the_same_heap(void **state)
{
    struct heap h;
    uint64_t hash;
    int code;
    pid_t child;

    (void)state;
    open_heap(&h, PIN_IMAGE_WRITE_SET);
    hash = pin__image_hash(h.image);
    child = fork();
    if (child == 0) {
        bool same = pin__image_hash(h.image) == hash;

        for (int i = 0; i < 3; i++)
            run(&h, "project[1].name = globalThis.x = [1, 2]", 16 * MB);
        _exit(same && pin__image_hash(h.image) == hash ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 0);
    assert_true(pin__image_hash(h.image) == hash);
    pin__image_free(h.image);
}

static void
crash_at_null(void)
{
    static char *volatile nowhere;

    *nowhere = 1;
}

static void
crash_in_read_only_memory(void)
{
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *(volatile char *)page = 1;
}

static void
crash_by_signal(void)
{
    raise(SIGSEGV);
}

static void
a_real_crash_stays_one(void **state)
{
    static void (*const crashes[])(void) = { crash_at_null, crash_in_read_only_memory,
                                             crash_by_signal };

    (void)state;
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) {
        pid_t child = fork();
        int code;

        if (child == 0) {
            struct heap h;

            signal(SIGSEGV, SIG_DFL); /* instead of cmocka's */
            close(STDERR_FILENO);
            open_heap(&h, PIN_IMAGE_WRITE_SET);
            run(&h, "project[1].name = 1", 16 * MB);
            alarm(20);
            crashes[i]();
            _exit(0);
        }
        assert_int_equal(waitpid(child, &code, 0), child);
        if (WIFSIGNALED(code) ? WTERMSIG(code) != SIGSEGV
                              : WEXITSTATUS(code) == 0) /* a sanitizer exits */
            fail_msg("crash %zu: wait status %x", i, (unsigned)code);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_any_mix_of_runs_the_heap_is_what_it_was),
        cmocka_unit_test(what_a_run_left_behind_is_gone),
        cmocka_unit_test(a_collection_does_not_make_every_later_restore_copy_the_whole_image),
        cmocka_unit_test(the_limit_is_enforced_and_the_first_breach_is_kept),
        cmocka_unit_test(blocks_keep_their_bytes_and_the_accounts_balance),
        cmocka_unit_test(blocks_that_runs_write_to_stand_side_by_side),
        cmocka_unit_test(two_heaps_live_side_by_side),
        cmocka_unit_test(a_fork_has_the_same_heap),
        cmocka_unit_test(a_real_crash_stays_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
