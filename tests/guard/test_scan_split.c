/*
 * Property: what is observed depends on the bytes and not on the pieces. Texts are made
 * of fragments that are nasty next to each other, and cut whole, by byte and at random,
 * with pieces kept and borrowed.
 */
#include "support/scan_case.h"

static const char *const SELECTORS[] = {
    "meta:user-marker",   "attr:data-user-id",
    "regex:uid=([0-9]+)", "regex:\"n\":\"([^\"]{1,40})\"",
    "json:/*/id",         NULL,
};

static const char *const FRAGMENTS[] = {
    "<meta name=user-marker content=alice>",
    "<meta content='b' name=\"user-marker\">",
    "<p data-user-id=1>",
    "<p data-user-id='2",
    "'",
    "\"",
    ">",
    "<",
    "</",
    "/>",
    "=",
    " ",
    "<!--",
    "-->",
    "--!>",
    "<!",
    "-",
    "!",
    "<![CDATA[",
    "]]>",
    "]",
    "<?",
    "?>",
    "<script>",
    "</script>",
    "<script",
    "</script ",
    "<textarea>",
    "</textarea>",
    "<title>",
    "</title>",
    "<style>",
    "</style>",
    "<template>",
    "</template>",
    "<svg>",
    "</svg>",
    "<math>",
    "<mi>",
    "</mi>",
    "<desc>",
    "</desc>",
    "<foreignObject>",
    "<plaintext",
    "<xmp>",
    "</xmp>",
    "<a href=\"x\">",
    "</a>",
    "<br/>",
    "<div class=x y>",
    "data-user-id=9",
    "data-user-id",
    "user-marker",
    "uid=12",
    "3",
    "uid=",
    "&amp;",
    "&#65",
    ";",
    "\"n\":\"v\"",
    "\"n\":\"",
    "{\"id\":5}",
    "[",
    "]",
    ",",
    "{",
    "}",
    "text",
    "\n",
    "\x1b$B",
    "\x1b(B",
    "\xef\xbb\xbf",
    "content=",
    "name=",
    "<meta charset=iso-2022-jp>",
    "<meta charset=utf-8>",
    "\x1b(I",
    "\x1b$",
    "\x9b",
    "$\"",
    "<p/data-user-id=3>",
};

enum { FRAGMENT_COUNT = sizeof(FRAGMENTS) / sizeof(FRAGMENTS[0]), ROUNDS = 1500 };

static size_t make(uint32_t *seed_p, char *out, size_t size)
{
    size_t count = 1 + scan_case_random(seed_p) % 40;
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        const char *part = FRAGMENTS[scan_case_random(seed_p) % FRAGMENT_COUNT];
        size_t part_len = strlen(part);
        if (len + part_len <= size) {
            /* Bytes, not a string: nothing ends them. */
            // NOLINTNEXTLINE(bugprone-not-null-terminated-result)
            memcpy(out + len, part, part_len);
            len += part_len;
        }
    }
    return len;
}

static void expect_same(enum scan_kind kind, const char *charset, uint32_t seed)
{
    static char whole[SCAN_CASE_TEXT];
    char text[4096];
    struct scan_case markers;
    scan_case_open(&markers, SELECTORS);
    for (int i = 0; i < ROUNDS; i++) {
        size_t len = make(&seed, text, sizeof(text));
        struct scan_case_input input = {
            .kind = kind, .charset = charset, .text = {(const uint8_t *)text, len}};
        scan_case_run(&markers, input, SCAN_CASE_WHOLE, &seed, whole);
        scan_case_expect(&markers, input, whole);
    }
    scan_case_close(&markers);
}

static void scan_sees_the_same_in_any_pieces_of_html(void **state)
{
    (void)state;
    expect_same(SCAN_KIND_HTML, "", 7);
    expect_same(SCAN_KIND_HTML, "utf-8", 77);
    expect_same(SCAN_KIND_HTML, "iso-2022-jp", 777);
}

static void scan_sees_the_same_in_any_pieces_of_xml(void **state)
{
    (void)state;
    expect_same(SCAN_KIND_XML, "", 99);
}

static void scan_sees_the_same_in_any_pieces_of_json_and_text(void **state)
{
    (void)state;
    expect_same(SCAN_KIND_JSON, "", 3);
    expect_same(SCAN_KIND_TEXT, "", 4);
    expect_same(SCAN_KIND_UNKNOWN, "", 5);
    expect_same(SCAN_KIND_JSON, "iso-2022-jp", 6);
    expect_same(SCAN_KIND_SCRIPT, "", 8);
    expect_same(SCAN_KIND_SCRIPT, "iso-2022-jp", 9);
    expect_same(SCAN_KIND_TEXT, "iso-2022-jp", 10);
    expect_same(SCAN_KIND_UNKNOWN, "iso-2022-jp", 12);
}

static void scan_sees_the_same_in_any_pieces_of_utf16(void **state)
{
    (void)state;
    expect_same(SCAN_KIND_HTML, "utf-16be", 11);
}

/* A long page, so that windows, tails and the queue of places are passed. */
static void regex_sees_the_same_in_a_long_text(void **state)
{
    (void)state;
    static const char *const LONG[] = {"regex:a=([0-9]+)[^;]{0,3000};",
                                       "regex:uid=(\\d+)", "attr:u",
                                       "regex:n:([^;]{0,250})", NULL};
    static char whole[SCAN_CASE_TEXT];
    static char text[40000];
    uint32_t seed = 5;
    struct scan_case markers;
    scan_case_open(&markers, LONG);
    for (int round = 0; round < 20; round++) {
        for (size_t i = 0; i < sizeof(text); i++) {
            text[i] = (char)('b' + scan_case_random(&seed) % 20);
        }
        for (int i = 0; i < 30; i++) {
            static const char *const PARTS[] = {"a=1234", ";",        "uid=77", "<p u=5>",
                                                "n:",     "\x1b$B;:", "\x1b(B"};
            const char *part = PARTS[scan_case_random(&seed) % 7];
            /* Bytes, not a string: nothing ends them. */
            // NOLINTNEXTLINE(bugprone-not-null-terminated-result)
            memcpy(text + scan_case_random(&seed) % 39000, part, strlen(part));
        }
        struct scan_case_input input = {.kind = SCAN_KIND_HTML,
                                        .charset = round % 2 != 0 ? "iso-2022-jp" : "",
                                        .text = {(uint8_t *)text, sizeof(text)}};
        scan_case_run(&markers, input, SCAN_CASE_WHOLE, &seed, whole);
        scan_case_expect(&markers, input, whole);
    }
    scan_case_close(&markers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_sees_the_same_in_any_pieces_of_html),
        cmocka_unit_test(scan_sees_the_same_in_any_pieces_of_xml),
        cmocka_unit_test(scan_sees_the_same_in_any_pieces_of_json_and_text),
        cmocka_unit_test(scan_sees_the_same_in_any_pieces_of_utf16),
        cmocka_unit_test(regex_sees_the_same_in_a_long_text),
    };
    return RUN_TESTS(tests);
}
