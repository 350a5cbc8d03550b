#include "http/trace.h"
#include "support/test.h"

#define TRACE  "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"
#define ZEROS  "0000000000000000"

static void trace_parent_is_told_from_what_is_none(void **state)
{
    static const char *const VALID[] = {
        "00-" TRACE "-" PARENT "-01",
        "00-" TRACE "-" PARENT "-00",
        "00-" TRACE "-" PARENT "-ff",
        "00-" ZEROS PARENT "-" PARENT "-00",
        "00-" TRACE "-0000000000000001-00",
        "01-" TRACE "-" PARENT "-01",
        "fe-" TRACE "-" PARENT "-01-what comes later",
        "cc-" TRACE "-" PARENT "-01-",
    };
    static const char *const INVALID[] = {
        "",
        "xx",
        "00-" TRACE "-" PARENT,
        "00-" TRACE "-" PARENT "-",
        "00-" TRACE "-" PARENT "-1",
        "00-" TRACE "-" PARENT "-0x",
        "00-" TRACE "-" PARENT "-0A",
        "00-" TRACE "-" PARENT "-01-",
        "00-" TRACE "-" PARENT "-01-more",
        "00-" TRACE "-" PARENT "-011",
        "01-" TRACE "-" PARENT "-01.more",
        "ff-" TRACE "-" PARENT "-01",
        "fF-" TRACE "-" PARENT "-01",
        "0x-" TRACE "-" PARENT "-01",
        "00-" ZEROS ZEROS "-" PARENT "-01",
        "00-" TRACE "-" ZEROS "-01",
        "00-" TRACE "-00f067aa0ba902bg-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
        "00-" TRACE "-00F067AA0BA902B7-01",
        "00_" TRACE "-" PARENT "-01",
        "00-" TRACE "_" PARENT "-01",
        "00-" TRACE "-" PARENT "_01",
        "00-" TRACE "0-" PARENT "-0",
        "00-" TRACE "-" PARENT "-01,00-" TRACE "-" PARENT "-01",
        "00-" TRACE "-" PARENT "-01 ",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(VALID) / sizeof(VALID[0]); i++) {
        if (!trace_parent_valid(span_of(VALID[i]))) {
            fail_msg("%s", VALID[i]);
        }
    }
    for (size_t i = 0; i < sizeof(INVALID) / sizeof(INVALID[0]); i++) {
        if (trace_parent_valid(span_of(INVALID[i]))) {
            fail_msg("%s", INVALID[i]);
        }
    }
}

static void trace_parent_is_none_at_any_smaller_length(void **state)
{
    struct span whole = SPAN("00-" TRACE "-" PARENT "-01");

    (void)state;
    for (size_t len = 0; len < whole.len; len++) {
        char *copy = malloc(len + 1);
        memcpy(copy, whole.ptr, len);
        assert_false(trace_parent_valid((struct span){(const uint8_t *)copy, len}));
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace_parent_is_told_from_what_is_none),
        cmocka_unit_test(trace_parent_is_none_at_any_smaller_length),
    };
    return RUN_TESTS(tests);
}
