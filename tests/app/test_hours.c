#include "app/hours.h"
#include "support/test.h"

static void only_what_came_since_is_told(void **state)
{
    static struct hours hours;
    struct hours_count now = {.marked = 5, .unmarked = 1};
    struct hours_count since;
    (void)state;

    assert_true(hours_take(&hours, 3, &now, &since));
    assert_int_equal(since.marked, 5);
    assert_false(hours_take(&hours, 3, &now, &since));
    now.uninspected = 2;
    assert_true(hours_take(&hours, 3, &now, &since));
    assert_int_equal(since.marked, 0);
    assert_int_equal(since.uninspected, 2);
    assert_true(hours_take(&hours, 4, &now, &since));
    assert_int_equal(since.marked, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_came_since_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
