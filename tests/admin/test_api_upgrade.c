/* Goal: an upgrade is an operator's, and who asks twice hears why not. */
#include "admin/fixture.h"

#define UPGRADE "/api/v1/upgrade HTTP/1.1\r\nHost: localhost\r\n"
#define JSON    "Content-Type: application/json\r\n"
#define VIEWER  "Authorization: Bearer viewer\r\n"
#define END     "\r\n"

static void an_upgrade_begins_and_says_how_far_it_is(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(fixture_ask(fixture, true, "POST " UPGRADE JSON END), 200);
    fixture_expect(fixture, "{\"state\":\"running\"}");
    assert_string_equal(fixture->who, "root");
    assert_int_equal(fixture_ask(fixture, true, "GET " UPGRADE END), 200);
    fixture_expect(fixture, "{\"state\":\"running\"}");
}

static void an_upgrade_that_is_refused_says_why(void **state)
{
    struct fixture *fixture = fixture_of(state);

    fixture->takes = false;
    assert_int_equal(fixture_ask(fixture, true, "POST " UPGRADE JSON END), 409);
    fixture_expect(fixture, "An upgrade is under way already.");
}

static void a_viewer_only_looks(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(fixture_ask(fixture, false, "POST " UPGRADE JSON VIEWER END), 403);
    assert_string_equal(fixture->who, "");
    assert_int_equal(fixture_ask(fixture, false, "GET " UPGRADE VIEWER END), 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_upgrade_begins_and_says_how_far_it_is),
        TEST(an_upgrade_that_is_refused_says_why),
        TEST(a_viewer_only_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
