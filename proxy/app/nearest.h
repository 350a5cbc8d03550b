/**
 * How far a mistyped word is from the right one.
 *
 * Layer: app. Pure.
 */
#pragma once

#include <stddef.h>

#include "base/span.h"

enum {
    NEAREST_SIZE_MAX = 64, /**< Bytes of a word that are compared. */
};

/** Letters to insert, remove, change or swap with the next one to make `a` of `b`. */
size_t nearest_distance(struct span a, struct span b);
