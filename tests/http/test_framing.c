#include "http/framing.h"
#include "support/test.h"

/* Framing of responses, read by the codec as an upstream sends them. */
static const struct h1_limits LIMITS = {
    .head_size_max = 4096, .target_size_max = 1024, .field_count_max = 100};

static struct head head;

static enum h1_error answer(enum method asked, const char *bytes)
{
    struct h1 *h1 = h1_new(H1_RESPONSE);
    size_t checked = 0;
    size_t len = 0;
    enum h1_error error = H1_ERROR_MALFORMED;

    h1_expect(h1, asked);
    if (h1_find_head(h1, span_of(bytes), &checked, &len) == H1_FOUND_HEAD) {
        error = h1_parse_head(h1, span_first(span_of(bytes), len), &LIMITS, &head);
    }
    h1_free(&h1);
    return error;
}

#define OK "HTTP/1.1 200 OK\r\n"

static void framing_of_good_responses(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        uint64_t length;
        enum method asked;
        enum framing framing;
        bool keep_alive;
    } rows[] = {
        {OK "Content-Length: 5\r\n\r\n", 5, METHOD_GET, FRAMING_LENGTH, true},
        {OK "Content-Length: 0\r\n\r\n", 0, METHOD_GET, FRAMING_NONE, true},
        {OK "Transfer-Encoding: chunked\r\n\r\n", 0, METHOD_GET, FRAMING_CHUNKED, true},
        {OK "\r\n", 0, METHOD_GET, FRAMING_CLOSE, false},
        {OK "Connection: close\r\nContent-Length: 5\r\n\r\n", 5, METHOD_GET,
         FRAMING_LENGTH, false},
        {OK "Content-Length: 5\r\n\r\n", 5, METHOD_HEAD, FRAMING_NONE, true},
        {OK "Transfer-Encoding: chunked\r\n\r\n", 0, METHOD_HEAD, FRAMING_NONE, true},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 9, METHOD_GET,
         FRAMING_NONE, true},
        {"HTTP/1.1 204 \r\n\r\n", 0, METHOD_GET, FRAMING_NONE, true},
        {"HTTP/1.1 100 Continue\r\n\r\n", 0, METHOD_GET, FRAMING_NONE, true},
        {"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 0,
         METHOD_GET, FRAMING_NONE, true},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", 5, METHOD_GET, FRAMING_LENGTH,
         false},
        {"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n", 5, METHOD_GET, FRAMING_LENGTH,
         true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum h1_error error = answer(rows[i].asked, rows[i].bytes);
        if (error != H1_ERROR_NONE || head.framing != rows[i].framing ||
            head.content_length != rows[i].length ||
            head.keep_alive != rows[i].keep_alive) {
            fail_msg("row %zu: %s framing %d", i, h1_error_name(error), head.framing);
        }
    }
}

