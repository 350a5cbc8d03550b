/**
 * A client of HTTP/2 before the relay, and two connections of the upstream.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "support/flow_h2.h"
#include "support/test.h"

enum {
    INTERNAL_ERROR = 2,
    REFUSED_STREAM = 7,
    CANCEL = 8,
    FRAME_DATA = 0,
    FRAME_HEADERS = 1,
};

static struct flow_world world;
static struct flow_h2 client;
static struct flow_peer upstream;
static struct flow_peer second;

static inline int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    flow_allow_h2(&world);
    flow_start(&world);
    flow_h2_open(&world, &client);
    upstream = (struct flow_peer){.fd = -1};
    second = (struct flow_peer){.fd = -1};
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    flow_h2_close(&client);
    flow_hang_up(&upstream);
    flow_hang_up(&second);
    flow_close(&world);
    return 0;
}

static inline int32_t get(const char *path, const char *sid)
{
    int32_t id = h2_client_get(&client.client, path, sid);

    flow_h2_turn(&world, &client);
    return id;
}

static inline struct h2_heard *of(int32_t id)
{
    return h2_client_of(&client.client, id);
}

/* Waits for the request on a new connection to the upstream. */
static inline void reach(struct flow_peer *peer)
{
    flow_accept(&world, peer);
    flow_hear_request(&world, peer);
}

static inline void expect_whole(int32_t id, unsigned status, const char *text)
{
    assert_true(flow_h2_hear(&world, &client, id));
    assert_true(flow_h2_is_whole(&client, id, status));
    assert_true(h2_heard_has(of(id), text));
}
