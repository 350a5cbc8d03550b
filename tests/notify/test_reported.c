#include "notify/reported.h"
#include "support/test.h"

static void a_try_that_was_reported_is_past(void **state)
{
    (void)state;
    struct reported *reported = calloc(1, sizeof(*reported));

    assert_non_null(reported);
    assert_false(reported_past(reported, 7, 0));
    reported_note(reported, 7, 1);
    assert_true(reported_past(reported, 7, 0));
    assert_false(reported_past(reported, 7, 1));
    assert_false(reported_past(reported, 8, 0));
    for (uint64_t id = 100; id < 100 + REPORTED_MAX; id++) {
        reported_note(reported, id, 1);
    }
    assert_false(reported_past(reported, 7, 0));
    free(reported);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_try_that_was_reported_is_past),
    };
    return RUN_TESTS(tests);
}
