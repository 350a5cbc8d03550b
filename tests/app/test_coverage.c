#include "app/coverage.h"
#include "support/test.h"

static void coverage_is_lost_once_when_most_of_a_good_route_is_unmarked(void **state)
{
    (void)state;
    struct coverage coverage = {0};
    double share = 1;

    assert_false(coverage_lost(&coverage, 100, 0, &share));
    assert_true(coverage_lost(&coverage, 104, 16, &share));
    assert_true(share > 0.19 && share < 0.21);
    assert_false(coverage_lost(&coverage, 104, 200, &share));
    assert_false(coverage_lost(&coverage, 204, 200, &share)); /* Back. */
    assert_true(coverage_lost(&coverage, 204, 300, &share));
}

static void coverage_says_nothing_of_a_route_that_never_had_it(void **state)
{
    (void)state;
    struct coverage coverage = {0};
    double share = 0;

    assert_false(coverage_lost(&coverage, 0, 1000, &share));
    assert_false(coverage_lost(&coverage, 85, 1015, &share)); /* 85 of 100. */
    assert_false(coverage_lost(&coverage, 85, 2000, &share));
}

static void coverage_waits_for_enough_responses(void **state)
{
    (void)state;
    struct coverage coverage = {0};
    double share = 0;

    assert_false(coverage_lost(&coverage, COVERAGE_COUNT_MIN, 0, &share));
    assert_false(
        coverage_lost(&coverage, COVERAGE_COUNT_MIN, COVERAGE_COUNT_MIN - 1, &share));
    assert_true(coverage_lost(&coverage, COVERAGE_COUNT_MIN, COVERAGE_COUNT_MIN, &share));
}

static void coverage_that_is_worse_but_not_lost_is_still_watched(void **state)
{
    (void)state;
    struct coverage coverage = {0};
    double share = 0;

    assert_false(coverage_lost(&coverage, 100, 0, &share));
    assert_false(coverage_lost(&coverage, 192, 8, &share)); /* 92 of 100. */
    assert_false(coverage_lost(&coverage, 280, 20, &share));
    assert_true(coverage_lost(&coverage, 350, 50, &share)); /* 70 of 100. */
}

/* One of many templates without its marker is a tenth of the pages or less. */
static void coverage_that_falls_a_little_is_lost_when_it_is_no_chance(void **state)
{
    static const struct {
        uint64_t marked, unmarked;
        bool lost;
    } rows[] = {
        {17, 3, false},     {16, 4, false},     {12, 8, true},
        {88, 12, false},    {80, 20, true},     {91, 9, false},
        {9100, 900, false}, {8800, 1200, true}, {8970, 1030, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct coverage coverage = {0};
        double share = 0;
        assert_false(coverage_lost(&coverage, 1000, 0, &share));
        assert_int_equal(
            coverage_lost(&coverage, 1000 + rows[i].marked, rows[i].unmarked, &share),
            rows[i].lost);
    }
}

static void coverage_begins_again_when_the_counts_do(void **state)
{
    (void)state;
    struct coverage coverage = {0};
    double share = 0;

    assert_false(coverage_lost(&coverage, 100, 0, &share));
    assert_false(coverage_lost(&coverage, 0, 50, &share));
    assert_false(coverage_lost(&coverage, 0, 150, &share));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coverage_is_lost_once_when_most_of_a_good_route_is_unmarked),
        cmocka_unit_test(coverage_says_nothing_of_a_route_that_never_had_it),
        cmocka_unit_test(coverage_waits_for_enough_responses),
        cmocka_unit_test(coverage_that_is_worse_but_not_lost_is_still_watched),
        cmocka_unit_test(coverage_that_falls_a_little_is_lost_when_it_is_no_chance),
        cmocka_unit_test(coverage_begins_again_when_the_counts_do),
    };
    return RUN_TESTS(tests);
}
