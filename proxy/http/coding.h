/**
 * Content codings taken off for the scanner, while the client gets the original bytes.
 *
 * Layer: http. Pure but for memory: contexts are made once and used again for response
 * after response. Bytes in, decoded pieces out through a callback, in any split. Decoded
 * size and ratio are limited, of every coding in a row. The first error latches:
 * truncated, damaged, bytes behind the end (but for blanks and zeros), over a limit. A
 * coding we do not know is CODING_UNKNOWN from the start.
 */
#pragma once

#include "base/check.h"
#include "http/h1.h"

enum { CODING_STEPS_MAX = 3 /**< Codings applied one after another. */ };

/** What became of the decoding so far. */
enum coding_state {
    CODING_UNKNOWN, /**< A coding nobody here can take off, or too many of them. */
    CODING_DAMAGED, /**< Malformed, cut, or with bytes behind its end. */
    CODING_LIMIT,   /**< Past the decoded size or the ratio. */
    CODING_MORE,    /**< Sound so far. */
    CODING_DONE,    /**< Everything was decoded. */
};

struct coding_limits {
    uint64_t decoded_size_max; /**< Bytes of one body, > 0. */
    uint64_t ratio_max;        /**< Decoded by received bytes, > 0. Not asked of
                                  the first 64 KiB. */
};

/** Takes decoded bytes, never none; valid during the call. */
typedef void coding_sink(void *context, struct span decoded);

struct coding;

/** A decoder for one body at a time. NULL: memory. The caller frees it. */
struct coding *coding_new(const struct coding_limits *limits, coding_sink *sink);

void coding_free(struct coding **self_p);

/**
 * Readies the decoder for the body of `head`: all its Content-Encoding fields, in order.
 * Without one, or with `identity`, bytes pass as they are. Allocates only the first time
 * a coding is used. `context` goes to the sink.
 */
enum coding_state coding_start(struct coding *self, const struct head *head,
                               void *context);

/**
 * Codings that are taken off; 0: bytes pass as they are, and a caller may scan them
 * without asking. Each of them may keep what it decoded back until more comes.
 */
size_t coding_step_count(const struct coding *self);

/** Other limits, from the next body on. */
void coding_limit(struct coding *self, const struct coding_limits *limits);

/** Bytes that the decoder has now: windows grow with the body. */
size_t coding_memory(const struct coding *self);

/** The body is over or given up: gives back what is large (a window is up to 16 MiB). */
void coding_rest(struct coding *self);

/**
 * Decodes `bytes`. With PIECE_LAST the body ends with them; with PIECE_BROKEN nothing is
 * decoded and the result is CODING_DAMAGED.
 */
enum coding_state coding_feed(struct coding *self, struct span bytes, enum piece piece);

/** True for a coding we can take off: for narrowing Accept-Encoding. */
bool coding_is_known(struct span name);
