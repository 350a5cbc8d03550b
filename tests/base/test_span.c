#include "base/span.h"
#include "support/test.h"

static void span_compares_bytes_and_lengths(void **state)
{
    (void)state;
    assert_true(span_equal(SPAN("ab"), SPAN("ab")));
    assert_false(span_equal(SPAN("ab"), SPAN("abc")));
    assert_false(span_equal(SPAN("ab"), SPAN("aB")));
    assert_true(span_equal((struct span){0}, SPAN("")));
    assert_true(span_equal(SPAN("a\0b"), SPAN("a\0b")));
    assert_false(span_equal(SPAN("a\0b"), SPAN("a\0c")));
}

static void span_without_case_folds_ascii_letters_alone(void **state)
{
    (void)state;
    assert_true(span_equal_nocase(SPAN("Content-TYPE"), SPAN("cONTENT-type")));
    assert_false(span_equal_nocase(SPAN("["), SPAN("{")));
    assert_false(span_equal_nocase(SPAN("@"), SPAN("`")));
    assert_false(span_equal_nocase(SPAN("\xc4"), SPAN("\xe4")));
    assert_false(span_equal_nocase(SPAN("a"), SPAN("ab")));
}

static void span_starts_and_ends_with_what_fits(void **state)
{
    (void)state;
    assert_true(span_starts(SPAN("abc"), SPAN("ab")));
    assert_true(span_starts(SPAN("abc"), SPAN("")));
    assert_false(span_starts(SPAN("ab"), SPAN("abc")));
    assert_true(span_ends(SPAN("abc"), SPAN("bc")));
    assert_false(span_ends(SPAN("bc"), SPAN("abc")));
    assert_true(span_ends((struct span){0}, SPAN("")));
}

static void span_parts_never_leave_the_span(void **state)
{
    (void)state;
    struct span text = SPAN("abc");

    assert_true(span_equal(span_from(text, 1), SPAN("bc")));
    assert_int_equal(span_from(text, 3).len, 0);
    assert_int_equal(span_from(text, SIZE_MAX).len, 0);
    assert_true(span_equal(span_first(text, 2), SPAN("ab")));
    assert_true(span_equal(span_first(text, SIZE_MAX), text));
    assert_int_equal(span_find(text, 'c'), 2);
    assert_int_equal(span_find(text, 'x'), 3);
    assert_int_equal(span_find((struct span){0}, 'x'), 0);
}

static void span_trim_takes_blanks_and_tabs_off_both_ends(void **state)
{
    (void)state;
    assert_true(span_equal(span_trim(SPAN(" \t a b\t ")), SPAN("a b")));
    assert_int_equal(span_trim(SPAN(" \t ")).len, 0);
    assert_int_equal(span_trim((struct span){0}).len, 0);
    assert_true(span_equal(span_trim(SPAN("\ra\n")), SPAN("\ra\n")));
}

static void span_next_gives_every_item_also_empty_ones(void **state)
{
    (void)state;
    struct span rest = SPAN("a,,bc");
    struct span item;

    assert_true(span_next(&rest, ',', &item));
    assert_true(span_equal(item, SPAN("a")));
    assert_true(span_next(&rest, ',', &item));
    assert_int_equal(item.len, 0);
    assert_true(span_next(&rest, ',', &item));
    assert_true(span_equal(item, SPAN("bc")));
    assert_false(span_next(&rest, ',', &item));
    assert_int_equal(item.len, 0);
}

static void span_copy_cuts_and_ends_with_a_nul(void **state)
{
    (void)state;
    char text[4] = "xxx";

    assert_int_equal(span_copy(SPAN("abcdef"), text, sizeof(text)), 3);
    assert_string_equal(text, "abc");
    assert_int_equal(span_copy((struct span){0}, text, sizeof(text)), 0);
    assert_string_equal(text, "");
    assert_int_equal(span_copy(SPAN("abc"), text, 1), 0);
    assert_string_equal(text, "");
}

static void span_of_nothing_is_empty(void **state)
{
    (void)state;
    assert_int_equal(span_of(NULL).len, 0);
    assert_true(span_equal(span_of("ab"), SPAN("ab")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(span_compares_bytes_and_lengths),
        cmocka_unit_test(span_without_case_folds_ascii_letters_alone),
        cmocka_unit_test(span_starts_and_ends_with_what_fits),
        cmocka_unit_test(span_parts_never_leave_the_span),
        cmocka_unit_test(span_trim_takes_blanks_and_tabs_off_both_ends),
        cmocka_unit_test(span_next_gives_every_item_also_empty_ones),
        cmocka_unit_test(span_copy_cuts_and_ends_with_a_nul),
        cmocka_unit_test(span_of_nothing_is_empty),
    };
    return RUN_TESTS(tests);
}
