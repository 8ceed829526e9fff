/* wake.h - telling the bots of a store, on this machine, that there is something to do.
 *
 * A bot binds a datagram socket in the abstract namespace, named by the store's identity and the
 * first free number; whoever has committed a run sends one byte to each of them. Nothing depends on
 * it: a bot that was not told looks by itself soon after. A datagram says nothing but "look", so it
 * does not matter who sends one.
 */
#ifndef PIN_STORE_WAKE_H
#define PIN_STORE_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define PIN_WAKE_BOTS_MAX 8 /* on one machine; more look by themselves */

/* A socket to be polled for reading; -1 when all names are taken or the system refuses. */
int pin__wake_listen(const uint8_t identity[16]);
/* Takes what has arrived; true when there was something. */
bool pin__wake_take(int fd);
/* Never waits. */
void pin__wake_send(const uint8_t identity[16]);

#endif
