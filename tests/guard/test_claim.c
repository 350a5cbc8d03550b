#include <stdio.h>

#include "guard/claim.h"
#include "support/test.h"

static struct user name_in(const char *field, const char *type, const char *body)
{
    struct user name;
    claim_read(field, span_of(type), span_of(body), &name);
    return name;
}

static void claim_reads_forms_and_json(void **state)
{
    static const char FORM[] = "application/x-www-form-urlencoded";
    (void)state;
    struct user name = name_in("userid", FORM, "a=1&userid=b%40c&password=x");
    assert_true(span_equal(user_span(&name), SPAN("b@c")));
    name = name_in("/user/id", "application/json", "{\"user\": {\"id\": \"aoki\"}}");
    assert_true(span_equal(user_span(&name), SPAN("aoki")));
}

static void claim_is_trimmed_as_markers_are(void **state)
{
    (void)state;
    struct user name =
        name_in("userid", "application/x-www-form-urlencoded", "userid=+gary%20%0d%0a");
    assert_true(span_equal(user_span(&name), SPAN("gary")));
    name = name_in("/id", "application/json", "{\"id\": \"\\tgary \"}");
    assert_true(span_equal(user_span(&name), SPAN("gary")));
}

static void claim_has_no_name_in_doubt(void **state)
{
    static const char FORM[] = "application/x-www-form-urlencoded";
    (void)state;
    assert_int_equal(name_in("userid", FORM, "userid=a&userid=b").len, 0);
    assert_int_equal(name_in("userid", FORM, "userid=%zz").len, 0);
    assert_int_equal(name_in("userid", FORM, "userid=").len, 0);
    assert_int_equal(name_in("userid", "text/plain", "userid=a").len, 0);
    assert_int_equal(
        name_in("/id", "application/json", "{\"id\":\"a\",\"id\":\"b\"}").len, 0);
    assert_int_equal(name_in("/id", "application/json", "{\"id\":\"a\"").len, 0);
    assert_int_equal(name_in(NULL, FORM, "userid=a").len, 0);
}

static void claim_has_no_name_where_a_site_may_read_another(void **state)
{
    static const char FORM[] = "application/x-www-form-urlencoded";
    static const char JSON[] = "application/json";
    static const char *const BODIES[] = {
        "{\"userid\":\"carol\",\"USERID\":\"bob\"}",
        "{\"UserId\":\"bob\",\"userid\":\"carol\"}",
        "{\"userid\":\"carol\",\"u\\u017ferid\":\"bob\"}",
        "{\"userid\":\"carol\",\"userid\\u0000\":\"bob\"}",
        "{\"userid\":\"carol\",\"userid\":[\"bob\"]}",
        "{\"userid\":\"carol\",\"userid\":{}}",
        "{\"userid\":\"carol\",\"Userid\":null}",
        "{\"USERID\":\"bob\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(BODIES) / sizeof(BODIES[0]); i++) {
        assert_int_equal(name_in("/userid", JSON, BODIES[i]).len, 0);
    }
    assert_int_equal(
        name_in("/user/id", JSON, "{\"user\":{\"id\":\"a\"},\"User\":{\"id\":\"b\"}}")
            .len,
        0);
    assert_int_equal(name_in("userid", FORM, "userid=carol&+userid=bob").len, 0);
    assert_int_equal(name_in("/k", JSON, "{\"k\":\"a\",\"\u212a\":\"b\"}").len, 0);
}

static void claim_is_read_in_encodings_that_read_ascii_as_it_is(void **state)
{
    static const char *const PLAIN[] = {"; charset=UTF-8", "; charset=\"shift_jis\"", ";",
                                        "; x=y;charset=EUC-JP"};
    static const char *const OTHERS[] = {
        "; charset=ibm037",         "; charset=utf-16",
        "; charset=utf-7",          "; charset=utf-8;charset=utf-8",
        "; charset=utf-7; x=utf-8", "; charset"};
    char type[128];
    (void)state;
    for (size_t i = 0; i < sizeof(PLAIN) / sizeof(PLAIN[0]); i++) {
        (void)snprintf(type, sizeof(type), "application/x-www-form-urlencoded%s",
                       PLAIN[i]);
        assert_int_equal(name_in("userid", type, "userid=carol").len, 5);
    }
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        (void)snprintf(type, sizeof(type), "application/x-www-form-urlencoded%s",
                       OTHERS[i]);
        assert_int_equal(name_in("userid", type, "userid=carol").len, 0);
        (void)snprintf(type, sizeof(type), "application/json%s", OTHERS[i]);
        assert_int_equal(name_in("/userid", type, "{\"userid\":\"carol\"}").len, 0);
    }
}

static void a_name_in_the_query_makes_the_bodys_void(void **state)
{
    (void)state;
    assert_true(claim_in_query("userid", SPAN("x=1&userid=aoki")));
    assert_true(claim_in_query("userid", SPAN("x=1&+UserID=aoki")));
    assert_false(claim_in_query("userid", SPAN("x=1")));
    assert_false(claim_in_query("userid", SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_reads_forms_and_json),
        cmocka_unit_test(claim_is_trimmed_as_markers_are),
        cmocka_unit_test(claim_has_no_name_in_doubt),
        cmocka_unit_test(claim_has_no_name_where_a_site_may_read_another),
        cmocka_unit_test(claim_is_read_in_encodings_that_read_ascii_as_it_is),
        cmocka_unit_test(a_name_in_the_query_makes_the_bodys_void),
    };
    return RUN_TESTS(tests);
}
