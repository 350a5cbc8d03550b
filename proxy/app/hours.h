/**
 * What was counted on each route since the ledger was told last.
 *
 * Layer: app. Pure. Counters only grow; they belong to a route's pattern and begin at 0
 * with the process, so a zeroed value is right at the start. After a reload routes have
 * other places: take once and throw away.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    HOURS_ROUTES_MAX = 1024, /**< Those further on are not kept. */
};

/** The counters of one route. */
struct hours_count {
    uint64_t marked;
    uint64_t unmarked;
    uint64_t uninspected;
};

struct hours {
    struct hours_count last[HOURS_ROUTES_MAX];
};

/** Takes where the counters of route `index` stand. True: something came since. */
bool hours_take(struct hours *self, unsigned index, const struct hours_count *now,
                struct hours_count *since_out);
