/**
 * Bytes on an upstream connection that nobody asked for.
 *
 * Layer: relay. They are never delivered to anyone, and their connection is closed by
 * whoever notes them, also where the detector is switched off. The record names the
 * exchange that was on the connection before and, as far as the bytes tell, whose answer
 * they are. A 408 and nothing besides, which some servers send to an idle connection
 * before they close it, is counted apart and is no event.
 */
#pragma once

#include "base/span.h"
#include "relay/upstream.h"

struct relay;

/** Bytes came while the connection was idle, or were there before the request was. */
void desync_note_idle(struct relay *relay, const struct upstream *upstream,
                      struct span bytes);

/** Bytes came after the end of a response, or a body where none may be. */
void desync_note_excess(struct relay *relay, const struct upstream *upstream,
                        struct span bytes);
