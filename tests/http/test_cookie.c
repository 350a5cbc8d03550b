#include "http/cookie.h"
#include "support/test.h"

static struct head head_of(const char *first, const char *second)
{
    struct head head = {0};
    const char *const values[] = {first, second};

    for (size_t i = 0; i < 2; i++) {
        if (values[i] != NULL) {
            head.fields[head.field_count++] = (struct field){
                .name = SPAN("Cookie"), .value = span_of(values[i]), .id = FIELD_COOKIE};
        }
        head.fields[head.field_count++] =
            (struct field){.name = SPAN("X"), .value = SPAN("no=1"), .id = FIELD_OTHER};
    }
    return head;
}

static void cookie_reader_joins_several_fields(void **state)
{
    (void)state;
    const struct head head =
        head_of("a=1; b = \"two\";; c ; =d", "e=f=g;h=;\"q\"=\"r; s=t\"");
    const struct {
        const char *name;
        const char *value;
    } wanted[] = {{"a", "1"},   {"b", "two"}, {"", "c"},        {"", "d"},
                  {"e", "f=g"}, {"h", ""},    {"\"q\"", "\"r"}, {"s", "t\""}};
    struct cookie_reader reader;
    struct cookie cookie;

    cookie_start(&reader, &head);
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        assert_true(cookie_next(&reader, &cookie));
        assert_true(span_equal(cookie.name, span_of(wanted[i].name)));
        assert_true(span_equal(cookie.value, span_of(wanted[i].value)));
    }
    assert_false(cookie_next(&reader, &cookie));
    assert_false(cookie_next(&reader, &cookie));
}

static void cookie_reader_finds_nothing_in_no_field(void **state)
{
    (void)state;
    const struct head head = head_of(NULL, " ; ;");
    struct cookie_reader reader;
    struct cookie cookie;

    cookie_start(&reader, &head);
    assert_false(cookie_next(&reader, &cookie));
}

static void cookie_set_has_its_attributes(void **state)
{
    (void)state;
    struct set_cookie cookie;

    assert_true(cookie_parse_set(
        SPAN("SID=\"abc\" ; Path=/x;Domain=.a.example; secure ;HttpOnly; Max-Age=60;"
             "expires=Sun, 06 Nov 1994 08:49:37 GMT; SameSite=Lax"),
        &cookie));
    assert_true(span_equal(cookie.name, SPAN("SID")));
    assert_true(span_equal(cookie.value, SPAN("abc")));
    assert_true(span_equal(cookie.path, SPAN("/x")));
    assert_true(span_equal(cookie.domain, SPAN("a.example")));
    assert_true(cookie.secure && cookie.http_only);
    assert_true(cookie.has_max_age && cookie.max_age_s == 60);
    assert_true(cookie.has_expires && cookie.expires_s == 784111777);

    assert_true(cookie_parse_set(SPAN("a=b"), &cookie));
    assert_false(cookie.secure || cookie.http_only || cookie.has_max_age ||
                 cookie.has_expires);
}

static void cookie_set_refuses_what_no_browser_stores(void **state)
{
    (void)state;
    struct set_cookie cookie;

    assert_false(cookie_parse_set(SPAN(""), &cookie));
    assert_false(cookie_parse_set(SPAN("abc; path=/"), &cookie));
    assert_false(cookie_parse_set(SPAN(" = ; path=/"), &cookie));
    assert_false(cookie_parse_set(SPAN("; a=b"), &cookie));
}

