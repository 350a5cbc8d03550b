#include "http/field.h"
#include "support/test.h"

static void field_every_name_maps_both_ways(void **state)
{
    (void)state;
    for (unsigned id = 1; id < FIELD_ID_COUNT; id++) {
        struct span name = field_name((enum field_id)id);
        assert_true(name.len > 0);
        if (field_id_of(name) != (enum field_id)id) {
            fail_msg("put %.*s at its slot in field.c", SPAN_ARGS(name));
        }
    }
}

static void field_names_compare_without_case(void **state)
{
    (void)state;
    assert_int_equal(field_id_of(SPAN("Content-LENGTH")), FIELD_CONTENT_LENGTH);
    assert_int_equal(field_id_of(SPAN("TE")), FIELD_TE);
}

static void field_other_names_have_no_id(void **state)
{
    (void)state;
    const char *const others[] = {"",
                                  "x",
                                  "content-lengt",
                                  "content-length ",
                                  "content_length",
                                  "cookie2",
                                  "hosu",
                                  "Content\rLength",
                                  "a-name-that-is-longer-than-every-name-with-an-id"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(field_id_of(span_of(others[i])), FIELD_OTHER);
    }
    assert_int_equal(field_name(FIELD_OTHER).len, 0);
    assert_int_equal(field_name(FIELD_ID_COUNT).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(field_every_name_maps_both_ways),
        cmocka_unit_test(field_names_compare_without_case),
        cmocka_unit_test(field_other_names_have_no_id),
    };
    return RUN_TESTS(tests);
}
