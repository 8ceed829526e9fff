/* children.h - processes that this one starts, and those that came to it when who started them
 * ended (PR_SET_CHILD_SUBREAPER).
 */
#ifndef PIN_BASE_CHILDREN_H
#define PIN_BASE_CHILDREN_H

#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/clock.h"

/* Executes a program in a process group of its own, with every signal as at first: a terminal, or a
 * host that ignores SIGCHLD, is of no concern to it. 0, or errno's number. */
int pin__children_spawn(pid_t *pid, const char *program, const posix_spawn_file_actions_t *actions,
                        char *const *argv, char *const *environment);
/* Appends what comes from a pipe until it ends, or `until`. */
void pin__children_hear(int fd, struct pin_buf *text, struct pin_mono until);
/* Kills every child that `keep` does not want kept (NULL: all), and all below it; how many.
 * Children are still to be waited for, and what was started meanwhile comes next: call it until
 * there are none. */
size_t pin__children_kill(bool (*keep)(void *context, pid_t pid), void *context);
/* Kills all of them and waits, until this process has none. Both may be called in a signal handler,
 * if `keep` may. */
void pin__children_end(void);

#endif
