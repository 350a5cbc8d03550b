#include "guard/charset.h"
#include "support/scan_case.h"

static void charset_names_are_known_by_their_beginning(void **state)
{
    (void)state;
    assert_int_equal(charset_named(SPAN("")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN("UTF-8")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN("Shift_JIS")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN("cp932")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN("x-unknown")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN(" utf-16 ")), CHARSET_UTF16LE);
    assert_int_equal(charset_named(SPAN("UTF-16BE")), CHARSET_UTF16BE);
    assert_int_equal(charset_named(SPAN("ISO-2022-JP")), CHARSET_ISO2022JP);
    assert_int_equal(charset_named(SPAN("iso-2022-kr")), CHARSET_UNSUPPORTED);
    assert_int_equal(charset_named(SPAN("utf-7")), CHARSET_UNSUPPORTED);
    assert_int_equal(charset_named(SPAN("UTF-32")), CHARSET_UNSUPPORTED);
}

static void charset_turns_utf16_into_utf8_by_any_pieces(void **state)
{
    (void)state;
    static const uint8_t IN[] = "a\0\x42\x30\x3d\xd8\x00\xde\x00\xdc\x00\xd8z\0";
    static const char EXPECTED[] =
        "a\xe3\x81\x82\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbdz";
    for (size_t size = 1; size <= sizeof(IN) - 1; size++) {
        struct charset_state turn = {0};
        uint8_t out[64];
        size_t len = 0;
        struct span rest = {IN, sizeof(IN) - 1};
        while (rest.len > 0) {
            struct span piece = span_first(rest, size);
            rest = span_from(rest, size);
            len += charset_utf16(&turn, CHARSET_UTF16LE, &piece, out + len,
                                 sizeof(out) - len);
            assert_int_equal(piece.len, 0);
        }
        assert_int_equal(len, sizeof(EXPECTED) - 1);
        assert_memory_equal(out, EXPECTED, len);
    }
}

static void expect(const char *charset, struct span text, const char *expected)
{
    static const char *const SELECTORS[] = {"attr:u", "regex:v=([0-9]+)", NULL};
    struct scan_case markers;
    scan_case_open(&markers, SELECTORS);
    struct scan_case_input input = {SCAN_KIND_HTML, charset, text};
    scan_case_expect(&markers, input, expected);
    scan_case_close(&markers);
}

static void scan_reads_utf16_by_mark_and_by_name(void **state)
{
    (void)state;
    expect("", SPAN("\xff\xfe<\0p\0 \0u\0=\0\x42\x30>\0v\0=\0007\0"),
           "0=\xe3\x81\x82 1?=7");
    expect("utf-8", SPAN("\xfe\xff\0<\0p\0 \0u\0=\0001\0>"), "0=1");
    expect("utf-16be", SPAN("\0<\0p\0 \0u\0=\0001\0>"), "0=1");
    expect("utf-16", SPAN("\xef\xbb\xbf<p u=1>"), "0=1");
    expect("utf-16", SPAN("<\0p\0 \0u\0=\0001\0>\0"), "0=1");
    expect("", SPAN("\xef\xbb<p u=1>"), "0=1");
    expect("", SPAN("\xff"), "");
}

static void scan_does_not_take_shift_jis_for_markup(void **state)
{
    (void)state;
    /* The second byte of U+8868 is a backslash, of U+30BD too. */
    expect("shift_jis", SPAN("<p title=\"\x95\x5c\" u=\"\x83\x5c\">"), "0=\x83\x5c");
}

static void scan_knows_where_iso_2022_jp_is_not_markup(void **state)
{
    (void)state;
    /* In the two-byte stretch the bytes spell markup: they are not. */
    struct span text = SPAN("\x1b$B<p u=1>\x1b(B<p u=2>");
    expect("iso-2022-jp", text, "0=2");
    expect("utf-8", text, "0=1 0=2");
    expect("iso-2022-jp", SPAN("<p title=\"\x1b$B\"<p u=1>\x1b(J\" u=2>"), "0=2");
    expect("", SPAN("<meta charset='ISO-2022-JP'>\x1b$B<p u=1>\x1b(B<p u=2>"), "0=2");
    expect("",
           SPAN("<meta http-equiv=Content-Type content=\"text/html; "
                "charset=iso-2022-jp\">\x1b$B<p u=1>\x1b(B<p u=2>"),
           "0=2");
    expect("utf-8", SPAN("<meta charset=iso-2022-jp>\x1b$B<p u=1>"), "0=1");
    expect("", SPAN("<meta charset=utf-8><meta charset=iso-2022-jp>\x1b$B<p u=1>"),
           "0=1");
}

static void scan_of_an_encoding_it_cannot_read_is_undecodable(void **state)
{
    (void)state;
    expect("utf-7", SPAN("+ADw-p u=1+AD4-"), "charset");
    expect("", SPAN("<meta charset=iso-2022-kr><p u=1>"), "charset");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charset_names_are_known_by_their_beginning),
        cmocka_unit_test(charset_turns_utf16_into_utf8_by_any_pieces),
        cmocka_unit_test(scan_reads_utf16_by_mark_and_by_name),
        cmocka_unit_test(scan_does_not_take_shift_jis_for_markup),
        cmocka_unit_test(scan_knows_where_iso_2022_jp_is_not_markup),
        cmocka_unit_test(scan_of_an_encoding_it_cannot_read_is_undecodable),
    };
    return RUN_TESTS(tests);
}
