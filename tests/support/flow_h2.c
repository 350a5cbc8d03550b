#include "support/flow_h2.h"

#include <string.h>

#include "support/test.h"

enum {
    PATIENCE_MS = 20000,
};

void flow_allow_h2(struct flow_world *world)
{
    world->listen.http2 = HTTP2_PRIOR_KNOWLEDGE;
}

void flow_h2_open(struct flow_world *world, struct flow_h2 *self)
{
    memset(&self->client, 0, sizeof(self->client));
    flow_client(world, &self->peer);
    h2_client_open(&self->client);
}

void flow_h2_open_slow(struct flow_world *world, struct flow_h2 *self)
{
    memset(&self->client, 0, sizeof(self->client));
    self->client.windows_shut = true;
    flow_slow_client(world, &self->peer);
    h2_client_open(&self->client);
}

void flow_h2_close(struct flow_h2 *self)
{
    if (self->client.session != NULL) {
        h2_client_close(&self->client);
    }
    flow_hang_up(&self->peer);
}

/* True when something was said or heard. */
static bool pass(struct flow_world *world, struct flow_h2 *self)
{
    struct span out = h2_client_take(&self->client);
    bool moved = out.len > 0;

    if (out.len > 0) {
        flow_say_bytes(world, &self->peer, out);
    }
    flow_turn(world);
    if (!self->peer.deaf) {
        flow_listen(&self->peer);
    }
    if (self->peer.len > 0) {
        struct span heard = {.ptr = (const uint8_t *)self->peer.text,
                             .len = self->peer.len};
        h2_client_hear(&self->client, heard);
        flow_forget(&self->peer);
        moved = true;
    }
    return moved;
}

void flow_h2_turn(struct flow_world *world, struct flow_h2 *self)
{
    do {
        while (pass(world, self)) {
        }
        flow_settle(world);
    } while (pass(world, self));
}

bool flow_h2_hear(struct flow_world *world, struct flow_h2 *self, int32_t id)
{
    uint64_t until = flow_now_ms() + PATIENCE_MS;
    struct h2_heard *heard = h2_client_of(&self->client, id);

    while (!heard->ended && heard->reset == H2_CLIENT_NO_RESET) {
        if (self->peer.ended || self->peer.broken || flow_now_ms() >= until) {
            return false;
        }
        (void)pass(world, self);
    }
    return true;
}

bool flow_h2_is_whole(struct flow_h2 *self, int32_t id, unsigned status)
{
    const struct h2_heard *heard = h2_client_of(&self->client, id);
    return heard->ended && heard->status == status;
}
