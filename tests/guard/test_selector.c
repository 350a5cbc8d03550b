#include <string.h>

#include "guard/selector.h"
#include "support/test.h"

static void expect_error(const char *text, const char *says)
{
    struct selector selector;
    char error[200];
    assert_int_equal(selector_parse(span_of(text), &selector, error, sizeof(error)),
                     ERR_SYNTAX);
    assert_int_equal(selector.kind, SELECTOR_NONE);
    if (strstr(error, says) == NULL) {
        print_error("%s: %s\n", text, error);
    }
    assert_non_null(strstr(error, says));
}

static void expect_parsed(const char *text, enum selector_kind kind, const char *argument)
{
    struct selector selector;
    char error[200];
    assert_int_equal(selector_parse(span_of(text), &selector, error, sizeof(error)),
                     ERR_NONE);
    assert_int_equal(selector.kind, kind);
    assert_string_equal(selector.argument, argument);
    assert_int_equal(selector.len, strlen(argument));
}

static void selector_reads_every_kind(void **state)
{
    (void)state;
    expect_parsed("header:X-User-Marker", SELECTOR_HEADER, "x-user-marker");
    expect_parsed("meta:User-Marker", SELECTOR_META, "user-marker");
    expect_parsed("attr:data-USER-id", SELECTOR_ATTR, "data-user-id");
    expect_parsed("json:/User/*/~0~1", SELECTOR_JSON, "/User/*/~0~1");
    expect_parsed("regex:\"A\":\"([^\"]+)\"", SELECTOR_REGEX, "\"A\":\"([^\"]+)\"");
    expect_parsed("cookie:Login_Name", SELECTOR_COOKIE, "Login_Name");
    assert_string_equal(selector_kind_name(SELECTOR_REGEX), "regex");
    assert_string_equal(selector_kind_name(SELECTOR_NONE), "none");
}

static void selector_says_what_is_wrong(void **state)
{
    (void)state;
    expect_error("", "must begin with header:, meta:");
    expect_error("user-marker", "must begin with header:, meta:");
    expect_error("css:.user", "must begin with header:, meta:");
    expect_error("Meta:x", "must begin with header:, meta:");
    expect_error("meta:", "lacks the name of a meta element");
    expect_error("json:", "lacks a JSON pointer");
    expect_error("json:user/id", "is not a JSON pointer");
    expect_error("json:/a~2", "is not a JSON pointer");
    expect_error("json:/a~", "is not a JSON pointer");
    expect_error("header:X User", "is not a name HTTP allows");
    expect_error("cookie:a=b", "is not a name HTTP allows");
    expect_error("attr:a=b", "is not an attribute name");
    expect_error("attr:a b", "is not an attribute name");
    expect_error("meta: x", "begins or ends with a blank");
}

static void selector_regex_needs_a_group(void **state)
{
    (void)state;
    expect_error("regex:uid=[0-9]+", "has no group");
    expect_error("regex:uid=\\([0-9]+\\)", "has no group");
    expect_error("regex:uid=(?:[0-9]+)", "has no group");
    expect_error("regex:[(](?i)[^](]", "has no group");
    expect_error("regex:(?=a)(?<=b)(?<!c)(*UTF)", "has no group");
    expect_parsed("regex:(?:a)(b)", SELECTOR_REGEX, "(?:a)(b)");
    expect_parsed("regex:(?<id>b)", SELECTOR_REGEX, "(?<id>b)");
    expect_parsed("regex:[]]\\\\(b)", SELECTOR_REGEX, "[]]\\\\(b)");
}

static void selector_arguments_are_bounded(void **state)
{
    (void)state;
    char text[SELECTOR_ARGUMENT_MAX + 20];
    memset(text, 'a', sizeof(text));
    memcpy(text, "attr:", 5);
    text[5 + SELECTOR_NAME_MAX + 1] = '\0';
    expect_error(text, "is too long");
    text[5 + SELECTOR_NAME_MAX] = '\0';
    expect_parsed(text, SELECTOR_ATTR, text + 5);
    memset(text, 'a', sizeof(text));
    memcpy(text, "json:/", 6);
    text[5 + SELECTOR_ARGUMENT_MAX + 1] = '\0';
    expect_error(text, "is too long");
    text[5 + SELECTOR_ARGUMENT_MAX] = '\0';
    expect_parsed(text, SELECTOR_JSON, text + 5);
}

static void selector_refuses_a_nul_byte(void **state)
{
    (void)state;
    struct selector selector;
    char error[10];
    assert_int_equal(selector_parse(SPAN("meta:a\0b"), &selector, error, sizeof(error)),
                     ERR_SYNTAX);
    assert_int_equal(strlen(error), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(selector_reads_every_kind),
        cmocka_unit_test(selector_says_what_is_wrong),
        cmocka_unit_test(selector_regex_needs_a_group),
        cmocka_unit_test(selector_arguments_are_bounded),
        cmocka_unit_test(selector_refuses_a_nul_byte),
    };
    return RUN_TESTS(tests);
}
