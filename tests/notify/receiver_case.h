/**
 * Receivers of webhooks on loopback, and a notifier in front of them on a ledger of its
 * own.
 */
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/parse.h"
#include "notify/delivery.h"
#include "notify/notifier.h"
#include "notify/sign.h"
#include "record/fixture.h"

enum {
    RECEIVER_IDS_MAX = 256,
    RECEIVER_ID_SIZE = 64,
    SETUP_ALERTS_MAX = 8,
    PATIENCE_MS = 20000, /* A busy machine is slow. */
};

/* One request per connection, answered with `status`. */
struct receiver {
    int fd;
    uint16_t port;
    pthread_t thread;
    bool listening;
    _Atomic(unsigned) count;  /* Of requests. */
    _Atomic(unsigned) taken;  /* Of different messages answered with 2xx. */
    _Atomic(unsigned) astray; /* Requests of another path than that of the hook. */
    _Atomic(unsigned) status;
    _Atomic(unsigned) retry_after_s; /* 0: no such field. */
    _Atomic(bool) mute;              /* Takes the request and never answers. */
    pthread_mutex_t lock;
    char last[32768];
    char ids[RECEIVER_IDS_MAX][RECEIVER_ID_SIZE];
};

/* The value of a field of `request`. False: there is none. */
static inline bool receiver_field(const char *request, const char *name, char *value,
                                  size_t size)
{
    const char *at = strstr(request, name);

    if (at == NULL) {
        return false;
    }
    struct span rest = span_of(at + strlen(name) + 2);
    span_copy(span_first(rest, span_find(rest, '\r')), value, size);
    return true;
}

static inline bool receiver_read(int fd, char *request, size_t size)
{
    size_t len = 0;

    while (len < size - 1) {
        char digits[32];
        uint64_t wanted = 0;
        ssize_t count = recv(fd, request + len, size - 1 - len, 0);
        if (count <= 0) {
            return false;
        }
        len += (size_t)count;
        request[len] = '\0';
        const char *body = strstr(request, "\r\n\r\n");
        if (body == NULL ||
            !receiver_field(request, "Content-Length", digits, sizeof(digits))) {
            continue;
        }
        assert_int_equal(parse_u64(span_of(digits), &wanted), ERR_NONE);
        if (len >= (size_t)(body + 4 - request) + wanted) {
            return true;
        }
    }
    return false;
}

static inline void receiver_note(struct receiver *self, const char *request, bool taken)
{
    char id[RECEIVER_ID_SIZE] = "";
    unsigned known = 0;

    (void)receiver_field(request, "webhook-id", id, sizeof(id));
    assert_int_equal(pthread_mutex_lock(&self->lock), 0);
    memcpy(self->last, request, strlen(request) + 1);
    unsigned count = atomic_load(&self->taken);
    while (known < count && strcmp(self->ids[known], id) != 0) {
        known++;
    }
    if (taken && known == count) {
        assert_in_range(count, 0, RECEIVER_IDS_MAX - 1);
        memcpy(self->ids[count], id, sizeof(id));
        atomic_store(&self->taken, count + 1);
    }
    assert_int_equal(pthread_mutex_unlock(&self->lock), 0);
    if (strncmp(request, "POST /hook ", 11) != 0) {
        atomic_fetch_add(&self->astray, 1);
    }
    atomic_fetch_add(&self->count, 1);
}

static inline void receiver_answer(struct receiver *self, int fd, unsigned status)
{
    char reply[256];
    char retry[64] = "";
    unsigned after = atomic_load(&self->retry_after_s);

    if (after > 0) {
        (void)snprintf(retry, sizeof(retry), "Retry-After: %u\r\n", after);
    }
    int len = snprintf(reply, sizeof(reply),
                       "HTTP/1.1 %u X\r\nLocation: /elsewhere\r\n%s"
                       "Content-Length: 0\r\nConnection: close\r\n\r\n",
                       status, retry);
    (void)send(fd, reply, (size_t)len, MSG_NOSIGNAL);
}

