/** A proxy on a Unix socket that reads one request and sends one answer, in pieces. */
#pragma once

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/test.h"

enum { PROXY_REQUEST_MAX = 8192 };

struct proxy {
    char path[64];
    int listener;
    const char *answer;
    size_t piece;
    char request[PROXY_REQUEST_MAX];
    pthread_t thread;
};

static inline void *proxy_serve(void *context)
{
    struct proxy *self = context;
    size_t len = 0;
    size_t sent = 0;
    int fd = accept(self->listener, NULL, NULL);

    while (strstr(self->request, "\r\n\r\n") == NULL) {
        ssize_t count = read(fd, self->request + len, sizeof(self->request) - 1 - len);
        len += count > 0 ? (size_t)count : 0;
    }
    while (sent < strlen(self->answer)) {
        size_t rest = strlen(self->answer) - sent;
        sent += (size_t)write(fd, self->answer + sent,
                              rest < self->piece ? rest : self->piece);
    }
    (void)close(fd);
    return NULL;
}

static inline void proxy_start(struct proxy *self, const char *answer, size_t piece)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *self = (struct proxy){.answer = answer, .piece = piece};
    (void)snprintf(self->path, sizeof(self->path), "/tmp/cm-client-%d.sock", getpid());
    (void)unlink(self->path);
    memcpy(address.sun_path, self->path, sizeof(self->path));
    self->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(
        bind(self->listener, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(self->listener, 4), 0);
    assert_int_equal(pthread_create(&self->thread, NULL, proxy_serve, self), 0);
}

static inline void proxy_end(struct proxy *self)
{
    assert_int_equal(pthread_join(self->thread, NULL), 0);
    (void)close(self->listener);
    (void)unlink(self->path);
}
