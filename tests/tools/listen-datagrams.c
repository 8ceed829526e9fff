/* listen-datagrams.c - a service manager's end of NOTIFY_SOCKET, for tests: prints what is sent to
 * it.
 *
 *     listen-datagrams PATH      prints "ready" when it listens, then each line of each datagram
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    char text[4096];
    ssize_t n;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (argc != 2 || fd < 0 || strlen(argv[1]) >= sizeof name.sun_path)
        return 2;
    memcpy(name.sun_path, argv[1], strlen(argv[1]));
    if (bind(fd, (const struct sockaddr *)&name, sizeof name) != 0) {
        perror(argv[1]);
        return 1;
    }
    puts("ready");
    fflush(stdout);
    while ((n = recv(fd, text, sizeof text - 1, 0)) >= 0) {
        text[n] = '\0';
        puts(text);
        fflush(stdout);
    }
    return 0;
}
