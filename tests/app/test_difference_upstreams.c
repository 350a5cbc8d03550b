#include "app/difference_case.h"

#define SITE(upstreams, routes)                                                          \
    LISTEN "upstreams: [" upstreams "]\n" SESSION MARKERS FEATURES "routes: [" routes    \
           "]\n"
#define PLAIN(name, rest)  "{name: " name ", servers: ['http://127.0.0.1:9000']" rest "}"
#define SECURE(name, rest) "{name: " name ", servers: ['https://x.example']" rest "}"
#define MYPAGE             "{path: /my/**, require: [owner]"
#define SHARED(where)      "on `" where "` connections carry requests of several users\n"

static void
another_upstream_that_protects_less_is_weaker_on_the_routes_that_go_to_it(void **state)
{
    (void)state;
    static const char in_force[] = SITE(PLAIN("site", ""), MYPAGE "}");
    static const char two[] =
        SITE(PLAIN("site", "") ", " PLAIN("app", ", connections: shared"), MYPAGE "}");
    static const char moved[] =
        SITE(PLAIN("site", "") ", " PLAIN("app", ", connections: shared"),
             MYPAGE ", upstream: app}");
    static const char secure[] = SITE(SECURE("site", ", on_finding: drain"), MYPAGE "}");

    difference_case_weaker(in_force, two, "");
    difference_case_weaker(in_force, moved, SHARED("/my/**"));
    difference_case_weaker(two, moved, SHARED("/my/**"));
    difference_case_weaker(moved, two, "");
    difference_case_stronger(moved, two,
                             "on `/my/**` no connection carries requests of several "
                             "users\n");
    difference_case_weaker(
        secure,
        SITE(SECURE("site", ", on_finding: drain") ", " SECURE("app", ", tls: {verify: "
                                                                      "off}"),
             MYPAGE ", upstream: app}"),
        "on `/my/**` not every server is verified\n"
        "on `/my/**` servers are kept after a finding\n");
    difference_case_weaker(
        SITE(PLAIN("site", ""), "{path: /my/**, echo: expect}"),
        SITE(PLAIN("site", "") ", " PLAIN("app", ", connections: shared"),
             "{path: /my/**, echo: expect, upstream: app}"),
        SHARED("/my/**"));
}

static void a_new_route_with_less_demands_nothing_of_its_upstream(void **state)
{
    (void)state;
    difference_case_weaker(
        SITE(PLAIN("site", ""), MYPAGE "}"),
        SITE(PLAIN("site", "") ", " PLAIN("files", ", connections: shared"),
             "{path: /static/**, upstream: files}, " MYPAGE "}"),
        "");
}

static void an_upstream_with_another_name_is_compared_wherever_it_serves(void **state)
{
    (void)state;
    difference_case_weaker(SITE(PLAIN("site", ""), ""),
                           SITE(PLAIN("app", ", connections: shared"), ""),
                           SHARED("/**"));
    difference_case_weaker(SITE(SECURE("site", ""), MYPAGE "}"),
                           SITE(SECURE("app", ", tls: {verify: off}"), MYPAGE "}"),
                           "on `/my/**` not every server is verified\n"
                           "on `/**` not every server is verified\n");
    difference_case_weaker(SITE(PLAIN("site", ""), MYPAGE "}"),
                           SITE(PLAIN("app", ""), MYPAGE "}"), "");
    difference_case_weaker(SITE(PLAIN("site", ""), MYPAGE "}"),
                           SITE(PLAIN("site", ", connections: shared"), MYPAGE "}"),
                           "connections to `site` carry requests of several users\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            another_upstream_that_protects_less_is_weaker_on_the_routes_that_go_to_it),
        cmocka_unit_test(a_new_route_with_less_demands_nothing_of_its_upstream),
        cmocka_unit_test(an_upstream_with_another_name_is_compared_wherever_it_serves),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
