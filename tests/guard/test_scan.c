#include "support/scan_case.h"

static void expect(const char *const *selectors, enum scan_kind kind, const char *text,
                   const char *expected)
{
    struct scan_case markers;
    scan_case_open(&markers, selectors);
    struct scan_case_input input = {.kind = kind, .text = span_of(text)};
    scan_case_expect(&markers, input, expected);
    scan_case_close(&markers);
}

static void expect_one(const char *selector, enum scan_kind kind, const char *text,
                       const char *expected)
{
    const char *const selectors[] = {selector, NULL};
    expect(selectors, kind, text, expected);
}

static void regex_takes_group_one_wherever_the_body_is_cut(void **state)
{
    (void)state;
    const char *member = "regex:\"wgUserName\":\"([^\"]+)\"";
    expect_one(member, SCAN_KIND_HTML, "<script>{\"wgUserName\":\"alice\"}</script>",
               "0?=alice");
    expect_one(member, SCAN_KIND_HTML, "x\"wgUserName\":\"a\",\"wgUserName\":\"b\"",
               "0?=a 0?=b");
    expect_one(member, SCAN_KIND_HTML, "\"wgUserName\":\"\\u30a2\\/&amp;\"",
               "0?=\xe3\x82\xa2/&amp;");
    char page[6000];
    (void)snprintf(page, sizeof(page), "\"n\":\"a\\u0062\"%5000s", "");
    expect_one("regex:\"n\":\"([^\"]{1,9})", SCAN_KIND_HTML, page, "0?=ab");
    /* What stands behind the group decides how it is read. */
    expect_one("regex:\"n\":\"([^\"]{1,9})", SCAN_KIND_HTML, "\"n\":\"a&amp;bcd\"",
               "0?=a&amp;bcd");
    expect_one("regex:\"n\":\"([^\"]{1,9})", SCAN_KIND_HTML, "\"n\":\"a&amp;bcde\"",
               "0?=a&bcd");
    expect_one("regex:\"n\":\"([^\"]{1,9})", SCAN_KIND_HTML, "\"n\":\"a&amp;bcd",
               "0?=a&bcd");
    expect_one("regex:Hello ([^<]+)<", SCAN_KIND_HTML, "<b>Hello A&amp;B\\n</b>",
               "0?=A&B\\n");
    expect_one("regex:Hello ([^<]+)<", SCAN_KIND_TEXT, "Hello A&amp;B<", "0?=A&amp;B");
    expect_one("regex:u=([a-z]+)", SCAN_KIND_SCRIPT, "var u=alice", "0?=alice");
}

static void regex_is_greedy_as_written(void **state)
{
    (void)state;
    expect_one("regex:uid=([0-9]+)", SCAN_KIND_TEXT,
               "uid=12345 uid=6 uid=", "0?=12345 0?=6");
    expect_one("regex:uid=([0-9]+)", SCAN_KIND_TEXT, "uid=12345", "0?=12345");
    expect_one("regex:uid=([0-9]+?)", SCAN_KIND_TEXT, "uid=12345", "0?=1");
    expect_one("regex:uid=([0-9]+)$", SCAN_KIND_TEXT, "uid=1 uid=2", "0?=2");
    expect_one("regex:^uid=([0-9]+)", SCAN_KIND_TEXT, "uid=1 uid=2", "0?=1");
    expect_one("regex:\\bid=(\\d+)\\b", SCAN_KIND_TEXT, "uid=1 id=22 id=3x id=4",
               "0?=22 0?=4");
    expect_one("regex:(?i)USER:(\\w+)|id:(\\d+)", SCAN_KIND_TEXT, "id:7 user:bob",
               "0?=bob");
}

static void regex_counts_in_comments_scripts_and_textareas(void **state)
{
    (void)state;
    expect_one("regex:uid=([0-9]+)", SCAN_KIND_HTML,
               "<!-- uid=1 --><script>uid=2</script><textarea>uid=3</textarea>",
               "0?=1 0?=2 0?=3");
}

