/* Goal: where parameters can be read in two ways they are not read at all. */
#include <stdio.h>

#include "http/parameters.h"
#include "support/test.h"

/* The values joined by `|`; `!` where it ends badly. */
static void expect(const char *text, const char *expected)
{
    struct span rest = span_of(text);
    struct parameter parameter;
    enum parameters_result result = PARAMETERS_BAD;
    char joined[128] = "";
    size_t len = 0;

    while ((result = parameters_next(&rest, &parameter)) == PARAMETERS_NEXT) {
        len += (size_t)snprintf(joined + len, sizeof(joined) - len, "%.*s=%.*s|",
                                SPAN_ARGS(parameter.name), SPAN_ARGS(parameter.value));
    }
    (void)snprintf(joined + len, sizeof(joined) - len, "%s",
                   result == PARAMETERS_END ? "" : "!");
    assert_string_equal(joined, expected);
}

static void parameters_are_read_one_by_one(void **state)
{
    (void)state;
    expect("", "");
    expect(" ", "");
    expect("; a=b;c=\"d e\" ; f=\"\"", "a=b|c=d e|f=|");
    expect(";;a=b; ;", "a=b|");
    expect("; a=\";x=y\"; b=\"C:\\x\"", "a=;x=y|b=C:\\x|");
}

static void what_can_be_read_in_two_ways_is_bad(void **state)
{
    (void)state;
    expect("a=b", "!");
    expect("; a", "!");
    expect("; a=", "!");
    expect("; =b", "!");
    expect("; a =b", "!");
    expect("; a= b", "!");
    expect("; a='b'", "!");
    expect("; a=\"b", "!");
    expect("; a=\"b\\\"; c=\"d\"", "!");
    expect("; a=b c=d", "a=b|!");
    expect("; a=\"b\"c", "a=b|!");
    expect("; a=b, c=d", "a=b|!");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_read_one_by_one),
        cmocka_unit_test(what_can_be_read_in_two_ways_is_bad),
    };
    return RUN_TESTS(tests);
}
