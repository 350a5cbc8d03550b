/**
 * A server that says the same to everybody: what sources ask is kept, what they get is
 * written down by the test.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/test.h"

struct canned {
    int fd;
    unsigned port;
    pthread_t thread;
    _Atomic(const char *) reply; /**< NULL: says nothing. */
    _Atomic(bool) hangs_up;      /**< After each reply. */
    _Atomic(unsigned) connections;
    _Atomic(unsigned) questions;
    pthread_mutex_t lock; /**< Of the next. */
    char asked[8192];     /**< The last one; read by canned_asked(). */
};

/** What was asked last; after its answer has come. Until the next call. */
static inline const char *canned_asked(struct canned *self)
{
    static char copy[sizeof(self->asked)];

    (void)pthread_mutex_lock(&self->lock);
    memcpy(copy, self->asked, sizeof(copy));
    (void)pthread_mutex_unlock(&self->lock);
    return copy;
}

static inline void canned_serve(struct canned *self, int client)
{
    char asked[sizeof(self->asked)];
    const char *reply = NULL;
    ssize_t len = 0;

    while ((len = recv(client, asked, sizeof(asked) - 1, 0)) > 0) {
        asked[len] = '\0';
        (void)pthread_mutex_lock(&self->lock);
        memcpy(self->asked, asked, (size_t)len + 1);
        (void)pthread_mutex_unlock(&self->lock);
        atomic_fetch_add(&self->questions, 1);
        reply = self->reply;
        if (reply != NULL) {
            (void)send(client, reply, strlen(reply), MSG_NOSIGNAL);
        }
        if (self->hangs_up) {
            break;
        }
    }
    (void)close(client);
}

static inline void *canned_run(void *context)
{
    struct canned *self = context;
    int client = -1;

    while ((client = accept(self->fd, NULL, NULL)) >= 0) {
        atomic_fetch_add(&self->connections, 1);
        canned_serve(self, client);
    }
    return NULL;
}

static inline void canned_start(struct canned *self, const char *reply)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);

    memset(self, 0, sizeof(*self));
    assert_int_equal(pthread_mutex_init(&self->lock, NULL), 0);
    self->reply = reply;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(self->fd >= 0);
    assert_int_equal(bind(self->fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(self->fd, 16), 0);
    assert_int_equal(getsockname(self->fd, (struct sockaddr *)&address, &len), 0);
    self->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&self->thread, NULL, canned_run, self), 0);
}

/* After the source is gone: its connections have ended. */
static inline void canned_stop(struct canned *self)
{
    (void)shutdown(self->fd, SHUT_RDWR);
    assert_int_equal(pthread_join(self->thread, NULL), 0);
    (void)close(self->fd);
}
