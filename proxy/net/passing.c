#include "net/passing.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Aligned as the kernel wants it. */
union ancillary {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(PASSING_FDS_MAX * sizeof(int))];
};

enum err passing_pair(int fds_out[2])
{
    int made = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds_out);
    return made == 0 ? ERR_NONE : ERR_SYSTEM;
}

enum err passing_send(int fd, const void *bytes, size_t len, const int *fds, size_t count)
{
    union ancillary ancillary = {0};
    struct iovec piece = {.iov_len = len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};

    CHECK(len > 0 && count <= PASSING_FDS_MAX);
    memcpy(&piece.iov_base, &bytes, sizeof(bytes)); /* Not written to. */
    if (count > 0) {
        message.msg_control = ancillary.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        ancillary.head.cmsg_level = SOL_SOCKET;
        ancillary.head.cmsg_type = SCM_RIGHTS;
        ancillary.head.cmsg_len = CMSG_LEN(count * sizeof(int));
        memcpy(CMSG_DATA(&ancillary.head), fds, count * sizeof(int));
    }
    ssize_t sent = -1;
    do {
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0) {
        return ERR_NONE;
    }
    if (errno == EAGAIN || errno == ENOBUFS) {
        return ERR_FULL;
    }
    return errno == EPIPE || errno == ECONNRESET ? ERR_CLOSED : ERR_SYSTEM;
}

static enum err wait_for(int fd, int timeout_ms)
{
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    int found = -1;

    do {
        found = poll(&waiting, 1, timeout_ms);
    } while (found < 0 && errno == EINTR);
    if (found < 0) {
        return ERR_SYSTEM;
    }
    return found == 0 ? ERR_TIMEOUT : ERR_NONE;
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)close(fds[i]);
    }
}

/* Those that have come, whether or not there is room for them. */
static enum err take_fds(struct msghdr *message, struct passing_room *room_p)
{
    struct cmsghdr *head = CMSG_FIRSTHDR(message);
    int fds[PASSING_FDS_MAX];
    size_t count = 0;

    if (head != NULL && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
        count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds, CMSG_DATA(head), count * sizeof(int));
    }
    bool cut = (message->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
    if (cut || count > room_p->fds_max) {
        close_all(fds, count);
        return ERR_LIMIT;
    }
    if (count > 0) {
        memcpy(room_p->fds, fds, count * sizeof(int));
    }
    room_p->count = count;
    return ERR_NONE;
}

enum err passing_receive(int fd, struct passing_room *room_p, int timeout_ms)
{
    union ancillary ancillary;
    struct iovec piece = {.iov_base = room_p->bytes, .iov_len = room_p->size};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = ancillary.bytes,
                             .msg_controllen = sizeof(ancillary.bytes)};

    room_p->len = 0;
    room_p->count = 0;
    enum err err = wait_for(fd, timeout_ms);
    if (err != ERR_NONE) {
        return err;
    }
    ssize_t len = -1;
    do {
        len = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (len < 0 && errno == EINTR);
    if (len < 0) {
        return errno == ECONNRESET ? ERR_CLOSED : ERR_SYSTEM;
    }
    if (len == 0) {
        return ERR_CLOSED;
    }
    room_p->len = (size_t)len;
    return take_fds(&message, room_p);
}
