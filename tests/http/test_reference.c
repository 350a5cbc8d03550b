#include "http/reference.h"
#include "support/test.h"

static uint8_t buffer[REFERENCE_PATH_MAX];

static enum reference_kind resolve(struct span text, struct span target,
                                   struct span *path_out)
{
    struct reference_base base = {.host = SPAN("a:81"), .target = target};

    return reference_resolve(text, &base, buffer, path_out);
}

static void reference_leads_where_rfc_3986_section_5_4_says(void **state)
{
    static const struct {
        const char *text;
        const char *path;
        enum reference_kind kind;
    } ROWS[] = {
        {"g:h", "", REFERENCE_UNREADABLE},
        {"g", "/b/c/g", REFERENCE_OWN},
        {"./g", "/b/c/g", REFERENCE_OWN},
        {"g/", "/b/c/g/", REFERENCE_OWN},
        {"/g", "/g", REFERENCE_OWN},
        {"//g", "/", REFERENCE_OTHER},
        {"?y", "/b/c/d;p", REFERENCE_OWN},
        {"g?y", "/b/c/g", REFERENCE_OWN},
        {"#s", "/b/c/d;p", REFERENCE_OWN},
        {"g?y#s", "/b/c/g", REFERENCE_OWN},
        {";x", "/b/c/;x", REFERENCE_OWN},
        {"g;x?y#s", "/b/c/g;x", REFERENCE_OWN},
        {".", "/b/c/", REFERENCE_OWN},
        {"./", "/b/c/", REFERENCE_OWN},
        {"..", "/b/", REFERENCE_OWN},
        {"../", "/b/", REFERENCE_OWN},
        {"../g", "/b/g", REFERENCE_OWN},
        {"../..", "/", REFERENCE_OWN},
        {"../../g", "/g", REFERENCE_OWN},
        {"../../../g", "/g", REFERENCE_OWN},
        {"../../../../g", "/g", REFERENCE_OWN},
        {"/./g", "/g", REFERENCE_OWN},
        {"/../g", "/g", REFERENCE_OWN},
        {"g.", "/b/c/g.", REFERENCE_OWN},
        {"..g", "/b/c/..g", REFERENCE_OWN},
        {"./../g", "/b/g", REFERENCE_OWN},
        {"./g/.", "/b/c/g/", REFERENCE_OWN},
        {"g/./h", "/b/c/g/h", REFERENCE_OWN},
        {"g/../h", "/b/c/h", REFERENCE_OWN},
        {"g;x=1/../y", "/b/c/y", REFERENCE_OWN},
        {"g?y/../x", "/b/c/g", REFERENCE_OWN},
        {"g#s/../x", "/b/c/g", REFERENCE_OWN},
        {"http:g", "", REFERENCE_UNREADABLE},
        /* Ours. */
        {"", "", REFERENCE_UNREADABLE},
        {":", "", REFERENCE_UNREADABLE},
        {"./g:h", "/b/c/g:h", REFERENCE_OWN},
        {"g?y:z", "/b/c/g", REFERENCE_OWN},
        {"//A", "/", REFERENCE_OWN},
        {"//a?x/y", "/", REFERENCE_OWN},
        {"//a#x/y", "/", REFERENCE_OWN},
        {"//a:443//g/..", "//", REFERENCE_OWN},
        {"HTTPS://a./b/../g", "/g", REFERENCE_OWN},
        {"http://a.b/g", "/g", REFERENCE_OTHER},
        {"http://u@a/g", "/g", REFERENCE_OTHER},
        {"http:///g", "/g", REFERENCE_OTHER},
        {"https://a:99999/g", "/g", REFERENCE_OTHER},
        {"ftp://a/g", "", REFERENCE_UNREADABLE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct span path;
        enum reference_kind kind =
            resolve(span_of(ROWS[i].text), SPAN("/b/c/d;p?q"), &path);
        if (kind != ROWS[i].kind || !span_equal(path, span_of(ROWS[i].path))) {
            fail_msg("%s: %d %.*s", ROWS[i].text, kind, SPAN_ARGS(path));
        }
    }
}

static void reference_stands_on_a_root_where_nothing_else_was_asked(void **state)
{
    static const char *const TARGETS[] = {"", "*", "/", "?x/y"};
    struct reference_base nobody = {.target = SPAN("/")};
    struct span path;

    (void)state;
    for (size_t i = 0; i < sizeof(TARGETS) / sizeof(TARGETS[0]); i++) {
        assert_int_equal(resolve(SPAN("g"), span_of(TARGETS[i]), &path), REFERENCE_OWN);
        assert_true(span_equal(path, SPAN("/g")));
        assert_int_equal(resolve(SPAN("../g"), span_of(TARGETS[i]), &path),
                         REFERENCE_OWN);
        assert_true(span_equal(path, SPAN("/g")));
    }
    assert_int_equal(resolve(SPAN("#"), SPAN(""), &path), REFERENCE_OWN);
    assert_true(span_equal(path, SPAN("/")));
    assert_int_equal(reference_resolve(SPAN("//a/g"), &nobody, buffer, &path),
                     REFERENCE_OTHER);
}

static void reference_is_bounded_before_and_after(void **state)
{
    static uint8_t text[2 * REFERENCE_PATH_MAX];
    struct span long_text = {.ptr = text, .len = sizeof(text)};
    struct span path;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    struct span fits = span_first(long_text, REFERENCE_PATH_MAX);
    assert_int_equal(resolve(fits, SPAN("/"), &path), REFERENCE_OWN);
    assert_true(span_equal(path, fits));
    assert_int_equal(
        resolve(span_first(long_text, REFERENCE_PATH_MAX + 1), SPAN("/"), &path),
        REFERENCE_UNREADABLE);
    assert_int_equal(path.len, 0);
    /* The query does not count. */
    text[9] = '?';
    assert_int_equal(resolve(long_text, SPAN("/"), &path), REFERENCE_OWN);
    assert_int_equal(path.len, 9);
    /* The folder does. */
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    text[REFERENCE_PATH_MAX - 2] = '/';
    assert_int_equal(resolve(SPAN("g"), long_text, &path), REFERENCE_OWN);
    assert_int_equal(path.len, REFERENCE_PATH_MAX);
    assert_int_equal(resolve(SPAN("gh"), long_text, &path), REFERENCE_UNREADABLE);
    text[REFERENCE_PATH_MAX] = '/';
    assert_int_equal(resolve(SPAN("g"), long_text, &path), REFERENCE_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_leads_where_rfc_3986_section_5_4_says),
        cmocka_unit_test(reference_stands_on_a_root_where_nothing_else_was_asked),
        cmocka_unit_test(reference_is_bounded_before_and_after),
    };
    return RUN_TESTS(tests);
}