static void regex_that_is_trusted_is_not_weak(void **state)
{
    (void)state;
    struct selector selector;
    char error[100];
    assert_int_equal(selector_parse(SPAN("regex:u=(.)"), &selector, error, sizeof(error)),
                     ERR_NONE);
    struct marker_class class = {
        .selectors = &selector, .selector_count = 1, .trusted = true};
    struct markers *markers = markers_new(&class, 1, 256, error, sizeof(error));
    struct scanner *scanner = scanner_new(markers);
    struct scan *scan = scan_begin(scanner, SCAN_KIND_HTML, SPAN(""));
    (void)scan_feed(scan, SPAN("u=7"), SCAN_LEASE_BORROWED);
    assert_int_equal(scan_finish(scan), SCAN_OK);
    assert_int_equal(scan_count(scan), 1);
    assert_false(scan_at(scan, 0)->weak);
    assert_int_equal(scan_seen(scan), 1);
    scan_end(&scan);
    scanner_free(&scanner);
    markers_free(&markers);
}

static void json_pointers_find_strings_and_numbers(void **state)
{
    (void)state;
    expect_one("json:/user/id", SCAN_KIND_JSON, "{\"user\":{\"id\":\"alice\"}}",
               "0=alice");
    expect_one("json:/user/id", SCAN_KIND_JSON, " { \"user\" : { \"id\" : 1.50e3 } } ",
               "0=1.50e3");
    expect_one("json:/user/id", SCAN_KIND_JSON, "{\"user\":{\"id\":null}}", "");
    expect_one("json:/user/id", SCAN_KIND_JSON, "{\"user\":{\"id\":{\"id\":1}}}", "");
    expect_one("json:/user", SCAN_KIND_JSON, "{\"user\":1,\"user\":2,\"x\":{\"user\":3}}",
               "0=1 0=2");
    expect_one("json:/*/id", SCAN_KIND_JSON, "[{\"id\":1},[{\"id\":2}],{\"id\":3}]",
               "0=1 0=3");
    expect_one("json:/*/id", SCAN_KIND_JSON, "{\"a\":{\"id\":1},\"b\":{\"id\":2}}",
               "0=1 0=2");
    expect_one("json:/1", SCAN_KIND_JSON, "[7,8,9]", "0=8");
    expect_one("json:/a~1b/~0", SCAN_KIND_JSON, "{\"a\\/b\":{\"\\u007e\":\"x\"}}", "0=x");
    expect_one("json:/u", SCAN_KIND_JSON, "{\"u\":\"\\ud83d\\ude00\\n\\\"a\"}",
               "0=\xf0\x9f\x98\x80\n\"a");
    expect_one("json:/u", SCAN_KIND_JSON, "{\"u\":1}\n{\"u\":2}\n", "0=1 0=2");
    expect_one("json:/u", SCAN_KIND_JSON, ")]}',\n{\"u\":1}", "0=1");
    expect_one("json:/u", SCAN_KIND_JSON, "{\"x\":\"{\\\"u\\\":1}\",\"u\":2}", "0=2");
    expect_one("json:/", SCAN_KIND_JSON, "{\"\":5}", "0=5");
    expect_one("json:/u", SCAN_KIND_JSON, "", "");
}

static void json_that_is_malformed_is_undecodable(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "{",          "{\"u\"}",    "{\"u\":}",    "[1,]",   "[1 2]",   "{\"u\":01}",
        "{\"u\":+1}", "{'u':1}",    "nul",         "\"\n\"", "\"\\x\"", "\"\\u12g4\"",
        "[1}",        "{\"u\":1]",  "]",           "\"abc",  "{,}",     "{\"u\":1,}",
        "[1.]",       "{\"u\":1e}", "{\"u\":1 1}", "<html>", "[tru]",
    };
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        expect_one("json:/u", SCAN_KIND_JSON, TEXTS[i], "syntax");
    }
    expect_one("regex:(x)", SCAN_KIND_JSON, "{", "");
}

static void body_of_unknown_kind_is_json_or_html_by_its_first_byte(void **state)
{
    (void)state;
    const char *const selectors[] = {"json:/u", "attr:u", NULL};
    expect(selectors, SCAN_KIND_UNKNOWN, " \n{\"u\":1}", "0=1");
    expect(selectors, SCAN_KIND_UNKNOWN, "\xef\xbb\xbf{\"u\":1}", "0=1");
    expect(selectors, SCAN_KIND_UNKNOWN, "  <p u=2>", "1=2");
    expect(selectors, SCAN_KIND_UNKNOWN, "text<p u=2>", "1=2");
    expect(selectors, SCAN_KIND_UNKNOWN, " \n", "");
    expect(selectors, SCAN_KIND_NONE, "<p u=2>", "");
}

