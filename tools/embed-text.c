/* embed-text.c - build step: turns a text file into a C array, so that the program carries it.
 *
 *   embed-text OUT.c NAME FILE
 */
#include <stdio.h>

int
main(int argc, char **argv)
{
    FILE *in = argc == 4 ? fopen(argv[3], "rb") : NULL;
    FILE *out = in ? fopen(argv[1], "w") : NULL;
    size_t n = 0;
    int c;

    if (!out) {
        perror(argc == 4 ? argv[3] : "usage: embed-text OUT.c NAME FILE");
        return 1;
    }
    fprintf(out, "extern const char %s[];\nconst char %s[] = {", argv[2], argv[2]);
    while ((c = getc(in)) != EOF)
        fprintf(out, "%s%d,", n++ % 24 ? "" : "\n    ", (signed char)c);
    fprintf(out, "\n    0\n};\n");
    if (ferror(in) || fclose(out) != 0) {
        perror(argv[1]);
        return 1;
    }
    return 0;
}
