#include "guard/alike.h"
#include "support/test.h"

/* Both ways: neither name is first. */
static bool alike(const char *a, const char *b)
{
    bool there = alike_names(span_of(a), span_of(b));

    assert_int_equal(there, alike_names(span_of(b), span_of(a)));
    return there;
}

static void case_and_punctuation_are_spelling(void **state)
{
    (void)state;
    assert_true(alike("aoki", "Aoki"));
    assert_true(alike("a.oki", "aoki"));
    assert_true(alike("Jane Doe", "jane.doe"));
    assert_true(alike("aoki@example.com", "AOKI@example.com"));
    assert_false(alike("jane", "kurt"));
    assert_false(alike("aoki@example.com", "baba@example.com"));
}

static void a_whole_part_of_a_name_is_spelling(void **state)
{
    (void)state;
    assert_true(alike("CORP\\aoki", "aoki"));
    assert_true(alike("CORP\\a.oki", "aoki"));
    assert_true(alike("aoki/admin", "aoki"));
    assert_true(alike("jane.doe", "doe"));
    assert_false(alike("user1", "user12"));
    assert_false(alike("jane", "janet"));
    assert_false(alike("ann", "joann"));
    assert_false(alike("a-b", "b"));
}

static void numbers_are_compared_whole(void **state)
{
    (void)state;
    assert_true(alike("0042", "42"));
    assert_false(alike("123", "1234"));
    assert_false(alike("123", "231"));
    assert_false(alike("0", "7"));
}

static void kinds_of_names_are_not_compared(void **state)
{
    (void)state;
    assert_true(alike("aoki@example.com", "aoki"));
    assert_true(alike("4711", "aoki"));
    assert_true(alike("aoki", "青木"));
    assert_true(alike("", "aoki"));
    assert_true(alike("--", "aoki"));
}

static void ideographs_are_compared_and_other_letters_are_not(void **state)
{
    (void)state;
    assert_false(alike("山田", "鈴木"));
    assert_false(alike("山田太郎", "山田花子"));
    assert_true(alike("山田", "山田 太郎"));
    assert_true(alike("山田 太郎", "山田太郎"));
    assert_true(alike("山田", "ヤマダ"));
    assert_true(alike("ﾔﾏﾀﾞ", "ヤマダ"));
    assert_true(alike("José", "JOSÉ"));
    assert_true(alike("\xe5\xb1", "\xe9\x88\xb4")); /* Cut off: no character. */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_and_punctuation_are_spelling),
        cmocka_unit_test(a_whole_part_of_a_name_is_spelling),
        cmocka_unit_test(numbers_are_compared_whole),
        cmocka_unit_test(kinds_of_names_are_not_compared),
        cmocka_unit_test(ideographs_are_compared_and_other_letters_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
