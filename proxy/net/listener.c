#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>

struct listener {
    union {
        uv_tcp_t tcp;
        uv_pipe_t pipe; /* Of a Unix socket. */
    };
    int fd;
    listener_fn *on_client;
    void *owner;
};

enum {
    BACKLOG = 4096,
};

static int open_socket(const struct address *address, bool reuse_port)
{
    struct sockaddr_storage storage;
    size_t len = address_sockaddr(address, &storage);
    int yes = 1;
    int fd = socket(address_is_v4(address) ? AF_INET : AF_INET6,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int failed = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (reuse_port) {
        failed |= setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
    }
    if (!address_is_v4(address)) {
        failed |= setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
    }
    if (failed != 0 || bind(fd, (struct sockaddr *)&storage, (socklen_t)len) != 0) {
        int saved = errno;
        (void)close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static void learn_port(int fd, struct address *address_p)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);

    if (getsockname(fd, (struct sockaddr *)&storage, &len) == 0) {
        address_p->port = address_of(&storage).port;
    }
}

/* SO_REUSEPORT would let two programs of one user share a port unseen; a socket without
 * it can be bound and listened on only where nobody else listens. */
static enum err probe(struct address *address_p)
{
    int fd = open_socket(address_p, false);
    if (fd < 0) {
        return ERR_ADDRESS;
    }
    int listened = listen(fd, 1);
    int saved = errno;
    learn_port(fd, address_p);
    (void)close(fd);
    errno = saved;
    return listened == 0 ? ERR_NONE : ERR_ADDRESS;
}

enum err listener_bind(struct address *address_p, int *fds_out, size_t count)
{
    enum err err = probe(address_p);
    size_t opened = 0;

    while (err == ERR_NONE && opened < count) {
        int fd = open_socket(address_p, true);
        if (fd < 0) {
            err = ERR_ADDRESS;
            break;
        }
        fds_out[opened++] = fd;
        if (listen(fd, BACKLOG) != 0) {
            err = ERR_ADDRESS;
        }
    }
    if (err != ERR_NONE) {
        int saved = errno;
        while (opened > 0) {
            (void)close(fds_out[--opened]);
        }
        errno = saved;
    }
    return err;
}

bool listener_is_at(int fd, const struct address *address)
{
    struct sockaddr_storage storage = {0};
    socklen_t len = sizeof(storage);
    int listening = 0;
    socklen_t size = sizeof(listening);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
        listening == 0 || getsockname(fd, (struct sockaddr *)&storage, &len) != 0 ||
        (storage.ss_family != AF_INET && storage.ss_family != AF_INET6)) {
        return false;
    }
    struct address bound = address_of(&storage);
    return bound.port == address->port &&
           memcmp(bound.bytes, address->bytes, sizeof(bound.bytes)) == 0;
}

static void on_connection(uv_stream_t *server, int status)
{
    struct listener *self = server->data;
    if (status == 0) {
        self->on_client(self->owner, server);
    }
}

static bool is_local(int fd)
{
    int family = AF_UNSPEC;
    socklen_t size = sizeof(family);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 &&
           family == AF_UNIX;
}

static int open_handle(struct listener *self, struct loop *loop, int fd)
{
    if (is_local(fd)) {
        (void)uv_pipe_init(loop_handle(loop), &self->pipe, 0);
        self->pipe.data = self;
        return uv_pipe_open(&self->pipe, fd);
    }
    (void)uv_tcp_init(loop_handle(loop), &self->tcp);
    self->tcp.data = self;
    return uv_tcp_open(&self->tcp, fd);
}

struct listener *listener_new(struct loop *loop, int fd, listener_fn *on_client,
                              void *owner)
{
    struct listener *self = malloc(sizeof(*self));
    if (self == NULL) {
        (void)close(fd);
        return NULL;
    }
    self->fd = fd;
    self->on_client = on_client;
    self->owner = owner;
    if (open_handle(self, loop, fd) != 0) {
        (void)close(fd);
        listener_free(&self);
        return NULL;
    }
    if (uv_listen((uv_stream_t *)&self->tcp, BACKLOG, on_connection) != 0) {
        listener_free(&self);
    }
    return self;
}

int listener_fd(const struct listener *self)
{
    return self->fd;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void listener_free(struct listener **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&(*self_p)->tcp, on_closed);
    *self_p = NULL;
}
