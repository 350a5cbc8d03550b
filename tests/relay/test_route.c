#include <stdio.h>

#include "relay/route.h"
#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct routed routed;
static uint8_t buffer[512];
static enum framing framing;

static int set_up(void **state)
{
    (void)state;
    framing = FRAMING_NONE;
    flow_init(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(world.site);
    free(world.log);
    return 0;
}

static enum route_outcome find(const char *method, const char *target, const char *host)
{
    static struct head head;
    struct path path;

    head.method_text = span_of(method);
    head.framing = framing;
    assert_int_equal(path_normalize(span_of(target), buffer, &path), PATH_ERROR_NONE);
    return route_find(world.site, span_of(host), &head, &path, &routed);
}

static void first_route_that_matches_wins_and_the_last_takes_the_rest(void **state)
{
    (void)state;
    assert_int_equal(find("GET", "/mypage/strict/x", "site"), ROUTE_FOUND);
    assert_int_equal(routed.index, FLOW_STRICT);
    assert_int_equal(routed.requirement.require_mask, 1);
    assert_int_equal(find("GET", "/mypage/x", "site"), ROUTE_FOUND);
    assert_int_equal(routed.index, FLOW_MYPAGE);
    assert_int_equal(find("GET", "/elsewhere", "site"), ROUTE_FOUND);
    assert_int_equal(routed.index, FLOW_REST);
}

static void other_spellings_of_a_path_reach_the_same_route(void **state)
{
    static const char *const targets[] = {"/login",   "/login;x=1", "//login",
                                          "/%6cogin", "/login/",    "/login?user=x"};

    (void)state;
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        assert_int_equal(find("POST", targets[i], "site"), ROUTE_FOUND);
        assert_int_equal(routed.role, ROLE_LOGIN);
        assert_int_equal(routed.features, FEATURE_LOGIN_BIT);
    }
    assert_int_equal(find("GET", "/login", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_NONE);
    assert_int_equal(find("GET", "/logout", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_LOGOUT);
}

static void
login_by_another_method_is_a_login_where_it_brings_a_name_or_a_body(void **state)
{
    static char field[] = "user";

    (void)state;
    world.site->login.user_field = field;
    assert_int_equal(find("GET", "/login?x=1&us%65r=bob", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_LOGIN);
    assert_int_equal(find("GET", "/login?next=user", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_NONE);
    assert_int_equal(find("GET", "/public?user=bob", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_NONE);
    assert_int_equal(find("GET", "/logout?user=bob", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_LOGOUT);
    world.site->login.user_field = NULL;
    assert_int_equal(find("GET", "/login?user=bob", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_NONE);
    framing = FRAMING_LENGTH;
    assert_int_equal(find("PUT", "/login", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_LOGIN);
    assert_int_equal(find("PUT", "/public", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_NONE);
}

static void unknown_host_is_not_served(void **state)
{
    static char name[] = "*.example.jp";
    static char *hosts[] = {name};

    (void)state;
    world.site->hosts = hosts;
    world.site->host_count = 1;
    assert_int_equal(find("GET", "/", "www.example.jp"), ROUTE_FOUND);
    assert_int_equal(find("GET", "/", "www.example.com"), ROUTE_UNKNOWN_HOST);
    assert_int_equal(find("GET", "/", ""), ROUTE_UNKNOWN_HOST);
}

static void route_of_another_host_is_passed_over(void **state)
{
    static char name[] = "a.example";

    (void)state;
    world.routes[FLOW_STRICT].host = name;
    assert_int_equal(find("GET", "/mypage/strict/x", "b.example"), ROUTE_FOUND);
    assert_int_equal(routed.index, FLOW_MYPAGE);
    assert_int_equal(find("GET", "/mypage/strict/x", "a.example"), ROUTE_FOUND);
    assert_int_equal(routed.index, FLOW_STRICT);
}

static void
path_of_two_readings_needs_the_route_of_the_received_one_to_allow_it(void **state)
{
    (void)state;
    assert_int_equal(find("GET", "/mypage%2Fstrict/x", "site"), ROUTE_BAD_PATH);
    world.routes[FLOW_STRICT].encoded_slash_keep = true;
    assert_int_equal(find("GET", "/mypage%2Fstrict/x", "site"), ROUTE_BAD_PATH);
    assert_int_equal(find("GET", "/mypage/strict/x%2Fy", "site"), ROUTE_FOUND);
    assert_int_equal(routed.other, FLOW_STRICT);
    world.routes[FLOW_STRICT].encoded_slash_keep = false;
    world.routes[FLOW_REST].encoded_slash_keep = true;
    assert_int_equal(find("GET", "/mypage%2Fstrict/x", "site"), ROUTE_FOUND);
    assert_int_equal(routed.index, FLOW_REST);
    assert_int_equal(routed.other, FLOW_STRICT);
}

/* Each member of a route is set on one reading's and not on the other's, both ways. */
static void path_of_two_readings_is_under_the_stricter_of_both_in_everything(void **state)
{
    static const enum flow_route rows[][2] = {{FLOW_REST, FLOW_STRICT},
                                              {FLOW_STRICT, FLOW_REST}};

    (void)state;
    world.routes[FLOW_REST].encoded_slash_keep = true;
    for (size_t i = 0; i < 2; i++) {
        struct route *strict = &world.routes[rows[i][0]];
        struct route *lax = &world.routes[rows[i][1]];
        strict->requirement = (struct requirement){
            .require_mask = 1, .unmarked = UNMARKED_REFUSE, .echo_expected = true};
        lax->requirement = (struct requirement){
            .require_mask = 2, .unmarked = UNMARKED_RELEASE, .observe = true};
        strict->websocket = false;
        lax->websocket = true;
        strict->over_limit = OVER_LIMIT_REFUSE;
        lax->over_limit = OVER_LIMIT_STREAM;
        atomic_store(&strict->closed, true);
        atomic_store(&lax->closed, false);
        assert_int_equal(find("GET", "/mypage%2Fstrict/x", "site"), ROUTE_FOUND);
        assert_int_equal(routed.requirement.require_mask, 3);
        assert_int_equal(routed.requirement.unmarked, UNMARKED_REFUSE);
        assert_true(routed.requirement.echo_expected);
        assert_false(routed.requirement.observe);
        assert_int_equal(routed.features, FEATURE_LOGIN_BIT);
        assert_false(route_has_sockets(world.site, &routed));
        assert_false(route_may_stream(world.site, &routed));
        assert_true(route_closed(world.site, &routed));
    }
}

static void path_of_two_readings_has_the_role_of_either(void **state)
{
    (void)state;
    world.routes[FLOW_REST].encoded_slash_keep = true;
    assert_int_equal(find("POST", "/login%2F", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_LOGIN);
    assert_int_equal(find("GET", "/logout%2F", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_LOGOUT);
    assert_false(routed.logout_only); /* The gate of the other reading holds. */
    world.logout.path = world.routes[FLOW_REST].path;
    assert_int_equal(find("POST", "/login%2F", "site"), ROUTE_FOUND);
    assert_int_equal(routed.role, ROLE_LOGIN);
    assert_false(routed.logout_only);
    assert_int_equal(find("GET", "/a%2Fb", "site"), ROUTE_FOUND);
    assert_true(routed.logout_only);
}

static void feature_settings_are_found_by_slot(void **state)
{
    (void)state;
    assert_ptr_equal(route_feature(world.site, FEATURE_LOGIN_BIT), &world.feature[0]);
    assert_ptr_equal(route_feature(world.site, UINT64_C(1) << world.feature[1].slot),
                     &world.feature[1]);
    assert_null(route_feature(world.site, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define ROUTE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        ROUTE_TEST(first_route_that_matches_wins_and_the_last_takes_the_rest),
        ROUTE_TEST(other_spellings_of_a_path_reach_the_same_route),
        ROUTE_TEST(login_by_another_method_is_a_login_where_it_brings_a_name_or_a_body),
        ROUTE_TEST(unknown_host_is_not_served),
        ROUTE_TEST(route_of_another_host_is_passed_over),
        ROUTE_TEST(path_of_two_readings_needs_the_route_of_the_received_one_to_allow_it),
        ROUTE_TEST(path_of_two_readings_is_under_the_stricter_of_both_in_everything),
        ROUTE_TEST(path_of_two_readings_has_the_role_of_either),
        ROUTE_TEST(feature_settings_are_found_by_slot),
    };
    return RUN_TESTS(tests);
}
