#include "http/text.h"
#include "support/test.h"

static void text_field_values_have_no_control_bytes(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 20; at++) {
            uint8_t text[20];
            memset(text, 0xe3, sizeof(text));
            text[at] = (uint8_t)byte;
            bool wanted = byte == '\t' || (byte >= ' ' && byte != 0x7f);
            struct span span = {.ptr = text, .len = sizeof(text)};
            assert_int_equal(text_is_field_value(span), wanted);
        }
    }
}

static void text_tokens_are_those_of_the_rfc(void **state)
{
    (void)state;
    assert_true(text_is_token(SPAN("!#$%&'*+-.^_`|~09azAZ")));
    assert_false(text_is_token(SPAN("")));
    const char *const bad = "\"(),/:;<=>?@[\\]{} \t\x7f\x80";
    for (size_t i = 0; i <= strlen(bad); i++) { /* With the NUL. */
        assert_false(text_is_token_byte((uint8_t)bad[i]));
    }
}

static void text_equal_lower_agrees_with_a_plain_comparison(void **state)
{
    (void)state;
    const struct span names[] = {SPAN("te"),
                                 SPAN("age-0"),
                                 SPAN("x-forwarded-for"),
                                 SPAN("content-length"),
                                 SPAN("if-range"),
                                 SPAN("http2-settings-16")};
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        for (size_t at = 0; at < names[n].len; at++) {
            for (unsigned byte = 0; byte < 256; byte++) {
                uint8_t text[32];
                memcpy(text, names[n].ptr, names[n].len);
                text[at] = (uint8_t)byte;
                struct span span = {.ptr = text, .len = names[n].len};
                assert_int_equal(text_equal_lower(span, names[n]),
                                 span_equal_nocase(span, names[n]));
            }
        }
        assert_false(text_equal_lower(span_from(names[n], 1), names[n]));
    }
}

static void text_percent_is_decoded_or_refused(void **state)
{
    (void)state;
    uint8_t out[32];
    size_t len = 0;

    assert_true(text_decode_percent(SPAN("a%41+%00"), true, out, &len));
    assert_memory_equal(out, "aA \0", 4);
    assert_int_equal(len, 4);
    assert_true(text_decode_percent(SPAN("+"), false, out, &len));
    assert_int_equal(out[0], '+');
    assert_false(text_decode_percent(SPAN("%4"), true, out, &len));
    assert_false(text_decode_percent(SPAN("%"), true, out, &len));
    assert_false(text_decode_percent(SPAN("%g0"), true, out, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_field_values_have_no_control_bytes),
        cmocka_unit_test(text_tokens_are_those_of_the_rfc),
        cmocka_unit_test(text_equal_lower_agrees_with_a_plain_comparison),
        cmocka_unit_test(text_percent_is_decoded_or_refused),
    };
    return RUN_TESTS(tests);
}
