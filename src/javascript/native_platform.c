/* native_platform.c - what the globals of a modern runtime need from C: text to bytes and back,
 * randomness, the monotonic clock, and looks at values that JavaScript itself does not allow.
 *
 * The JavaScript side (platform.js and the modules it names) checks arguments and throws the errors
 * that the standards ask for; here a wrong argument is only kept from doing harm. The one thing
 * kept between calls is the time at which the run began.
 */
#include <errno.h>
#include <math.h>
#include <sys/random.h>

#include "base/buf.h"
#include "javascript/native.h"

#define DATE_MS_MAX  8.64e15 /* the range of Date */
#define RANDOM_CHUNK 256     /* the kernel never writes into the heap: see native.h */

static struct pin_mono run_began;
static int64_t run_began_wall_us;

/* --- looks at values --- */

static JSValue
class_of(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    JSClassID id = 0;

    (void)self;
    if (argc > 0 && JS_IsObject(argv[0]))
        JS_GetAnyOpaque(argv[0], &id);
    return JS_NewInt32(ctx, (int32_t)id);
}

/* The engine's record of a Proxy begins with its target. Nothing promises that, so `setup` looks at
 * a Proxy it made itself; in an engine that does it otherwise every target is undefined. */
static JSClassID proxy_class;

static bool
record_begins_with(JSValueConst proxy, JSValueConst target)
{
    JSClassID id = 0;
    const void *record = JS_GetAnyOpaque(proxy, &id);
    JSValue first;

    if (!record)
        return false;
    memcpy(&first, record, sizeof(first));
    if (JS_VALUE_GET_TAG(first) != JS_VALUE_GET_TAG(target) ||
        JS_VALUE_GET_PTR(first) != JS_VALUE_GET_PTR(target))
        return false;
    proxy_class = id;
    return true;
}

static int
learn_proxy(JSContext *ctx)
{
    JSValue global = JS_GetGlobalObject(ctx);
    JSValue maker = JS_GetPropertyStr(ctx, global, "Proxy");
    JSValue parts[2] = { JS_NewObject(ctx), JS_NewObject(ctx) };
    JSValue proxy = JS_CallConstructor(ctx, maker, 2, parts);
    bool made = !JS_IsException(proxy);

    if (made)
        record_begins_with(proxy, parts[0]);
    JS_FreeValue(ctx, proxy);
    JS_FreeValue(ctx, parts[0]);
    JS_FreeValue(ctx, parts[1]);
    JS_FreeValue(ctx, maker);
    JS_FreeValue(ctx, global);
    return made ? 0 : -1;
}

static JSValue
proxy_target(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    JSClassID id = 0;
    const void *record = argc > 0 && JS_IsObject(argv[0]) ? JS_GetAnyOpaque(argv[0], &id) : NULL;
    JSValue target;

    (void)self;
    if (!record || !proxy_class || id != proxy_class)
        return JS_UNDEFINED;
    memcpy(&target, record, sizeof(target));
    return JS_DupValue(ctx, target);
}

static JSValue
promise_state(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)self;
    (void)argc;
    switch ((int)JS_PromiseState(ctx, argv[0])) {
    case JS_PROMISE_PENDING:
        return JS_NewString(ctx, "pending");
    case JS_PROMISE_FULFILLED:
        return JS_NewString(ctx, "fulfilled");
    case JS_PROMISE_REJECTED:
        return JS_NewString(ctx, "rejected");
    default:
        return JS_UNDEFINED;
    }
}

static JSValue
promise_result(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)self;
    (void)argc;
    return JS_PromiseResult(ctx, argv[0]);
}

/* --- text and bytes --- */

/* The bytes of an ArrayBuffer or a view of one; false with an exception pending. The pointer holds
 * only until the next call into the engine. */
