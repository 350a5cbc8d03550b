#include "http/path_parameter.h"
#include "support/test.h"

static void path_parameter_is_found_in_any_segment(void **state)
{
    (void)state;
    const struct {
        const char *target;
        unsigned count;
        const char *value;
    } rows[] = {
        {"/a;jsessionid=x1", 1, "x1"},
        {"/a;v=1;jsessionid=x1.node/b?c", 1, "x1.node"},
        {"/a;jsessionid=x/b;jsessionid=x", 1, "x"},
        {"/a;jsessionid=x/b;jsessionid=y", 2, "x"},
        {"/a;%6Asessionid=x", 1, "x"},
        {"/a;jsessionid", 1, ""},
        {"/a;JSESSIONID=x", 0, ""},
        {"/jsessionid=x?;jsessionid=x", 0, ""},
        {"/a;jsessionid2=x", 0, ""},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct span value = {0};
        unsigned count =
            path_parameter_find(span_of(rows[i].target), SPAN("jsessionid"), &value);
        if (count != rows[i].count || !span_equal(value, span_of(rows[i].value))) {
            fail_msg("%s: %u", rows[i].target, count);
        }
    }
}

static void path_parameter_is_removed_and_nothing_else(void **state)
{
    (void)state;
    const struct {
        const char *target;
        const char *left;
    } rows[] = {
        {"/a;sid=x;v=1/b;sid=y", "/a;v=1/b"},
        {"/a?sid=x", "/a"},
        {"/a?sid=x&b=c", "/a?b=c"},
        {"/a?b=c&sid=x&d", "/a?b=c&d"},
        {"/a?b=c&s%69d=x", "/a?b=c"},
        {"/sid=1/sid?q=sid=1", "/sid=1/sid?q=sid=1"},
        {"/a?", "/a?"},
        {"http://sid/x;sid", "http://sid/x"},
        {"/%zz;sid=1?%zz", "/%zz?%zz"},
    };
    const struct span patterns[] = {SPAN("sid")};
    const struct cookie_names names = {.patterns = patterns, .count = 1};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct span target = span_of(rows[i].target);
        uint8_t *buffer = malloc(target.len);
        size_t len = path_parameter_remove(target, &names, buffer);
        if (!span_equal((struct span){buffer, len}, span_of(rows[i].left))) {
            fail_msg("%s: %.*s", rows[i].target, (int)len, (const char *)buffer);
        }
        free(buffer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(path_parameter_is_found_in_any_segment),
        cmocka_unit_test(path_parameter_is_removed_and_nothing_else),
    };
    return RUN_TESTS(tests);
}
