#include <stdlib.h>
#include <string.h>

#include "net/secure_private.h"

void secure_free_waiting(struct secure *self)
{
    if (self->waiting != NULL) {
        free(self->waiting->copied);
        free(self->waiting);
        self->waiting = NULL;
    }
}

/* Puts what came out behind what waits. False: memory, or more than may wait. */
static bool send_later(struct secure *self)
{
    struct tls_output *output = &self->shared->output;
    struct tls_output *later = &self->later;

    if (later->len + output->len > SECURE_LATER_MAX) {
        return false;
    }
    if (later->bytes == NULL) {
        later->bytes = malloc(SECURE_LATER_MAX);
        if (later->bytes == NULL) {
            return false;
        }
    }
    memcpy(later->bytes + later->len, output->bytes, output->len);
    later->len += output->len;
    return true;
}

/* Hands what came out to the socket. */
enum written secure_flush(struct secure *self)
{
    struct tls_output *output = &self->shared->output;
    struct span bytes = {.ptr = output->bytes, .len = output->len};
    enum written written = WRITTEN_ALL;

    if (bytes.len == 0) {
        return WRITTEN_ALL;
    }
    if (stream_raw_writing(self->stream)) {
        written = send_later(self) ? WRITTEN_PART : WRITTEN_FAILED;
    } else {
        written = stream_raw_write(self->stream, &bytes, 1, false);
    }
    output->len = 0;
    return written;
}

static void drop_front(struct secure_source *source, size_t len)
{
    source->taken += len;
    if (source->taken == source->spans[0].len) {
        source->spans++;
        source->count--;
        source->taken = 0;
    }
}

/* The next bytes to encrypt in one call: straight from a long span, or short ones
 * gathered into one record. */
static struct span next_piece(struct secure *self, struct secure_source *source,
                              size_t room)
{
    size_t len = 0;
    struct span first = span_from(source->spans[0], source->taken);

    if (first.len >= TLS_RECORD_MAX) {
        first = span_first(first, room);
        first.len -= first.len % TLS_RECORD_MAX;
        drop_front(source, first.len);
        return first;
    }
    while (source->count > 0 && len < TLS_RECORD_MAX) {
        struct span next =
            span_first(span_from(source->spans[0], source->taken), TLS_RECORD_MAX - len);
        if (next.len > 0) {
            memcpy(self->shared->record + len, next.ptr, next.len);
            len += next.len;
        }
        drop_front(source, next.len);
    }
    return (struct span){.ptr = self->shared->record, .len = len};
}

/* Encrypts as much as goes to the socket at once. False: failed. */
static bool encrypt_piece(struct secure *self, struct secure_source *source,
                          size_t *done_out)
{
    size_t done = 0;
    bool good = true;

    while (good && source->count > 0 && TLS_PLAIN_MAX - done >= TLS_RECORD_MAX) {
        struct span piece = next_piece(self, source, TLS_PLAIN_MAX - done);
        good = piece.len == 0 || tls_write(self->tls, piece);
        done += piece.len;
    }
    *done_out = done;
    return good;
}

/* Encrypts and sends until all is gone or the socket takes no more. `piece_out`:
 * plaintext of what the socket has then. */
static enum written send_from(struct secure *self, struct secure_source *source,
                              size_t *piece_out)
{
    enum written written = WRITTEN_ALL;

    while (source->count > 0 && written == WRITTEN_ALL) {
        written =
            encrypt_piece(self, source, piece_out) ? secure_flush(self) : WRITTEN_FAILED;
    }
    self->shared->output.len = 0; /* Of a failure. */
    return written;
}

static size_t length_of(const struct secure_source *source)
{
    size_t total = 0;

    for (size_t i = 0; i < source->count; i++) {
        total += source->spans[i].len;
    }
    return total - source->taken;
}

/* The rest of a write in memory of its own. False: memory. */
static bool keep_copy(struct secure_waiting *waiting, struct secure_source rest)
{
    size_t at = 0;

    if (waiting->left == 0) {
        return true;
    }
    waiting->copied = malloc(waiting->left);
    if (waiting->copied == NULL) {
        return false;
    }
    for (size_t i = 0; i < rest.count; i++) {
        struct span bytes = span_from(rest.spans[i], i == 0 ? rest.taken : 0);
        if (bytes.len > 0) {
            memcpy(waiting->copied + at, bytes.ptr, bytes.len);
        }
        at += bytes.len;
    }
    waiting->spans[0] = (struct span){.ptr = waiting->copied, .len = waiting->left};
    waiting->source = (struct secure_source){.spans = waiting->spans, .count = 1};
    return true;
}