static bool
bytes_of(JSContext *ctx, JSValueConst value, uint8_t **bytes, size_t *size)
{
    size_t offset, length, element, whole;
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, value, &offset, &length, &element);

    if (JS_IsException(buffer)) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        *bytes = JS_GetArrayBuffer(ctx, size, value);
        return *bytes != NULL || *size == 0;
    }
    *bytes = JS_GetArrayBuffer(ctx, &whole, buffer);
    JS_FreeValue(ctx, buffer); /* the view holds it */
    if (!*bytes && length > 0)
        return false;
    if (*bytes)
        *bytes += offset;
    *size = length;
    return true;
}

/* How long the sequence at `at` is: >0 when it is whole and right, -n when n bytes are wrong, 0
 * when it is right as far as it goes but the text ends in it. By the table of RFC 3629, and n as
 * the Encoding standard counts ("maximal subpart"). */
static int
utf8_sequence(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0], low = 0x80, high = 0xbf;
    int need = lead < 0x80   ? 1
               : lead < 0xc2 ? -1
               : lead < 0xe0 ? 2
               : lead < 0xf0 ? 3
               : lead < 0xf5 ? 4
                             : -1;

    if (lead == 0xe0)
        low = 0xa0;
    else if (lead == 0xed)
        high = 0x9f;
    else if (lead == 0xf0)
        low = 0x90;
    else if (lead == 0xf4)
        high = 0x8f;
    for (int i = 1; i < need; i++) {
        if ((size_t)i >= left)
            return 0;
        if (at[i] < low || at[i] > high)
            return -i;
        low = 0x80;
        high = 0xbf;
    }
    return need;
}

/* Where the text first breaks; `size` when it does not. */
static size_t
utf8_valid_prefix(const uint8_t *bytes, size_t size)
{
    size_t i = 0;

    while (i < size) {
        int n = bytes[i] < 0x80 ? 1 : utf8_sequence(bytes + i, size - i);
        if (n <= 0)
            break;
        i += (size_t)n;
    }
    return i;
}

