/**
 * A client of HTTP/2 on a connection of a flow_world.
 */
#pragma once

#include "support/flow_world.h"
#include "support/h2_client.h"

struct flow_h2 {
    struct flow_peer peer;
    struct h2_client client;
};

/** Connects and says hello. The site's listener must let it: flow_allow_h2(). */
void flow_h2_open(struct flow_world *world, struct flow_h2 *self);
void flow_h2_close(struct flow_h2 *self);

/** As flow_slow_client(), and no window ever opens by itself. */
void flow_h2_open_slow(struct flow_world *world, struct flow_h2 *self);

/** HTTP/2 with prior knowledge on all connections from now on. */
void flow_allow_h2(struct flow_world *world);

/** Says what is to be said and hears what has come, until nothing moves. */
void flow_h2_turn(struct flow_world *world, struct flow_h2 *self);

/** The same until stream `id` has ended or was reset. False: it did not within 5 s. */
bool flow_h2_hear(struct flow_world *world, struct flow_h2 *self, int32_t id);

/** The stream ended as it should, with this status. */
bool flow_h2_is_whole(struct flow_h2 *self, int32_t id, unsigned status);
