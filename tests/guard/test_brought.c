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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_known_in_any_spelling),
        cmocka_unit_test(another_value_is_not),
    };
    return RUN_TESTS(tests);
}
