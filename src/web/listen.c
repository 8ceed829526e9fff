/* listen.c - see listen.h. */
#include "web/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/quote.h"

enum { BACKLOG = 511, HOST_SIZE = 256, PORT_MAX = 65535 };

void
pin__address_text(const struct sockaddr *address, char *out, size_t size)
{
    const void *bytes = NULL;

    *out = '\0';
    if (address->sa_family == AF_INET)
        bytes = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (bytes && !inet_ntop(address->sa_family, bytes, out, (socklen_t)size))
        *out = '\0';
    if (strncmp(out, "::ffff:", 7) == 0 && strchr(out, '.'))
        memmove(out, out + 7, strlen(out + 7) + 1);
}

bool
pin__address_is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strncmp(address, "[::1]", 5) == 0;
}

/* Cuts "[host]:port" in two. */
static bool
split(const char *text, char host[HOST_SIZE], const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t size = colon ? (size_t)(colon - text) : 0;

    if (!size || size >= HOST_SIZE || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
        !colon[1] || strlen(colon + 1) > 5 || strtol(colon + 1, NULL, 10) > PORT_MAX)
        return false;
    *port = colon + 1;
    if (*text == '[' && text[size - 1] == ']') {
        text++;
        size -= 2;
    } else if (memchr(text, ':', size)) {
        return false; /* an IPv6 address stands in brackets */
    }
    memcpy(host, text, size);
    host[size] = '\0';
    return size > 0;
}

static void
describe(int fd, char address[PIN_ADDRESS_SIZE])
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } name = { .six = { 0 } };
    socklen_t size = sizeof name;
    char host[64];

    (void)getsockname(fd, &name.any, &size);
    pin__address_text(&name.any, host, sizeof host);
    if (name.any.sa_family == AF_INET6)
        snprintf(address, PIN_ADDRESS_SIZE, "[%s]:%d", host, ntohs(name.six.sin6_port));
    else
        snprintf(address, PIN_ADDRESS_SIZE, "%s:%d", host, ntohs(name.four.sin_port));
}

static int
open_socket(const struct addrinfo *a)
{
    const int on = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), code;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    code = errno;
    close(fd);
    errno = code;
    return -1;
}

static pin_status
why_not(const char *text, int code, struct pin_err *err)
{
    if (code == EADDRINUSE)
        return pin__err_set(err, PIN_CONFLICT,
                            "cannot listen at %s: another program does already; stop it or give "
                            "another port with --host",
                            text);
    return pin__err_errno(err, code == EACCES ? PIN_DENIED : PIN_IO, code, "cannot listen at %s",
                          text);
}

pin_status
pin__listen(const char *text, int *fd, char address[PIN_ADDRESS_SIZE], struct pin_err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char host[HOST_SIZE];
    const char *port;
    int code;

    *fd = -1;
    if (!split(text, host, &port))
        return pin__err_set(err, PIN_INVALID,
                            "%s is no address to listen at: write HOST:PORT, as in 127.0.0.1:3000 "
                            "or [::1]:3000",
                            pin__quote_text(text).text);
    if ((code = getaddrinfo(host, port, &hints, &found)) != 0)
        return pin__err_set(err, PIN_INVALID, "cannot listen at %s: %s", pin__quote_text(text).text,
                            gai_strerror(code));
    *fd = open_socket(found);
    code = errno;
    freeaddrinfo(found);
    if (*fd < 0)
        return why_not(text, code, err);
    describe(*fd, address);
    return PIN_OK;
}
