/**
 * The scene of most flow tests: the session of Alice is confirmed, over one client and
 * one connection to the upstream, which is left open and idle.
 */
#pragma once

#include "support/flow_world.h"

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;

static const char *const SID = "alice-session-token";

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, SID, "alice");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_close(&world);
    return 0;
}
