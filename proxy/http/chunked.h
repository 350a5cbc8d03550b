/**
 * The chunked transfer coding, taken apart: framed bytes in, content out.
 *
 * Layer: http. Pure, no allocation: a value inside its codec. Strict (RFC 9112 section
 * 7.1): CRLF everywhere, one to fifteen hex digits, no blanks, no chunk extensions.
 * Trailer fields are checked for form, dropped and bounded. An error latches. Zeroed is
 * ready to start.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

enum {
    CHUNKED_TRAILERS_SIZE_MAX = 8192, /**< Bytes of all trailer fields. */
};

enum chunked_state {
    CHUNKED_SIZE_FIRST, /**< The first digit of a size. */
    CHUNKED_SIZE,
    CHUNKED_SIZE_LF,
    CHUNKED_DATA,
    CHUNKED_DATA_CR,
    CHUNKED_DATA_LF,
    CHUNKED_TRAILER_FIRST, /**< At the start of a trailer line. */
    CHUNKED_TRAILER_NAME,
    CHUNKED_TRAILER_VALUE,
    CHUNKED_TRAILER_LF,
    CHUNKED_END_LF,
    CHUNKED_DONE,
    CHUNKED_BAD,
};

struct chunked {
    enum chunked_state state;
    unsigned digit_count;
    uint64_t left;       /**< Of this chunk. */
    size_t trailer_size; /**< So far. */
};

/**
 * Takes framing and at most one run of content from the front of `bytes`.
 *
 * `content_out`: content inside `bytes`, may be empty. Returns the bytes taken, framing
 * and content; look at `state` for CHUNKED_DONE and CHUNKED_BAD. In any other state all
 * bytes were taken, or a run of content ended inside them: call again with the rest.
 */
MUST_USE size_t chunked_take(struct chunked *self, struct span bytes,
                             struct span *content_out);
