#include <stdio.h>

#include "guard/grants.h"
#include "support/test.h"

static const uint64_t CACHE_MS = 30000;
static const uint64_t LAG_MS = 60000;

static struct grant_pair pair(const char *requester, const char *subject)
{
    return (struct grant_pair){.requester = span_of(requester),
                               .subject = span_of(subject)};
}

static void yes_is_valid_for_its_time_and_for_its_pair_alone(void **state)
{
    struct grants *grants = grants_new(CACHE_MS, 0);
    struct grant_pair mine = pair("alice", "bob");
    struct grant_pair turned = pair("bob", "alice");
    struct grant_pair cut_elsewhere = pair("aliceb", "ob");

    (void)state;
    assert_non_null(grants);
    assert_false(grants_knows(grants, &mine, 5000));
    assert_int_equal(grants_note(grants, &mine, true, 5000), GRANT_YES);
    assert_true(grants_knows(grants, &mine, 5000));
    assert_true(grants_knows(grants, &mine, 5000 + CACHE_MS - 1));
    assert_false(grants_knows(grants, &mine, 5000 + CACHE_MS));
    assert_false(grants_knows(grants, &turned, 5000));
    assert_false(grants_knows(grants, &cut_elsewhere, 5000));
    grants_free(&grants);
}

static void no_is_never_known_and_ends_a_yes(void **state)
{
    struct grants *grants = grants_new(CACHE_MS, 0);
    struct grant_pair mine = pair("alice", "bob");

    (void)state;
    assert_int_equal(grants_note(grants, &mine, true, 0), GRANT_YES);
    assert_int_equal(grants_note(grants, &mine, false, 10), GRANT_NO);
    assert_false(grants_knows(grants, &mine, 11));
    assert_int_equal(grants_note(grants, &mine, true, 20), GRANT_YES);
    assert_true(grants_knows(grants, &mine, 21));
    grants_free(&grants);
}

static void no_is_young_until_the_copy_must_know_better(void **state)
{
    struct grants *grants = grants_new(CACHE_MS, LAG_MS);
    struct grant_pair mine = pair("alice", "bob");

    (void)state;
    assert_int_equal(grants_note(grants, &mine, false, 0), GRANT_NO_YOUNG);
    assert_int_equal(grants_note(grants, &mine, false, LAG_MS - 1), GRANT_NO_YOUNG);
    assert_int_equal(grants_note(grants, &mine, false, LAG_MS), GRANT_NO);
    assert_int_equal(grants_note(grants, &mine, true, LAG_MS + 1), GRANT_YES);
    assert_int_equal(grants_note(grants, &mine, false, LAG_MS + 2), GRANT_NO_YOUNG);
    grants_free(&grants);
}

static void memory_is_bounded_and_the_newest_answers_stay(void **state)
{
    struct grants *grants = grants_new(CACHE_MS, 0);
    char subject[32];
    unsigned known = 0;

    (void)state;
    for (unsigned i = 0; i < 200000; i++) {
        (void)snprintf(subject, sizeof(subject), "member-%u", i);
        struct grant_pair one = pair("alice", subject);
        (void)grants_note(grants, &one, true, i / 100);
        assert_true(grants_knows(grants, &one, i / 100));
    }
    for (unsigned i = 0; i < 200000; i++) {
        (void)snprintf(subject, sizeof(subject), "member-%u", i);
        struct grant_pair one = pair("alice", subject);
        known += grants_knows(grants, &one, 2000);
    }
    assert_in_range(known, 20000, 32768);
    grants_free(&grants);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yes_is_valid_for_its_time_and_for_its_pair_alone),
        cmocka_unit_test(no_is_never_known_and_ends_a_yes),
        cmocka_unit_test(no_is_young_until_the_copy_must_know_better),
        cmocka_unit_test(memory_is_bounded_and_the_newest_answers_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
