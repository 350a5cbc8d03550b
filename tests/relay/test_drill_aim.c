#include "relay/drill_aim.h"
#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct drill_aim aim;
static struct selector regex = {.kind = SELECTOR_REGEX};

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    flow_compile_markers(&world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    markers_free(&world.site->markers);
    free(world.site);
    free(world.log);
    return 0;
}

static const char *find(unsigned slot, const char *path)
{
    return drill_aim_find(world.site, slot, path, &aim);
}

static void first_route_that_requires_the_marker_is_asked_for(void **state)
{
    (void)state;
    assert_null(find(FEATURE_LOGIN, ""));
    assert_string_equal(aim.target, "/mypage/strict/drill");
    assert_string_equal(aim.route, "/mypage/strict/**");
    assert_string_equal(aim.host, "localhost");
}

static void without_a_requirement_any_path_of_the_feature_will_do(void **state)
{
    (void)state;
    assert_null(find(world.feature[1].slot, ""));
    assert_string_equal(aim.target, "/reports/drill");
    assert_string_equal(aim.route, "/**");
}

static void patterns_are_filled_and_encoded(void **state)
{
    struct path_pattern pattern;

    (void)state;
    assert_null(path_pattern_parse(SPAN("/reports/*/お 知らせ"), false, &pattern));
    world.report_paths[0] = &pattern;
    assert_null(find(world.feature[1].slot, ""));
    assert_string_equal(aim.target,
                        "/reports/drill/%E3%81%8A%20%E7%9F%A5%E3%82%89%E3%81%9B");
}

static void hosts_are_those_of_the_site_and_of_the_route(void **state)
{
    char any[] = "*.site.example";
    char own[] = "my.site.example";
    char *hosts[] = {any};

    (void)state;
    world.site->hosts = hosts;
    world.site->host_count = 1;
    assert_null(find(FEATURE_LOGIN, ""));
    assert_string_equal(aim.host, "drill.site.example");
    world.routes[FLOW_STRICT].host = own;
    assert_null(find(FEATURE_LOGIN, ""));
    assert_string_equal(aim.host, "my.site.example");
    assert_string_equal(aim.route, "/mypage/strict/**");
    assert_null(find(FEATURE_LOGIN, "/mypage/strict/a"));
    assert_string_equal(aim.target, "/mypage/strict/a");
}

static void named_path_must_be_a_plain_one_of_the_feature(void **state)
{
    static const char *const bad[] = {
        "mypage",       "/mypage?a=b",      "/mypage#a",
        "/mypage;a=b",  "/my page",         "/mypage/\r\nHost: x",
        "/mypage/../x", "/mypage/%2e%2e/x", "/mypage/%zz",
        "/logout",      "/observe/a"};

    (void)state;
    assert_null(find(FEATURE_LOGIN, "/mypage/a"));
    assert_string_equal(aim.route, "/mypage/**");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (find(FEATURE_LOGIN, bad[i]) == NULL) {
            fail_msg("%s", bad[i]);
        }
    }
    assert_non_null(find(world.feature[1].slot, "/mypage/a"));
}

static void what_is_only_observed_is_not_drilled(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLOW_ROUTE_COUNT; i++) {
        world.routes[i].requirement.observe = true;
    }
    assert_non_null(find(FEATURE_LOGIN, ""));
}

static void class_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    world.class.selectors = &regex;
    world.class.selector_count = 1;
    assert_non_null(strstr(find(FEATURE_LOGIN, ""), "regex:"));
    world.class.must_be = MARKER_RULE_OWN;
    assert_non_null(strstr(find(FEATURE_LOGIN, ""), "must_be: requester"));
}

static void token_has_the_first_name_that_is_not_excluded(void **state)
{
    const struct span names[] = {SPAN("!siddrill"), SPAN("sid*"), SPAN("ticket")};
    const struct cookie_names cookies = {.patterns = names, .count = 3};
    struct cookie_names own = cookies;
    struct session_policy policy = {.cookies = &own};
    char name[DRILL_TEXT_MAX];

    (void)state;
    assert_int_equal(drill_aim_place(&policy, name), DRILL_PLACE_COOKIE);
    assert_string_equal(name, "ticket");
    own.patterns = names + 1;
    own.count = 2;
    assert_int_equal(drill_aim_place(&policy, name), DRILL_PLACE_COOKIE);
    assert_string_equal(name, "siddrill");
    policy.cookies = NULL;
    assert_int_equal(drill_aim_place(&policy, name), DRILL_PLACE_NONE);
}

#define AIM_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AIM_TEST(first_route_that_requires_the_marker_is_asked_for),
        AIM_TEST(without_a_requirement_any_path_of_the_feature_will_do),
        AIM_TEST(patterns_are_filled_and_encoded),
        AIM_TEST(hosts_are_those_of_the_site_and_of_the_route),
        AIM_TEST(named_path_must_be_a_plain_one_of_the_feature),
        AIM_TEST(what_is_only_observed_is_not_drilled),
        AIM_TEST(class_that_cannot_be_written_is_told),
        AIM_TEST(token_has_the_first_name_that_is_not_excluded),
    };
    return RUN_TESTS(tests);
}
