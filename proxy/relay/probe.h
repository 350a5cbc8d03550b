/**
 * One active check of a server: asks for a path and looks at the status.
 *
 * Layer: relay. Owned by the pool_server that it looks at, freed with probe_free(). It
 * has a connection of its own, which the caller counts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct pool_server;
struct probe;

/** `good`: the answer's status was 2xx or 3xx. The probe may be freed here. */
typedef void probe_fn(struct pool_server *server, bool good);

/** Starts a check of `server`, which has an address. NULL: memory or descriptors. */
struct probe *probe_new(struct pool_server *server, probe_fn *on_done);

/** No answer comes after this. Sets NULL. NULL is fine. */
void probe_free(struct probe **self_p);
