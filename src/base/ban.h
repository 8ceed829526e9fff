/* ban.h - functions that nobody calls here: they overflow, share state or read a wall clock behind
 * our back. */
#ifndef PIN_BASE_BAN_H
#define PIN_BASE_BAN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Under clang the fortified headers make macros of some: a macro cannot be banned quietly. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat sprintf vsprintf strtok atoi atol gmtime localtime

#endif
