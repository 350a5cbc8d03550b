#include "app/config_case.h"
#include "app/cover.h"

static void cover_finds_the_first_route_that_takes_all_of_another(void **state)
{
    (void)state;
    struct config *config = config_case_good(
        GOOD "routes: [{path: /a/b}, {path: /a/**, host: one.example}, {path: /a/**}]\n");
    const struct site *site = config->site;

    assert_int_equal(site->route_count, 4);
    assert_ptr_equal(cover_find(site, &site->routes[0]), &site->routes[0]);
    assert_ptr_equal(cover_find(site, &site->routes[1]), &site->routes[1]);
    assert_ptr_equal(cover_find(site, &site->routes[2]), &site->routes[2]);
    assert_ptr_equal(cover_find(site, &site->routes[3]), &site->routes[3]);
    config_free(&config);
}

static void
cover_takes_a_route_of_one_host_by_one_of_any_but_not_the_reverse(void **state)
{
    (void)state;
    struct config *config = config_case_good(
        GOOD "routes: [{path: /a/b, host: one.example}, {path: /a/**}]\n");
    const struct route *routes = config->site->routes;

    assert_true(cover_route(&routes[1], &routes[0]));
    assert_false(cover_route(&routes[0], &routes[1]));
    assert_true(cover_route(&routes[2], &routes[1]));
    config_free(&config);
}

static void cover_knows_nothing_of_a_route_without_path(void **state)
{
    (void)state;
    const struct route empty = {0};
    const struct site site = {0};

    assert_false(cover_route(&empty, &empty));
    assert_null(cover_find(&site, &empty));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cover_finds_the_first_route_that_takes_all_of_another),
        cmocka_unit_test(
            cover_takes_a_route_of_one_host_by_one_of_any_but_not_the_reverse),
        cmocka_unit_test(cover_knows_nothing_of_a_route_without_path),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