/* Keeps what is left of a write until the socket can take more. */
static enum written keep(struct secure *self, struct secure_source rest, size_t piece,
                         bool lent)
{
    struct secure_waiting *waiting = calloc(1, sizeof(*waiting));

    if (waiting == NULL) {
        return WRITTEN_FAILED;
    }
    self->waiting = waiting;
    waiting->left = length_of(&rest);
    waiting->piece = piece;
    if (!lent) {
        return keep_copy(waiting, rest) ? WRITTEN_PART : WRITTEN_FAILED;
    }
    if (rest.count > 0) {
        memcpy(waiting->spans, rest.spans, rest.count * sizeof(waiting->spans[0]));
    }
    waiting->source = rest;
    waiting->source.spans = waiting->spans;
    return WRITTEN_PART;
}

enum written secure_write(struct secure *self, const struct span *spans, size_t count,
                          bool lent)
{
    struct secure_source source = {.spans = spans, .count = count};
    size_t piece = 0;

    CHECK(self->waiting == NULL && count <= SECURE_SPANS_MAX);
    if (!self->ready || self->finishing || self->finished) {
        return WRITTEN_FAILED;
    }
    if (length_of(&source) == 0) {
        return WRITTEN_ALL;
    }
    if (stream_raw_writing(self->stream)) {
        return keep(self, source, 0, lent);
    }
    enum written written = send_from(self, &source, &piece);
    return written == WRITTEN_PART ? keep(self, source, piece, lent) : written;
}

bool secure_writing(const struct secure *self)
{
    return self->waiting != NULL;
}

size_t secure_unwritten(const struct secure *self)
{
    const struct secure_waiting *waiting = self->waiting;
    if (waiting == NULL) {
        return 0;
    }
    size_t queued = stream_raw_unwritten(self->stream);
    return waiting->left + (queued < waiting->piece ? queued : waiting->piece);
}

static void say_goodbye(struct secure *self)
{
    self->finished = true;
    tls_close(self->tls);
    (void)secure_flush(self);
    stream_raw_finish(self->stream);
}

void secure_finish(struct secure *self)
{
    self->finishing = true;
    if (self->waiting == NULL && !stream_raw_writing(self->stream) && !self->finished) {
        say_goodbye(self);
    }
}

void secure_part(struct secure *self)
{
    loop_forget(&self->task);
    if (self->ready && !self->finished && !stream_raw_writing(self->stream)) {
        tls_close(self->tls);
        (void)secure_flush(self);
    }
}

static void tell_drained(struct secure *self, enum err err)
{
    void *owner = NULL;
    const struct stream_events *events = stream_raw_events(self->stream, &owner);

    secure_free_waiting(self);
    if (events != NULL) {
        events->on_drain(owner, err);
    }
}

static enum written send_what_waited(struct secure *self)
{
    struct tls_output *later = &self->later;
    struct secure_waiting *waiting = self->waiting;

    if (waiting != NULL) {
        waiting->piece = 0;
    }
    if (later->len > 0) {
        struct span bytes = {.ptr = later->bytes, .len = later->len};
        enum written written = stream_raw_write(self->stream, &bytes, 1, false);
        later->len = 0;
        if (written != WRITTEN_ALL) {
            return written;
        }
    }
    if (waiting == NULL || waiting->left == 0) {
        return WRITTEN_ALL;
    }
    enum written written = send_from(self, &waiting->source, &waiting->piece);
    waiting->left = length_of(&waiting->source);
    return written;
}

void secure_on_drain(struct secure *self, enum err err)
{
    bool told = self->waiting != NULL;

    if (err == ERR_NONE) {
        enum written written = send_what_waited(self);
        if (written == WRITTEN_PART) {
            return;
        }
        err = written == WRITTEN_FAILED ? ERR_RESET : ERR_NONE;
    }
    if (self->finishing && !self->finished && err == ERR_NONE) {
        secure_free_waiting(self);
        say_goodbye(self);
    }
    if (told) {
        tell_drained(self, err);
    }
}
