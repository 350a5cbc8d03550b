#include "support/scan_case.h"

struct text {
    char *bytes;
    size_t len;
};

static void add(struct text *self, const char *part, size_t times)
{
    size_t len = strlen(part);
    self->bytes = realloc(self->bytes, self->len + len * times + 1);
    assert_non_null(self->bytes);
    for (size_t i = 0; i < times; i++) {
        memcpy(self->bytes + self->len, part, len);
        self->len += len;
    }
}

/* Fed in pieces of 16 KiB. Returns the reason; `count_out` distinct markers. */
static enum scan_reason scan_text(const char *selector, enum scan_kind kind,
                                  struct text text, size_t *count_out)
{
    const char *const selectors[] = {selector, NULL};
    struct scan_case markers;
    scan_case_open(&markers, selectors);
    struct scan *scan = scan_begin(markers.scanner, kind, SPAN(""));
    struct span rest = {.ptr = (const uint8_t *)text.bytes, .len = text.len};
    while (rest.len > 0) {
        (void)scan_feed(scan, span_first(rest, 16384), SCAN_LEASE_BORROWED);
        rest = span_from(rest, 16384);
    }
    (void)scan_finish(scan);
    enum scan_reason reason = scan_reason(scan);
    *count_out = scan_count(scan);
    scan_end(&scan);
    scan_case_close(&markers);
    free(text.bytes);
    return reason;
}

static void scan_counts_many_distinct_markers_up_to_the_bound(void **state)
{
    (void)state;
    for (size_t wanted = SCAN_DISTINCT_MAX; wanted <= SCAN_DISTINCT_MAX + 1; wanted++) {
        struct text text = {0};
        size_t count = 0;
        for (size_t i = 0; i < wanted; i++) {
            char tag[40];
            (void)snprintf(tag, sizeof(tag), "<option u=%zu>", i);
            add(&text, tag, 1);
        }
        enum scan_reason reason = scan_text("attr:u", SCAN_KIND_HTML, text, &count);
        assert_int_equal(count, SCAN_DISTINCT_MAX);
        assert_int_equal(reason, wanted == SCAN_DISTINCT_MAX ? SCAN_REASON_NONE
                                                             : SCAN_REASON_MATCHES);
    }
}

static void scan_of_ten_thousand_markers_is_undecodable(void **state)
{
    (void)state;
    static const char *const ROWS[][2] = {
        {"attr:u", "<p u=1>"}, {"regex:u=(\\d)", "u=1 "}, {"json:/u", "{\"u\":1}"}};
    for (size_t i = 0; i < 3; i++) {
        struct text text = {0};
        size_t count = 0;
        add(&text, ROWS[i][1], SCAN_MATCHES_MAX);
        enum scan_kind kind = i == 2 ? SCAN_KIND_JSON : SCAN_KIND_HTML;
        assert_int_equal(scan_text(ROWS[i][0], kind, text, &count), SCAN_REASON_NONE);
        assert_int_equal(count, 1);
        text = (struct text){0};
        add(&text, ROWS[i][1], 10000);
        assert_int_equal(scan_text(ROWS[i][0], kind, text, &count), SCAN_REASON_MATCHES);
    }
}

static void scan_of_a_marker_past_marker_max_is_undecodable(void **state)
{
    (void)state;
    static const struct {
        const char *selector;
        enum scan_kind kind;
        const char *before;
        const char *after;
    } ROWS[] = {
        {"attr:u", SCAN_KIND_HTML, "<p u=' ", " '>"},
        {"meta:u", SCAN_KIND_HTML, "<meta name=u content='", "'>"},
        {"regex:u='([^']+)'", SCAN_KIND_HTML, "u='", "'"},
        {"json:/u", SCAN_KIND_JSON, "{\"u\":\"", "\"}"},
        {"json:/u", SCAN_KIND_JSON, "{\"u\":", "}"},
    };
    static const struct {
        size_t len;
        enum scan_reason reason;
    } LENGTHS[] = {{256, SCAN_REASON_NONE},
                   {257, SCAN_REASON_LENGTH},
                   {4096, SCAN_REASON_LENGTH},
                   {1 << 20, SCAN_REASON_LENGTH}};
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        for (size_t j = 0; j < sizeof(LENGTHS) / sizeof(LENGTHS[0]); j++) {
            struct text text = {0};
            size_t count = 0;
            add(&text, ROWS[i].before, 1);
            add(&text, "1", LENGTHS[j].len);
            add(&text, ROWS[i].after, 1);
            /* What is too long for the window of a pattern is not judged either. */
            assert_int_equal(scan_text(ROWS[i].selector, ROWS[i].kind, text, &count),
                             LENGTHS[j].reason);
        }
    }
}

static void scan_passes_over_long_things_that_are_no_markers(void **state)
{
    (void)state;
    static const char *const OPENERS[] = {"<p title='", "<p title=", "<p ",
                                          "<!-- ",      "<script>",  "<",
                                          "<pp",        "<p u1",     "text "};
    static const char *const CLOSERS[] = {"'>", ">", ">", "-->", "</script>",
                                          ">",  ">", ">", " "};
    for (size_t i = 0; i < sizeof(OPENERS) / sizeof(OPENERS[0]); i++) {
        struct text text = {0};
        size_t count = 0;
        add(&text, OPENERS[i], 1);
        add(&text, "x", 1 << 20);
        add(&text, CLOSERS[i], 1);
        add(&text, "<p u=1>", 1);
        assert_int_equal(scan_text("attr:u", SCAN_KIND_HTML, text, &count),
                         SCAN_REASON_NONE);
        assert_int_equal(count, 1);
    }
}

