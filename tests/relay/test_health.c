#include <stdio.h>

#include "relay/health.h"
#include "support/metrics_page.h"

enum {
    EJECT_MS = 10000,
};

struct world {
    struct stats *stats;
    struct stats_block *block;
    struct health_roll *roll;
    struct health *health;
    struct server_health *server;
};

static void open_world(struct world *self)
{
    self->stats = stats_new();
    self->block = stats_block_new(self->stats);
    self->roll = health_roll_new(NULL);
    self->health = health_new(self->stats, self->roll);
    self->server = health_of(self->health, self->block, "site", "10.0.0.1:80");
    assert_non_null(self->server);
}

static void close_world(struct world *self)
{
    health_free(&self->health);
    health_roll_free(&self->roll);
    stats_free(&self->stats);
}

static void fail_three_times(struct world *self, uint64_t now_ms)
{
    assert_false(server_health_note(self->server, false, now_ms, EJECT_MS));
    assert_false(server_health_note(self->server, false, now_ms, EJECT_MS));
    assert_int_equal(server_health_state(self->server, now_ms), SERVER_UP);
    assert_true(server_health_note(self->server, false, now_ms, EJECT_MS));
    assert_int_equal(server_health_state(self->server, now_ms), SERVER_DOWN);
}

static void health_is_of_a_server_whatever_configuration_names_it(void **state)
{
    (void)state;
    struct world world;

    open_world(&world);
    assert_ptr_equal(health_of(world.health, world.block, "site", "10.0.0.1:80"),
                     world.server);
    assert_ptr_not_equal(health_of(world.health, world.block, "other", "10.0.0.1:80"),
                         world.server);
    assert_int_equal(server_health_number(world.server), 0);
    close_world(&world);
}

/* What the gauge of the server says; -1: it is not shown. */
static int shown(struct world *self, const char *server)
{
    char sample[128];

    (void)snprintf(sample, sizeof(sample),
                   "countermark_upstream_server_up{upstream=\"site\",server=\"%s\"}",
                   server);
    const char *value = metrics_value(self->stats, sample);
    return value != NULL ? *value - '0' : -1;
}

static void health_shows_the_servers_in_force_and_those_that_come_back(void **state)
{
    (void)state;
    struct world world;
    struct server a = {.text = "10.0.0.1:80"};
    struct server b = {.text = "10.0.0.2:80"};
    struct upstream_settings one = {.name = "site", .servers = &a, .server_count = 1};
    struct upstream_settings other = {.name = "site", .servers = &b, .server_count = 1};

    open_world(&world);
    fail_three_times(&world, 1000);
    server_health_show(world.server, world.block, 1000);
    assert_int_equal(shown(&world, a.text), 0);
    health_use(world.health, world.block, &other, 1);
    assert_int_equal(shown(&world, a.text), -1);
    assert_int_equal(shown(&world, b.text), 1);
    /* A worker that has yet to take it, or an old exchange, brings nothing back. */
    (void)health_of(world.health, world.block, "site", a.text);
    assert_true(server_health_note(world.server, true, 2000, EJECT_MS));
    server_health_show(world.server, world.block, 2000);
    assert_int_equal(shown(&world, a.text), -1);
    for (int i = 0; i < 100; i++) {
        health_use(world.health, world.block, i % 2 == 0 ? &one : &other, 1);
        assert_int_equal(shown(&world, a.text), i % 2 == 0 ? 1 : -1);
        assert_int_equal(shown(&world, b.text), i % 2 == 0 ? -1 : 1);
    }
    close_world(&world);
}

static void health_knows_who_is_down_until_a_request_is_to_try_it(void **state)
{
    (void)state;
    struct world world;

    open_world(&world);
    assert_false(health_is_down(world.health, "site", "10.0.0.9:80", true, 1000));
    assert_false(health_is_down(world.health, "site", "10.0.0.1:80", true, 1000));
    fail_three_times(&world, 1000);
    assert_true(health_is_down(world.health, "site", "10.0.0.1:80", true, 1000));
    assert_true(
        health_is_down(world.health, "site", "10.0.0.1:80", false, 1000 + EJECT_MS - 1));
    assert_false(
        health_is_down(world.health, "site", "10.0.0.1:80", false, 1000 + EJECT_MS));
    assert_true(
        health_is_down(world.health, "site", "10.0.0.1:80", true, 1000 + EJECT_MS));
    assert_false(health_is_down(world.health, "other", "10.0.0.1:80", true, 1000));
    assert_true(server_health_drain(world.server, 1000, 1));
    assert_true(health_is_down(world.health, "site", "10.0.0.1:80", true, 1000));
    assert_true(server_health_note(world.server, true, 1000, EJECT_MS));
    assert_false(health_is_down(world.health, "site", "10.0.0.1:80", true, 1000));
    close_world(&world);
}

