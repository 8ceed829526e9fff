/* compile-javascript.c - build step: turns our JavaScript modules into bytecode inside a C table.
 *
 *   compile-javascript OUT.c NAME=FILE...
 *
 * The bytecode is only ever read by the program built together with it (design: never load foreign
 * bytecode).
 */
#include <quickjs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    char *text;
    long n;

    if (!f || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0 || fseek(f, 0, SEEK_SET) != 0)
        return NULL;
    text = calloc(1, (size_t)n + 1);
    if (!text || fread(text, 1, (size_t)n, f) != (size_t)n)
        return NULL;
    fclose(f);
    *size = (size_t)n;
    return text;
}

/* Imports are resolved when the program starts; while compiling any name will do. */
static int
empty_module(JSContext *ctx, JSModuleDef *m)
{
    (void)ctx;
    (void)m;
    return 0;
}

static JSModuleDef *
any_module(JSContext *ctx, const char *name, void *opaque)
{
    (void)opaque;
    return JS_NewCModule(ctx, name, empty_module);
}

static void
emit(FILE *out, size_t index, const uint8_t *bytes, size_t size)
{
    fprintf(out, "static const uint8_t module_%zu[%zu] = {", index, size);
    for (size_t i = 0; i < size; i++)
        fprintf(out, "%s%u,", i % 24 ? "" : "\n    ", bytes[i]);
    fprintf(out, "\n};\n\n");
}

static size_t
compile(JSContext *ctx, FILE *out, size_t index, const char *name, const char *file)
{
    size_t size, bytecode_size;
    char *text = read_file(file, &size);
    uint8_t *bytecode;
    JSValue module;

    if (!text) {
        fprintf(stderr, "compile-javascript: cannot read %s\n", file);
        exit(1);
    }
    module = JS_Eval(ctx, text, size, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    if (JS_IsException(module)) {
        JSValue error = JS_GetException(ctx);
        JSValue stack = JS_GetPropertyStr(ctx, error, "stack");
        fprintf(stderr, "%s: %s\n%s", file, JS_ToCString(ctx, error), JS_ToCString(ctx, stack));
        exit(1);
    }
    bytecode = JS_WriteObject(ctx, &bytecode_size, module, JS_WRITE_OBJ_BYTECODE);
    if (!bytecode) {
        fprintf(stderr, "compile-javascript: cannot write %s\n", file);
        exit(1);
    }
    emit(out, index, bytecode, bytecode_size);
    js_free(ctx, bytecode);
    JS_FreeValue(ctx, module);
    free(text);
    return bytecode_size;
}

int
main(int argc, char **argv)
{
    JSRuntime *rt = JS_NewRuntime();
    JSContext *ctx = JS_NewContext(rt);
    FILE *out = argc > 1 ? fopen(argv[1], "w") : NULL;
    size_t sizes[256];

    if (!out || argc > 256) {
        fprintf(stderr, "usage: compile-javascript OUT.c NAME=FILE...\n");
        return 2;
    }
    JS_SetModuleLoaderFunc(rt, NULL, any_module, NULL);
    /* Half of the size is the source that Function.prototype.toString shows; line numbers stay. */
    JS_SetStripInfo(rt, JS_STRIP_SOURCE);
    fprintf(out, "/* Made by tools/compile-javascript.c; do not edit. */\n#include "
                 "\"javascript/bytecode.h\"\n\n");
    for (int i = 2; i < argc; i++) {
        char *file = strchr(argv[i], '=');
        *file++ = '\0';
        sizes[i] = compile(ctx, out, (size_t)i - 2, argv[i], file);
    }
    fprintf(out, "const struct pin_bytecode pin__bytecode[] = {\n");
    for (int i = 2; i < argc; i++)
        fprintf(out, "    { \"%s\", module_%d, %zu },\n", argv[i], i - 2, sizes[i]);
    fprintf(out, "};\nconst size_t pin__bytecode_count = %d;\n", argc - 2);
    return fclose(out) == 0 ? 0 : 1;
}
