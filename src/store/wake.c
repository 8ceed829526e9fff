/* wake.c - see wake.h. */
#include "store/wake.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static socklen_t
name_of(const uint8_t identity[16], int number, struct sockaddr_un *out)
{
    static const char prefix[] = "pinstripe-wake-";
    size_t at = 1; /* a NUL in front: no file */

    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(out->sun_path + at, prefix, sizeof prefix - 1);
    at += sizeof prefix - 1;
    for (int i = 0; i < 16; i++, at += 2)
        snprintf(out->sun_path + at, 3, "%02x", identity[i]);
    out->sun_path[at++] = (char)('0' + number);
    return (socklen_t)(sizeof out->sun_family + at);
}

static int
open_socket(void)
{
    return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

int
pin__wake_listen(const uint8_t identity[16])
{
    struct sockaddr_un name;
    int fd = open_socket();

    for (int i = 0; fd >= 0 && i < PIN_WAKE_BOTS_MAX; i++) {
        socklen_t size = name_of(identity, i, &name);

        if (bind(fd, (const struct sockaddr *)&name, size) == 0)
            return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

bool
pin__wake_take(int fd)
{
    char bytes[16];
    bool any = false;

    while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        any = true;
    return any;
}

/* With a socket for this once: beside the commit it costs nothing, and a program that has us as its
 * library may close every descriptor that it does not know. */
void
pin__wake_send(const uint8_t identity[16])
{
    int fd = open_socket();
    struct sockaddr_un name;

    for (int i = 0; fd >= 0 && i < PIN_WAKE_BOTS_MAX; i++) {
        socklen_t size = name_of(identity, i, &name);

        (void)sendto(fd, "w", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&name, size);
    }
    if (fd >= 0)
        close(fd);
}
