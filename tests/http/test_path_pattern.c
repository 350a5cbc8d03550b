#include <stdio.h>

#include "http/path_pattern.h"
#include "support/test.h"

static struct path_pattern parse(const char *text, bool ignore_case)
{
    struct path_pattern pattern;
    assert_null(path_pattern_parse(span_of(text), ignore_case, &pattern));
    return pattern;
}

static void path_pattern_matches_segments(void **state)
{
    (void)state;
    const struct {
        const char *pattern;
        const char *path;
        bool matches;
    } rows[] = {
        {"/", "/", true},          {"/", "/a", false},
        {"/**", "/", true},        {"/**", "/a/b", true},
        {"/a", "/a", true},        {"/a", "/a/b", false},
        {"/a", "/ab", false},      {"/a", "/", false},
        {"/a/", "/a", true},       {"/a/**", "/a", true},
        {"/a/**", "/a/b/c", true}, {"/a/**", "/ab", false},
        {"/*", "/a", true},        {"/*", "/", false},
        {"/*", "/a/b", false},     {"/a/*/c", "/a/b/c", true},
        {"/a/*/c", "/a/c", false}, {"/a/*/c", "/a/b/d", false},
        {"/*/**", "/", false},     {"/*/**", "/a", true},
        {"/*/**", "/a/b", true},   {"/a/*", "/a", false},
        {"/a", "/A", false},       {"/a/*/**", "/a/b/c/d", true},
        {"/100%", "/100%", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct path_pattern pattern = parse(rows[i].pattern, false);
        if (path_pattern_matches(&pattern, span_of(rows[i].path)) != rows[i].matches) {
            fail_msg("%s and %s", rows[i].pattern, rows[i].path);
        }
    }
}

static void path_pattern_ignores_case_when_told(void **state)
{
    (void)state;
    struct path_pattern plain = parse("/Login", true);
    struct path_pattern wild = parse("/Login/*/X", true);

    assert_true(path_pattern_matches(&plain, SPAN("/lOGIN")));
    assert_true(path_pattern_matches(&wild, SPAN("/login/Y/x")));
}

static void path_pattern_names_what_is_wrong(void **state)
{
    (void)state;
    const char *const bad[] = {"",       "a",      "*",      "/a//b", "//",
                               "/a*",    "/a/*b",  "/**/a",  "/a**",  "/a?b",
                               "/a;b",   "/a#",    "/%41",   "/a\\b", "/..",
                               "/a/./b", "/a\x01", "/a//**", "/***"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct path_pattern pattern;
        if (path_pattern_parse(span_of(bad[i]), false, &pattern) == NULL) {
            fail_msg("%s was taken", bad[i]);
        }
    }
}

static void path_pattern_knows_what_it_covers(void **state)
{
    (void)state;
    const struct {
        const char *own;
        const char *other;
        bool covers;
    } rows[] = {
        {"/**", "/**", true},    {"/**", "/a/*", true},      {"/**", "/", true},
        {"/a/**", "/a", true},   {"/a/**", "/a/b/**", true}, {"/a/**", "/**", false},
        {"/a/**", "/ab", false}, {"/a", "/a/**", false},     {"/a", "/a", true},
        {"/*", "/a", true},      {"/a", "/*", false},        {"/*", "/*/**", false},
        {"/*/b", "/a/b", true},  {"/*/b", "/a/*", false},    {"/*/**", "/", false},
        {"/", "/", true},        {"/", "/**", false},        {"/a/*/**", "/a/b", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct path_pattern own = parse(rows[i].own, false);
        struct path_pattern other = parse(rows[i].other, false);
        if (path_pattern_covers(&own, &other) != rows[i].covers) {
            fail_msg("%s and %s", rows[i].own, rows[i].other);
        }
    }
}

static void path_pattern_with_case_does_not_cover_one_without(void **state)
{
    (void)state;
    struct path_pattern exact = parse("/a", false);
    struct path_pattern loose = parse("/A", true);
    struct path_pattern all = parse("/**", false);

    assert_false(path_pattern_covers(&exact, &loose));
    assert_true(path_pattern_covers(&loose, &exact));
    assert_true(path_pattern_covers(&all, &loose));
}

/* Both ways round. */
static void expect_shared(const struct path_pattern *a, const struct path_pattern *b,
                          const char *wanted)
{
    char text[PATH_PATTERN_SHARED_MAX];
    char told[PATH_PATTERN_SHARED_MAX + 8];
    struct path_pattern shared;

    for (int i = 0; i < 2; i++) {
        bool any = path_pattern_shared(i == 0 ? a : b, i == 0 ? b : a, text, &shared);
        if (any != (wanted != NULL)) {
            fail_msg("%.*s and %.*s", SPAN_ARGS(a->text), SPAN_ARGS(b->text));
        }
        if (any) {
            (void)snprintf(told, sizeof(told), "%.*s%s", SPAN_ARGS(shared.text),
                           shared.below ? "/**" : "");
            assert_string_equal(told, wanted);
            assert_true(path_pattern_covers(a, &shared) || shared.ignore_case);
            assert_true(path_pattern_covers(b, &shared) || shared.ignore_case);
        }
    }
}

static void path_pattern_shares_what_both_match(void **state)
{
    (void)state;
    const struct {
        const char *own;
        const char *other;
        const char *shared;
    } rows[] = {
        {"/a", "/a", "/a"},
        {"/a", "/b", NULL},
        {"/a", "/*", "/a"},
        {"/*", "/*", "/*"},
        {"/a/**", "/*/b", "/a/b"},
        {"/a/**", "/*/b/**", "/a/b/**"},
        {"/a/*/x", "/a/b/**", "/a/b/x"},
        {"/a/*", "/*/b", "/a/b"},
        {"/a/**", "/a", "/a"},
        {"/a", "/a/b", NULL},
        {"/a", "/a/*", NULL},
        {"/a/*", "/a/**", "/a/*"},
        {"/", "/**", ""},
        {"/", "/*", NULL},
        {"/", "/a", NULL},
        {"/**", "/**", "/**"},
        {"/a/b", "/a/c/**", NULL},
        {"/a/b/c", "/a/b", NULL},
        {"/**", "/*/a", "/*/a"},
        {"/a/**", "/a/b/c/**", "/a/b/c/**"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct path_pattern own = parse(rows[i].own, false);
        struct path_pattern other = parse(rows[i].other, false);
        expect_shared(&own, &other, rows[i].shared);
    }
}

static void path_pattern_shares_names_of_other_case_where_one_ignores_it(void **state)
{
    (void)state;
    struct path_pattern exact = parse("/Ab/c", false);
    struct path_pattern loose = parse("/aB/*", true);

    expect_shared(&exact, &loose, "/Ab/c");
    loose.ignore_case = false;
    expect_shared(&exact, &loose, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_pattern_matches_segments),
        cmocka_unit_test(path_pattern_ignores_case_when_told),
        cmocka_unit_test(path_pattern_names_what_is_wrong),
        cmocka_unit_test(path_pattern_knows_what_it_covers),
        cmocka_unit_test(path_pattern_with_case_does_not_cover_one_without),
        cmocka_unit_test(path_pattern_shares_what_both_match),
        cmocka_unit_test(path_pattern_shares_names_of_other_case_where_one_ignores_it),
    };
    return RUN_TESTS(tests);
}
