/**
 * Walks over the frames that an HTTP/2 client sends, for the one rule that nghttp2 cannot
 * keep: it forgets a stream when it closes, and ignores what comes for it afterwards.
 *
 * Layer: http. Pure: no I/O, no clock, no allocation.
 * Only heads of frames are looked at (RFC 9113 section 4.1); everything else about them
 * is nghttp2's to judge. A client that has ended or reset a stream must not send DATA or
 * HEADERS on it any more (section 5.1); the last H2_FINISHED_KEPT such streams are known.
 * What comes for a stream that we reset was on its way, and is no error.
 */
#pragma once

#include "base/span.h"

enum {
    H2_FINISHED_KEPT = 32,
    H2_FRAME_HEAD_LEN = 9,
};

struct h2_walk {
    int32_t finished[H2_FINISHED_KEPT]; /* A ring. */
    uint32_t finished_count;
    int32_t highest;  /* Of all that were finished. */
    uint32_t skip;    /* Bytes until the next head. */
    uint8_t head_len; /* Of `head`, below H2_FRAME_HEAD_LEN. */
    uint8_t head[H2_FRAME_HEAD_LEN];
};

/** Before the preface of the client. */
void h2_walk_init(struct h2_walk *self);

/**
 * How many of the next `bytes` may be worked on: all of them, or those before the rest of
 * a head that opens a frame for a finished stream. After that nothing may.
 */
size_t h2_walk_over(struct h2_walk *self, struct span bytes);
