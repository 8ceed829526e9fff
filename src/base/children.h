/* children.h - processes that came to this one when who started them ended
 * (PR_SET_CHILD_SUBREAPER).
 */
#ifndef PIN_BASE_CHILDREN_H
#define PIN_BASE_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Kills every child that `keep` does not want kept (NULL: all), and all below it; how many.
 * Children are still to be waited for, and what was started meanwhile comes next: call it until
 * there are none. */
size_t pin__children_kill(bool (*keep)(void *context, pid_t pid), void *context);
/* Kills all of them and waits, until this process has none. Both may be called in a signal handler,
 * if `keep` may. */
void pin__children_end(void);

#endif