static void cookie_deletions_are_told_from_issues(void **state)
{
    (void)state;
    const int64_t now_s = 1000000000;
    const struct {
        const char *text;
        bool deletion;
    } rows[] = {
        {"a=", true},
        {"a=\"\"", true},
        {"a=deleted", true},
        {"a=deleted2", false},
        {"a=b", false},
        {"a=b; Max-Age=0", true},
        {"a=b; Max-Age=-1", true},
        {"a=b; Max-Age=1", false},
        {"a=b; Max-Age=99999999999999999999999", false},
        {"a=b; Max-Age=-99999999999999999999999", true},
        {"a=b; Max-Age=x", false},
        {"a=b; Max-Age=", false},
        {"a=b; Expires=Thu, 01-Jan-1970 00:00:01 GMT", true},
        {"a=b; Expires=Thu, 01 Jan 2099 00:00:01 GMT", false},
        {"a=b; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=5", false},
        {"a=b; Expires=nonsense", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct set_cookie cookie;
        assert_true(cookie_parse_set(span_of(rows[i].text), &cookie));
        if (cookie_is_deletion(&cookie, now_s) != rows[i].deletion) {
            fail_msg("%s", rows[i].text);
        }
    }
}

static void cookie_names_rank_by_order_and_exclude_anywhere(void **state)
{
    (void)state;
    const struct span patterns[] = {SPAN("SID"), SPAN("sess_*"), SPAN("!sess_lang"),
                                    SPAN("!tmp*"), SPAN("*")};
    const struct cookie_names names = {.patterns = patterns, .count = 4};
    const struct cookie_names all = {.patterns = patterns, .count = 5};

    assert_int_equal(cookie_names_rank(&names, SPAN("SID")), 0);
    assert_int_equal(cookie_names_rank(&names, SPAN("sid")), COOKIE_NO_MATCH);
    assert_int_equal(cookie_names_rank(&names, SPAN("SID2")), COOKIE_NO_MATCH);
    assert_int_equal(cookie_names_rank(&names, SPAN("sess_")), 1);
    assert_int_equal(cookie_names_rank(&names, SPAN("sess_abc")), 1);
    assert_int_equal(cookie_names_rank(&names, SPAN("sess_lang")), COOKIE_NO_MATCH);
    assert_int_equal(cookie_names_rank(&all, SPAN("other")), 4);
    assert_int_equal(cookie_names_rank(&all, SPAN("tmp1")), COOKIE_NO_MATCH);
}

static void cookie_patterns_are_checked(void **state)
{
    (void)state;
    assert_true(cookie_pattern_valid(SPAN("SID")));
    assert_true(cookie_pattern_valid(SPAN("sess_*")));
    assert_true(cookie_pattern_valid(SPAN("!sess_*")));
    assert_false(cookie_pattern_valid(SPAN("")));
    assert_false(cookie_pattern_valid(SPAN("!")));
    assert_false(cookie_pattern_valid(SPAN("*")));
    assert_false(cookie_pattern_valid(SPAN("a*b")));
    assert_false(cookie_pattern_valid(SPAN("a b")));
    assert_false(cookie_pattern_valid(SPAN("!!a")));
}

static void cookie_write_leaves_out_what_is_not_kept(void **state)
{
    (void)state;
    const struct head head = head_of("SID=1;a=\"x y\"", " b ;SID=2; c=3 ");
    const struct span patterns[] = {SPAN("SID")};
    struct cookie_names names = {.patterns = patterns, .count = 1};
    uint8_t buffer[256];

    size_t len = cookie_write(&head, cookie_keep_others, &names, buffer);
    assert_true(
        span_equal((struct span){.ptr = buffer, .len = len}, SPAN("a=\"x y\"; b; c=3")));
    assert_true(len <= cookie_size_max(&head));

    const struct head only = head_of("SID=1", NULL);
    assert_int_equal(cookie_write(&only, cookie_keep_others, &names, buffer), 0);
}

static void cookie_write_never_needs_more_than_it_says(void **state)
{
    (void)state;
    const struct head head = head_of("a;b;c;d;e", "f;g");
    struct cookie_names names = {0};
    uint8_t *buffer = malloc(cookie_size_max(&head));

    assert_int_equal(cookie_write(&head, cookie_keep_others, &names, buffer), 19);
    free(buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookie_reader_joins_several_fields),
        cmocka_unit_test(cookie_reader_finds_nothing_in_no_field),
        cmocka_unit_test(cookie_set_has_its_attributes),
        cmocka_unit_test(cookie_set_refuses_what_no_browser_stores),
        cmocka_unit_test(cookie_deletions_are_told_from_issues),
        cmocka_unit_test(cookie_names_rank_by_order_and_exclude_anywhere),
        cmocka_unit_test(cookie_patterns_are_checked),
        cmocka_unit_test(cookie_write_leaves_out_what_is_not_kept),
        cmocka_unit_test(cookie_write_never_needs_more_than_it_says),
    };
    return RUN_TESTS(tests);
}
