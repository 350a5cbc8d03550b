#include "http/date.h"
#include "support/test.h"

static void date_reads_all_forms(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int64_t unix_s;
    } rows[] = {
        {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
        {"Sun Nov  6 08:49:37 1994", 784111777},
        {"Thu, 01-Jan-1970 00:00:00 GMT", 0},
        {"Thu, 01 Jan 1970 00:00:10 GMT", 10},
        {"Tue, 29 Feb 2000 12:00:00 GMT", 951825600},
        {"Fri, 31 Dec 9999 23:59:59 GMT", 253402300799},
        {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
        {"1 jan 38 1:2:3", 2145920523},
        {"Mon, 01 Jan 1601 00:00:00 GMT", -11644473600},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t unix_s = 7;
        if (!date_parse(span_of(rows[i].text), &unix_s) || unix_s != rows[i].unix_s) {
            fail_msg("%s: %lld", rows[i].text, (long long)unix_s);
        }
    }
}

static void date_refuses_what_is_none(void **state)
{
    (void)state;
    const char *const bad[] = {"",
                               "0",
                               "-1",
                               "Sun, 06 Nov 1994",
                               "Sun, 06 Nov 1994 24:00:00 GMT",
                               "Sun, 32 Nov 1994 08:49:37 GMT",
                               "Sun, 00 Nov 1994 08:49:37 GMT",
                               "Sun, 06 Foo 1994 08:49:37 GMT",
                               "Sun, 06 Nov 1600 08:49:37 GMT",
                               "Sun, 06 Nov 1994 08:60:37 GMT",
                               "Sun, 06 Nov 199400 08:49:37 GMT"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        int64_t unix_s = 0;
        if (date_parse(span_of(bad[i]), &unix_s)) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static void date_written_is_read_as_itself(void **state)
{
    (void)state;
    char text[DATE_LEN];

    date_format(784111777, text);
    assert_memory_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT", DATE_LEN);
    for (int64_t unix_s = -11644473600; unix_s < 253402300799;
         unix_s += 86400 * 37 + 61) {
        int64_t back = 0;
        date_format(unix_s, text);
        assert_true(date_parse((struct span){(const uint8_t *)text, DATE_LEN}, &back));
        assert_true(back == unix_s);
    }
}

static void date_outside_four_digit_years_is_clamped(void **state)
{
    (void)state;
    char text[DATE_LEN];

    date_format(INT64_MAX, text);
    assert_memory_equal(text, "Fri, 31 Dec 9999 23:59:59 GMT", DATE_LEN);
    date_format(INT64_MIN, text);
    assert_memory_equal(text, "Mon, 01 Jan 0001 00:00:00 GMT", DATE_LEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(date_reads_all_forms),
        cmocka_unit_test(date_refuses_what_is_none),
        cmocka_unit_test(date_written_is_read_as_itself),
        cmocka_unit_test(date_outside_four_digit_years_is_clamped),
    };
    return RUN_TESTS(tests);
}
