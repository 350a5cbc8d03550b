#include "notify/schedule.h"
#include "support/test.h"

#define SECOND UINT64_C(1000)
#define HOUR   (3600 * SECOND)

static void the_waits_grow_to_ten_hours(void **state)
{
    (void)state;
    static const uint64_t waits[] = {5 * SECOND, 300 * SECOND, 1800 * SECOND, 2 * HOUR,
                                     5 * HOUR,   10 * HOUR,    10 * HOUR};

    for (unsigned i = 0; i < 7; i++) {
        for (uint64_t random = 0; random < 1000000; random += 9973) {
            uint64_t wait = schedule_next(1000, 1000, i + 1, 0, random) - 1000;
            assert_in_range(wait, waits[i] * 9 / 10, waits[i] * 11 / 10);
        }
    }
}

static void after_three_days_it_is_given_up(void **state)
{
    (void)state;
    assert_int_not_equal(schedule_next(1, 1 + 60 * HOUR, 9, 0, 0), 0);
    assert_int_equal(schedule_next(1, 1 + 64 * HOUR, 9, 0, 0), 0);
}

static void what_the_receiver_asks_for_is_honoured_up_to_a_day(void **state)
{
    (void)state;
    assert_int_equal(schedule_next(1, 1, 1, HOUR, 0), 1 + HOUR);
    assert_int_equal(schedule_next(1, 1, 1, 999 * HOUR, 0), 1 + 24 * HOUR);
    assert_in_range(schedule_next(1, 1, 4, SECOND, 0), HOUR, 3 * HOUR);
}

static void only_2xx_is_done_and_only_410_stops(void **state)
{
    (void)state;
    for (unsigned status = 0; status < 700; status++) {
        enum schedule_outcome expected = SCHEDULE_RETRY;
        if (status >= 200 && status < 300) {
            expected = SCHEDULE_DONE;
        } else if (status == 410) {
            expected = SCHEDULE_STOP;
        }
        assert_int_equal(schedule_judge(status), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_waits_grow_to_ten_hours),
        cmocka_unit_test(after_three_days_it_is_given_up),
        cmocka_unit_test(what_the_receiver_asks_for_is_honoured_up_to_a_day),
        cmocka_unit_test(only_2xx_is_done_and_only_410_stops),
    };
    return RUN_TESTS(tests);
}
