/**
 * What takes one coding off: the same face for each library that does it.
 *
 * Layer: http, for http/coding*.c only. A decoder's memory is made once and used again
 * for stream after stream. Every library may swallow input before it gives output; none
 * gives what it has not been fed.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum {
    CODING_PIECE_SIZE = 16384, /**< Decoded bytes handed on at once. */
};

/** The form of a stream. */
enum stream_form {
    STREAM_GZIP,
    STREAM_ZLIB, /**< `deflate` as RFC 9110 has it. */
    STREAM_RAW,  /**< `deflate` without its envelope. */
    STREAM_BROTLI,
    STREAM_ZSTD,
};

enum decoded {
    DECODED_DAMAGED,
    DECODED_LIMIT, /**< It asks for more memory than a stream may. */
    DECODED_MORE,
    DECODED_END, /**< The stream has ended, and all of it was given. */
};

struct decoder {
    /** Memory for one stream at a time. NULL: there is none. */
    void *(*make)(void);
    void (*drop)(void *memory);

    /** At the start of a stream. False: no memory. */
    bool (*begin)(void *memory, enum stream_form form);

    /** The stream is of no use any more: gives back what is large. */
    void (*rest)(void *memory);

    /** Bytes that the memory has by now. */
    size_t (*size)(const void *memory);

    /** Takes bytes from the front, gives at most CODING_PIECE_SIZE to `piece`. */
    enum decoded (*once)(void *memory, struct span *bytes_p, uint8_t *piece,
                         size_t *len_out);
};

extern const struct decoder DECODER_ZLIB;
extern const struct decoder DECODER_BROTLI;
extern const struct decoder DECODER_ZSTD;
