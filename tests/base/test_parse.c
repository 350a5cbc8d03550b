#include "base/parse.h"
#include "support/test.h"

struct number_case {
    const char *text;
    enum err err;
    uint64_t value;
};

typedef enum err parse_fn(struct span text, uint64_t *value_out);

static void expect(parse_fn *parse, const struct number_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 77;
        enum err err = parse(span_of(cases[i].text), &value);
        if (err != cases[i].err || (err == ERR_NONE && value != cases[i].value)) {
            fail_msg("%s: err %d, value %llu", cases[i].text, (int)err,
                     (unsigned long long)value);
        }
    }
}

#define EXPECT(parse, cases) expect(parse, cases, sizeof(cases) / sizeof((cases)[0]))

static void parse_u64_takes_decimal_digits_up_to_its_bound(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"0", ERR_NONE, 0},
        {"007", ERR_NONE, 7},
        {"18446744073709551615", ERR_NONE, UINT64_MAX},
        {"18446744073709551616", ERR_LIMIT, 0},
        {"99999999999999999999", ERR_LIMIT, 0},
        {"", ERR_SYNTAX, 0},
        {"-1", ERR_SYNTAX, 0},
        {"+1", ERR_SYNTAX, 0},
        {" 1", ERR_SYNTAX, 0},
        {"1 ", ERR_SYNTAX, 0},
        {"0x1", ERR_SYNTAX, 0},
        {"1.0", ERR_SYNTAX, 0},
    };
    EXPECT(parse_u64, cases);
}

static void parse_duration_needs_a_unit_for_every_number(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"10ms", ERR_NONE, 10},
        {"10s", ERR_NONE, 10000},
        {"5m", ERR_NONE, 300000},
        {"2h", ERR_NONE, 7200000},
        {"400d", ERR_NONE, UINT64_C(34560000000)},
        {"3y", ERR_NONE, UINT64_C(94608000000)},
        {"1h30m", ERR_NONE, 5400000},
        {"0s", ERR_NONE, 0},
        {"10", ERR_SYNTAX, 0},
        {"", ERR_SYNTAX, 0},
        {"s", ERR_SYNTAX, 0},
        {"1h30", ERR_SYNTAX, 0},
        {"10 s", ERR_SYNTAX, 0},
        {"10S", ERR_SYNTAX, 0},
        {"-1s", ERR_SYNTAX, 0},
        {"1.5s", ERR_SYNTAX, 0},
        {"18446744073709551615s", ERR_LIMIT, 0},
        {"18446744073709551615ms1ms", ERR_LIMIT, 0},
    };
    EXPECT(parse_duration, cases);
}

static void parse_size_takes_bytes_and_binary_units(void **state)
{
    (void)state;
    static const struct number_case cases[] = {
        {"512", ERR_NONE, 512},      {"16KiB", ERR_NONE, 16384},
        {"1MiB", ERR_NONE, 1048576}, {"10GiB", ERR_NONE, UINT64_C(10737418240)},
        {"", ERR_SYNTAX, 0},         {"KiB", ERR_SYNTAX, 0},
        {"1KB", ERR_SYNTAX, 0},      {"1kib", ERR_SYNTAX, 0},
        {"1 KiB", ERR_SYNTAX, 0},    {"18446744073709551615KiB", ERR_LIMIT, 0},
    };
    EXPECT(parse_size, cases);
}

static void parse_hex_needs_exactly_its_digits(void **state)
{
    (void)state;
    uint8_t bytes[2] = {0};

    assert_int_equal(parse_hex(SPAN("00fF"), bytes, 2), ERR_NONE);
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[1], 0xff);
    assert_int_equal(parse_hex(SPAN("00f"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(parse_hex(SPAN("00ff0"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(parse_hex(SPAN("00fg"), bytes, 2), ERR_SYNTAX);
    assert_int_equal(parse_hex_digit('a'), 10);
    assert_int_equal(parse_hex_digit('A'), 10);
    assert_int_equal(parse_hex_digit('g'), -1);
    assert_int_equal(parse_hex_digit('/'), -1);
}

static void format_u64_writes_what_parse_u64_reads(void **state)
{
    (void)state;
    const uint64_t values[] = {0, 9, 10, 12345, UINT64_MAX};
    char text[20];

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        uint64_t back = 0;
        size_t len = format_u64(values[i], text);
        struct span digits = {.ptr = (const uint8_t *)text, .len = len};
        assert_int_equal(parse_u64(digits, &back), ERR_NONE);
        assert_int_equal(back, values[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_u64_takes_decimal_digits_up_to_its_bound),
        cmocka_unit_test(parse_duration_needs_a_unit_for_every_number),
        cmocka_unit_test(parse_size_takes_bytes_and_binary_units),
        cmocka_unit_test(parse_hex_needs_exactly_its_digits),
        cmocka_unit_test(format_u64_writes_what_parse_u64_reads),
    };
    return RUN_TESTS(tests);
}
