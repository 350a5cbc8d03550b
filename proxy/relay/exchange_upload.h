/**
 * The body of a request on its way to the upstream.
 *
 * Layer: relay. Part of exchange_state.h; nobody else includes this.
 */
#pragma once

#include "base/list.h"

struct exchange_upload {
    struct list_link link; /* The relay's list of bodies under way. */
    uint64_t began_ms;
    uint64_t len;   /* So far. */
    bool too_large; /* More than it may be. */
    bool too_slow;  /* While others wait for the connection that it holds. */
    bool broken;
};