static void fields_and_cookies_are_read_by_name(void **state)
{
    (void)state;
    const char *const selectors[] = {"header:X-User-Marker", "cookie:login", NULL};
    char said[SCAN_CASE_TEXT];
    struct scan_case markers;
    scan_case_open(&markers, selectors);
    struct scan *scan = scan_begin(markers.scanner, SCAN_KIND_NONE, SPAN(""));
    scan_field(scan, SPAN("x-user-MARKER"), SPAN(" alice "));
    scan_field(scan, SPAN("x-user-markers"), SPAN("eve"));
    scan_set_cookie(scan, SPAN("login"), SPAN("bob"));
    scan_set_cookie(scan, SPAN("Login"), SPAN("eve"));
    scan_case_say(scan, said, sizeof(said));
    assert_string_equal(said, "0=alice 1=bob");
    scan_forget(scan);
    assert_int_equal(scan_count(scan), 0);
    assert_int_equal(scan_seen(scan), 0);
    scan_end(&scan);
    scan_case_close(&markers);
}

/* One observation stands for both sights: the field's cannot be taken out of a body. */
static void field_and_body_that_say_the_same_are_one_that_stands_in_a_field(void **state)
{
    (void)state;
    struct scan_case markers;
    scan_case_open(&markers, (const char *const[]){"attr:u", NULL});
    struct selector both[2] = {markers.selectors[0]};
    char error[200];
    assert_int_equal(selector_parse(SPAN("header:x-u"), &both[1], error, sizeof(error)),
                     ERR_NONE);
    markers.classes[0].selectors = both;
    markers.classes[0].selector_count = 2;
    scanner_free(&markers.scanner);
    markers_free(&markers.markers);
    markers.markers =
        markers_new(markers.classes, 1, MARKER_VALUE_MAX, error, sizeof(error));
    markers.scanner = scanner_new(markers.markers);
    struct scan *scan = scan_begin(markers.scanner, SCAN_KIND_HTML, SPAN(""));
    scan_field(scan, SPAN("x-u"), SPAN("1"));
    (void)scan_feed(scan, SPAN("<p u=1><p u=2>"), SCAN_LEASE_BORROWED);
    assert_int_equal(scan_finish(scan), SCAN_OK);
    assert_int_equal(scan_count(scan), 2);
    assert_true(scan_at(scan, 0)->in_field);
    assert_int_equal(scan_at(scan, 0)->kind, SELECTOR_ATTR);
    assert_false(scan_at(scan, 1)->in_field);
    scan_end(&scan);
    scan_case_close(&markers);
}

/* It must never make a page unreadable that only begins like it. */
static void json_that_is_called_a_page_or_a_script_is_walked_as_well(void **state)
{
    (void)state;
    const char *const selectors[] = {"json:/u", "attr:u", NULL};
    expect(selectors, SCAN_KIND_HTML, " \n{\"u\":1}", "0=1");
    expect(selectors, SCAN_KIND_SCRIPT, ")]}',\n{\"u\":1}", "0=1");
    expect(selectors, SCAN_KIND_HTML, "{\"u\":\"<p u=2>\"}", "0=<p u=2> 1=2");
    expect(selectors, SCAN_KIND_HTML, "{\"u\":1,}<p u=2>", "0=1 1=2");
    expect(selectors, SCAN_KIND_HTML, "[<p u=2>]{\"u\":1}", "1=2");
    expect(selectors, SCAN_KIND_SCRIPT, "{\"u\":\"1\"", "0=1");
    expect(selectors, SCAN_KIND_HTML, "x{\"u\":1}", "");
    expect(selectors, SCAN_KIND_TEXT, "{\"u\":1}", "");
    expect(selectors, SCAN_KIND_XML, "{\"u\":1}", "0=1");
    char deep[3000];
    memset(deep, '[', sizeof(deep));
    deep[sizeof(deep) - 1] = '\0';
    expect(selectors, SCAN_KIND_HTML, deep, "");
    memset(deep + 1, '7', sizeof(deep) - 2);
    expect(selectors, SCAN_KIND_HTML, deep, "");
    deep[sizeof(deep) - 2] = ']';
    expect(selectors, SCAN_KIND_HTML, deep, "");
}

