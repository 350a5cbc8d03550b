#include "net/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/stream_private.h"
#include "net/uv_error.h"

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf_out)
{
    struct stream *self = handle->data;
    struct stream_space space = self->secure != NULL ? secure_space(self->secure)
                                                     : self->events->space(self->owner);

    (void)suggested;
    loop_note_event(self->loop);
    if (space.ptr == NULL) {
        space.ptr = loop_read_buffer(self->loop);
        space.len = LOOP_READ_SIZE;
    }
    *buf_out = uv_buf_init((char *)space.ptr, (unsigned)space.len);
}

void stream_raw_stop(struct stream *self)
{
    (void)uv_read_stop((uv_stream_t *)&self->tcp);
    self->started = false;
}

static void on_read(uv_stream_t *handle, ssize_t count, const uv_buf_t *buf)
{
    struct stream *self = handle->data;

    if (count > 0) {
        self->bytes_in += (uint64_t)count;
        struct span bytes = {.ptr = (const uint8_t *)buf->base, .len = (size_t)count};
        if (self->secure != NULL) {
            secure_on_read(self->secure, bytes);
            return;
        }
        self->events->on_read(self->owner, bytes);
    } else if (count == UV_ENOBUFS) {
        stream_pause(self, PAUSE_HOLD);
    } else if (count < 0) {
        stream_raw_stop(self);
        enum err err = uv_error((int)count);
        if (self->secure != NULL) {
            secure_on_end(self->secure, err);
            return;
        }
        self->events->on_end(self->owner, err);
    }
}

static struct stream *stream_alloc(struct loop *loop, const struct stream_events *events,
                                   void *owner)
{
    struct stream *self = malloc(sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    memset(self, 0, sizeof(*self));
    self->loop = loop;
    self->events = events;
    self->owner = owner;
    return self;
}

static struct stream *stream_new(struct loop *loop, const struct stream_events *events,
                                 void *owner)
{
    struct stream *self = stream_alloc(loop, events, owner);
    if (self == NULL) {
        return NULL;
    }
    if (uv_tcp_init(loop_handle(loop), &self->tcp) != 0) {
        free(self);
        return NULL;
    }
    self->tcp.data = self;
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

static void on_connect(uv_connect_t *request, int status)
{
    struct stream *self = request->data;
    if (self->events == NULL) {
        return;
    }
    if (status == 0) {
        if (!self->local) {
            (void)uv_tcp_nodelay(&self->tcp, 1);
        }
        if (self->secure != NULL) {
            self->started = true;
            read_as_paused(self);
            secure_begin(self->secure);
            return;
        }
    }
    self->events->on_connect(self->owner, status == 0 ? ERR_NONE : uv_error(status));
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

static void become_local(struct stream *self)
{
    (void)uv_pipe_init(loop_handle(self->loop), &self->pipe, 0);
    self->pipe.data = self;
    self->local = true;
}

struct stream *stream_connect_local(struct loop *loop, const char *path,
                                    const struct stream_events *events, void *owner)
{
    struct stream *self = stream_alloc(loop, events, owner);

    if (self == NULL) {
        return NULL;
    }
    become_local(self);
    self->once.connect.data = self;
    uv_pipe_connect(&self->once.connect, &self->pipe, path, on_connect);
    return self;
}

static void learn_peer(struct stream *self)
{
    struct sockaddr_storage storage = {0};
    int len = sizeof(storage);

    if (self->local) {
        return;
    }
    if (uv_tcp_getpeername(&self->tcp, (struct sockaddr *)&storage, &len) == 0) {
        self->peer = address_of(&storage);
    }
    (void)uv_tcp_nodelay(&self->tcp, 1);
}

struct stream *stream_accept(struct loop *loop, void *server_handle,
                             const struct stream_events *events, void *owner)
{
    bool local = uv_handle_get_type(server_handle) == UV_NAMED_PIPE;
    struct stream *self =
        local ? stream_alloc(loop, events, owner) : stream_new(loop, events, owner);
    if (self == NULL) {
        return NULL;
    }
    if (local) {
        become_local(self);
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

void stream_start(struct stream *self)
{
    if (self->secure != NULL) {
        secure_start(self->secure);
        if (self->started) {
            return;
        }
    }
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
    } else if (self->pauses == PAUSE_SECURE && before != PAUSE_SECURE) {
        secure_wake(self->secure);
    }
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
    (void)request;
    (void)status;
}

void stream_raw_finish(struct stream *self)
{
    (void)uv_shutdown(&self->once.shutdown, (uv_stream_t *)&self->tcp, on_shutdown);
}

void stream_finish(struct stream *self)
{
    if (self->secure != NULL) {
        secure_finish(self->secure);
        return;
    }
    stream_raw_finish(self);
}

static void on_closed(uv_handle_t *handle)
{
    struct stream *self = handle->data;
    secure_free(&self->secure);
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
    if (self->secure != NULL) {
        secure_part(self->secure);
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
    if (self->local || uv_tcp_close_reset(&self->tcp, on_closed) != 0) {
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

bool stream_raw_paused(const struct stream *self)
{
    return (self->pauses & ~(unsigned)PAUSE_SECURE) != 0;
}

struct loop *stream_raw_loop(const struct stream *self)
{
    return self->loop;
}

const struct stream_events *stream_raw_events(const struct stream *self, void **owner_out)
{
    *owner_out = self->owner;
    return self->events;
}
