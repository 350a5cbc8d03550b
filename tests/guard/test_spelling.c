#include <stdio.h>

#include "guard/spelling.h"
#include "support/test.h"

static struct spelling of(const char *value)
{
    struct spelling spelling = {0};
    spelling_add(&spelling, span_of(value));
    return spelling;
}

static bool is_odd_after(const char *issued, const char *presented)
{
    struct spelling_memory memory = {0};
    struct spelling asked = of(presented);
    if (issued != NULL) {
        struct spelling known = of(issued);
        spelling_learn(&memory, &known);
    }
    return spelling_is_odd(&memory, &asked, false);
}

/* The same of a session that we have. */
static bool is_odd_of_known(const char *issued, const char *presented)
{
    struct spelling_memory memory = {0};
    struct spelling asked = of(presented);
    struct spelling known = of(issued);

    spelling_learn(&memory, &known);
    return spelling_is_odd(&memory, &asked, true);
}

static void spelling_of_a_known_session_may_be_another_encoders(void **state)
{
    (void)state;
    assert_true(is_odd_after("a%2Bb", "a+b"));
    assert_false(is_odd_of_known("a%2Bb", "a+b"));
    assert_false(is_odd_of_known("a+b", "a%2Bb"));
    assert_false(is_odd_of_known("a%2Bb", "a%2bb"));
    assert_true(is_odd_of_known("ab", "\"a+b\""));
    assert_true(is_odd_of_known("ab", "a,b"));
    assert_true(is_odd_of_known("ab", "%61b"));
}

static void spelling_that_no_encoder_writes_is_always_odd(void **state)
{
    (void)state;
    assert_true(is_odd_after(NULL, "%61bc"));
    assert_true(is_odd_after(NULL, "a%7A"));
    assert_true(is_odd_after(NULL, "ab%30"));
    assert_true(is_odd_after(NULL, "a\"b"));
    assert_true(is_odd_after(NULL, "\"ab"));
    assert_true(is_odd_after("\"a\"", "\"a\"b\""));
    assert_true(is_odd_after(NULL, "\"%61\""));
    assert_false(is_odd_after(NULL, "%6"));
    assert_false(is_odd_after(NULL, "abc"));
    assert_false(is_odd_after("a-b", ""));
}

static void spelling_is_not_odd_before_anything_was_issued(void **state)
{
    (void)state;
    assert_false(is_odd_after(NULL, "\"abc\""));
    assert_false(is_odd_after(NULL, "a%2Fb%2fc/d,e f\\g\th"));
    assert_false(is_odd_after("", "\"abc\""));
}

static void spelling_of_a_byte_that_was_issued_otherwise_is_odd(void **state)
{
    const char *const special = " !#$&'()*+,-./:;<=>?@[\\]^_`{|}~";

    (void)state;
    for (const char *at = special; *at != 0; at++) {
        char plain[] = {'a', *at, 0};
        char upper[8];
        char lower[8];
        (void)snprintf(upper, sizeof(upper), "a%%%02X", (unsigned)*at);
        (void)snprintf(lower, sizeof(lower), "a%%%02x", (unsigned)*at);
        bool has_case = strcmp(upper, lower) != 0;
        assert_false(is_odd_after(plain, plain));
        assert_false(is_odd_after(upper, upper));
        assert_false(is_odd_after(lower, lower));
        assert_true(is_odd_after(plain, upper));
        assert_true(is_odd_after(plain, lower));
        assert_true(is_odd_after(upper, plain));
        assert_true(is_odd_after(lower, plain));
        assert_int_equal(is_odd_after(upper, lower), has_case);
        assert_int_equal(is_odd_after(lower, upper), has_case);
        assert_false(is_odd_after("a%22", upper));
    }
    assert_false(is_odd_after("a%2F", "a%3A"));
    assert_true(is_odd_after("a%2F", "a%3A/"));
    assert_true(is_odd_after("a%22", "\"\"b\""));
}

static void spelling_with_what_servers_strip_is_odd_unless_it_was_issued(void **state)
{
    (void)state;
    assert_true(is_odd_after("abc", "\"abc\""));
    assert_true(is_odd_after("abc", "abc,d"));
    assert_true(is_odd_after("abc", "abc d"));
    assert_true(is_odd_after("abc", "abc\td"));
    assert_true(is_odd_after("abc", "abc\\d"));
    assert_false(is_odd_after("\"abc\"", "\"abd\""));
    assert_false(is_odd_after("\"abc\"", "abc"));
    assert_false(is_odd_after("\"a b,c\\d\"", "\"a b,c\\d\""));
    assert_false(is_odd_after("abc", "a=/+-_.~d"));
}

static void spelling_memory_keeps_every_form(void **state)
{
    struct spelling_memory memory = {0};
    struct spelling plain = of("a/b");
    struct spelling upper = of("a%2Fb");
    struct spelling lower = of("a%2fb");

    (void)state;
    spelling_learn(&memory, &plain);
    spelling_learn(&memory, &upper);
    assert_false(spelling_is_odd(&memory, &plain, false));
    assert_false(spelling_is_odd(&memory, &upper, false));
    assert_true(spelling_is_odd(&memory, &lower, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spelling_that_no_encoder_writes_is_always_odd),
        cmocka_unit_test(spelling_is_not_odd_before_anything_was_issued),
        cmocka_unit_test(spelling_of_a_known_session_may_be_another_encoders),
        cmocka_unit_test(spelling_of_a_byte_that_was_issued_otherwise_is_odd),
        cmocka_unit_test(spelling_with_what_servers_strip_is_odd_unless_it_was_issued),
        cmocka_unit_test(spelling_memory_keeps_every_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
