/* A marked page while login is down closes its route; a reload opens none of them. */
#include <string.h>

#include "support/flow_alice.h"
#include "support/test.h"

static struct route routes[FLOW_ROUTE_COUNT];
static struct site next;

/* The same file, read again. */
static void reload(void)
{
    memcpy(routes, world.routes, sizeof(routes));
    for (size_t i = 0; i < FLOW_ROUTE_COUNT; i++) {
        atomic_store(&routes[i].closed, false);
    }
    next = *world.site;
    atomic_store(&next.references, 1);
    next.routes = routes;
    assert_true(relay_use(world.relay, &next));
}

static void ask_without_session(const char *path)
{
    flow_hang_up(&upstream);
    flow_get(&world, &client, path, NULL);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
}

static void expect_status(unsigned status)
{
    struct flow_answer answer;
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, status);
    flow_forget(&client);
}

static void expect_closed(const char *path)
{
    flow_get(&world, &client, path, NULL);
    expect_status(503);
}

static int set_up_down(void **state)
{
    (void)set_up(state);
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    return 0;
}

static void route_that_a_finding_closed_is_closed_after_a_reload(void **state)
{
    (void)state;
    ask_without_session("/public");
    flow_page(&world, &upstream, "bob", "secret");
    expect_status(502);
    expect_closed("/public");
    reload();
    expect_closed("/public");
    feature_table_set(&world.features, FEATURE_LOGIN, FEATURE_UP);
    ask_without_session("/public");
    flow_page(&world, &upstream, NULL, "fine");
    expect_status(200);
}

static void visitor_of_a_trial_opens_no_closed_route_for_the_others(void **state)
{
    struct network everybody = {.prefix_len = 0};

    (void)state;
    ask_without_session("/public");
    flow_page(&world, &upstream, "bob", "secret");
    expect_status(502);
    feature_table_set(&world.features, FEATURE_LOGIN, FEATURE_TRIAL);
    world.feature[0].trial = &everybody;
    world.feature[0].trial_count = 1;
    ask_without_session("/public");
    flow_page(&world, &upstream, NULL, "fine");
    expect_status(200);
    world.feature[0].trial_count = 0;
    expect_closed("/public");
}

static void finding_of_a_request_before_a_reload_closes_the_route_after_it(void **state)
{
    (void)state;
    ask_without_session("/public");
    reload();
    flow_page(&world, &upstream, "bob", "secret");
    expect_status(502);
    expect_closed("/public");
}

static void finding_under_a_path_of_two_readings_closes_the_routes_of_both(void **state)
{
    (void)state;
    world.routes[FLOW_REST].encoded_slash_keep = true;
    ask_without_session("/stream%2Fx");
    flow_page(&world, &upstream, "bob", "secret");
    expect_status(502);
    expect_closed("/stream/x");
    expect_closed("/public");
}

static void path_of_two_readings_is_closed_by_the_route_of_either(void **state)
{
    (void)state;
    world.routes[FLOW_REST].encoded_slash_keep = true;
    atomic_store(&world.routes[FLOW_STREAM].closed, true);
    expect_closed("/stream%2Fx");
    ask_without_session("/public%2Fx");
    flow_page(&world, &upstream, NULL, "fine");
    expect_status(200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define CLOSED_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_down, tear_down)
        CLOSED_TEST(route_that_a_finding_closed_is_closed_after_a_reload),
        CLOSED_TEST(visitor_of_a_trial_opens_no_closed_route_for_the_others),
        CLOSED_TEST(finding_of_a_request_before_a_reload_closes_the_route_after_it),
        CLOSED_TEST(finding_under_a_path_of_two_readings_closes_the_routes_of_both),
        CLOSED_TEST(path_of_two_readings_is_closed_by_the_route_of_either),
    };
    return RUN_TESTS(tests);
}
