/**
 * Bytes on an upstream connection that nobody asked for.
 *
 * Layer: relay. They are never delivered to anyone. The record names the exchange that
 * was on the connection before. A 408 followed by close, which some servers send to idle
 * connections, is counted apart and is no event.
 */
#pragma once

#include "base/span.h"
#include "relay/upstream.h"

struct relay;

/** Bytes came while the connection was idle. */
void desync_note_idle(struct relay *relay, const struct upstream *upstream,
                      struct span bytes);

/** Bytes came after the end of a response, or a body where none may be. */
void desync_note_excess(struct relay *relay, const struct upstream *upstream,
                        size_t count);
