#include <stdlib.h>
#include <string.h>

#include "net/stream_private.h"
#include "net/uv_error.h"

enum {
    SPANS_MAX = 64, /* Spans of one write. */

    /* Of one call to the socket: what one segment carries at most. A call that carries
     * more holds the socket while its first segments are acknowledged, and a pacing
     * congestion control arms a timer in it: 128 KiB in pieces cost a fifth less than in
     * one call. */
    CALL_MAX = 65483,
};

static void on_written(uv_write_t *request, int status)
{
    struct stream *self = request->data;

    loop_note_event(self->loop);
    free(self->copied);
    self->copied = NULL;
    self->bytes_out += status == 0 ? self->writing_len : 0;
    self->writing_len = 0;
    enum err err = status == 0 ? ERR_NONE : uv_error(status);
    if (self->events == NULL) {
        return;
    }
    if (self->secure != NULL) {
        secure_on_drain(self->secure, err);
        return;
    }
    self->events->on_drain(self->owner, err);
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

/* The part of `bufs` that one call carries, in `piece`; returns how many. */
static size_t cut(const uv_buf_t *bufs, size_t count, uv_buf_t *piece)
{
    size_t left = CALL_MAX;
    size_t used = 0;

    while (used < count && left > 0) {
        piece[used] = bufs[used];
        if (piece[used].len > left) {
            piece[used].len = left;
        }
        left -= piece[used].len;
        used++;
    }
    return used;
}

/* Writes while the socket takes all it is offered; what is left of `*bufs_p` stays there.
 * False: broken. */
static bool write_now(struct stream *self, uv_buf_t **bufs_p, size_t *count_p,
                      size_t total)
{
    uv_buf_t piece[SPANS_MAX];

    while (total > 0) {
        bool whole = total <= CALL_MAX;
        size_t count = whole ? *count_p : cut(*bufs_p, *count_p, piece);
        int sent = uv_try_write((uv_stream_t *)&self->tcp, whole ? *bufs_p : piece,
                                (unsigned)count);
        if (sent < 0) {
            return sent == UV_EAGAIN;
        }
        self->bytes_out += (size_t)sent;
        total -= (size_t)sent;
        size_t gone = skip(*bufs_p, *count_p, (size_t)sent);
        *bufs_p += gone;
        *count_p -= gone;
        if (whole || (size_t)sent < CALL_MAX) {
            break;
        }
    }
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

enum written stream_raw_write(struct stream *self, const struct span *spans, size_t count,
                              bool lent)
{
    uv_buf_t bufs[SPANS_MAX];
    uv_buf_t *left = bufs;
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
    if (!write_now(self, &left, &buf_count, total)) {
        return WRITTEN_FAILED;
    }
    return buf_count == 0 ? WRITTEN_ALL : queue(self, left, buf_count, lent);
}

enum written stream_write(struct stream *self, const struct span *spans, size_t count,
                          bool lent)
{
    return self->secure != NULL ? secure_write(self->secure, spans, count, lent)
                                : stream_raw_write(self, spans, count, lent);
}

bool stream_writing(const struct stream *self)
{
    return self->secure != NULL ? secure_writing(self->secure) : self->writing_len > 0;
}

size_t stream_unwritten(const struct stream *self)
{
    return self->secure != NULL ? secure_unwritten(self->secure)
                                : stream_raw_unwritten(self);
}

bool stream_raw_writing(const struct stream *self)
{
    return self->writing_len > 0;
}

size_t stream_raw_unwritten(const struct stream *self)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&self->tcp);
}