static inline void receiver_serve_one(struct receiver *self, int fd)
{
    char request[32768];

    if (!receiver_read(fd, request, sizeof(request))) {
        return;
    }
    bool mute = atomic_load(&self->mute);
    unsigned status = atomic_load(&self->status);
    receiver_note(self, request, !mute && status / 100 == 2);
    while (mute && atomic_load(&self->mute)) {
        (void)usleep(10000);
    }
    if (!mute) { /* Else whoever asked hears nothing more. */
        receiver_answer(self, fd, status);
    }
}

static inline void *receiver_serve(void *context)
{
    struct receiver *self = context;
    for (;;) {
        int fd = accept(self->fd, NULL, NULL);
        if (fd < 0) {
            return NULL;
        }
        receiver_serve_one(self, fd);
        (void)close(fd);
    }
}

/* Has a port, on which connections are refused. */
static inline void receiver_make(struct receiver *self, unsigned status)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    *self = (struct receiver){0};
    atomic_store(&self->status, status);
    assert_int_equal(pthread_mutex_init(&self->lock, NULL), 0);
    self->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(self->fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(self->fd, (struct sockaddr *)&address, &size), 0);
    self->port = ntohs(address.sin_port);
}

static inline void receiver_listen(struct receiver *self)
{
    assert_int_equal(listen(self->fd, 256), 0);
    assert_int_equal(pthread_create(&self->thread, NULL, receiver_serve, self), 0);
    self->listening = true;
}

static inline void receiver_start(struct receiver *self, unsigned status)
{
    receiver_make(self, status);
    receiver_listen(self);
}

static inline void receiver_stop(struct receiver *self)
{
    atomic_store(&self->mute, false);
    if (self->listening) {
        assert_int_equal(shutdown(self->fd, SHUT_RDWR), 0);
        assert_int_equal(pthread_join(self->thread, NULL), 0);
    }
    assert_int_equal(close(self->fd), 0);
}

/* True once `counter` has reached `count`. */
static inline bool await_counter(_Atomic(unsigned) *counter, unsigned count,
                                 unsigned wait_ms)
{
    for (unsigned i = 0; i < wait_ms / 10; i++) {
        if (atomic_load(counter) >= count) {
            return true;
        }
        (void)usleep(10000);
    }
    return false;
}

static inline bool await_count(struct receiver *self, unsigned count, unsigned wait_ms)
{
    return await_counter(&self->count, count, wait_ms);
}

static inline void field_of(struct receiver *self, const char *name, char *value,
                            size_t size)
{
    assert_int_equal(pthread_mutex_lock(&self->lock), 0);
    assert_true(receiver_field(self->last, name, value, size));
    assert_int_equal(pthread_mutex_unlock(&self->lock), 0);
}

struct setup {
    struct fixture fixture;
    struct notifier *notifier;
    struct alert_settings alerts[SETUP_ALERTS_MAX];
};

static inline void name_alert(struct alert_settings *alert, const char *name,
                              const struct receiver *receiver)
{
    *alert = (struct alert_settings){0};
    span_copy(span_of(name), alert->name, sizeof(alert->name));
    (void)snprintf(alert->url, sizeof(alert->url), "http://127.0.0.1:%u/hook",
                   receiver->port);
    assert_int_equal(sign_secret_parse(SPAN("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
                                       &alert->secrets[0]),
                     ERR_NONE);
}

static inline void setup_open(struct setup *self, unsigned count)
{
    struct fault fault = {0};
    assert_int_equal(fixture_try_open(&self->fixture, &fault), ERR_NONE);
    assert_int_equal(notifier_new(self->fixture.directory, self->fixture.recorder, NULL,
                                  &self->notifier),
                     ERR_NONE);
    assert_int_equal(recorder_start(self->fixture.recorder), ERR_NONE);
    assert_true(notifier_configure(self->notifier, self->alerts, count));
    assert_int_equal(notifier_start(self->notifier), ERR_NONE);
}

static inline void setup_close(struct setup *self)
{
    notifier_free(&self->notifier);
    fixture_close(&self->fixture);
}
