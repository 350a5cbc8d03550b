/**
 * Lines in bounded memory, which says at its end how many more there were.
 *
 * Layer: app. Pure. A line is there whole or not at all; after the first one that has no
 * room none is taken, so what comes first is what stays.
 */
#pragma once

#include "base/writer.h"

enum {
    LISTING_END_MAX = 64, /**< Bytes kept free for the end. */
};

struct listing {
    struct writer out; /**< May be written to before the first line. */
    size_t left_out;
};

/** `capacity` > LISTING_END_MAX; the memory is lent. */
struct listing listing_of(void *memory, size_t capacity);

/** Adds `head`, `text` and `tail`, or counts one more. */
void listing_add(struct listing *self, const char *head, const char *text,
                 const char *tail);

/**
 * Says how many lines are left out, `more` of which nobody has added, between `head` and
 * `tail`; nothing when there are none. What was written is lent.
 */
struct span listing_end(struct listing *self, size_t more, const char *head,
                        const char *tail);
