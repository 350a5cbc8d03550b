/**
 * Notices that a route's pages no longer carry the marker they should.
 *
 * Layer: app. Pure. A site that is changed may lose its marker, and then nothing is
 * guarded although nothing looks wrong: a route that had it in nearly every response and
 * then in a tenth less of them, or more than chance explains, is told of once, until the
 * marker is back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    COVERAGE_COUNT_MIN = 20, /**< Responses before anything is said of them. */
};

/** One route. Zeroed: nothing is known. */
struct coverage {
    uint64_t marked; /**< At the last judgement. */
    uint64_t unmarked;
    double best; /**< Share of them, once nearly all; 0: unknown, or told as lost. */
};

/**
 * Takes the counts so far; a few times a minute.
 *
 * `share_out`: the share of marked responses since the last judgement.
 * True: the marker is lost; said once.
 */
bool coverage_lost(struct coverage *self, uint64_t marked, uint64_t unmarked,
                   double *share_out);
