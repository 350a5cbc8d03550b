#include <stdlib.h>
#include <time.h>

#include "admin/moment.h"
#include "support/test.h"

static uint64_t parse(const char *text)
{
    uint64_t ms = 0;
    if (!moment_parse(span_of(text), &ms)) {
        fail_msg("%s is a time", text);
    }
    return ms;
}

static void a_zone_is_honoured(void **state)
{
    (void)state;
    assert_int_equal(parse("2024-03-22T08:00:00Z"), 1711094400000);
    assert_int_equal(parse("2024-03-22T17:00:00+09:00"), 1711094400000);
    assert_int_equal(parse("2024-03-22T17:00+0900"), 1711094400000);
    assert_int_equal(parse("2024-03-22T03:00:00.123-05:00"), 1711094400000);
}

static void without_a_zone_it_is_the_machines(void **state)
{
    (void)state;
    assert_int_equal(setenv("TZ", "Asia/Tokyo", 1), 0); // NOLINT: one thread.
    tzset();
    assert_int_equal(parse("2024-03-22"), 1711033200000);
    assert_int_equal(parse("2024-03-22T17:00"), 1711094400000);
    assert_int_equal(parse("2024-03-22 17:00:00"), 1711094400000);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "yesterday",
        "2024",
        "2024-13-01",
        "2024-00-10",
        "2024-03-32",
        "2024-03-22T",
        "2024-03-22T25:00",
        "1969-12-31T23:59:59Z",
        "2024-03-22T17:00:00X",
        "2024-03-22x",
        "2024-03-22T17",
        "2024-03-22T17:00:00+9",
    };
    uint64_t ms = 0;
    (void)state;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
        if (moment_parse(span_of(wrong[i]), &ms)) {
            fail_msg("%s is no time", wrong[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_is_honoured),
        cmocka_unit_test(without_a_zone_it_is_the_machines),
        cmocka_unit_test(what_is_no_time_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
