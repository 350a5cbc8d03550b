/**
 * Keeps the bytes of one response until the verdict.
 *
 * Layer: relay. Owned by its exchange. The upstream's bytes are read straight into the
 * hold's blocks and never copied: what belongs to the body is noted as segments, chunk
 * framing between them is left out. On refusal everything is wiped. What lies past the
 * last byte read is never handed out.
 */
#pragma once

#include "base/span.h"
#include "net/stream.h"
#include "relay/block.h"

enum {
    HOLD_SEGMENTS_INLINE = 16,
};

/** Value inside the exchange; zeroed is empty. */
struct hold {
    struct block_store *store;
    struct list blocks; /**< Oldest first. */
    size_t read_len;    /**< Bytes read into the last block. */
    size_t len;         /**< Body bytes kept. */
    size_t segment_count;
    size_t segment_capacity;
    size_t lent_count;     /**< Segments at the front that are being written. */
    struct span *segments; /**< `few` or malloced. */
    struct span few[HOLD_SEGMENTS_INLINE];
};

void hold_init(struct hold *self, struct block_store *store);

/** Room for the next read; `ptr` NULL: the bound of all held bytes is reached, and passed
 * by `beyond`. */
struct stream_space hold_space(struct hold *self, uint64_t beyond);

/** `bytes` were read into the space given. Call before anything else about them. */
void hold_note_read(struct hold *self, struct span bytes);

/** All bytes of the first block so far: where the head is. Empty before the first read.
 */
struct span hold_front(const struct hold *self);

/**
 * Keeps a piece of the body, which lies in bytes just read, and tells in `piece_p` where
 * it lies from now on (short pieces close the gap that chunk framing left). False:
 * memory.
 */
bool hold_keep(struct hold *self, struct span *piece_p);

/** The kept bytes from `at` on, as far as they lie in one piece; empty at the end. */
struct span hold_from(const struct hold *self, size_t at);

/**
 * Makes a segment end behind the first `len` kept bytes, of which nothing is lent. Tells
 * how many segments they are. False: memory.
 */
bool hold_split(struct hold *self, size_t len, size_t *count_out);

/** The first `count` segments are being written: they do not grow any more. */
void hold_lend(struct hold *self, size_t count);

/**
 * Drops the first `count` segments, which were sent on, with the memory that no later one
 * and no half-read piece needs. Spans given out before are not valid any more.
 */
void hold_forget(struct hold *self, size_t count);

/** Gives all memory back; wiped when `refused`. Empty afterwards. */
void hold_clear(struct hold *self, bool refused);
