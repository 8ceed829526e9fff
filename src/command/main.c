/* main.c - the program's door: picks a command from the table. */
#include "base/err.h"

int
main(void)
{
    puts("pinstripe " PIN_VERSION " (" PIN_HASH ")");
    return 0;
}
