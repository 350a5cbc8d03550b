/**
 * A client connection that speaks HTTP/2: many exchanges at a time, one for each stream.
 *
 * Layer: relay. Owned by its struct client, which keeps the stream, the address and the
 * place in the relay's list, and hands every event on while `h2` is set. Each stream is a
 * caller (relay/caller.h) with an exchange, an identity and a pool connection of its own,
 * so that nothing of one can reach another: what an exchange sends goes into the frames
 * of the stream that it was begun for, by that stream's own object.
 *
 * Bounds. A stream under way counts as a connection of its address; where it may not (or
 * where answers wait for the client) it waits with nothing but its head and at most a
 * window of body. Body bytes that the upstream has not taken keep the window closed and
 * count against the address, as do bytes of answers that the client has not taken.
 * Frames are written once per round of the loop, for all streams together.
 */
#pragma once

#include "relay/client.h"

struct client_h2;

/** `client`'s stream carries HTTP/2 from its next byte on. NULL: memory. */
struct client_h2 *client_h2_new(struct client *client);

/** From client.c: its stream's events, its deadline, its end. Each may free both. */
void client_h2_on_read(struct client_h2 *self, struct span bytes);
void client_h2_on_end(struct client_h2 *self);
void client_h2_on_drain(struct client_h2 *self, enum err err);
void client_h2_on_due(struct client_h2 *self);

/** No more requests; ends after those under way. */
void client_h2_drain(struct client_h2 *self);

/** Breaks off everything, and the connection. */
void client_h2_abort(struct client_h2 *self);
