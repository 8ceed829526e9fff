/* children.h - processes that came to this one when who started them ended
 * (PR_SET_CHILD_SUBREAPER).
 */
#ifndef PIN_BASE_CHILDREN_H
#define PIN_BASE_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Kills every child that `keep` does not want kept (NULL: all); how many. They are still to be
 * waited for. Children of theirs come next: call it again until it gives 0. */
size_t pin__children_kill(bool (*keep)(void *context, pid_t pid), void *context);

#endif
