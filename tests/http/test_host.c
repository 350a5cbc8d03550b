#include "http/host.h"
#include "support/test.h"

static void host_splits_name_and_port(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *name;
        unsigned port;
    } rows[] = {
        {"a.example", "a.example", 0},  {"A.Example:8080", "A.Example", 8080},
        {"a.example.", "a.example", 0}, {"a.example.:80", "a.example", 80},
        {"a.example:", "a.example", 0}, {"127.0.0.1:1", "127.0.0.1", 1},
        {"[::1]:443", "[::1]", 443},    {"[::ffff:1.2.3.4]", "[::ffff:1.2.3.4]", 0},
        {"my_host-1", "my_host-1", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct host host;
        assert_true(host_parse(span_of(rows[i].text), &host));
        assert_true(span_equal(host.name, span_of(rows[i].name)));
        assert_int_equal(host.port, rows[i].port);
    }
}

static void host_refuses_what_is_none(void **state)
{
    (void)state;
    const char *const bad[] = {"",     ":80",   "a b",     "a/b",  "u@a",   "a..b",
                               ".a",   "a:b",   "a:65536", "a:-1", "a:1:2", "[::1",
                               "[]",   "[::g]", "[::1]x",  "a,b",  "a\tb",  "a%41",
                               "a\\b", "*.a",   "a:+1",    "..",   "."};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct host host;
        if (host_parse(span_of(bad[i]), &host)) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static void host_of_target_is_the_authority_of_an_absolute_form(void **state)
{
    (void)state;
    assert_true(span_equal(host_of_target(SPAN("http://a:1/x")), SPAN("a:1")));
    assert_true(span_equal(host_of_target(SPAN("HTTPS://a?x")), SPAN("a")));
    assert_true(span_equal(host_of_target(SPAN("http://a")), SPAN("a")));
    assert_int_equal(host_of_target(SPAN("/http://a")).len, 0);
    assert_int_equal(host_of_target(SPAN("http:///x")).len, 0);
}

static void host_wildcard_matches_below_but_not_itself(void **state)
{
    (void)state;
    assert_true(host_matches(SPAN("a.example.jp"), SPAN("A.example.JP.")));
    assert_true(host_matches(SPAN("*.example.jp"), SPAN("a.example.jp")));
    assert_true(host_matches(SPAN("*.Example.jp"), SPAN("b.a.example.jp")));
    assert_false(host_matches(SPAN("*.example.jp"), SPAN("example.jp")));
    assert_false(host_matches(SPAN("*.example.jp"), SPAN(".example.jp")));
    assert_false(host_matches(SPAN("*.example.jp"), SPAN("badexample.jp")));
    assert_false(host_matches(SPAN("a.example.jp"), SPAN("b.example.jp")));
}

static void host_patterns_are_checked(void **state)
{
    (void)state;
    assert_true(host_pattern_valid(SPAN("*.example.jp")));
    assert_true(host_pattern_valid(SPAN("example.jp")));
    assert_true(host_pattern_valid(SPAN("[::1]")));
    assert_false(host_pattern_valid(SPAN("*")));
    assert_false(host_pattern_valid(SPAN("a.*.jp")));
    assert_false(host_pattern_valid(SPAN("example.jp:80")));
    assert_false(host_pattern_valid(SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_splits_name_and_port),
        cmocka_unit_test(host_refuses_what_is_none),
        cmocka_unit_test(host_of_target_is_the_authority_of_an_absolute_form),
        cmocka_unit_test(host_wildcard_matches_below_but_not_itself),
        cmocka_unit_test(host_patterns_are_checked),
    };
    return RUN_TESTS(tests);
}