static void json_in_a_page_stands_at_the_same_place_however_blanks_come(void **state)
{
    static const char text[] = " \n\t      {\"u\":\"alice\"}";
    const char *const selectors[] = {"json:/u", NULL};
    struct scan_case markers;
    (void)state;
    scan_case_open(&markers, selectors);
    for (size_t first = 1; first < sizeof(text) - 1; first++) {
        struct scan *scan = scan_begin(markers.scanner, SCAN_KIND_HTML, SPAN(""));
        struct span rest = SPAN(text);
        while (rest.len > 0) {
            struct span piece = span_first(rest, first);
            (void)scan_feed(scan, piece, SCAN_LEASE_BORROWED);
            rest = span_from(rest, piece.len);
        }
        assert_int_equal(scan_finish(scan), SCAN_OK);
        assert_int_equal(scan_count(scan), 1);
        assert_int_equal(scan_at(scan, 0)->offset, sizeof(text) - 2);
        scan_end(&scan);
    }
    scan_case_close(&markers);
}

static void markers_say_what_is_wrong_with_a_pattern(void **state)
{
    (void)state;
    static const struct {
        const char *selector;
        const char *says;
    } ROWS[] = {
        {"regex:(a", "missing closing parenthesis"},
        {"regex:(?<=ab)(b)", "looks behind"},
        {"regex:(a*)", "matches where nothing is"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct selector selector;
        char error[200];
        assert_int_equal(
            selector_parse(span_of(ROWS[i].selector), &selector, error, sizeof(error)),
            ERR_NONE);
        struct marker_class class = {.selectors = &selector, .selector_count = 1};
        assert_null(markers_new(&class, 1, 256, error, sizeof(error)));
        assert_non_null(strstr(error, ROWS[i].says));
    }
    char error[200];
    struct marker_class empty = {.name = SPAN("owner")};
    assert_null(markers_new(&empty, 1, 256, error, sizeof(error)));
    assert_string_equal(error, "marker class \"owner\" has no selector");
    assert_null(markers_new(&empty, 0, 0, error, sizeof(error)));
    assert_null(markers_new(&empty, 33, 256, error, sizeof(error)));
}

static void pending_covers_an_open_tag_and_an_open_string(void **state)
{
    (void)state;
    const char *const selectors[] = {"attr:u", "json:/u", NULL};
    struct scan_case markers;
    scan_case_open(&markers, selectors);
    struct scan *scan = scan_begin(markers.scanner, SCAN_KIND_HTML, SPAN(""));
    (void)scan_feed(scan, SPAN("<b>text"), SCAN_LEASE_BORROWED);
    assert_int_equal(scan_pending(scan), 0);
    (void)scan_feed(scan, SPAN("x<p u='al"), SCAN_LEASE_BORROWED);
    assert_int_equal(scan_pending(scan), 8);
    (void)scan_feed(scan, SPAN("ice'>"), SCAN_LEASE_BORROWED);
    assert_int_equal(scan_pending(scan), 0);
    scan_end(&scan);
    scan = scan_begin(markers.scanner, SCAN_KIND_JSON, SPAN(""));
    (void)scan_feed(scan, SPAN("{\"u\":\"ali"), SCAN_LEASE_BORROWED);
    assert_int_equal(scan_pending(scan), 4);
    scan_end(&scan);
    scan_case_close(&markers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regex_takes_group_one_wherever_the_body_is_cut),
        cmocka_unit_test(regex_is_greedy_as_written),
        cmocka_unit_test(regex_counts_in_comments_scripts_and_textareas),
        cmocka_unit_test(regex_that_is_trusted_is_not_weak),
        cmocka_unit_test(json_pointers_find_strings_and_numbers),
        cmocka_unit_test(json_that_is_malformed_is_undecodable),
        cmocka_unit_test(body_of_unknown_kind_is_json_or_html_by_its_first_byte),
        cmocka_unit_test(fields_and_cookies_are_read_by_name),
        cmocka_unit_test(field_and_body_that_say_the_same_are_one_that_stands_in_a_field),
        cmocka_unit_test(json_that_is_called_a_page_or_a_script_is_walked_as_well),
        cmocka_unit_test(json_in_a_page_stands_at_the_same_place_however_blanks_come),
        cmocka_unit_test(markers_say_what_is_wrong_with_a_pattern),
        cmocka_unit_test(pending_covers_an_open_tag_and_an_open_string),
    };
    return RUN_TESTS(tests);
}