static void scan_of_unterminated_tags_and_comments_takes_linear_time(void **state)
{
    (void)state;
    static const char *const PARTS[] = {"<p u='",    "<!--",  "<",           "<script>",
                                        "</",        "<p u=", "<p u ",       "-",
                                        "<![CDATA[", "\"",    "<!--<script>"};
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        struct text text = {0};
        size_t count = 0;
        add(&text, PARTS[i], (2 << 20) / strlen(PARTS[i]));
        (void)scan_text("attr:u", SCAN_KIND_HTML, text, &count);
        assert_int_equal(count, 0);
    }
}

static void json_is_walked_to_its_bound_of_depth(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        enum scan_reason reason;
    } ROWS[] = {
        {512, SCAN_REASON_NONE}, {513, SCAN_REASON_DEPTH}, {10000, SCAN_REASON_DEPTH}};
    for (size_t i = 0; i < 3; i++) {
        struct text text = {0};
        size_t count = 0;
        add(&text, "[", ROWS[i].depth);
        add(&text, "]", ROWS[i].depth);
        assert_int_equal(scan_text("json:/u", SCAN_KIND_JSON, text, &count),
                         ROWS[i].reason);
    }
}

static void html_nested_foreign_content_is_bounded(void **state)
{
    (void)state;
    struct text text = {0};
    size_t count = 0;
    add(&text, "<svg><desc>", 60);
    add(&text, "<p u=1>", 1);
    assert_int_equal(scan_text("attr:u", SCAN_KIND_HTML, text, &count),
                     SCAN_REASON_DEPTH);
}

/* Else it would depend on how much of a page is looked at, and that on how it comes. */
static void html_that_nests_deep_behind_its_last_marker_is_readable(void **state)
{
    (void)state;
    for (unsigned marked = 0; marked < 2; marked++) {
        struct text text = {0};
        size_t count = 0;
        add(&text, "<p u=1>", marked);
        add(&text, "<svg><desc>", 3000);
        assert_int_equal(scan_text("attr:u", SCAN_KIND_HTML, text, &count),
                         SCAN_REASON_NONE);
        assert_int_equal(count, marked);
    }
}

/* Where the marker comes in another piece, it is found out then. */
static void html_nested_deep_in_an_earlier_piece_is_bounded_too(void **state)
{
    (void)state;
    struct text text = {0};
    size_t count = 0;
    add(&text, "<svg><desc>", 3000);
    add(&text, "<p u=1>", 1);
    assert_int_equal(scan_text("attr:u", SCAN_KIND_HTML, text, &count),
                     SCAN_REASON_DEPTH);
}

static void html_nested_drawing_is_not_bounded(void **state)
{
    (void)state;
    struct text text = {0};
    size_t count = 0;
    add(&text, "<svg>", 1);
    add(&text, "<g>", 500);
    add(&text, "</g>", 500);
    add(&text, "</svg><textarea><p u=1></textarea><p u=2>", 1);
    assert_int_equal(scan_text("attr:u", SCAN_KIND_HTML, text, &count), SCAN_REASON_NONE);
    assert_int_equal(count, 1);
}

static void regex_over_a_line_without_end_stays_bounded(void **state)
{
    (void)state;
    struct text text = {0};
    size_t count = 0;
    add(&text, "uid=7 ", 1);
    add(&text, "x", 4 << 20);
    assert_int_equal(scan_text("regex:uid=(\\d+)", SCAN_KIND_TEXT, text, &count),
                     SCAN_REASON_NONE);
    assert_int_equal(count, 1);
}

static void scan_after_an_error_stays_undecodable(void **state)
{
    (void)state;
    const char *const selectors[] = {"json:/u", NULL};
    struct scan_case markers;
    scan_case_open(&markers, selectors);
    struct scan *scan = scan_begin(markers.scanner, SCAN_KIND_JSON, SPAN(""));
    assert_int_equal(scan_feed(scan, SPAN("}"), SCAN_LEASE_BORROWED), SCAN_UNDECODABLE);
    assert_int_equal(scan_feed(scan, SPAN("{\"u\":1}"), SCAN_LEASE_BORROWED),
                     SCAN_UNDECODABLE);
    assert_int_equal(scan_finish(scan), SCAN_UNDECODABLE);
    assert_string_equal(scan_reason_name(scan_reason(scan)), "syntax");
    scan_end(&scan);
    assert_null(scan);
    scan = scan_begin(markers.scanner, SCAN_KIND_JSON, SPAN(""));
    assert_int_equal(scan_status(scan), SCAN_OK);
    scan_end(&scan);
    scan_case_close(&markers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scan_counts_many_distinct_markers_up_to_the_bound),
        cmocka_unit_test(scan_of_ten_thousand_markers_is_undecodable),
        cmocka_unit_test(scan_of_a_marker_past_marker_max_is_undecodable),
        cmocka_unit_test(scan_passes_over_long_things_that_are_no_markers),
        cmocka_unit_test(scan_of_unterminated_tags_and_comments_takes_linear_time),
        cmocka_unit_test(json_is_walked_to_its_bound_of_depth),
        cmocka_unit_test(html_nested_foreign_content_is_bounded),
        cmocka_unit_test(html_that_nests_deep_behind_its_last_marker_is_readable),
        cmocka_unit_test(html_nested_deep_in_an_earlier_piece_is_bounded_too),
        cmocka_unit_test(html_nested_drawing_is_not_bounded),
        cmocka_unit_test(regex_over_a_line_without_end_stays_bounded),
        cmocka_unit_test(scan_after_an_error_stays_undecodable),
    };
    return RUN_TESTS(tests);
}