static void framing_refuses_doubtful_responses(void **state)
{
    (void)state;
    const struct {
        const char *hazard;
        const char *bytes;
        enum h1_error wanted;
    } rows[] = {
        {"CL and TE", OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
         H1_ERROR_AMBIGUOUS},
        {"CL twice", OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
         H1_ERROR_AMBIGUOUS},
        {"CL list", OK "Content-Length: 5,5\r\n\r\n", H1_ERROR_AMBIGUOUS},
        {"CL empty", OK "Content-Length: \r\n\r\n", H1_ERROR_AMBIGUOUS},
        {"CL plus", OK "Content-Length: +5\r\n\r\n", H1_ERROR_AMBIGUOUS},
        {"TE gzip", OK "Transfer-Encoding: gzip\r\n\r\n", H1_ERROR_AMBIGUOUS},
        {"TE gzip, chunked", OK "Transfer-Encoding: gzip, chunked\r\n\r\n",
         H1_ERROR_CODING},
        {"TE in 1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
         H1_ERROR_AMBIGUOUS},
        {"status line with bare LF", "HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\n",
         H1_ERROR_MALFORMED},
        {"status line with bare CR", "HTTP/1.1 200 OK\rX: y\r\n\r\n", H1_ERROR_MALFORMED},
        {"status of two digits", "HTTP/1.1 20 OK\r\n\r\n", H1_ERROR_MALFORMED},
        {"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", H1_ERROR_MALFORMED},
        {"status 099", "HTTP/1.1 099 OK\r\n\r\n", H1_ERROR_MALFORMED},
        {"status 600", "HTTP/1.1 600 OK\r\n\r\n", H1_ERROR_MALFORMED},
        {"status plus", "HTTP/1.1 +20 OK\r\n\r\n", H1_ERROR_MALFORMED},
        {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", H1_ERROR_VERSION},
        {"no version", "HTTP 200 OK\r\n\r\n", H1_ERROR_MALFORMED},
        {"ICY", "ICY 200 OK\r\n\r\n", H1_ERROR_MALFORMED},
        {"empty line before", "\r\n" OK "\r\n", H1_ERROR_MALFORMED},
        {"obs-fold", OK "X: a\r\n b\r\n\r\n", H1_ERROR_MALFORMED},
        {"Connection with tab", OK "Connection: close\t\r\n\r\n", H1_ERROR_AMBIGUOUS},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum h1_error error = answer(METHOD_GET, rows[i].bytes);
        if (error != rows[i].wanted) {
            fail_msg("%s: %s", rows[i].hazard, h1_error_name(error));
        }
    }
}

static void
framing_until_close_ends_with_the_connection_and_nothing_else_does(void **state)
{
    (void)state;
    const struct {
        struct span bytes;
        enum piece wanted;
    } rows[] = {
        {SPAN(OK "\r\n"), PIECE_LAST},
        {SPAN(OK "Content-Length: 5\r\n\r\n"), PIECE_BROKEN},
        {SPAN(OK "Transfer-Encoding: chunked\r\n\r\n"), PIECE_BROKEN},
        {SPAN(OK "Content-Length: 0\r\n\r\n"), PIECE_LAST},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct h1 *h1 = h1_new(H1_RESPONSE);
        assert_int_equal(h1_parse_head(h1, rows[i].bytes, &LIMITS, &head), H1_ERROR_NONE);
        assert_int_equal(h1_finish(h1), rows[i].wanted);
        h1_free(&h1);
    }
}

static void framing_of_the_next_answer_is_not_that_of_the_last(void **state)
{
    (void)state;
    struct h1 *h1 = h1_new(H1_RESPONSE);
    const struct span go_on = SPAN("HTTP/1.1 100 Continue\r\n\r\n");
    const struct span answer_head = SPAN(OK "Content-Length: 1\r\n\r\n");
    struct span content;
    size_t consumed = 0;

    h1_expect(h1, METHOD_HEAD);
    assert_int_equal(h1_parse_head(h1, go_on, &LIMITS, &head), H1_ERROR_NONE);
    assert_int_equal(h1_parse_head(h1, answer_head, &LIMITS, &head), H1_ERROR_NONE);
    assert_int_equal(head.framing, FRAMING_NONE);
    h1_expect(h1, METHOD_GET);
    assert_int_equal(h1_parse_head(h1, answer_head, &LIMITS, &head), H1_ERROR_NONE);
    assert_int_equal(head.framing, FRAMING_LENGTH);
    assert_int_equal(h1_parse_body(h1, SPAN("ab"), &content, &consumed), PIECE_LAST);
    assert_int_equal(consumed, 1);
    h1_free(&h1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(framing_of_good_responses),
        cmocka_unit_test(framing_refuses_doubtful_responses),
        cmocka_unit_test(framing_alone_refuses_codings_that_are_not_one_chunked),
        cmocka_unit_test(
            framing_until_close_ends_with_the_connection_and_nothing_else_does),
        cmocka_unit_test(framing_of_the_next_answer_is_not_that_of_the_last),
    };
    return RUN_TESTS(tests);
}
