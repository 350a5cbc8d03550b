#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST /* Its input is only read. */
#include <zlib.h>

#include "http/coding_step.h"

enum { STREAM_SIZE = 40960 };

struct zlib {
    z_stream stream;
    bool made;
};

static void *make(void)
{
    return calloc(1, sizeof(struct zlib));
}

static void drop(void *memory)
{
    struct zlib *self = memory;

    if (self->made) {
        inflateEnd(&self->stream);
    }
    free(self);
}

static bool begin(void *memory, enum stream_form form)
{
    struct zlib *self = memory;
    /* zlib's windowBits: 15, +16 for gzip; negative without an envelope. */
    int window_bits = form == STREAM_GZIP ? 15 + 16 : form == STREAM_RAW ? -15 : 15;

    if (self->made) {
        return inflateReset2(&self->stream, window_bits) == Z_OK;
    }
    self->made = inflateInit2(&self->stream, window_bits) == Z_OK;
    return self->made;
}

/* Its window is all at once, and not large. */
static size_t size(const void *memory)
{
    (void)memory;
    return STREAM_SIZE;
}

/* Kept. */
static void rest(void *memory)
{
    (void)memory;
}

static enum decoded once(void *memory, struct span *bytes_p, uint8_t *piece,
                         size_t *len_out)
{
    struct zlib *self = memory;
    size_t given = bytes_p->len < UINT_MAX ? bytes_p->len : UINT_MAX;

    self->stream.next_in = bytes_p->ptr;
    self->stream.avail_in = (unsigned)given;
    self->stream.next_out = piece;
    self->stream.avail_out = CODING_PIECE_SIZE;
    int result = inflate(&self->stream, Z_NO_FLUSH);
    *len_out = CODING_PIECE_SIZE - self->stream.avail_out;
    *bytes_p = span_from(*bytes_p, given - self->stream.avail_in);
    switch (result) {
    case Z_OK:
    case Z_BUF_ERROR:
        return DECODED_MORE;
    case Z_STREAM_END:
        return DECODED_END;
    default:
        return DECODED_DAMAGED;
    }
}

const struct decoder DECODER_ZLIB = {
    .make = make, .drop = drop, .begin = begin, .rest = rest, .size = size, .once = once};