static void
add_code_point(struct pin_buf *out, uint32_t c)
{
    char text[4];
    size_t n = 0;

    if (c < 0x80) {
        text[n++] = (char)c;
    } else if (c < 0x800) {
        text[n++] = (char)(0xc0 | c >> 6);
        text[n++] = (char)(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        text[n++] = (char)(0xe0 | c >> 12);
        text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        text[n++] = (char)(0x80 | (c & 0x3f));
    } else {
        text[n++] = (char)(0xf0 | c >> 18);
        text[n++] = (char)(0x80 | (c >> 12 & 0x3f));
        text[n++] = (char)(0x80 | (c >> 6 & 0x3f));
        text[n++] = (char)(0x80 | (c & 0x3f));
    }
    pin__buf_add(out, text, n);
}

static JSValue
string_from(JSContext *ctx, struct pin_buf *text)
{
    JSValue result = text->bad ? JS_ThrowOutOfMemory(ctx)
                               : JS_NewStringLen(ctx, pin__buf_text(text), text->size);

    pin__buf_fini(text);
    return result;
}

/* decodeUtf8(bytes, fatal): a string, or null when `fatal` and the bytes are no UTF-8. */
static JSValue
decode_utf8(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct pin_buf text;
    uint8_t *bytes;
    size_t size, good;

    (void)self;
    (void)argc;
    if (!bytes_of(ctx, argv[0], &bytes, &size))
        return JS_EXCEPTION;
    good = utf8_valid_prefix(bytes, size);
    if (good == size)
        return JS_NewStringLen(ctx, size ? (const char *)bytes : "", size);
    if (JS_ToBool(ctx, argv[1]))
        return JS_NULL;
    text = PIN_BUF_INIT(size * 3 + 1);
    for (size_t i = 0; i < size;) {
        size_t run = utf8_valid_prefix(bytes + i, size - i);
        pin__buf_add(&text, bytes + i, run);
        i += run;
        if (i < size) {
            int n = utf8_sequence(bytes + i, size - i);
            i = n == 0 ? size : i + (size_t)-n;
            pin__buf_adds(&text, "\xef\xbf\xbd");
        }
    }
    return string_from(ctx, &text);
}

/* utf8Rest(bytes): how many bytes at the end are the beginning of a sequence. */
static JSValue
utf8_rest(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    uint8_t *bytes;
    size_t size;

    (void)self;
    (void)argc;
    if (!bytes_of(ctx, argv[0], &bytes, &size))
        return JS_EXCEPTION;
    for (size_t n = 1; n <= 3 && n <= size; n++)
        if (bytes[size - n] >= 0xc0)
            return JS_NewInt32(ctx, utf8_sequence(bytes + size - n, n) == 0 ? (int32_t)n : 0);
    return JS_NewInt32(ctx, 0);
}

/* decodeUtf16(bytes, fatal): little endian, an even number of bytes; null as decodeUtf8. */
static JSValue
decode_utf16(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    bool fatal = JS_ToBool(ctx, argv[1]);
    struct pin_buf text;
    uint8_t *bytes;
    size_t size;

    (void)self;
    (void)argc;
    if (!bytes_of(ctx, argv[0], &bytes, &size))
        return JS_EXCEPTION;
    text = PIN_BUF_INIT(size * 2 + 4);
    for (size_t i = 0; i + 1 < size; i += 2) {
        uint32_t c = bytes[i] | (uint32_t)bytes[i + 1] << 8;
        uint32_t next = i + 3 < size ? bytes[i + 2] | (uint32_t)bytes[i + 3] << 8 : 0;
        if ((c & 0xfc00) == 0xd800 && (next & 0xfc00) == 0xdc00) {
            c = 0x10000 + ((c & 0x3ff) << 10) + (next & 0x3ff);
            i += 2;
        } else if ((c & 0xf800) == 0xd800) {
            if (fatal) {
                pin__buf_fini(&text);
                return JS_NULL;
            }
            c = 0xfffd;
        }
        add_code_point(&text, c);
    }
    return string_from(ctx, &text);
}

/* decodeLatin1(bytes): what the web calls latin1 is windows-1252. */
static JSValue
decode_latin1(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    static const uint16_t upper[32] = {
        0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
        0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
    };
    struct pin_buf text;
    uint8_t *bytes;
    size_t size;

    (void)self;
    (void)argc;
    if (!bytes_of(ctx, argv[0], &bytes, &size))
        return JS_EXCEPTION;
    text = PIN_BUF_INIT(size * 3 + 1);
    for (size_t i = 0; i < size; i++)
        add_code_point(&text,
                       bytes[i] >= 0x80 && bytes[i] < 0xa0 ? upper[bytes[i] - 0x80] : bytes[i]);
    return string_from(ctx, &text);
}

static JSValue
new_bytes(JSContext *ctx, const void *data, size_t size)
{
    /* Buffer, offset, length: the engine reads all three whatever it is told of their number. */
    JSValue args[3] = { JS_NewArrayBufferCopy(ctx, data, size), JS_UNDEFINED, JS_UNDEFINED };
    JSValue array;

    if (JS_IsException(args[0]))
        return args[0];
    array = JS_NewTypedArray(ctx, 3, args, JS_TYPED_ARRAY_UINT8);
    JS_FreeValue(ctx, args[0]);
    return array;
}

/* The engine writes a lone surrogate as three bytes from ED A0 80 on; U+FFFD has three as well. */
static void
mend_surrogates(uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i + 2 < size; i++)
        if (bytes[i] == 0xed && bytes[i + 1] >= 0xa0)
            memcpy(bytes + i, "\xef\xbf\xbd", 3);
}

/* encodeUtf8(string): a Uint8Array. */
static JSValue
encode_utf8(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t size, mapped;
    const char *text = JS_ToCStringLen(ctx, &size, argv[0]);
    uint8_t *bytes;
    JSValue result;

    (void)self;
    (void)argc;
    if (!text)
        return JS_EXCEPTION;
    result = new_bytes(ctx, text, size);
    JS_FreeCString(ctx, text);
    if (!JS_IsException(result) && bytes_of(ctx, result, &bytes, &mapped) && mapped > 0)
        mend_surrogates(bytes, mapped);
    return result;
}

