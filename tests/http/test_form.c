#include <stdio.h>

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
        {"&&=x&users=a&use=b&use[r]=c", FORM_ABSENT, ""},
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

static void form_knows_every_name_that_a_server_may_take_for_it(void **state)
{
    (void)state;
    static const char *const OTHERS[] = {
        "user.id=bob",   "+user_id=bob",      "%20%20user_id=bob", "%09user_id=bob",
        "USER_ID=bob",   "user+id=bob",       "user[id=bob",       "user_id%00x=bob",
        "user_id[]=bob", "user_id%5B%5D=bob", "x=1;user_id=bob",   "x;User.id=bob",
        "user_id;x=bob", "u%C5%BFer_id=bob",
    };
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        char body[64];
        struct span value;
        (void)snprintf(body, sizeof(body), "user_id=carol&%s", OTHERS[i]);
        assert_int_equal(form_find(span_of(body), SPAN("user_id"), BUFFER, &value),
                         FORM_TWICE);
        assert_int_equal(form_find(span_of(OTHERS[i]), SPAN("user_id"), BUFFER, &value),
                         FORM_TWICE);
    }
}

static void put(char *text, struct span from)
{
    memcpy(text, from.ptr, from.len);
}

static void form_compares_names_of_any_length(void **state)
{
    (void)state;
    char body[4096];
    struct span value;

    memset(body, '+', 3000);
    (void)snprintf(body + 3000, sizeof(body) - 3000, "user=bob");
    assert_int_equal(form_find(span_of(body), SPAN("user"), BUFFER, &value), FORM_TWICE);
    memset(body, 'x', 3000);
    assert_int_equal(form_find(span_of(body), SPAN("user"), BUFFER, &value), FORM_ABSENT);
    put(body, SPAN("user%00"));
    assert_int_equal(form_find(span_of(body), SPAN("user"), BUFFER, &value), FORM_TWICE);
    put(body + 2000, SPAN("%zz"));
    assert_int_equal(form_find(span_of(body), SPAN("user"), BUFFER, &value), FORM_BAD);
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
        {"--b" PART("user", "; filename=\"x\"", "alice") "--", FORM_TWICE, ""},
        {"--b" PART("user", "", "a") PART("user", "; filename=\"x\"", "b") "--",
         FORM_TWICE, ""},
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

#define DISPOSED(disposition) "\r\n" disposition "\r\n\r\nbob\r\n--b"

/* Each is a second part, of which some server reads the name and others do not. */
static void a_part_that_two_readers_read_differently_makes_the_form_bad(void **state)
{
    (void)state;
    static const char *const PARTS[] = {
        DISPOSED("Content-Disposition: form-data; name=\"user\"; x=\"filename\""),
        DISPOSED("Content-Disposition: form-data; name=\"us\\er\""),
        DISPOSED("Content-Disposition: form-data; name='user'"),
        DISPOSED("Content-Disposition: form-data; name*=utf-8''user"),
        DISPOSED("Content-Disposition: form-data; name=\"a\"; name=\"user\""),
        DISPOSED("Content-Disposition: form-data; name=\"a\"; name*=utf-8''user"),
        DISPOSED("Content-Disposition: form-data; name=\"a\"\r\n"
                 "Content-Disposition: form-data; name=\"user\""),
        DISPOSED("Content-Disposition: form-data; name=a b"),
        DISPOSED("Content-Disposition: form-data; name=\"user"),
        DISPOSED("Content-Disposition: form-data; name=\"a\" ; name"),
        DISPOSED("Content-Disposition: form-data; name = \"user\""),
        DISPOSED("Content-Disposition: form-data, name=\"user\""),
        DISPOSED("Content-Disposition: form-data"),
        DISPOSED("Content-Disposition: attachment; name=\"user\""),
        DISPOSED("Content-Disposition: form-data;\r\n name=\"user\""),
        DISPOSED("Content-Disposition : form-data; name=\"user\""),
        DISPOSED("Content-Disposition: form-data; name=\"a\"\nX: y"),
        DISPOSED("Content-Disposition: form-data; name=\"a\"; filename=\"x\\\""),
        DISPOSED("Content-Disposition: form-data; name=\"a\"; filename=x; filename=y"),
        DISPOSED("Content-Type: text/plain"),
        DISPOSED("X-Nothing"),
        DISPOSED("Content-Disposition: form-data; name=\"a\"\r\nX-Nothing"),
        DISPOSED("Content-Disposition: form-data; name=\"a\"\r\n"
                 "Content-Disposition : form-data; name=\"user\""),
        DISPOSED("Content-Disposition: form-data; name=\"a\"\r\n"
                 " ; x=:; name=\"user\""),
        DISPOSED("X: y\nContent-Disposition: form-data; name=\"user\"\r\n"
                 "Content-Disposition: form-data; name=\"a\""),
        DISPOSED("Content-Disposition: form-data; name=\"a\"\r\n\r\n\n--b\n"),
    };
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        char body[512];
        struct span value;
        (void)snprintf(body, sizeof(body), "--b" PART("user", "", "carol") "%s--\r\n",
                       PARTS[i]);
        enum form_result result =
            form_find_multipart(span_of(body), SPAN("multipart/form-data; boundary=b"),
                                SPAN("user"), BUFFER, &value);
        if (result != FORM_BAD) {
            fail_msg("%s: %d", PARTS[i], result);
        }
    }
}

