#include <stdlib.h>
#include <string.h>

#include "relay/journal.h"
#include "support/test.h"

static void copy_holds_all_subjects_when_what_it_borrowed_is_gone(void **state)
{
    char text[] = "bobcarolmember";
    struct span all = span_of(text);
    const struct journal_subject more[] = {
        {.value = span_first(all, 3), .marker_class = span_from(all, 8), .strong = true},
        {.value = span_first(span_from(all, 3), 5), .marker_class = {0}},
    };
    struct journal_entry entry = {.kind = JOURNAL_DISPLAY, .more = more, .more_count = 2};

    (void)state;
    struct journal_entry *copy = journal_entry_copy(&entry);
    assert_non_null(copy);
    memset(text, 0, sizeof(text));
    assert_int_equal(copy->more_count, 2);
    assert_true(span_equal(copy->more[0].value, SPAN("bob")));
    assert_true(span_equal(copy->more[0].marker_class, SPAN("member")));
    assert_true(span_equal(copy->more[1].value, SPAN("carol")));
    free(copy);
}

static void entry_turns_to_another_subject_and_keeps_the_rest(void **state)
{
    struct journal_entry entry = {
        .status = 200, .strong = true, .detector = DETECTOR_NONE};
    const struct journal_subject subject = {.value = SPAN("carol"),
                                            .marker_class = SPAN("member"),
                                            .detector = DETECTOR_GRANTED_MARKER};

    (void)state;
    journal_entry_about(&entry, &subject);
    assert_true(span_equal(user_span(&entry.subject), SPAN("carol")));
    assert_string_equal(entry.marker_class, "member");
    assert_int_equal(entry.detector, DETECTOR_GRANTED_MARKER);
    assert_false(entry.strong);
    assert_int_equal(entry.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_holds_all_subjects_when_what_it_borrowed_is_gone),
        cmocka_unit_test(entry_turns_to_another_subject_and_keeps_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
