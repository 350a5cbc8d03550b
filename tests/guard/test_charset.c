#include "guard/charset.h"
#include "support/scan_case.h"

static void charset_names_are_known_by_their_beginning(void **state)
{
    (void)state;
    assert_int_equal(charset_named(SPAN("")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN("UTF-8")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN("Shift_JIS")), CHARSET_SHIFT_JIS);
    assert_int_equal(charset_named(SPAN("Windows-31J")), CHARSET_SHIFT_JIS);
    assert_int_equal(charset_named(SPAN("gb18030")), CHARSET_GBK);
    assert_int_equal(charset_named(SPAN("Big5-HKSCS")), CHARSET_GBK);
    assert_int_equal(charset_named(SPAN("EUC-JP")), CHARSET_ASCII);
    assert_int_equal(charset_named(SPAN("ISO-8859-1")), CHARSET_ASCII);
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

static void expect_of(const char *const *selectors, struct scan_case_input input,
                      const char *expected)
{
    struct scan_case markers;
    scan_case_open(&markers, selectors);
    scan_case_expect(&markers, input, expected);
    scan_case_close(&markers);
}

static void expect(const char *charset, struct span text, const char *expected)
{
    static const char *const SELECTORS[] = {"attr:u", "regex:v=([0-9]+)", NULL};
    struct scan_case_input input = {SCAN_KIND_HTML, charset, text};
    expect_of(SELECTORS, input, expected);
}

static void expect_json(const char *charset, struct span text, const char *expected)
{
    static const char *const SELECTORS[] = {"json:/u", "regex:v=([^\"]+)", NULL};
    struct scan_case_input input = {SCAN_KIND_JSON, charset, text};
    expect_of(SELECTORS, input, expected);
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

/* Escape sequences are unmistakable; what is no ISO-2022-JP behind one is nothing. */
static void scan_knows_iso_2022_jp_that_nothing_tells(void **state)
{
    (void)state;
    expect("", SPAN("\x1b$B<p/u=1>\x1b(B<p u=2>"), "0=2");
    expect("", SPAN("<p u=0>\x1b$@<p/u=1>\x1b(J<p u=2>"), "0=0 0=2");
    expect("", SPAN("<p u=0 title='\x1b(I<pu=1>\x1b(B' u=3><p u=2>"), "0=0 0=2");
    expect("", SPAN("<title>\x1b$B<p'\x1b(B</title><meta charset=iso-2022-jp><p u=2>"),
           "0=2");
    expect("", SPAN("<!--\x1b$B-->|-->>\x1b(B--><p u=2>"), "0=2");
    expect("", SPAN("<p u='\x1b$B%\"\x1b(B'>"), "0=\x1b$B%\"\x1b(B");
    /* One that was declared before is believed, one behind it contradicts. */
    expect("utf-8", SPAN("\x1b$B<p u=1>"), "0=1");
    expect("", SPAN("<meta charset=utf-8>\x1b$B<p u=1>"), "0=1");
    expect("", SPAN("\xef\xbb\xbf\x1b$B<p u=1>"), "0=1");
    expect("", SPAN("\x1b$B%\"\x1b(B<meta charset=utf-8><p u=1>"), "charset");
    expect("", SPAN("<p/u=1>\x1b$B<p u=1>"), "charset");
    expect("", SPAN("\x1b$B%\"\xe3\x81\x82"), "charset");
    expect("", SPAN("\x1b$B%\"\n\x1b(B"), "charset");
    expect("", SPAN("<p u=1>\x1b$x\x1b(B\x1b[0m\xe3\x81\x82"), "0=1");
}

/* What a form of the site sends: every byte as it was, escape sequences too. */
static void value_in_iso_2022_jp_is_what_was_sent(void **state)
{
    (void)state;
#define NAME "\x1b$B;3%\"\x1b(B"
    expect("iso-2022-jp", SPAN("<p u='" NAME "'>"), "0=" NAME);
    expect("iso-2022-jp", SPAN("<p u=\"" NAME "\">"), "0=" NAME);
    expect("iso-2022-jp", SPAN("<p u=" NAME ">"), "0=" NAME);
    expect("iso-2022-jp", SPAN("<p u=' a" NAME "b" NAME " '>"), "0=a" NAME "b" NAME);
    expect("iso-2022-jp", SPAN("<p u='\x1b$@;3\x1b(I12\x1b(J'>"),
           "0=\x1b$@;3\x1b(I12\x1b(J");
    expect("", SPAN("<meta charset=iso-2022-jp><p u='" NAME "'>"), "0=" NAME);
    expect("", SPAN("<p u='" NAME "' title='" NAME "'>"), "0=" NAME);
    /* 26 61 6D 70 3B 3B spells `&amp;;` and is three characters; `&amp;` is one. */
    expect("iso-2022-jp", SPAN("<p u='\x1b$B&amp;;\x1b(B&amp;'>"),
           "0=\x1b$B&amp;;\x1b(B&");
    expect("iso-2022-jp", SPAN("<p u='&copy" NAME "&#65" NAME "'>"),
           "0=\xc2\xa9" NAME "A" NAME);
    /* Bytes that the encoding does not have are what they are. */
    expect("iso-2022-jp", SPAN("<p u='\xbb\xb3'><p u='\x1b$B\xbb\xb3\x1b(B'>"),
           "0=\x1b$B\xbb\xb3\x1b(B 0=\xbb\xb3");
    expect("utf-8", SPAN("<p u='" NAME "'>"), "0=" NAME);
#undef NAME
}

static void value_of_json_in_iso_2022_jp_is_what_was_sent(void **state)
{
    (void)state;
#define NAME "\x1b$B;3%\"\x1b(B"
    expect_json("iso-2022-jp", SPAN("{\"u\":\"" NAME "\"}"), "0=" NAME);
    expect_json("iso-2022-jp", SPAN("{\"a\":\"" NAME "\",\"u\":\"v=" NAME "\"}"),
                "0=v=" NAME " 1?=" NAME);
    /* 5C 5C is a character; the escapes of JSON around it are some. */
    expect_json("iso-2022-jp", SPAN("{\"u\":\"v=\\\\\x1b$B\\\\\\u0041\x1b(B\\u0041\"}"),
                "0=v=\\\x1b$B\\\\\\u0041\x1b(BA 1?=\\\x1b$B\\\\\\u0041\x1b(BA");
    expect_json("iso-2022-jp", SPAN("{\"u\":\"a\x1b\"}"), "0=a\x1b");
    expect_json("iso-2022-jp", SPAN("{\"u\":\"\x9b\xbb\xb3\"}"), "0=\x9b\xbb\xb3");
    expect_json("iso-2022-jp", SPAN("\x1b(B{\x1b(J\"u\":7\x1b(B}"), "0=7");
    expect_json("iso-2022-jp", SPAN("{\"u\":7,\x1b$B;3\x1b(B}"), "syntax");
    expect_json("", SPAN("{\"a\":1,\"u\":\"" NAME "\"}"), "0=" NAME);
    expect_json("", SPAN("{\"a\":\"\xe3\x81\x82\",\"u\":\"v=" NAME "\"}"),
                "0=v=" NAME " 1?=" NAME);
    expect_json("", SPAN("{\"u\":\"v=ab" NAME "\"}"), "0=v=ab" NAME " 1?=ab" NAME);
    expect_json("", SPAN("{\"u\":\"\x1b$B%\" \x1b(B\"}"), "charset");
    expect_json("", SPAN("\x9b{\"u\":\"1\"}"), "syntax");
#undef NAME
}

/* The quote and the comma among characters of two bytes end no value. */
static void pattern_in_iso_2022_jp_finds_what_was_sent(void **state)
{
    (void)state;
    static const char *const SELECTORS[] = {"regex:\"n\":\"([^\"]+)\"",
                                            "regex:v=([^,]+),", "json:/u", NULL};
#define NAME "\x1b$B$\",#&amp;\x1b(B"
    const struct {
        enum scan_kind kind;
        const char *text;
        const char *expected;
    } rows[] = {
        {SCAN_KIND_HTML, "<script>{\"n\":\"" NAME "\\n\"}</script>v=&lt;" NAME ",",
         "0?=" NAME " 1?=<" NAME},
        {SCAN_KIND_SCRIPT, "x={\"n\":\"a" NAME "\"};v=\\x" NAME ",",
         "0?=a" NAME " 1?=\\x" NAME},
        {SCAN_KIND_TEXT, "v=" NAME ",w", "1?=" NAME},
        {SCAN_KIND_UNKNOWN, " v=" NAME ",w", "1?=" NAME},
        {SCAN_KIND_HTML, " {\"u\":\"" NAME "\"}", "2=" NAME},
    };
#undef NAME
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scan_case_input input = {rows[i].kind, "iso-2022-jp",
                                        span_of(rows[i].text)};
        expect_of(SELECTORS, input, rows[i].expected);
    }
}

static void scan_of_an_encoding_it_cannot_read_is_undecodable(void **state)
{
    (void)state;
    expect("utf-7", SPAN("+ADw-p u=1+AD4-"), "charset");
    expect("", SPAN("<meta charset=iso-2022-kr><p u=1>"), "charset");
}

static void scan_reads_utf16_that_nothing_tells(void **state)
{
    (void)state;
    expect("", SPAN("<\0p\0 \0u\0=\0\x42\x30>\0v\0=\0007\0"), "0=\xe3\x81\x82 1?=7");
    expect("", SPAN("\0<\0p\0 \0u\0=\0001\0>"), "0=1");
    expect("", SPAN("\0\n\0<\0p\0 \0u\0=\0001\0>"), "0=1");
    expect("utf-8", SPAN("<\0p\0 \0u\0=\0001\0>\0"), "");
    expect("", SPAN("<p u=1>"), "0=1");
    expect("", SPAN("\0<p u=1>"), "0=1");
    expect("", SPAN("<"), "");
}

static void scan_reads_the_encoding_of_an_xml_declaration(void **state)
{
    (void)state;
    /* With a blank, which no character has: without a declaration it is nothing. */
#define JIS "\x1b$B<p u=1>\x1b(B<p u=2>"
    expect("", SPAN("<?xml version=\"1.0\" encoding=\"ISO-2022-JP\"?>" JIS), "0=2");
    expect("", SPAN("<?xml version='1.0' encoding = 'iso-2022-jp'>" JIS), "0=2");
    expect("", SPAN("<?xml version='1.0' encoding='utf-8'?>" JIS), "0=1 0=2");
    expect("utf-8", SPAN("<?xml encoding='iso-2022-jp'?>" JIS), "0=1 0=2");
    expect("", SPAN("<?php encoding='iso-2022-jp'?>" JIS), "charset");
    expect("", SPAN("<p><?xml encoding='iso-2022-jp'?>" JIS), "charset");
    expect("", SPAN("<?xml encoding='utf-7'?><p u=1>"), "charset");
#undef JIS
}

/* U+30BD is 83 5C in Shift_JIS: the second byte is a backslash and none. */
static void scan_knows_which_backslashes_of_json_are_some(void **state)
{
    (void)state;
    struct span text = SPAN("{\"a\":\"\x83\x5c\",\"u\":\"\x83\x5c\"}");
    expect_json("Shift_JIS", text, "0=\x83\x5c");
    expect_json("big5", text, "0=\x83\x5c");
    expect_json("utf-8", text, "syntax");
    /* Half-width kana are single bytes: what follows is an escape. */
    expect_json("Shift_JIS", SPAN("{\"u\":\"\xb1\\\"x\"}"), "0=\xb1\"x");
    expect_json("Shift_JIS", SPAN("{\"u\":\"\\u0061\x83\x5c\\n\"}"), "0=a\x83\x5c");
    expect_json("gbk", SPAN("{\"u\":\"v=\x81\x5c\"}"), "0=v=\x81\x5c 1?=\x81\x5c");
    expect_json("EUC-JP", SPAN("{\"u\":\"\xa5\xbd\"}"), "0=\xa5\xbd");
    expect_json("", SPAN("{\0\"\0u\0\"\0:\0005\0}\0"), "0=5");
    expect_json("", SPAN("\0[\0]"), "");
    expect_json("utf-16", SPAN("{\0\"\0u\0\"\0:\0005\0}\0"), "0=5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charset_names_are_known_by_their_beginning),
        cmocka_unit_test(charset_turns_utf16_into_utf8_by_any_pieces),
        cmocka_unit_test(scan_reads_utf16_by_mark_and_by_name),
        cmocka_unit_test(scan_does_not_take_shift_jis_for_markup),
        cmocka_unit_test(scan_knows_where_iso_2022_jp_is_not_markup),
        cmocka_unit_test(scan_reads_utf16_that_nothing_tells),
        cmocka_unit_test(scan_knows_iso_2022_jp_that_nothing_tells),
        cmocka_unit_test(scan_reads_the_encoding_of_an_xml_declaration),
        cmocka_unit_test(scan_knows_which_backslashes_of_json_are_some),
        cmocka_unit_test(value_in_iso_2022_jp_is_what_was_sent),
        cmocka_unit_test(value_of_json_in_iso_2022_jp_is_what_was_sent),
        cmocka_unit_test(pattern_in_iso_2022_jp_finds_what_was_sent),
        cmocka_unit_test(scan_of_an_encoding_it_cannot_read_is_undecodable),
    };
    return RUN_TESTS(tests);
}
