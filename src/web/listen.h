/* listen.h - sockets that listen at an address that a person wrote. */
#ifndef PIN_WEB_LISTEN_H
#define PIN_WEB_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

#define PIN_ADDRESS_SIZE 80

/* "HOST:PORT" or "[HOST]:PORT"; port 0 takes a free one. `address` gets what it became. */
pin_status pin__listen(const char *text, int *fd, char address[PIN_ADDRESS_SIZE],
                       struct pin_err *err) PIN_MUST_USE;
/* "127.0.0.1", "::1"; an IPv4 address in IPv6's clothes is shown as what it is. */
void pin__address_text(const struct sockaddr *address, char *out, size_t size);
/* Of this machine only: 127.0.0.0/8, ::1 (with a port behind or not). */
bool pin__address_is_loopback(const char *address);

#endif
