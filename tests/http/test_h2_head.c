#include <stdio.h>
#include <string.h>

#include "http/h2_head.h"
#include "support/test.h"

static const struct h1_limits LIMITS = {
    .head_size_max = 512, .target_size_max = 128, .field_count_max = 12};

static struct h2_head collected;

/* Adds `name: value` lines and writes the text, or tells what is wrong. */
static enum h1_error collect(const char *fields, bool ended, char *text_out)
{
    struct span rest = span_of(fields);
    struct span line;
    struct span text;

    h2_head_begin(&collected);
    while (span_next(&rest, '\n', &line)) {
        size_t name_len = 1 + span_find(span_from(line, 1), ':');
        h2_head_add(&collected, &LIMITS, span_first(line, name_len),
                    span_from(line, name_len + 2));
    }
    enum h1_error error = h2_head_text(&collected, ended, &text);
    (void)span_copy(text, text_out, 2048);
    return error;
}

static const char *const START =
    ":method: GET\n:scheme: https\n:authority: site\n:path: /a?b\n";

static enum h1_error with(const char *fields)
{
    char all[2048];
    char text[2048];

    (void)snprintf(all, sizeof(all), "%s%s", START, fields);
    return collect(all, true, text);
}

static int tear_down(void **state)
{
    (void)state;
    h2_head_free(&collected);
    return 0;
}

static void a_request_is_written_as_http_1_has_it(void **state)
{
    char text[2048];

    (void)state;
    assert_int_equal(collect(":method: POST\n:scheme: http\n:path: /a\n:authority: x:8\n"
                             "accept: */*\ncontent-length: 3\n",
                             false, text),
                     H1_ERROR_NONE);
    assert_string_equal(text, "POST /a HTTP/1.1\r\nhost: x:8\r\naccept: */*\r\n"
                              "content-length: 3\r\n\r\n");
}

static void a_body_without_length_goes_on_in_chunks(void **state)
{
    char text[2048];

    (void)state;
    assert_int_equal(collect(START, false, text), H1_ERROR_NONE);
    assert_non_null(strstr(text, "\r\ntransfer-encoding: chunked\r\n\r\n"));
    assert_int_equal(collect(START, true, text), H1_ERROR_NONE);
    assert_null(strstr(text, "transfer-encoding"));
}

static void cookie_crumbs_become_one_field(void **state)
{
    char text[2048];

    (void)state;
    assert_int_equal(collect(":method: GET\n:scheme: http\n:authority: s\n:path: /\n"
                             "cookie: a=1\nx: y\ncookie: b=2; c=3\n",
                             true, text),
                     H1_ERROR_NONE);
    assert_string_equal(text, "GET / HTTP/1.1\r\nhost: s\r\nx: y\r\n"
                              "cookie: a=1; b=2; c=3\r\n\r\n");
}

static void host_stands_in_for_a_missing_authority(void **state)
{
    char text[2048];

    (void)state;
    assert_int_equal(
        collect(":method: GET\n:scheme: http\n:path: /\nhost: h\n", true, text),
        H1_ERROR_NONE);
    assert_string_equal(text, "GET / HTTP/1.1\r\nhost: h\r\n\r\n");
    assert_int_equal(with("host: SITE\n"), H1_ERROR_NONE);
}

static void a_host_that_is_not_the_authority_is_ambiguous(void **state)
{
    (void)state;
    assert_int_equal(with("host: other\n"), H1_ERROR_AMBIGUOUS);
    assert_int_equal(with("host: site\nhost: site\n"), H1_ERROR_AMBIGUOUS);
    assert_int_equal(with("host: \n"), H1_ERROR_AMBIGUOUS);
}

static void what_could_end_a_line_is_malformed(void **state)
{
    static const char *const bad[] = {"\r", "\n", "\r\n", "\1", "\x7f"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct span text;
        char value[16];
        (void)snprintf(value, sizeof(value), "a%sb", bad[i]);
        for (int where = 0; where < 3; where++) {
            h2_head_begin(&collected);
            h2_head_add(&collected, &LIMITS, SPAN(":method"), SPAN("GET"));
            h2_head_add(&collected, &LIMITS, SPAN(":scheme"), SPAN("http"));
            h2_head_add(&collected, &LIMITS, SPAN(":authority"), SPAN("s"));
            h2_head_add(&collected, &LIMITS, SPAN(":path"),
                        where == 0 ? span_of(value) : SPAN("/"));
            h2_head_add(&collected, &LIMITS, where == 1 ? span_of(value) : SPAN("x"),
                        where == 2 ? span_of(value) : SPAN("y"));
            assert_int_equal(h2_head_text(&collected, true, &text), H1_ERROR_MALFORMED);
            assert_int_equal(text.len, 0);
        }
    }
    struct span nul = {.ptr = (const uint8_t *)"a\0b", .len = 3};
    struct span text;
    h2_head_begin(&collected);
    h2_head_add(&collected, &LIMITS, SPAN("x"), nul);
    assert_int_equal(h2_head_text(&collected, true, &text), H1_ERROR_MALFORMED);
}

