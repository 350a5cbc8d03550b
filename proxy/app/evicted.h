/**
 * Notices that users' sessions were forgotten because the registry is full.
 *
 * Layer: app. Pure. A session of somebody that goes is an unknown one until its user is
 * seen again: the people on call are told, once an hour at most, of all since the last
 * time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
    EVICTED_TELL_MS = 3600000, /**< An alert of it at most so often. */
};

/** Zeroed: nothing was told. */
struct evicted {
    uint64_t told;    /**< How many there were at the last alert, or at the start. */
    uint64_t next_ms; /**< No alert before. */
};

/** `count`: evicted in all. True: tell of `since_out` that came since. */
bool evicted_tell(struct evicted *self, uint64_t count, uint64_t now_ms,
                  uint64_t *since_out);
