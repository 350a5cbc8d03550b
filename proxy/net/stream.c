#include "net/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

enum {
    SPANS_MAX = 64, /* Spans of one write that go to the socket in one call. */
};

struct stream {
    uv_tcp_t tcp;
    uv_write_t write;
    union {
        uv_connect_t connect;
        uv_shutdown_t shutdown;
    } once; /* A connection connects before it finishes, and each once. */
    struct loop *loop;
    const struct stream_events *events; /* NULL once the owner let go. */
    void *owner;
    struct address peer;
    uint8_t *copied; /* What a waiting write copied; NULL when lent. */
    uint64_t bytes_in;
    uint64_t bytes_out;
    size_t writing_len; /* Bytes of the waiting write; 0: none waits. */
    unsigned pauses;
    bool started;
};

static enum err err_of_uv(ssize_t status)
{
    switch (status) {
    case UV_EOF:
        return ERR_CLOSED;
    case UV_ECONNRESET:
    case UV_EPIPE:
        return ERR_RESET;
    case UV_ECONNREFUSED:
        return ERR_REFUSED;
    case UV_ETIMEDOUT:
        return ERR_TIMEOUT;
    case UV_EADDRNOTAVAIL:
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
        return ERR_ADDRESS;
    case UV_EMFILE:
    case UV_ENFILE:
        return ERR_LIMIT;
    case UV_ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_SYSTEM;
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf_out)
{
    struct stream *self = handle->data;
    struct stream_space space = self->events->space(self->owner);

    (void)suggested;
    if (space.ptr == NULL) {
        space.ptr = loop_read_buffer(self->loop);
        space.len = LOOP_READ_SIZE;
    }
    *buf_out = uv_buf_init((char *)space.ptr, (unsigned)space.len);
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buf)
{
    struct stream *self = handle->data;

    if (count > 0) {
        self->bytes_in += (uint64_t)count;
        struct span bytes = {.ptr = (const uint8_t *)buf->base, .len = (size_t)count};
        self->events->on_read(self->owner, bytes);
    } else if (count == UV_ENOBUFS) {
        stream_pause(self, PAUSE_HOLD);
    } else if (count < 0) {
        (void)uv_read_stop(handle);
        self->started = false;
        self->events->on_end(self->owner, err_of_uv(count));
    }
}

static struct stream *stream_new(struct loop *loop, const struct stream_events *events,
                                 void *owner)
{
    struct stream *self = malloc(sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    memset(self, 0, sizeof(*self));
    if (uv_tcp_init(loop_handle(loop), &self->tcp) != 0) {
        free(self);
        return NULL;
    }
    self->tcp.data = self;
    self->loop = loop;
    self->events = events;
    self->owner = owner;
    return self;
}

static void on_connect(uv_connect_t *request, int status)
{
    struct stream *self = request->data;
    if (self->events == NULL) {
        return;
    }
    if (status == 0) {
        (void)uv_tcp_nodelay(&self->tcp, 1);
    }
    self->events->on_connect(self->owner, status == 0 ? ERR_NONE : err_of_uv(status));
}

struct stream *stream_connect(struct loop *loop, const struct address *address,
                              const struct stream_events *events, void *owner)
{
    struct sockaddr_storage storage;
    struct stream *self = stream_new(loop, events, owner);

    if (self == NULL) {
        return NULL;
    }
    (void)address_sockaddr(address, &storage);
    self->peer = *address;
    self->once.connect.data = self;
    if (uv_tcp_connect(&self->once.connect, &self->tcp, (struct sockaddr *)&storage,
                       on_connect) != 0) {
        stream_free(&self);
    }
    return self;
}

static void learn_peer(struct stream *self)
{
    struct sockaddr_storage storage = {0};
    int len = sizeof(storage);

    if (uv_tcp_getpeername(&self->tcp, (struct sockaddr *)&storage, &len) == 0) {
        self->peer = address_of(&storage);
    }
    (void)uv_tcp_nodelay(&self->tcp, 1);
}

struct stream *stream_accept(struct loop *loop, void *server_handle,
                             const struct stream_events *events, void *owner)
{
    struct stream *self = stream_new(loop, events, owner);
    if (self == NULL) {
        return NULL;
    }
    if (uv_accept(server_handle, (uv_stream_t *)&self->tcp) != 0) {
        stream_free(&self);
        return NULL;
    }
    learn_peer(self);
    return self;
}

struct stream *stream_open(struct loop *loop, int fd, const struct stream_events *events,
                           void *owner)
{
    struct stream *self = stream_new(loop, events, owner);
    if (self == NULL || uv_tcp_open(&self->tcp, fd) != 0) {
        (void)close(fd);
        stream_free(&self);
        return NULL;
    }
    learn_peer(self);
    return self;
}

static void read_as_paused(struct stream *self)
{
    bool want = self->started && self->pauses == 0;

    if (want) {
        (void)uv_read_start((uv_stream_t *)&self->tcp, on_alloc, on_read);
    } else {
        (void)uv_read_stop((uv_stream_t *)&self->tcp);
    }
}

void stream_start(struct stream *self)
{
    CHECK(!self->started);
    self->started = true;
    read_as_paused(self);
}

void stream_set_owner(struct stream *self, const struct stream_events *events,
                      void *owner)
{
    self->events = events;
    self->owner = owner;
}

void stream_pause(struct stream *self, enum pause_reason reason)
{
    unsigned before = self->pauses;
    self->pauses |= (unsigned)reason;
    if (before == 0) {
        read_as_paused(self);
    }
}

void stream_resume(struct stream *self, enum pause_reason reason)
{
    unsigned before = self->pauses;
    self->pauses &= ~(unsigned)reason;
    if (before != 0 && self->pauses == 0) {
        read_as_paused(self);
    }
}

static void on_written(uv_write_t *request, int status)
{
    struct stream *self = request->data;

    free(self->copied);
    self->copied = NULL;
    self->bytes_out += status == 0 ? self->writing_len : 0;
    self->writing_len = 0;
    if (self->events != NULL) {
        self->events->on_drain(self->owner, status == 0 ? ERR_NONE : err_of_uv(status));
    }
}

/* Drops the first `count` bytes of the list and returns how many bufs went with them. */
static size_t skip(uv_buf_t *bufs, size_t buf_count, size_t count)
{
    size_t gone = 0;

    while (gone < buf_count && count >= bufs[gone].len) {
        count -= bufs[gone].len;
        gone++;
    }
    if (gone < buf_count && count > 0) {
        bufs[gone].base += count;
        bufs[gone].len -= count;
    }
    return gone;
}

/* One buf that owns a copy of all. False: memory. */
static bool copy_bufs(struct stream *self, uv_buf_t *bufs, size_t count)
{
    uint8_t *copy = malloc(self->writing_len);
    size_t at = 0;

    if (copy == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy(copy + at, bufs[i].base, bufs[i].len);
        at += bufs[i].len;
    }
    self->copied = copy;
    bufs[0] = uv_buf_init((char *)copy, (unsigned)at);
    return true;
}

/* Leaves what the socket did not take to libuv. */
static enum written queue(struct stream *self, uv_buf_t *bufs, size_t count, bool lent)
{
    for (size_t i = 0; i < count; i++) {
        self->writing_len += bufs[i].len;
    }
    if (!lent) {
        if (!copy_bufs(self, bufs, count)) {
            self->writing_len = 0;
            return WRITTEN_FAILED;
        }
        count = 1;
    }
    self->write.data = self;
    if (uv_write(&self->write, (uv_stream_t *)&self->tcp, bufs, (unsigned)count,
                 on_written) != 0) {
        self->writing_len = 0;
        free(self->copied);
        self->copied = NULL;
        return WRITTEN_FAILED;
    }
    return WRITTEN_PART;
}

/* libuv writes from what it wrongly calls not const. */
static uv_buf_t buf_of(struct span bytes)
{
    uv_buf_t buf = {.len = bytes.len};
    memcpy(&buf.base, &bytes.ptr, sizeof(buf.base));
    return buf;
}

enum written stream_write(struct stream *self, const struct span *spans, size_t count,
                          bool lent)
{
    uv_buf_t bufs[SPANS_MAX];
    size_t total = 0;
    size_t buf_count = 0;

    CHECK(self->writing_len == 0);
    CHECK(count <= SPANS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].len > 0) {
            bufs[buf_count++] = buf_of(spans[i]);
            total += spans[i].len;
        }
    }
    if (total == 0) {
        return WRITTEN_ALL;
    }
    int sent = uv_try_write((uv_stream_t *)&self->tcp, bufs, (unsigned)buf_count);
    if (sent < 0 && sent != UV_EAGAIN) {
        return WRITTEN_FAILED;
    }
    size_t taken = sent > 0 ? (size_t)sent : 0;
    self->bytes_out += taken;
    if (taken == total) {
        return WRITTEN_ALL;
    }
    size_t gone = skip(bufs, buf_count, taken);
    return queue(self, bufs + gone, buf_count - gone, lent);
}

