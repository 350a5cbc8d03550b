#include <string.h>

#include "base/base64.h"
#include "support/test.h"

/* RFC 4648 section 10. */
static const char *const VECTORS[][2] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
};

static void base64_writes_and_reads_the_vectors_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(VECTORS) / sizeof(VECTORS[0]); i++) {
        char text[16] = {0};
        uint8_t bytes[16] = {0};
        size_t len = 99;

        size_t written = base64_encode(span_of(VECTORS[i][0]), BASE64_STANDARD, text);
        assert_string_equal(text, VECTORS[i][1]);
        assert_int_equal(written, strlen(VECTORS[i][1]));
        assert_int_equal(
            base64_decode(span_of(VECTORS[i][1]), BASE64_STANDARD, bytes, &len),
            ERR_NONE);
        assert_int_equal(len, strlen(VECTORS[i][0]));
        assert_memory_equal(bytes, VECTORS[i][0], len);
    }
}

static void base64_url_alphabet_has_no_padding_and_other_signs(void **state)
{
    (void)state;
    const struct span data = SPAN("\xfb\xff\xbf\xfb");
    char text[16] = {0};
    uint8_t bytes[4];
    size_t len = 0;

    base64_encode(data, BASE64_URL, text);
    assert_string_equal(text, "-_-_-w");
    assert_int_equal(base64_decode(SPAN("-_-_-w"), BASE64_URL, bytes, &len), ERR_NONE);
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, data.ptr, 4);
    assert_int_equal(base64_decode(SPAN("-_-_-w"), BASE64_STANDARD, bytes, &len),
                     ERR_SYNTAX);
    assert_int_equal(base64_decode(SPAN("+/+/"), BASE64_URL, bytes, &len), ERR_SYNTAX);
}

static void base64_reads_text_with_its_padding_left_out(void **state)
{
    (void)state;
    uint8_t bytes[4];
    size_t len = 0;

    assert_int_equal(base64_decode(SPAN("Zm8"), BASE64_STANDARD, bytes, &len), ERR_NONE);
    assert_int_equal(len, 2);
}

static void base64_refuses_what_is_not_one_spelling_of_bytes(void **state)
{
    (void)state;
    const char *const bad[] = {
        "Z",     "Zg=",  "Zg===", "Zg==Zg==", "Zm9v=",     "Zh==", "Zm9v\n",
        " Zm9v", "====", "Z===",  "=",        "Zm9vYmE==", "Zm\tv"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint8_t bytes[16];
        size_t len = 99;
        assert_int_equal(base64_decode(span_of(bad[i]), BASE64_STANDARD, bytes, &len),
                         ERR_SYNTAX);
        assert_int_equal(len, 0);
    }
}

static void base64_reads_back_every_length_within_its_announced_sizes(void **state)
{
    (void)state;
    for (size_t len = 0; len < 70; len++) {
        uint8_t data[70];
        char text[96];
        uint8_t back[70];
        size_t back_len = 0;
        for (size_t i = 0; i < len; i++) {
            data[i] = (uint8_t)(i * 37 + len);
        }
        for (int alphabet = BASE64_STANDARD; alphabet <= BASE64_URL; alphabet++) {
            struct span all = {.ptr = data, .len = len};
            size_t written = base64_encode(all, (enum base64_alphabet)alphabet, text);
            struct span got = {.ptr = (const uint8_t *)text, .len = written};
            assert_true(written <= base64_encoded_size(len));
            assert_true(len <= base64_decoded_size(written));
            assert_int_equal(
                base64_decode(got, (enum base64_alphabet)alphabet, back, &back_len),
                ERR_NONE);
            assert_int_equal(back_len, len);
            assert_memory_equal(back, data, len);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_writes_and_reads_the_vectors_of_the_standard),
        cmocka_unit_test(base64_url_alphabet_has_no_padding_and_other_signs),
        cmocka_unit_test(base64_reads_text_with_its_padding_left_out),
        cmocka_unit_test(base64_refuses_what_is_not_one_spelling_of_bytes),
        cmocka_unit_test(base64_reads_back_every_length_within_its_announced_sizes),
    };
    return RUN_TESTS(tests);
}
