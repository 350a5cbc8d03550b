/* Goal: what a request brought itself is known again in any spelling, and nothing else.
 */
#include <stdio.h>

#include "guard/brought.h"
#include "support/test.h"

static bool in_cookie(const char *value, const char *shown)
{
    char head[256];

    (void)snprintf(head, sizeof(head),
                   "GET /a HTTP/1.1\r\nHost: site\r\nCookie: a=b; x=%s; y=z\r\n\r\n",
                   value);
    return brought(span_of(head), span_of(shown));
}

static bool in_query(const char *value, const char *shown)
{
    char head[256];

    (void)snprintf(head, sizeof(head),
                   "GET /a;p=1?b=c&x=%s HTTP/1.1\r\nHost: site\r\n\r\n", value);
    return brought(span_of(head), span_of(shown));
}

static void a_value_is_known_in_any_spelling(void **state)
{
    (void)state;
    assert_true(in_cookie("QUJD==", "QUJD=="));
    assert_true(in_cookie("QUJD%3D%3D", "QUJD=="));
    assert_true(in_cookie("QUJD%3d%3D", "QUJD%3D%3d"));
    assert_true(in_cookie("QUJD==", "QUJD%3D%3D"));
    assert_true(in_cookie("s:ID.SIG", "s%3AID.SIG"));
    assert_true(in_cookie("s%3AID.SIG", "s:ID.SIG"));
    assert_true(in_cookie("\"QU\\JD\"", "QUJD"));
    assert_true(in_cookie("%51%55JD.node1", "QUJD"));
    assert_true(in_cookie("a%", "a%"));
    assert_true(in_query("a%20b", "a b"));
    assert_true(in_query("a+b", "a b"));
    assert_true(in_query("a%2Bb", "a+b"));
    assert_true(in_query("%51UJD", "QUJD"));
}

static void another_value_is_not(void **state)
{
    (void)state;
    assert_false(in_cookie("QUJD%3D", "QUJD=="));
    assert_false(in_cookie("QUJD%3D%3E", "QUJD=="));
    assert_false(in_cookie("xQUJD%3D%3D", "QUJD=="));
    assert_false(in_cookie("qujd", "QUJD"));
    assert_false(in_cookie("x", ""));
    assert_false(brought((struct span){0}, SPAN("x")));
    assert_false(brought(SPAN("%51"), SPAN("Q")));
    assert_false(brought(SPAN("=%51U"), SPAN("QUJD")));
}

static void a_part_of_a_word_is_not(void **state)
{
    (void)state;
    assert_false(in_cookie("1234", "23"));
    assert_false(in_cookie("1234", "12"));
    assert_false(in_cookie("%31234", "12"));
    assert_true(in_cookie("12.34", "34"));
    assert_true(in_cookie("1212.12", "12"));
    assert_true(in_query("12", "12"));
}

static void a_cookie_tells_more_than_what_anybody_may_ask_for(void **state)
{
    const struct span head = SPAN("GET /a?x=target HTTP/1.1\r\n"
                                  "Host: site\r\n"
                                  "COOKIE: a=cookie1; b=both\r\n"
                                  "Cookie: c=cookie2\r\n"
                                  "X-Form: field, both\r\n"
                                  "Countermark-Request: 7\r\n"
                                  "Countermark-Session: ab\r\n"
                                  "Traceparent: 00-11-22-01\r\n"
                                  "Forwarded: for=10.0.0.1\r\n"
                                  "X-Forwarded-For: 10.0.0.9\r\n\r\n");
    static const char *const OURS[] = {"7", "ab", "22", "10", "9", "nothing"};
    (void)state;
    assert_true(brought_by_cookie(head, SPAN("cookie1")));
    assert_true(brought_by_cookie(head, SPAN("cookie2")));
    assert_true(brought_by_cookie(head, SPAN("both")));
    assert_false(brought_by_cookie(head, SPAN("target")));
    assert_false(brought_by_cookie(head, SPAN("field")));
    assert_false(brought_by_other(head, SPAN("cookie1")));
    assert_true(brought_by_other(head, SPAN("both")));
    assert_true(brought_by_other(head, SPAN("target")));
    assert_true(brought_by_other(head, SPAN("field")));
    for (size_t i = 0; i < sizeof(OURS) / sizeof(OURS[0]); i++) {
        assert_false(brought_by_cookie(head, span_of(OURS[i])));
        assert_false(brought_by_other(head, span_of(OURS[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_known_in_any_spelling),
        cmocka_unit_test(another_value_is_not),
        cmocka_unit_test(a_part_of_a_word_is_not),
        cmocka_unit_test(a_cookie_tells_more_than_what_anybody_may_ask_for),
    };
    return RUN_TESTS(tests);
}