/* --- base64 --- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* UTF-8 of characters up to U+00FF to one byte each; false when another one is there. */
static bool
latin1_from_utf8(const char *text, size_t size, struct pin_buf *out)
{
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c >= 0xc4)
            return false;
        if (c >= 0xc2)
            c = (uint8_t)(c << 6 | ((uint8_t)text[++i] & 0x3f));
        pin__buf_addc(out, (char)c);
    }
    return true;
}

static void
add_base64(struct pin_buf *out, const uint8_t *at, size_t left)
{
    uint32_t bits = (uint32_t)at[0] << 16 | (left > 1 ? (uint32_t)at[1] << 8 : 0) |
                    (left > 2 ? (uint32_t)at[2] : 0);

    pin__buf_addc(out, base64_digits[bits >> 18]);
    pin__buf_addc(out, base64_digits[bits >> 12 & 63]);
    pin__buf_addc(out, left > 1 ? base64_digits[bits >> 6 & 63] : '=');
    pin__buf_addc(out, left > 2 ? base64_digits[bits & 63] : '=');
}

/* toBase64(string): null when a character is beyond U+00FF. */
static JSValue
to_base64(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, argv[0]);
    struct pin_buf bytes, out;
    bool narrow;

    (void)self;
    (void)argc;
    if (!text)
        return JS_EXCEPTION;
    bytes = PIN_BUF_INIT(size + 1);
    out = PIN_BUF_INIT(size * 2 + 8);
    narrow = latin1_from_utf8(text, size, &bytes);
    JS_FreeCString(ctx, text);
    for (size_t i = 0; narrow && i < bytes.size; i += 3)
        add_base64(&out, (const uint8_t *)bytes.data + i, bytes.size - i);
    out.bad = out.bad || bytes.bad;
    pin__buf_fini(&bytes);
    if (narrow)
        return string_from(ctx, &out);
    pin__buf_fini(&out);
    return JS_NULL;
}

static int
base64_value(char c)
{
    const char *at = c ? strchr(base64_digits, c) : NULL;
    return at ? (int)(at - base64_digits) : -1;
}

/* The digits of `text` without white space and without the padding that is allowed; false when
 * something else is there. */
static bool
base64_clean(const char *text, size_t size, struct pin_buf *digits)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0' || !strchr(" \t\n\f\r", text[i]))
            pin__buf_addc(digits, text[i]);
    if (digits->size % 4 == 0 && digits->size > 0 && digits->data[digits->size - 1] == '=') {
        digits->size--;
        if (digits->data[digits->size - 1] == '=')
            digits->size--;
    }
    if (digits->size % 4 == 1)
        return false;
    for (size_t i = 0; i < digits->size; i++)
        if (base64_value(digits->data[i]) < 0)
            return false;
    return true;
}

/* fromBase64(string): a string of characters up to U+00FF; null when it is no base64. */
static JSValue
from_base64(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    size_t size;
    const char *text = JS_ToCStringLen(ctx, &size, argv[0]);
    struct pin_buf digits, out;
    uint32_t bits = 0;
    bool right;

    (void)self;
    (void)argc;
    if (!text)
        return JS_EXCEPTION;
    digits = PIN_BUF_INIT(size + 1);
    out = PIN_BUF_INIT(size * 2 + 1);
    right = base64_clean(text, size, &digits);
    JS_FreeCString(ctx, text);
    for (size_t i = 0; right && i < digits.size; i++) {
        bits = bits << 6 | (uint32_t)base64_value(digits.data[i]);
        if (i % 4 != 0)
            add_code_point(&out, bits >> (6 - 2 * (i % 4)) & 0xff);
    }
    out.bad = out.bad || digits.bad;
    pin__buf_fini(&digits);
    if (right)
        return string_from(ctx, &out);
    pin__buf_fini(&out);
    return JS_NULL;
}

