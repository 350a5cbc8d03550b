/**
 * Which server has a session in its memory: for upstreams of several servers.
 *
 * Layer: relay. Owned by the graph; safe for all threads, without locks. Bounded: where
 * two sessions want one place the older goes, and is then served by any server.
 */
#pragma once

#include "base/heap.h"
#include "guard/fingerprint.h"

struct affinity;

/** Room for about `count` sessions, 8 bytes each. NULL: memory. */
struct affinity *affinity_new(struct heap *heap, size_t count);

/** Sets NULL. NULL is fine. */
void affinity_free(struct affinity **self_p);

/** The session `key` is with server `number` < 65535 from now on. */
void affinity_set(struct affinity *self, const struct fingerprint *key, unsigned number);

/** False: it is not known. */
bool affinity_find(const struct affinity *self, const struct fingerprint *key,
                   unsigned *number_out);
