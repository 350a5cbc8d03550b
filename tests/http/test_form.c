#include "http/form.h"
#include "support/test.h"

static uint8_t bytes[16];
static const struct form_buffer BUFFER = {.bytes = bytes, .capacity = sizeof(bytes)};

static void form_finds_a_field_once_and_decodes_it(void **state)
{
    (void)state;
    const struct {
        const char *body;
        enum form_result result;
        const char *value;
    } rows[] = {
        {"user=alice&pass=x", FORM_FOUND, "alice"},
        {"pass=x&user=a%20b+c", FORM_FOUND, "a b c"},
        {"%75se%72=alice", FORM_FOUND, "alice"},
        {"user=", FORM_FOUND, ""},
        {"user", FORM_FOUND, ""},
        {"user=a=b", FORM_FOUND, "a=b"},
        {"", FORM_ABSENT, ""},
        {"&&=x&users=a&use=b&User=c", FORM_ABSENT, ""},
        {"user=a&user=a", FORM_TWICE, ""},
        {"user=a&us%65r=b", FORM_TWICE, ""},
        {"user=%zz", FORM_BAD, ""},
        {"user=a%4", FORM_BAD, ""},
        {"user=a&us%er=b", FORM_BAD, ""},
        {"user=0123456789abcdef", FORM_FOUND, "0123456789abcdef"},
        {"user=0123456789abcdefg", FORM_BAD, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct span value = {0};
        enum form_result result =
            form_find(span_of(rows[i].body), SPAN("user"), BUFFER, &value);
        if (result != rows[i].result ||
            (result == FORM_FOUND && !span_equal(value, span_of(rows[i].value)))) {
            fail_msg("%s: %d %.*s", rows[i].body, result, SPAN_ARGS(value));
        }
    }
}

#define PART(name, rest, content)                                                        \
    "\r\nContent-Disposition: form-data; name=\"" name "\"" rest "\r\n\r\n" content      \
    "\r\n--b"

static void form_finds_a_text_part(void **state)
{
    (void)state;
    const struct {
        const char *body;
        enum form_result result;
        const char *value;
    } rows[] = {
        {"--b" PART("user", "", "alice") "--\r\n", FORM_FOUND, "alice"},
        {"--b" PART("pass", "", "x") PART("user", "", "") "--", FORM_FOUND, ""},
        {"--b" PART("file", "; filename=\"C:\\x\"", "\r\n--c")
             PART("user", "", "a\r\nb") "--",
         FORM_FOUND, "a\r\nb"},
        {"--b" PART("user", "; filename=\"x\"", "alice") "--", FORM_ABSENT, ""},
        {"--b" PART("user", "", "a") PART("user", "", "a") "--", FORM_TWICE, ""},
        {"--b" PART("user", "\r\nContent-Transfer-Encoding: base64", "YQ==") "--",
         FORM_BAD, ""},
        {"--b" PART("user", "\r\nContent-Type: text/plain", "a") "--", FORM_FOUND, "a"},
        {"--b" PART("user", "", "0123456789abcdefg") "--", FORM_BAD, ""},
        {"--b" PART("user", "", "alice"), FORM_BAD, ""},
        {"--b--\r\n", FORM_ABSENT, ""},
        {"--b\r\n--b--", FORM_BAD, ""},
        {"--b\r\nContent-Disposition: form-data; name=\"user\"\r\n--b--", FORM_BAD, ""},
        {"", FORM_BAD, ""},
        {"user=alice", FORM_BAD, ""},
        {"--b", FORM_BAD, ""},
        {"--bX", FORM_BAD, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct span value = {0};
        enum form_result result = form_find_multipart(
            span_of(rows[i].body), SPAN("multipart/form-data; boundary=\"b\""),
            SPAN("user"), BUFFER, &value);
        if (result != rows[i].result ||
            (result == FORM_FOUND && !span_equal(value, span_of(rows[i].value)))) {
            fail_msg("row %zu: %d %.*s", i, result, SPAN_ARGS(value));
        }
    }
}

static void form_without_a_usable_boundary_is_bad(void **state)
{
    (void)state;
    struct span value;

    assert_int_equal(form_find_multipart(SPAN("--b--"), SPAN("multipart/form-data"),
                                         SPAN("user"), BUFFER, &value),
                     FORM_BAD);
    assert_int_equal(form_find_multipart(
                         SPAN("--b--"),
                         SPAN("multipart/form-data; boundary=01234567890123456789012345"
                              "678901234567890123456789012345678901234567890123456789"),
                         SPAN("user"), BUFFER, &value),
                     FORM_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(form_finds_a_field_once_and_decodes_it),
        cmocka_unit_test(form_finds_a_text_part),
        cmocka_unit_test(form_without_a_usable_boundary_is_bad),
    };
    return RUN_TESTS(tests);
}