static JSValue
detach_buffer(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)self;
    (void)argc;
    JS_DetachArrayBuffer(ctx, argv[0]);
    return JS_UNDEFINED;
}

/* --- randomness and time --- */

static bool
random_bytes(JSContext *ctx, uint8_t *out, size_t size)
{
    uint8_t chunk[RANDOM_CHUNK];

    while (size > 0) {
        size_t want = size < sizeof(chunk) ? size : sizeof(chunk);
        ssize_t got = getrandom(chunk, want, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            JS_ThrowInternalError(ctx, "the system gave no random bytes");
            return false;
        }
        memcpy(out, chunk, (size_t)got);
        out += got;
        size -= (size_t)got;
    }
    return true;
}

static JSValue
fill_random(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    uint8_t *bytes;
    size_t size;

    (void)self;
    (void)argc;
    if (!bytes_of(ctx, argv[0], &bytes, &size) || !random_bytes(ctx, bytes, size))
        return JS_EXCEPTION;
    return JS_DupValue(ctx, argv[0]);
}

static JSValue
random_uuid(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t b[16];
    char text[36];
    size_t n = 0;

    (void)self;
    (void)argc;
    (void)argv;
    if (!random_bytes(ctx, b, sizeof(b)))
        return JS_EXCEPTION;
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4 */
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); /* variant of RFC 9562 */
    for (size_t i = 0; i < sizeof(b); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[n++] = '-';
        text[n++] = digits[b[i] >> 4];
        text[n++] = digits[b[i] & 15];
    }
    return JS_NewStringLen(ctx, text, n);
}

static void
start_of_run(void)
{
    run_began = pin__clock_mono();
    run_began_wall_us = pin__clock_wall_us();
}

static int
setup(JSContext *ctx)
{
    start_of_run();
    return learn_proxy(ctx);
}

/* now(): milliseconds since the run began. */
static JSValue
now(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return JS_NewFloat64(ctx, (double)(pin__clock_mono().ns - run_began.ns) / 1e6);
}

/* timeOrigin(): when the run began, milliseconds since 1970. */
static JSValue
time_origin(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    (void)self;
    (void)argc;
    (void)argv;
    return JS_NewFloat64(ctx, (double)run_began_wall_us / 1e3);
}

static int64_t
offset_seconds(int64_t at)
{
    time_t t = (time_t)at;
    struct tm tm;

    /* Whole minutes, as the engine has it: before 1900 some zones had seconds. */
    return localtime_r(&t, &tm) ? tm.tm_gmtoff / 60 * 60 : 0;
}

/* utcFromLocal(ms): the instant at which the local clock shows what a clock in UTC shows at `ms`.
 * Of two such instants the first; a time that the clock skips is read as if it had not been put
 * forward yet. So ECMAScript wants it; the engine looks the offset up at the wrong moment and is
 * wrong for some hours around each change. */
static JSValue
utc_from_local(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    const int64_t day = 24 * 3600; /* no offset is as large, and no two changes are as near */
    double ms;
    int64_t local, before, after;

    (void)self;
    (void)argc;
    if (JS_ToFloat64(ctx, &ms, argv[0]) != 0)
        return JS_EXCEPTION;
    if (!(fabs(ms) <= DATE_MS_MAX + (double)day * 1000))
        return JS_NewFloat64(ctx, NAN);
    local = (int64_t)floor(ms / 1000);
    before = offset_seconds(local - day);
    after = offset_seconds(local + day);
    if (before != after && offset_seconds(local - before) != before &&
        offset_seconds(local - after) == after)
        before = after;
    return JS_NewFloat64(ctx, ms - (double)before * 1000);
}

