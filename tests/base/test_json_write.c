#include "base/json_write.h"
#include "support/test.h"

static void expect(struct json_write *json, const char *text)
{
    struct span result = json_write_result(json);
    assert_int_equal(result.len, strlen(text));
    assert_memory_equal(result.ptr, text, result.len);
    json_write_free(json);
}

static void commas_stand_between_values_only(void **state)
{
    (void)state;
    struct json_write json;
    json_write_init(&json, 1000);

    json_write_begin_object(&json);
    json_write_member_u64(&json, "a", 1);
    json_write_key(&json, "b");
    json_write_begin_array(&json);
    json_write_bool(&json, true);
    json_write_null(&json);
    json_write_begin_object(&json);
    json_write_end_object(&json);
    json_write_end_array(&json);
    json_write_member(&json, "c", SPAN("x"));
    json_write_end_object(&json);
    expect(&json, "{\"a\":1,\"b\":[true,null,{}],\"c\":\"x\"}");
}

static void text_is_escaped(void **state)
{
    (void)state;
    struct json_write json;
    json_write_init(&json, 1000);

    json_write_text(&json, SPAN("a\"b\\c\n\0d\x7F\xE5\x90\x8D"));
    expect(&json, "\"a\\\"b\\\\c\\u000a\\u0000d\\u007f\xE5\x90\x8D\"");
}

static void what_is_not_utf8_becomes_the_replacement_character(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        const char *json;
    } cases[] = {
        {"\xFF", "\"\xEF\xBF\xBD\""},
        {"\x83\x65", "\"\xEF\xBF\xBD"
                     "e\""},
        {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                 /* Overlong. */
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* Surrogate. */
        {"\xE5\x90", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xF0\x9F\x98\x80", "\"\xF0\x9F\x98\x80\""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct json_write json;
        json_write_init(&json, 100);
        json_write_text(&json, span_of(cases[i].bytes));
        expect(&json, cases[i].json);
    }
}

static void past_the_bound_there_is_no_half_document(void **state)
{
    (void)state;
    struct json_write json;
    json_write_init(&json, 5);

    json_write_text(&json, SPAN("abcd"));
    assert_int_equal(json_write_result(&json).len, 0);
    json_write_null(&json);
    assert_int_equal(json_write_result(&json).len, 0);
    json_write_reset(&json);
    json_write_text(&json, SPAN("abc"));
    expect(&json, "\"abc\"");
}

static void times_are_utc_with_milliseconds(void **state)
{
    (void)state;
    struct json_write json;
    json_write_init(&json, 100);

    json_write_begin_object(&json);
    json_write_member_time(&json, "at", UINT64_C(1700000000042));
    json_write_member_time(&json, "never", 0);
    json_write_end_object(&json);
    expect(&json, "{\"at\":\"2023-11-14T22:13:20.042Z\",\"never\":null}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_between_values_only),
        cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(what_is_not_utf8_becomes_the_replacement_character),
        cmocka_unit_test(past_the_bound_there_is_no_half_document),
        cmocka_unit_test(times_are_utc_with_milliseconds),
    };
    return RUN_TESTS(tests);
}