static void health_is_lost_by_three_failures_in_a_row(void **state)
{
    (void)state;
    struct world world;

    open_world(&world);
    assert_false(server_health_note(world.server, false, 1, EJECT_MS));
    assert_false(server_health_note(world.server, false, 1, EJECT_MS));
    assert_false(server_health_note(world.server, true, 1, EJECT_MS));
    fail_three_times(&world, 1);
    assert_true(server_health_note(world.server, true, 2, EJECT_MS));
    assert_int_equal(server_health_state(world.server, 2), SERVER_UP);
    assert_int_equal(server_health_up_ms(world.server, 12), 10);
    close_world(&world);
}

static void health_is_tried_by_one_request_at_a_time(void **state)
{
    (void)state;
    struct world world;

    open_world(&world);
    assert_true(server_health_try(world.server, 1, EJECT_MS));
    fail_three_times(&world, 1);
    assert_false(server_health_try(world.server, EJECT_MS, EJECT_MS));
    assert_true(server_health_try(world.server, EJECT_MS + 1, EJECT_MS));
    assert_false(server_health_try(world.server, EJECT_MS + 1, EJECT_MS));
    assert_false(server_health_note(world.server, false, EJECT_MS + 2, EJECT_MS));
    assert_false(server_health_try(world.server, EJECT_MS + 3, EJECT_MS));
    close_world(&world);
}

static void health_of_a_drained_server_comes_back_by_time_or_by_an_operator(void **state)
{
    (void)state;
    struct world world;

    open_world(&world);
    assert_true(server_health_drain(world.server, 1, 1000));
    assert_false(server_health_drain(world.server, 2, 1000));
    assert_int_equal(server_health_state(world.server, 1001), SERVER_DRAINED);
    assert_int_equal(server_health_state(world.server, 1002), SERVER_UP);
    assert_true(server_health_drain(world.server, 2000, 1000));
    assert_false(server_health_note(world.server, true, 2001, EJECT_MS));
    assert_int_equal(server_health_state(world.server, 2001), SERVER_DRAINED);
    server_health_return(world.server);
    assert_int_equal(server_health_state(world.server, 2001), SERVER_UP);
    close_world(&world);
}

static void health_checks_are_claimed_once_in_an_interval(void **state)
{
    (void)state;
    struct world world;

    open_world(&world);
    assert_true(server_health_claim(world.server, 1, 5000));
    assert_false(server_health_claim(world.server, 5000, 5000));
    assert_true(server_health_claim(world.server, 5001, 5000));
    close_world(&world);
}

static void health_is_shown_by_a_gauge(void **state)
{
    (void)state;
    struct world world;

    open_world(&world);
    unsigned slot = stats_series(world.stats, STAT_UPSTREAM_SERVER_UP,
                                 "upstream=\"site\",server=\"10.0.0.1:80\"");
    assert_int_equal(stats_read(world.stats, slot), 1);
    assert_true(server_health_drain(world.server, 1, 1000));
    server_health_show(world.server, world.block, 2);
    server_health_show(world.server, world.block, 2);
    assert_int_equal(stats_read(world.stats, slot), 0);
    server_health_show(world.server, world.block, 2000);
    assert_int_equal(stats_read(world.stats, slot), 1);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(health_is_of_a_server_whatever_configuration_names_it),
        cmocka_unit_test(health_shows_the_servers_in_force_and_those_that_come_back),
        cmocka_unit_test(health_knows_who_is_down_until_a_request_is_to_try_it),
        cmocka_unit_test(health_is_lost_by_three_failures_in_a_row),
        cmocka_unit_test(health_is_tried_by_one_request_at_a_time),
        cmocka_unit_test(health_of_a_drained_server_comes_back_by_time_or_by_an_operator),
        cmocka_unit_test(health_checks_are_claimed_once_in_an_interval),
        cmocka_unit_test(health_is_shown_by_a_gauge),
    };
    return RUN_TESTS(tests);
}
