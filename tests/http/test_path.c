#include "http/path.h"
#include "support/test.h"

static uint8_t buffer[4096];

static enum path_error normalize(const char *target, struct path *path_out)
{
    struct span span = span_of(target);
    assert_true(PATH_BUFFER_SIZE(span.len) <= sizeof(buffer));
    return path_normalize(span, buffer, path_out);
}

static void path_has_one_reading_for_every_spelling(void **state)
{
    (void)state;
    const struct {
        const char *target;
        const char *path;
        const char *query;
    } rows[] = {
        {"/", "/", ""},
        {"/login", "/login", ""},
        {"/login?next=/%2F;a", "/login", "next=/%2F;a"},
        {"/login/", "/login", ""},
        {"//login", "/login", ""},
        {"/a///b//", "/a/b", ""},
        {"/login;x=1", "/login", ""},
        {"/a;x=1/b;y", "/a/b", ""},
        {"/;x/login", "/login", ""},
        {"/%6cogin", "/login", ""},
        {"/%6C%6fgin%3Bx", "/login", ""},
        {"/LOGIN", "/LOGIN", ""},
        {"/a%20b", "/a b", ""},
        {"/a+b", "/a+b", ""},
        {"/100%25", "/100%", ""},
        {"/%E3%81%82", "/\xe3\x81\x82", ""},
        {"/a%3Fb?c", "/a?b", "c"},
        {"/...", "/...", ""},
        {"/.well-known/x", "/.well-known/x", ""},
        {"/a.b", "/a.b", ""},
        {"/?q", "/", "q"},
        {"*", "/", ""},
        {"http://a.example", "/", ""},
        {"http://a.example?x", "/", "x"},
        {"https://a.example/login;x", "/login", ""},
        {"/a;", "/a", ""},
        {"/;", "/", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct path path;
        enum path_error error = normalize(rows[i].target, &path);
        if (error != PATH_ERROR_NONE || !span_equal(path.once, span_of(rows[i].path)) ||
            !span_equal(path.full, path.once) || path.encoded ||
            !span_equal(path.query, span_of(rows[i].query))) {
            fail_msg("%s: %s %.*s", rows[i].target, path_error_name(error),
                     SPAN_ARGS(path.once));
        }
    }
}

static void path_refuses_what_servers_read_differently(void **state)
{
    (void)state;
    const struct {
        const char *target;
        enum path_error wanted;
    } rows[] = {
        {"/..", PATH_ERROR_DOTS},
        {"/a/../b", PATH_ERROR_DOTS},
        {"/a/./b", PATH_ERROR_DOTS},
        {"/a/.", PATH_ERROR_DOTS},
        {"/a/%2e%2e/b", PATH_ERROR_DOTS},
        {"/a/.%2E", PATH_ERROR_DOTS},
        {"/a/..;/b", PATH_ERROR_DOTS},
        {"/a/..;x=1/b", PATH_ERROR_DOTS},
        {"/a/..%3B/b", PATH_ERROR_DOTS},
        {"/a/%2e;x/b", PATH_ERROR_DOTS},
        {"/a/..%2Fb", PATH_ERROR_DOTS},
        {"/a%2F..%2Fb", PATH_ERROR_DOTS},
        {"/a/..%5Cb", PATH_ERROR_DOTS},
        {"/a/%252e%252e/b", PATH_ERROR_DOTS},
        {"/a\\b", PATH_ERROR_BYTE},
        {"/a#b", PATH_ERROR_BYTE},
        {"/a%00b", PATH_ERROR_BYTE},
        {"/a%0ab", PATH_ERROR_BYTE},
        {"/a%7F", PATH_ERROR_BYTE},
        {"/a%2500b", PATH_ERROR_BYTE},
        {"/a;x=%00", PATH_ERROR_BYTE},
        {"/a\x01", PATH_ERROR_BYTE},
        {"/a%", PATH_ERROR_ESCAPE},
        {"/a%4", PATH_ERROR_ESCAPE},
        {"/a%zz", PATH_ERROR_ESCAPE},
        {"/a%u002f", PATH_ERROR_ESCAPE},
        {"/a;x=%zz", PATH_ERROR_ESCAPE},
        {"/%25252525252525252e", PATH_ERROR_ENCODED},
        {"", PATH_ERROR_FORM},
        {"login", PATH_ERROR_FORM},
        {"?a", PATH_ERROR_FORM},
        {"ftp://a/b", PATH_ERROR_FORM},
        {"http:///b", PATH_ERROR_FORM},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct path path;
        enum path_error error = normalize(rows[i].target, &path);
        if (error != rows[i].wanted) {
            fail_msg("%s: %s", rows[i].target, path_error_name(error));
        }
        assert_int_equal(path.once.len, 0);
    }
}

static void path_with_encoded_slash_has_both_readings(void **state)
{
    (void)state;
    const struct {
        const char *target;
        const char *once;
        const char *full;
    } rows[] = {
        {"/a%2Fb", "/a%2Fb", "/a/b"},
        {"/a%2fb/", "/a%2fb", "/a/b"},
        {"/a%5Cb", "/a%5Cb", "/a/b"},
        {"/a%2F%2Fb%2F", "/a%2F%2Fb%2F", "/a/b"},
        {"/x%2Flogin;y", "/x%2Flogin", "/x/login"},
        {"/%256cogin", "/%6cogin", "/login"},
        {"/a%252Fb", "/a%2Fb", "/a/b"},
        {"/a;x%2Flogin", "/a", "/a/login"},
        {"/a%253Bx", "/a%3Bx", "/a"},
        {"/%2520", "/%20", "/ "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct path path;
        assert_int_equal(normalize(rows[i].target, &path), PATH_ERROR_NONE);
        if (!path.encoded || !span_equal(path.once, span_of(rows[i].once)) ||
            !span_equal(path.full, span_of(rows[i].full))) {
            fail_msg("%s: %.*s and %.*s", rows[i].target, SPAN_ARGS(path.once),
                     SPAN_ARGS(path.full));
        }
    }
}

static void path_never_writes_past_its_buffer(void **state)
{
    (void)state;
    const char *const targets[] = {
        "/a%2F", "/%2F%2F%2F", "/aaaaaaaaaa%25",
        "//",    "/;",         "/aaaaaaaaaaaaaaaaaaaa%5Caaaaaaaaaaaaaaaaa/"};
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct span target = span_of(targets[i]);
        struct path path;
        uint8_t *exact = malloc(PATH_BUFFER_SIZE(target.len));
        assert_int_equal(path_normalize(target, exact, &path), PATH_ERROR_NONE);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_has_one_reading_for_every_spelling),
        cmocka_unit_test(path_refuses_what_servers_read_differently),
        cmocka_unit_test(path_with_encoded_slash_has_both_readings),
        cmocka_unit_test(path_never_writes_past_its_buffer),
    };
    return RUN_TESTS(tests);
}
