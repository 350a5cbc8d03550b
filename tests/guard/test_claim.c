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

static void a_name_in_the_query_makes_the_bodys_void(void **state)
{
    (void)state;
    assert_true(claim_in_query("userid", SPAN("x=1&userid=aoki")));
    assert_false(claim_in_query("userid", SPAN("x=1")));
    assert_false(claim_in_query("userid", SPAN("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_reads_forms_and_json),
        cmocka_unit_test(claim_has_no_name_in_doubt),
        cmocka_unit_test(a_name_in_the_query_makes_the_bodys_void),
    };
    return RUN_TESTS(tests);
}
