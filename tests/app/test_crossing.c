#include "app/config_case.h"
#include "app/crossing.h"

#define ROUTES(list) GOOD "routes: [" list "]\n"

/* Which request goes from route `from` of the one list to route `to` of the other. */
static void expect(const char *old, const char *next, size_t from, size_t to,
                   const char *wanted)
{
    struct config *before = config_case_good(old);
    struct config *after = config_case_good(next);
    struct crossing *crossing = crossing_new(before->site, after->site);
    char text[CROSSING_TEXT_MAX];

    assert_non_null(crossing);
    bool found = crossing_find(crossing, &before->site->routes[from],
                               &after->site->routes[to], text);
    if (found != (wanted != NULL)) {
        fail_msg("%zu to %zu: %s", from, to, found ? text : "nothing");
    }
    if (found) {
        assert_string_equal(text, wanted);
    }
    crossing_free(&crossing);
    assert_null(crossing);
    crossing_free(&crossing);
    config_free(&before);
    config_free(&after);
}

static void crossing_is_of_requests_that_both_routes_get_first(void **state)
{
    (void)state;
    static const char one[] = ROUTES("{path: /a/b}, {path: /a/**}");
    static const char two[] = ROUTES("{path: '/*/c'}, {path: /a/**}");

    expect(one, two, 0, 0, NULL);
    expect(one, two, 0, 1, "/a/b");
    expect(one, two, 1, 0, "/a/c");
    expect(one, two, 1, 1, "/a/**");
    expect(one, two, 1, 2, NULL);
    expect(one, two, 2, 0, "/*/c");
    expect(one, two, 2, 1, NULL);
    expect(one, two, 2, 2, "/**");
}

static void crossing_needs_a_length_of_path_that_no_other_route_takes(void **state)
{
    (void)state;
    static const char one[] = ROUTES("{path: /a}, {path: '/a/*'}, {path: /a/**}");
    static const char two[] =
        ROUTES("{path: /a}, {path: '/a/*'}, {path: '/a/*/*/**'}, {path: /a/**}");

    expect(one, two, 2, 2, "/a/*/*/**");
    expect(two, one, 2, 2, "/a/*/*/**");
    expect(one, two, 2, 3, NULL);
    expect(one, one, 2, 2, "/a/**");
}

static void crossing_tries_every_host_that_is_named(void **state)
{
    (void)state;
    static const char one[] = ROUTES("{host: '*.b.example', path: /a}, {path: /a}");
    static const char two[] =
        ROUTES("{host: x.b.example, path: /a}, {host: '*.example', path: /a}");

    expect(one, two, 0, 0, "x.b.example/a");
    expect(one, two, 0, 1, "*.b.example/a");
    expect(one, two, 1, 0, NULL);
    expect(one, two, 1, 1, "*.example/a");
    expect(one, two, 0, 2, NULL);
    expect(one, two, 1, 2, "/a");
    expect("hosts: [x.b.example]\n" ROUTES("{path: /a}"), two, 0, 0, "x.b.example/a");
    expect("hosts: [x.b.example]\n" ROUTES("{path: /a}"), two, 0, 2, NULL);
    expect(two, "hosts: ['*.c.example']\n" ROUTES("{path: /a}"), 1, 0, "*.example/a");
    expect(two, "hosts: [c.test]\n" ROUTES("{path: /a}"), 1, 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crossing_is_of_requests_that_both_routes_get_first),
        cmocka_unit_test(crossing_needs_a_length_of_path_that_no_other_route_takes),
        cmocka_unit_test(crossing_tries_every_host_that_is_named),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
