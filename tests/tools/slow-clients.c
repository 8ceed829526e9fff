/* slow-clients.c - many connections that send a byte now and then: slow-clients PORT COUNT MS TEXT.
 *
 * Prints "connected" when all are, then "closed" when the server has ended each of them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int
connect_to(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        perror("slow-clients");
        exit(1);
    }
    return fd;
}

/* False when the other end is gone. */
static int
send_byte(int fd, char byte)
{
    char scrap[512];
    ssize_t n = recv(fd, scrap, sizeof scrap, MSG_DONTWAIT);

    if (n == 0 || (n < 0 && errno != EAGAIN))
        return 0;
    return send(fd, &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1 || errno == EAGAIN;
}

int
main(int argc, char **argv)
{
    struct rlimit limit;
    int count, left, *fds;
    size_t at = 0;

    if (argc != 5)
        return 2;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    left = count = atoi(argv[2]);
    if (!(fds = calloc((size_t)count, sizeof *fds)))
        return 1;
    for (int i = 0; i < count; i++)
        fds[i] = connect_to(atoi(argv[1]));
    puts("connected");
    fflush(stdout);
    while (left) {
        char byte = argv[4][at] ? argv[4][at++] : 'x';

        for (int i = 0; i < count; i++)
            if (fds[i] >= 0 && !send_byte(fds[i], byte)) {
                close(fds[i]);
                fds[i] = -1;
                left--;
            }
        poll(NULL, 0, atoi(argv[3]));
    }
    puts("closed");
    free(fds);
    return 0;
}