static void a_blank_in_the_request_line_is_malformed(void **state)
{
    char text[2048];
    static const char *const bad[] = {
        ":method: GE T\n:scheme: http\n:authority: s\n:path: /\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: /a b\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: /a\tb\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: a\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: http://s/\n",
        ":method: GET\n:scheme: ftp\n:authority: s\n:path: /\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(collect(bad[i], true, text), H1_ERROR_MALFORMED);
    }
}

static void pseudo_fields_come_once_known_and_first(void **state)
{
    char text[2048];
    static const char *const bad[] = {
        ":scheme: http\n:authority: s\n:path: /\n",
        ":method: GET\n:authority: s\n:path: /\n",
        ":method: GET\n:scheme: http\n:authority: s\n",
        ":method: GET\n:scheme: http\n:path: /\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: \n",
        ":method: GET\n:method: GET\n:scheme: http\n:authority: s\n:path: /\n",
        ":method: GET\n:scheme: http\n:authority: s\n:authority: s\n:path: /\n",
        ":method: GET\n:scheme: http\n:authority: s\nx: y\n:path: /\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: /\n:status: 200\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: /\n:protocol: websocket\n",
        ":method: GET\n:scheme: http\n:authority: s\n:path: /\n:x: y\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(collect(bad[i], true, text), H1_ERROR_MALFORMED);
    }
}

static void connect_is_a_method_that_is_not_served(void **state)
{
    char text[2048];

    (void)state;
    assert_int_equal(collect(":method: CONNECT\n:authority: s:1\n", false, text),
                     H1_ERROR_METHOD);
}

static void capital_letters_in_a_name_are_malformed(void **state)
{
    (void)state;
    assert_int_equal(with("Accept: */*\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with("a b: c\n"), H1_ERROR_MALFORMED);
}

static void fields_of_a_connection_are_malformed(void **state)
{
    (void)state;
    assert_int_equal(with("connection: close\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with("keep-alive: 5\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with("proxy-connection: close\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with("transfer-encoding: chunked\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with("upgrade: h2c\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with("te: gzip\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with("te: trailers\n"), H1_ERROR_NONE);
}

static void too_much_is_told_apart(void **state)
{
    char fields[2048] = ":method: GET\n:scheme: http\n:authority: s\n:path: /";
    char text[2048];

    (void)state;
    size_t len = strlen(fields);
    memset(fields + len, 'a', 200);
    fields[len + 200] = '\n';
    assert_int_equal(collect(fields, true, text), H1_ERROR_TARGET_LONG);
    memset(fields, 'x', sizeof(fields));
    memcpy(fields, "y: ", 3);
    fields[1000] = '\n';
    fields[1001] = '\0';
    assert_int_equal(with(fields), H1_ERROR_FIELDS_LARGE);
    fields[0] = '\0';
    for (int i = 0; i < 13; i++) {
        memcpy(fields + 5 * i, "a: b\n", 6);
    }
    assert_int_equal(with(fields), H1_ERROR_FIELDS_LARGE);
}

static void the_first_error_stays_and_a_new_block_is_clean(void **state)
{
    (void)state;
    assert_int_equal(with("X: y\nhost: other\n"), H1_ERROR_MALFORMED);
    assert_int_equal(with(""), H1_ERROR_NONE);
}

static void an_answers_head_is_taken_apart_without_framing_of_http_1(void **state)
{
    struct span rest = SPAN("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n"
                            "Transfer-Encoding: chunked\r\nX-Empty:\r\n"
                            "Connection: close\r\nVia: 1.1 a:b\r\n\r\n");
    struct span name;
    struct span value;

    (void)state;
    assert_true(span_equal(h2_head_take_status(&rest), SPAN("404")));
    assert_true(h2_head_next_field(&rest, &name, &value));
    assert_true(span_equal(name, SPAN("Content-Type")));
    assert_true(span_equal(value, SPAN("text/html")));
    assert_true(h2_head_next_field(&rest, &name, &value));
    assert_true(span_equal(name, SPAN("X-Empty")));
    assert_int_equal(value.len, 0);
    assert_true(h2_head_next_field(&rest, &name, &value));
    assert_true(span_equal(name, SPAN("Via")));
    assert_true(span_equal(value, SPAN("1.1 a:b")));
    assert_false(h2_head_next_field(&rest, &name, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_written_as_http_1_has_it),
        cmocka_unit_test(a_body_without_length_goes_on_in_chunks),
        cmocka_unit_test(cookie_crumbs_become_one_field),
        cmocka_unit_test(host_stands_in_for_a_missing_authority),
        cmocka_unit_test(a_host_that_is_not_the_authority_is_ambiguous),
        cmocka_unit_test(what_could_end_a_line_is_malformed),
        cmocka_unit_test(a_blank_in_the_request_line_is_malformed),
        cmocka_unit_test(pseudo_fields_come_once_known_and_first),
        cmocka_unit_test(connect_is_a_method_that_is_not_served),
        cmocka_unit_test(capital_letters_in_a_name_are_malformed),
        cmocka_unit_test(fields_of_a_connection_are_malformed),
        cmocka_unit_test(too_much_is_told_apart),
        cmocka_unit_test(the_first_error_stays_and_a_new_block_is_clean),
        cmocka_unit_test(an_answers_head_is_taken_apart_without_framing_of_http_1),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