/* offsetAt(ms): by how many milliseconds the local clock is ahead of UTC at an instant. */
static JSValue
offset_at(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    double ms;

    (void)self;
    (void)argc;
    if (JS_ToFloat64(ctx, &ms, argv[0]) != 0)
        return JS_EXCEPTION;
    if (!(fabs(ms) <= DATE_MS_MAX))
        return JS_NewFloat64(ctx, NAN);
    return JS_NewFloat64(ctx, (double)offset_seconds((int64_t)floor(ms / 1000)) * 1000);
}

/* --- the common case of console.log --- */

static bool
add_plain(JSContext *ctx, struct pin_buf *line, JSValueConst value)
{
    size_t size;
    const char *text;

    if (JS_IsObject(value) || JS_IsSymbol(value) || JS_IsBigInt(ctx, value))
        return false;
    if (JS_VALUE_GET_NORM_TAG(value) == JS_TAG_FLOAT64 && JS_VALUE_GET_FLOAT64(value) == 0)
        return false; /* may be -0 */
    text = JS_ToCStringLen(ctx, &size, value);
    if (!text) {
        JS_FreeValue(ctx, JS_GetException(ctx));
        return false;
    }
    pin__buf_add(line, text, size);
    JS_FreeCString(ctx, text);
    return true;
}

/* printPlain(stream, ...args): writes the line and gives true when all arguments are strings,
 * numbers, booleans, null or undefined and the first needs no formatting; otherwise false. */
static JSValue
print_plain(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
{
    struct pin_buf line = PIN_BUF_INIT((size_t)1 << 30);
    bool plain = true;
    int32_t stream;

    (void)self;
    if (argc < 1 || JS_ToInt32(ctx, &stream, argv[0]) != 0)
        return JS_FALSE;
    for (int i = 1; plain && i < argc; i++) {
        if (i > 1)
            pin__buf_addc(&line, ' ');
        plain = add_plain(ctx, &line, argv[i]) &&
                !(i == 1 && argc > 2 && line.size > 0 && memchr(line.data, '%', line.size));
    }
    pin__buf_addc(&line, '\n');
    plain = plain && !line.bad;
    if (plain) {
        mend_surrogates((uint8_t *)line.data, line.size);
        pin__engine_print(pin__engine_of(ctx), stream == PIN_STDOUT ? PIN_STDOUT : PIN_STDERR,
                          line.data, line.size);
    }
    pin__buf_fini(&line);
    return JS_NewBool(ctx, plain);
}

static const JSCFunctionListEntry exports[] = {
    JS_CFUNC_DEF("classOf", 1, class_of),
    JS_CFUNC_DEF("proxyTarget", 1, proxy_target),
    JS_CFUNC_DEF("promiseState", 1, promise_state),
    JS_CFUNC_DEF("promiseResult", 1, promise_result),
    JS_CFUNC_DEF("decodeUtf8", 2, decode_utf8),
    JS_CFUNC_DEF("utf8Rest", 1, utf8_rest),
    JS_CFUNC_DEF("decodeUtf16", 2, decode_utf16),
    JS_CFUNC_DEF("decodeLatin1", 1, decode_latin1),
    JS_CFUNC_DEF("encodeUtf8", 1, encode_utf8),
    JS_CFUNC_DEF("toBase64", 1, to_base64),
    JS_CFUNC_DEF("fromBase64", 1, from_base64),
    JS_CFUNC_DEF("detachBuffer", 1, detach_buffer),
    JS_CFUNC_DEF("fillRandom", 1, fill_random),
    JS_CFUNC_DEF("randomUuid", 0, random_uuid),
    JS_CFUNC_DEF("now", 0, now),
    JS_CFUNC_DEF("timeOrigin", 0, time_origin),
    JS_CFUNC_DEF("utcFromLocal", 1, utc_from_local),
    JS_CFUNC_DEF("offsetAt", 1, offset_at),
    JS_CFUNC_DEF("printPlain", 1, print_plain),
};

const struct pin_js_native pin__js_native_platform = {
    .name = "pinstripe:native/platform",
    PIN_JS_EXPORTS(exports),
    .setup = setup,
    .start_of_run = start_of_run,
};
