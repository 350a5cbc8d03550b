/**
 * The numbers of servers, and which of them a finding has drained: what must be the same
 * for a process and the one that succeeds it.
 *
 * Layer: relay. A room of health.c, in memory that both share (base/heap.h). A server
 * keeps its number, under which affinity.h knows it, until a restart. Any thread.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/heap.h"

enum {
    HEALTH_SERVERS_MAX = 4096,
};

struct health_roll;

/** Ended with health_roll_free(). NULL: memory. */
struct health_roll *health_roll_new(struct heap *heap);

void health_roll_free(struct health_roll **self_p);

/** What two programs must agree in to share it; mixed into `layout`. */
uint64_t health_roll_layout(uint64_t layout);

/**
 * The number of a server, new or not, and until when it is drained (of the loops' clock),
 * which stays where it is. False: memory, or too many.
 */
MUST_USE bool health_roll_enter(struct health_roll *self, const char *upstream,
                                const char *server, unsigned *number_out,
                                _Atomic(uint64_t) **drained_until_ms_out);
