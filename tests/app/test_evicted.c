#include "app/evicted.h"
#include "support/test.h"

static void
evicted_sessions_are_told_once_an_hour_with_all_since_the_last_time(void **state)
{
    (void)state;
    struct evicted evicted = {0};
    uint64_t since = 0;

    assert_false(evicted_tell(&evicted, 0, 5, &since));
    assert_true(evicted_tell(&evicted, 2, 5, &since));
    assert_int_equal(since, 2);
    assert_false(evicted_tell(&evicted, 2, 6, &since));
    assert_false(evicted_tell(&evicted, 3, 6, &since));
    assert_false(evicted_tell(&evicted, 4, 4 + EVICTED_TELL_MS, &since));
    assert_true(evicted_tell(&evicted, 5, 5 + EVICTED_TELL_MS, &since));
    assert_int_equal(since, 3);
    assert_false(evicted_tell(&evicted, 5, 5 + 9 * (uint64_t)EVICTED_TELL_MS, &since));
}

static void evicted_sessions_of_the_process_before_are_not_told_again(void **state)
{
    (void)state;
    struct evicted evicted = {.told = 7};
    uint64_t since = 0;

    assert_false(evicted_tell(&evicted, 7, 5, &since));
    assert_true(evicted_tell(&evicted, 8, 5, &since));
    assert_int_equal(since, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            evicted_sessions_are_told_once_an_hour_with_all_since_the_last_time),
        cmocka_unit_test(evicted_sessions_of_the_process_before_are_not_told_again),
    };
    return RUN_TESTS(tests);
}