bool stream_writing(const struct stream *self)
{
    return self->writing_len > 0;
}

size_t stream_unwritten(const struct stream *self)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&self->tcp);
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

void stream_finish(struct stream *self)
{
    (void)uv_shutdown(&self->once.shutdown, (uv_stream_t *)&self->tcp, on_shutdown);
}

static void on_closed(uv_handle_t *handle)
{
    struct stream *self = handle->data;
    free(self->copied);
    free(self);
}

static void let_go(struct stream **self_p)
{
    (*self_p)->events = NULL;
    (*self_p)->owner = NULL;
    *self_p = NULL;
}

void stream_free(struct stream **self_p)
{
    struct stream *self = *self_p;
    if (self == NULL) {
        return;
    }
    let_go(self_p);
    uv_close((uv_handle_t *)&self->tcp, on_closed);
}

void stream_reset(struct stream **self_p)
{
    struct stream *self = *self_p;
    if (self == NULL) {
        return;
    }
    let_go(self_p);
    if (uv_tcp_close_reset(&self->tcp, on_closed) != 0) {
        uv_close((uv_handle_t *)&self->tcp, on_closed);
    }
}

struct address stream_peer(const struct stream *self)
{
    return self->peer;
}

uint64_t stream_bytes_in(const struct stream *self)
{
    return self->bytes_in;
}

uint64_t stream_bytes_out(const struct stream *self)
{
    return self->bytes_out;
}
