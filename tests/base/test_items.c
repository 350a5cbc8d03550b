#include "base/items.h"
#include "support/test.h"

static const struct span LIST = {.ptr = (const uint8_t *)"name, first\x1f"
                                                         "address",
                                 .len = sizeof("name, first|address") - 1};

static void expect_joined(struct span items, struct span between, const char *text)
{
    char buffer[64];

    struct span joined = items_join(items, between, buffer, sizeof(buffer));
    assert_string_equal(buffer, text);
    assert_int_equal(joined.len, strlen(text));
    assert_ptr_equal(joined.ptr, buffer);
}

static void people_read_items_with_a_comma_between(void **state)
{
    (void)state;
    expect_joined(LIST, SPAN(", "), "name, first, address");
    expect_joined(SPAN("name"), SPAN(", "), "name");
    expect_joined((struct span){0}, SPAN(", "), "");
}

static void a_text_that_is_too_long_is_cut(void **state)
{
    char buffer[14];
    (void)state;

    assert_int_equal(items_join(LIST, SPAN(", "), buffer, sizeof(buffer)).len, 13);
    assert_string_equal(buffer, "name, first, ");
    assert_int_equal(items_join(LIST, SPAN(", "), buffer, 1).len, 0);
    assert_string_equal(buffer, "");
}

/* Latin letters, also those with an accent, take a comma. */
static void the_comma_is_that_of_the_language(void **state)
{
    (void)state;
    assert_true(span_equal(items_comma(SPAN("name\x1f"
                                            "adresse privée")),
                           SPAN(", ")));
    assert_true(span_equal(items_comma(SPAN("name\x1f住所")), SPAN("、")));
}

static void expect_written(struct span items, const char *text)
{
    struct json_write json;

    json_write_init(&json, 1000);
    json_write_begin_object(&json);
    items_write(&json, "shows", items);
    json_write_end_object(&json);
    struct span result = json_write_result(&json);
    assert_int_equal(result.len, strlen(text));
    assert_memory_equal(result.ptr, text, result.len);
    json_write_free(&json);
}

static void programs_read_an_array(void **state)
{
    (void)state;
    expect_written(LIST, "{\"shows\":[\"name, first\",\"address\"]}");
    expect_written((struct span){0}, "{\"shows\":[]}");
}

/* Of a ledger that joined them for reading. */
static void a_text_of_before_is_one_item(void **state)
{
    (void)state;
    expect_written(SPAN("氏名、住所"), "{\"shows\":[\"氏名、住所\"]}");
    expect_joined(SPAN("氏名、住所"), SPAN(", "), "氏名、住所");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_read_items_with_a_comma_between),
        cmocka_unit_test(a_text_that_is_too_long_is_cut),
        cmocka_unit_test(the_comma_is_that_of_the_language),
        cmocka_unit_test(programs_read_an_array),
        cmocka_unit_test(a_text_of_before_is_one_item),
    };
    return RUN_TESTS(tests);
}