static void a_part_with_a_name_that_may_be_meant_is_a_second_one(void **state)
{
    (void)state;
    static const char *const PARTS[] = {
        PART("User", "", "bob"),
        PART(" user", "", "bob"),
        PART("user[]", "", "bob"),
        PART("us%65r", "", "bob"),
        PART("%20user", "", "bob"),
        PART("uSeR", "; filename=x", ""),
        PART("x", "; filename=x", "") PART("USER", "; filename*=UTF-8''x", ""),
    };
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        char body[512];
        struct span value;
        (void)snprintf(body, sizeof(body), "--b" PART("user", "", "carol") "%s--\r\n",
                       PARTS[i]);
        assert_int_equal(form_find_multipart(span_of(body),
                                             SPAN("multipart/form-data; boundary=b"),
                                             SPAN("user"), BUFFER, &value),
                         FORM_TWICE);
    }
}

static enum form_result find_typed(const char *type, const char *body)
{
    struct span value;

    return form_find_multipart(span_of(body), span_of(type), SPAN("user"), BUFFER,
                               &value);
}

static void what_browsers_send_is_read(void **state)
{
    (void)state;
    static const char CHROME[] =
        "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
        "Content-Disposition: form-data; name=\"_token\"\r\n\r\n50%\r\n"
        "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
        "Content-Disposition: form-data; name=\"50% a%22b%0D%0A\"\r\n\r\n\r\n"
        "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
        "Content-Disposition: form-data; name=\"user\"\r\n\r\ncarol\r\n"
        "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
        "Content-Disposition: form-data; name=\"pic\"; filename=\"my %22; "
        "name=x.png\"\r\n"
        "Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\r\n"
        "------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n";
    static const char FIREFOX[] =
        "-----------------------------9051914041544843365972754266\r\n"
        "Content-Disposition: form-data; name=\"user\"\r\n\r\ncarol\r\n"
        "-----------------------------9051914041544843365972754266\r\n"
        "Content-Disposition: form-data; name=\"file1\"; filename=\"\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n\r\n"
        "-----------------------------9051914041544843365972754266--\r\n";
    static const char JAVA[] =
        "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n"
        "Content-Type: text/plain; charset=UTF-8\r\nContent-Length: 5\r\n\r\ncarol\r\n"
        "--b--\r\n";
    static const char CURL[] =
        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"C:\\x y.txt\"\r\n"
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nx\r\n"
        "--b\r\nContent-Disposition: form-data; name=user\r\n\r\ncarol\r\n--b--";

    assert_int_equal(find_typed("multipart/form-data; "
                                "boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
                                CHROME),
                     FORM_FOUND);
    assert_int_equal(
        find_typed("multipart/form-data; boundary=---------------------------"
                   "9051914041544843365972754266",
                   FIREFOX),
        FORM_FOUND);
    assert_int_equal(find_typed("multipart/form-data;boundary=\"b\";charset=UTF-8", JAVA),
                     FORM_FOUND);
    assert_int_equal(find_typed("Multipart/Form-Data; Boundary=b;", CURL), FORM_FOUND);
}

static void a_form_with_another_end_boundary_or_encoding_is_bad(void **state)
{
    (void)state;
    static const char PLAIN[] = "--b" PART("user", "", "carol") "--\r\n";
    static const char *const TYPES[] = {
        "multipart/form-data; boundary=b; boundary=c",
        "multipart/form-data; boundary=c; boundary=b",
        "multipart/form-data; boundary=b; x=y",
        "multipart/form-data; boundary=b,c",
        "multipart/form-data; boundary=b; charset=ibm037",
        "multipart/form-data; x=\"; boundary=c; y=\"; boundary=b",
        "multipart/form-data; boundary=\"b\\\"",
        "multipart/form-data, boundary=b",
    };
    static const char TYPE[] = "multipart/form-data; boundary=b";

    assert_int_equal(find_typed(TYPE, PLAIN), FORM_FOUND);
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        if (find_typed(TYPES[i], PLAIN) != FORM_BAD) {
            fail_msg("%s", TYPES[i]);
        }
    }
    assert_int_equal(find_typed(TYPE, "--b" PART("user", "", "carol") "--\r\n--b" PART(
                                          "user", "", "bob") "--\r\n"),
                     FORM_BAD);
    assert_int_equal(find_typed(TYPE, "--b" PART("user",
                                                 "\r\nContent-Type: text/plain; "
                                                 "charset=utf-16",
                                                 "carol") "--\r\n"),
                     FORM_BAD);
    assert_int_equal(
        find_typed(
            TYPE, "--b" PART("user", "\r\nContent-Type: application/json", "1") "--\r\n"),
        FORM_BAD);
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
        cmocka_unit_test(form_knows_every_name_that_a_server_may_take_for_it),
        cmocka_unit_test(form_compares_names_of_any_length),
        cmocka_unit_test(form_finds_a_text_part),
        cmocka_unit_test(a_part_that_two_readers_read_differently_makes_the_form_bad),
        cmocka_unit_test(a_part_with_a_name_that_may_be_meant_is_a_second_one),
        cmocka_unit_test(what_browsers_send_is_read),
        cmocka_unit_test(a_form_with_another_end_boundary_or_encoding_is_bad),
        cmocka_unit_test(form_without_a_usable_boundary_is_bad),
    };
    return RUN_TESTS(tests);
}
