#include "http/head.h"
#include "support/test.h"

static void add(struct head *head, const char *name, const char *value)
{
    head->fields[head->field_count++] = (struct field){
        .name = span_of(name), .value = span_of(value), .id = field_id_of(span_of(name))};
}

static void head_finds_the_first_field_by_id_and_by_name(void **state)
{
    (void)state;
    static struct head head;
    add(&head, "Via", "1.1 a");
    add(&head, "X-Mine", "one");
    add(&head, "via", "1.1 b");

    assert_ptr_equal(head_field(&head, FIELD_VIA), &head.fields[0]);
    assert_int_equal(head_field_count(&head, FIELD_VIA), 2);
    assert_null(head_field(&head, FIELD_HOST));
    assert_ptr_equal(head_field_named(&head, SPAN("x-mine")), &head.fields[1]);
    assert_null(head_field_named(&head, SPAN("x-min")));
}

static void head_token_is_found_in_any_line_of_a_list(void **state)
{
    (void)state;
    static struct head head;
    add(&head, "Connection", "keep-alive, X-One");
    add(&head, "Connection", " ,  CLOSE");

    assert_true(head_has_token(&head, FIELD_CONNECTION, SPAN("close")));
    assert_true(head_has_token(&head, FIELD_CONNECTION, SPAN("x-one")));
    assert_false(head_has_token(&head, FIELD_CONNECTION, SPAN("x-on")));
    assert_false(head_has_token(&head, FIELD_UPGRADE, SPAN("close")));
}

static void head_methods_are_exact_and_know_their_safety(void **state)
{
    (void)state;
    assert_int_equal(method_of(SPAN("GET")), METHOD_GET);
    assert_int_equal(method_of(SPAN("get")), METHOD_OTHER);
    assert_int_equal(method_of(SPAN("DELETE")), METHOD_DELETE);
    assert_true(method_is_safe(METHOD_HEAD));
    assert_false(method_is_safe(METHOD_OTHER));
    assert_false(method_is_safe(METHOD_POST));
    assert_true(method_is_idempotent(METHOD_PUT));
    assert_false(method_is_idempotent(METHOD_PATCH));
    assert_false(method_is_idempotent(METHOD_OTHER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(head_finds_the_first_field_by_id_and_by_name),
        cmocka_unit_test(head_token_is_found_in_any_line_of_a_list),
        cmocka_unit_test(head_methods_are_exact_and_know_their_safety),
    };
    return RUN_TESTS(tests);
}
