/* connections_max is of all workers: one that has many idle ones gives them up for
 * another's requests. Two workers here share one thread, which takes turns. */
#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

enum {
    PEERS = 3,
    PATIENCE = 200, /* Turns of both. */
};

static struct flow_world world;
static struct relay *other;
static struct flow_peer clients[PEERS];
static struct flow_peer upstreams[PEERS];

static const char *const SIDS[PEERS] = {"session-token-of-one", "session-token-of-two",
                                        "session-token-of-three"};

/* From now on `world` is the other worker. */
static void change_worker(void)
{
    struct relay *relay = world.relay;

    world.relay = other;
    other = relay;
}

/* Each ticks once, however busy the machine is, and sees what came of it. */
static void turn_both(void)
{
    for (int i = 0; i < 2; i++) {
        relay_tick(world.relay);
        flow_settle(&world);
        change_worker();
    }
}

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    world.upstream.connections_max = 2;
    flow_start(&world);
    world.shared.worker_count = 2;
    world.ticks_by_hand = true;
    other = relay_new(&world.shared, world.loop, world.site, world.access_log);
    assert_non_null(other);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEERS; i++) {
        flow_hang_up(&clients[i]);
        flow_hang_up(&upstreams[i]);
    }
    for (int i = 0; i < PATIENCE && !relay_is_empty(other); i++) {
        turn_both();
    }
    assert_int_equal(block_store_used(other->blocks), 0);
    relay_free(&other);
    world.ticks_by_hand = false;
    flow_close(&world);
    assert_int_equal(atomic_load(&world.server.wanted), 0);
    return 0;
}

/* Client `i` asks; with a server's connection at once when `served`. */
static void ask(size_t i, bool served)
{
    flow_client(&world, &clients[i]);
    flow_get(&world, &clients[i], "/public", SIDS[i]);
    if (served) {
        flow_accept(&world, &upstreams[i]);
        flow_hear_request(&world, &upstreams[i]);
    }
}

static void reply(size_t i)
{
    flow_page(&world, &upstreams[i], NULL, "page");
    assert_true(flow_hear(&world, &clients[i], "page"));
}

static void serve(size_t i)
{
    ask(i, true);
    reply(i);
}

/* The request of `i` gets a connection without an answer of anybody else's. */
static void expect_served(size_t i)
{
    for (int turns = 0; turns < PATIENCE && !flow_knocks(&world); turns++) {
        turn_both();
    }
    flow_accept(&world, &upstreams[i]);
    flow_hear_request(&world, &upstreams[i]);
    assert_true(flow_has(&upstreams[i], SIDS[i]));
    reply(i);
}

static bool is_closed(size_t i)
{
    flow_settle(&world);
    flow_listen(&upstreams[i]);
    return upstreams[i].ended || upstreams[i].broken;
}

static void a_worker_gives_the_connection_idle_longest_to_another(void **state)
{
    (void)state;
    serve(0);
    serve(1);
    change_worker();
    ask(2, false);
    expect_served(2);
    assert_true(is_closed(0));
    assert_false(is_closed(1));
    turn_both();
    assert_false(is_closed(1));
    assert_int_equal(atomic_load(&world.server.wanted), 0);
}

static void a_connection_that_comes_back_is_another_workers(void **state)
{
    (void)state;
    world.upstream.connections_max = 1;
    ask(0, true);
    ask(1, false); /* Its own waits as well. */
    change_worker();
    ask(2, false);
    turn_both();
    assert_false(flow_knocks(&world));
    reply(0);
    assert_true(is_closed(0));
    expect_served(2);
    expect_served(1);
}

static void nobody_gives_anything_for_a_request_that_is_gone(void **state)
{
    (void)state;
    ask(0, true);
    ask(1, true);
    change_worker();
    ask(2, false);
    turn_both();
    assert_int_equal(atomic_load(&world.server.wanted), 1);
    flow_break(&clients[2]);
    flow_settle(&world);
    assert_int_equal(atomic_load(&world.server.wanted), 0);
    reply(0);
    reply(1);
    turn_both();
    assert_false(is_closed(0));
    assert_false(is_closed(1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_worker_gives_the_connection_idle_longest_to_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_that_comes_back_is_another_workers,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_gives_anything_for_a_request_that_is_gone,
                                        set_up, tear_down),
    };
    return RUN_TESTS(tests);
}
