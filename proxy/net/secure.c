#include <stdlib.h>
#include <string.h>

#include "net/secure_private.h"

static struct secure_shared *shared_of(struct loop *loop)
{
    void **shared_p = loop_shared(loop);

    if (*shared_p == NULL) {
        struct secure_shared *shared = malloc(sizeof(*shared));
        if (shared != NULL) {
            shared->output =
                (struct tls_output){.bytes = shared->out, .capacity = TLS_OUTPUT_SIZE};
        }
        *shared_p = shared;
    }
    return *shared_p;
}

struct tls_output *secure_output(struct loop *loop)
{
    struct secure_shared *shared = shared_of(loop);
    return shared != NULL ? &shared->output : NULL;
}

static void on_task(struct loop_task *task);

struct secure *secure_new(struct stream *stream, struct tls *tls, bool started)
{
    struct secure *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        tls_free(&tls);
        return NULL;
    }
    self->stream = stream;
    self->tls = tls;
    self->shared = shared_of(stream_raw_loop(stream));
    self->started = started;
    self->task.run = on_task;
    return self;
}

void secure_free(struct secure **self_p)
{
    struct secure *self = *self_p;
    if (self == NULL) {
        return;
    }
    loop_forget(&self->task);
    secure_free_waiting(self);
    free(self->kept);
    free(self->later.bytes);
    tls_free(&self->tls);
    free(self);
    *self_p = NULL;
}

const struct tls *secure_tls(const struct secure *self)
{
    return self->tls;
}

/* The owner's last word: it may have let go behind this. */
static void end(struct secure *self, enum err err)
{
    void *owner = NULL;
    const struct stream_events *events = stream_raw_events(self->stream, &owner);

    self->ended = true;
    stream_raw_stop(self->stream);
    if (events == NULL) {
        return;
    }
    if (self->ready) {
        events->on_end(owner, err);
    } else {
        events->on_connect(owner, err);
    }
}

/* Moves input out of the shared buffer. False: memory. */
static bool keep_bytes(struct secure *self, struct span bytes)
{
    self->kept = malloc(bytes.len);
    if (self->kept == NULL) {
        return false;
    }
    memcpy(self->kept, bytes.ptr, bytes.len);
    tls_input(self->tls, (struct span){.ptr = self->kept, .len = bytes.len});
    return true;
}

/* What was read and cannot be used yet is kept, and reading rests until it is used up. */
static void keep_input(struct secure *self)
{
    struct span left = tls_input_left(self->tls);

    if (self->ended) {
        return;
    }
    if (!tls_readable(self->tls)) {
        free(self->kept);
        self->kept = NULL;
        stream_resume(self->stream, PAUSE_SECURE);
        return;
    }
    if (left.len > 0 && self->kept == NULL && !keep_bytes(self, left)) {
        end(self, ERR_MEMORY);
        return;
    }
    stream_pause(self->stream, PAUSE_SECURE);
}

/* Reads once into the owner's space. False: nothing more can be read now. */
static bool read_once(struct secure *self, const struct stream_events *events,
                      void *owner)
{
    struct stream_space space = events->space(owner);
    size_t len = 0;

    if (space.ptr == NULL) {
        space.ptr = loop_read_buffer(stream_raw_loop(self->stream));
        space.len = LOOP_READ_SIZE;
    }
    if (space.len == 0) {
        stream_pause(self->stream, PAUSE_HOLD);
        return false;
    }
    enum tls_step step = tls_read(self->tls, space.ptr, space.len, &len);
    if (secure_flush(self) == WRITTEN_FAILED && step != TLS_FAILED) {
        end(self, ERR_RESET);
        return false;
    }
    switch (step) {
    case TLS_FAILED:
        end(self, ERR_TLS);
        return false;
    case TLS_CLOSED:
        end(self, ERR_CLOSED);
        return false;
    case TLS_WAITS:
        return false;
    case TLS_DONE:
        events->on_read(owner, (struct span){.ptr = space.ptr, .len = len});
        return true;
    }
    UNREACHABLE();
}

/* Gives the owner what there is, until it pauses. */
static void pump(struct secure *self)
{
    bool more = true;
    void *owner = NULL;
    const struct stream_events *events = stream_raw_events(self->stream, &owner);

    while (more && events != NULL && self->started && !self->ended &&
           !stream_raw_paused(self->stream) && tls_readable(self->tls)) {
        more = read_once(self, events, owner);
        events = stream_raw_events(self->stream, &owner);
    }
    if (events != NULL) {
        keep_input(self);
    }
}

static void shake(struct secure *self)
{
    enum tls_step step = tls_handshake(self->tls);
    void *owner = NULL;
    const struct stream_events *events = stream_raw_events(self->stream, &owner);

    if (secure_flush(self) == WRITTEN_FAILED || step == TLS_FAILED) {
        end(self, ERR_TLS);
        return;
    }
    if (step == TLS_WAITS) {
        keep_input(self);
        return;
    }
    self->ready = true;
    if (events != NULL) {
        events->on_connect(owner, ERR_NONE);
    }
    pump(self);
}

static void go_on(struct secure *self)
{
    if (self->ended) {
        return;
    }
    if (self->ready) {
        pump(self);
    } else {
        shake(self);
    }
}

static void on_task(struct loop_task *task)
{
    go_on(LIST_ENTRY(task, struct secure, task));
}

void secure_wake(struct secure *self)
{
    loop_defer(stream_raw_loop(self->stream), &self->task);
}

bool secure_take(struct secure *self, struct span taken)
{
    if (taken.len == 0) {
        return true;
    }
    if (!keep_bytes(self, taken)) {
        return false;
    }
    stream_pause(self->stream, PAUSE_SECURE);
    secure_wake(self);
    return true;
}

void secure_begin(struct secure *self)
{
    shake(self);
}

void secure_start(struct secure *self)
{
    self->started = true;
    if (tls_readable(self->tls)) {
        secure_wake(self);
    }
}

bool secure_pending(const struct secure *self)
{
    return tls_pending(self->tls);
}

struct stream_space secure_space(struct secure *self)
{
    return (struct stream_space){.ptr = self->shared->in, .len = LOOP_READ_SIZE};
}

void secure_on_read(struct secure *self, struct span bytes)
{
    tls_input(self->tls, bytes);
    go_on(self);
}

/* A FIN that no close_notify announced may be an attacker's: what came is not whole. */
void secure_on_end(struct secure *self, enum err err)
{
    if (!self->ended) {
        end(self, self->ready && err == ERR_CLOSED ? ERR_RESET : err);
    }
}
