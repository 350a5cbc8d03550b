#include <stdio.h>

#include "http/h1.h"
#include "support/test.h"

static const struct h1_limits LIMITS = {
    .head_size_max = 4096, .target_size_max = 1024, .field_count_max = 100};

/* What became of one message, read with its bytes handed over `step` at a time. */
struct outcome {
    bool found_bad;
    bool incomplete;
    enum h1_error error;
    enum piece piece;
    size_t consumed;
    size_t content_len;
    char content[512];
};

static struct head head;

static void take_body(struct h1 *h1, struct span rest, size_t step, struct outcome *out)
{
    size_t given = 0;

    for (;;) {
        struct span content;
        size_t consumed = 0;
        size_t len = rest.len - given < step ? rest.len - given : step;
        struct span bytes = span_first(span_from(rest, given), len);
        out->piece = h1_parse_body(h1, bytes, &content, &consumed);
        assert_true(consumed <= bytes.len);
        if (content.len > 0) {
            memcpy(out->content + out->content_len, content.ptr, content.len);
        }
        out->content_len += content.len;
        given += consumed;
        out->consumed += consumed;
        if (out->piece != PIECE_MORE || given == rest.len) {
            return;
        }
    }
}

static struct outcome read_message(struct h1 *h1, struct span bytes, size_t step)
{
    struct outcome out = {0};
    size_t checked = 0;
    size_t head_len = 0;
    size_t given = 0;
    enum h1_found found = H1_FOUND_NOT;

    while (found == H1_FOUND_NOT && given < bytes.len) {
        given = given + step < bytes.len ? given + step : bytes.len;
        found = h1_find_head(h1, span_first(bytes, given), &checked, &head_len);
    }
    out.found_bad = found == H1_FOUND_BAD;
    out.incomplete = found == H1_FOUND_NOT;
    if (found != H1_FOUND_HEAD) {
        return out;
    }
    /* A copy of exact size: reading past it is seen by the sanitizer. */
    static uint8_t *kept;
    free(kept);
    kept = malloc(head_len);
    memcpy(kept, bytes.ptr, head_len);
    out.error =
        h1_parse_head(h1, (struct span){.ptr = kept, .len = head_len}, &LIMITS, &head);
    out.consumed = head_len;
    if (out.error == H1_ERROR_NONE) {
        take_body(h1, span_from(bytes, head_len), step, &out);
    }
    return out;
}

static struct outcome read_all(enum h1_kind kind, enum method asked, struct span bytes,
                               size_t step)
{
    struct h1 *h1 = h1_new(kind);
    if (kind == H1_RESPONSE) {
        h1_expect(h1, asked);
    }
    struct outcome out = read_message(h1, bytes, step);
    h1_free(&h1);
    return out;
}

static const size_t STEPS[] = {1, 2, 3, 7, 16, 100000};
enum { STEP_COUNT = sizeof(STEPS) / sizeof(STEPS[0]) };

/* ---- Requests ---- */

#define GET  "GET /a?b HTTP/1.1\r\n"
#define HOST "Host: a.example\r\n"
#define POST "POST / HTTP/1.1\r\n" HOST

/* Every hazard by name. `wanted` NONE means: the bytes can never become a head. */
static const struct {
    const char *hazard;
    const char *bytes;
    enum h1_error wanted;
} BAD_REQUESTS[] = {
    {"CL.TE", POST "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
     H1_ERROR_AMBIGUOUS},
    {"TE.CL", POST "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n",
     H1_ERROR_AMBIGUOUS},
    {"TE xchunked", POST "Transfer-Encoding: xchunked\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"TE identity", POST "Transfer-Encoding: identity\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"TE twice chunked", POST "Transfer-Encoding: chunked, chunked\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"TE two fields",
     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"TE two equal fields",
     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"TE chunked not last", POST "Transfer-Encoding: chunked, gzip\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"TE quoted", POST "Transfer-Encoding: \"chunked\"\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"TE empty", POST "Transfer-Encoding:\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"TE parameter", POST "Transfer-Encoding: chunked;q=1\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"TE trailing comma", POST "Transfer-Encoding: chunked,\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"TE vertical tab",
     POST "Transfer-Encoding: \x0b"
          "chunked\r\n\r\n",
     H1_ERROR_MALFORMED},
    {"TE gzip, chunked", POST "Transfer-Encoding: gzip, chunked\r\n\r\n",
     H1_ERROR_CODING},
    {"TE in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"TE blank before colon", POST "Transfer-Encoding : chunked\r\n\r\n",
     H1_ERROR_MALFORMED},
    {"CL twice, different", POST "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"CL twice, same", POST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"CL list", POST "Content-Length: 1, 1\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"CL empty", POST "Content-Length:\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"CL negative", POST "Content-Length: -1\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"CL plus", POST "Content-Length: +1\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"CL with tab behind", POST "Content-Length: 1\t\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"CL hex", POST "Content-Length: 0x1\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"CL with blank inside", POST "Content-Length: 1 1\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"CL past 2^64", POST "Content-Length: 18446744073709551616\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"CL past 2^63", POST "Content-Length: 9223372036854775808\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"CL blank before colon", POST "Content-Length : 1\r\n\r\n", H1_ERROR_MALFORMED},
    {"CL underscore is another field, so blank name", POST ": 1\r\n\r\n",
     H1_ERROR_MALFORMED},
    {"Connection with tab", POST "Connection: close\t\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"Connection with leading tab", POST "Connection: \tclose\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"Connection with inner tab", POST "Connection: keep-alive,\tclose\r\n\r\n",
     H1_ERROR_AMBIGUOUS},
    {"no host", "GET / HTTP/1.1\r\n\r\n", H1_ERROR_MALFORMED},
    {"two hosts", GET HOST "Host: b.example\r\n\r\n", H1_ERROR_AMBIGUOUS},
    {"two hosts in 1.0", "GET / HTTP/1.0\r\n" HOST HOST "\r\n", H1_ERROR_AMBIGUOUS},
    {"empty host", GET "Host:\r\n\r\n", H1_ERROR_MALFORMED},
    {"host with slash", GET "Host: a/b\r\n\r\n", H1_ERROR_MALFORMED},
    {"host with user", GET "Host: a@b\r\n\r\n", H1_ERROR_MALFORMED},
    {"bare LF after request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", H1_ERROR_NONE},
    {"bare LF after field", GET "Host: a\nX: b\r\n\r\n", H1_ERROR_NONE},
    {"bare LF as end", GET HOST "\n", H1_ERROR_NONE},
    {"bare CR in field", GET HOST "X: a\rContent-Length: 3\r\n\r\n", H1_ERROR_MALFORMED},
    {"bare CR at line start", GET HOST "\rX: a\r\n\r\n", H1_ERROR_NONE},
    {"bare CR in target", "GET /\rx HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"obs-fold", GET HOST "X: a\r\n b\r\n\r\n", H1_ERROR_NONE},
    {"obs-fold after request line", GET " X: a\r\n" HOST "\r\n", H1_ERROR_NONE},
    {"obs-fold with tab", GET HOST "X: a\r\n\tb\r\n\r\n", H1_ERROR_NONE},
    {"no colon", GET HOST "Xabc\r\n\r\n", H1_ERROR_MALFORMED},
    {"control byte in value",
     GET HOST "X: a\x01"
              "b\r\n\r\n",
     H1_ERROR_MALFORMED},
    {"DEL in value", GET HOST "X: 12345678901234567\x7f\r\n\r\n", H1_ERROR_MALFORMED},
    {"non-token name", GET HOST "X(y): a\r\n\r\n", H1_ERROR_MALFORMED},
    {"high byte in name", GET HOST "X\xe9: a\r\n\r\n", H1_ERROR_MALFORMED},
    {"two blanks", "GET  / HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"blank in target", "GET /a b HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"tab as blank", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"blank after version", "GET / HTTP/1.1 \r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"high byte in target", "GET /\xe3\x81 HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"target without slash", "GET a HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"asterisk for GET", "GET * HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"authority with user", "GET http://a@b/ HTTP/1.1\r\n" HOST "\r\n",
     H1_ERROR_MALFORMED},
    {"other scheme", "GET ftp://a/ HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_METHOD},
    {"TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_METHOD},
    {"method nobody knows", "BREW / HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_METHOD},
    {"lower-case method", "get / HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_METHOD},
    {"RTSP method", "DESCRIBE / HTTP/1.1\r\n" HOST "\r\n", H1_ERROR_METHOD},
    {"HTTP/0.9", "GET /\r\n\r\n", H1_ERROR_VERSION},
    {"HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", H1_ERROR_VERSION},
    {"HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", H1_ERROR_VERSION},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", H1_ERROR_VERSION},
    {"lower-case version", "GET / http/1.1\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"two-digit version", "GET / HTTP/1.10\r\n" HOST "\r\n", H1_ERROR_MALFORMED},
    {"two empty lines before", "\r\n\r\n" GET HOST "\r\n", H1_ERROR_NONE},
    {"TLS hello", "\x16\x03\x01", H1_ERROR_NONE},
    {"blank before method", " GET / HTTP/1.1\r\n", H1_ERROR_NONE},
};

static void h1_refuses_every_ambiguous_or_malformed_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(BAD_REQUESTS) / sizeof(BAD_REQUESTS[0]); i++) {
        for (size_t s = 0; s < STEP_COUNT; s++) {
            struct outcome out = read_all(H1_REQUEST, METHOD_OTHER,
                                          span_of(BAD_REQUESTS[i].bytes), STEPS[s]);
            bool right = BAD_REQUESTS[i].wanted == H1_ERROR_NONE
                             ? out.found_bad
                             : !out.found_bad && out.error == BAD_REQUESTS[i].wanted;
            if (!right) {
                fail_msg("%s by %zu: %s", BAD_REQUESTS[i].hazard, STEPS[s],
                         out.found_bad    ? "never a head"
                         : out.incomplete ? "incomplete"
                                          : h1_error_name(out.error));
            }
        }
    }
}

static void h1_refuses_a_nul_byte_anywhere_in_a_head(void **state)
{
    (void)state;
    const char text[] = GET HOST "X-Long-Name: some longer value\r\n\r\n";
    uint8_t bytes[sizeof(text) - 1];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        memcpy(bytes, text, sizeof(bytes));
        bytes[i] = 0;
        struct outcome out =
            read_all(H1_REQUEST, METHOD_OTHER,
                     (struct span){.ptr = bytes, .len = sizeof(bytes)}, 1000);
        assert_true(out.found_bad || out.incomplete || out.error != H1_ERROR_NONE);
    }
}

static const struct {
    const char *what;
    const char *bytes;
    const char *content;
    const char *behind; /* What belongs to the next message. */
    enum framing framing;
    bool keep_alive;
} GOOD_REQUESTS[] = {
    {"plain", GET HOST "\r\n", "", "", FRAMING_NONE, true},
    {"empty line before", "\r\n" GET HOST "\r\n", "", "", FRAMING_NONE, true},
    {"HTTP/1.0 without host", "GET / HTTP/1.0\r\n\r\n", "", "", FRAMING_NONE, false},
    {"HTTP/1.0 keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "", "",
     FRAMING_NONE, true},
    {"close wins", GET HOST "Connection: keep-alive, close\r\n\r\n", "", "", FRAMING_NONE,
     false},
    {"absolute form", "GET http://a.example:80/x HTTP/1.1\r\n" HOST "\r\n", "", "",
     FRAMING_NONE, true},
    {"asterisk form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "", "", FRAMING_NONE, true},
    {"length", POST "Content-Length: 5\r\n\r\nhello" GET, "hello", GET, FRAMING_LENGTH,
     true},
    {"length of zero", POST "Content-Length: 0\r\n\r\n" GET, "", GET, FRAMING_NONE, true},
    {"padded length", POST "Content-Length:  5  \r\n\r\nhello", "hello", "",
     FRAMING_LENGTH, true},
    {"chunked",
     POST "transfer-encoding: Chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nG",
     "hello!", "G", FRAMING_CHUNKED, true},
    {"chunked with trailers",
     POST "Transfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX-Sum: "
          "a\r\nY:\r\n\r\nG",
     "0123456789", "G", FRAMING_CHUNKED, true},
    {"upgrade with body",
     POST "Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nab", "ab", "",
     FRAMING_LENGTH, true},
    {"upgrade without body",
     GET HOST "Connection: upgrade\r\nUpgrade: websocket\r\n\r\nX", "", "X", FRAMING_NONE,
     true},
    {"empty value", GET HOST "X-Empty:\r\nY: \r\n\r\n", "", "", FRAMING_NONE, true},
    {"high bytes in value", GET HOST "X: \xe3\x81\x82\xe3\x81\x84 \t tab\r\n\r\n", "", "",
     FRAMING_NONE, true},
};

static void h1_reads_good_requests_in_any_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(GOOD_REQUESTS) / sizeof(GOOD_REQUESTS[0]); i++) {
        struct span bytes = span_of(GOOD_REQUESTS[i].bytes);
        struct span content = span_of(GOOD_REQUESTS[i].content);
        for (size_t s = 0; s < STEP_COUNT; s++) {
            struct outcome out = read_all(H1_REQUEST, METHOD_OTHER, bytes, STEPS[s]);
            if (out.found_bad || out.error != H1_ERROR_NONE || out.piece != PIECE_LAST ||
                head.framing != GOOD_REQUESTS[i].framing ||
                head.keep_alive != GOOD_REQUESTS[i].keep_alive) {
                fail_msg("%s by %zu: %s piece %d", GOOD_REQUESTS[i].what, STEPS[s],
                         h1_error_name(out.error), out.piece);
            }
            assert_int_equal(out.content_len, content.len);
            assert_memory_equal(out.content, content.ptr, content.len);
            assert_string_equal(GOOD_REQUESTS[i].bytes + out.consumed,
                                GOOD_REQUESTS[i].behind);
        }
    }
}

static void h1_request_head_has_its_parts(void **state)
{
    (void)state;
    read_all(H1_REQUEST, METHOD_OTHER,
             SPAN("POST /x;y?z HTTP/1.1\r\nhost:a\r\nCookie:  b=c \t\r\nX-Q:\r\n"
                  "Content-Length: 0\r\n\r\n"),
             1);

    assert_int_equal(head.method, METHOD_POST);
    assert_true(span_equal(head.method_text, SPAN("POST")));
    assert_true(span_equal(head.target, SPAN("/x;y?z")));
    assert_int_equal(head.version_minor, 1);
    assert_int_equal(head.field_count, 4);
    assert_int_equal(head.fields[1].id, FIELD_COOKIE);
    assert_true(span_equal(head.fields[1].value, SPAN("b=c")));
    assert_int_equal(head.fields[2].id, FIELD_OTHER);
    assert_int_equal(head.fields[2].value.len, 0);
    assert_true(head.has_content_length);
}

/* ---- Chunks ---- */

static const struct {
    const char *hazard;
    const char *body;
} BAD_CHUNKS[] = {
    {"chunk extension", "5;a=b\r\nhello\r\n0\r\n\r\n"},
    {"extension on last chunk", "0;a\r\n\r\n"},
    {"blank after size", "5 \r\nhello\r\n0\r\n\r\n"},
    {"blank before size", " 5\r\nhello\r\n0\r\n\r\n"},
    {"tab after size", "5\t\r\nhello\r\n0\r\n\r\n"},
    {"negative size", "-5\r\nhello\r\n0\r\n\r\n"},
    {"plus size", "+5\r\nhello\r\n0\r\n\r\n"},
    {"0x size", "0x5\r\nhello\r\n0\r\n\r\n"},
    {"no size", "\r\nhello\r\n0\r\n\r\n"},
    {"size overflow", "10000000000000005\r\nhello\r\n0\r\n\r\n"},
    {"endless zeros", "00000000000000005\r\nhello\r\n0\r\n\r\n"},
    {"bare LF after size", "5\nhello\r\n0\r\n\r\n"},
    {"bare CR after size", "5\rhello\r\n0\r\n\r\n"},
    {"bare LF after data", "5\r\nhello\n0\r\n\r\n"},
    {"no CRLF after data", "5\r\nhello0\r\n\r\n"},
    {"data longer than size", "4\r\nhello\r\n0\r\n\r\n"},
    {"bare LF after last chunk", "0\n\r\n"},
    {"bare LF as end", "0\r\n\n"},
    {"bare CR as end", "0\r\n\rX"},
    {"trailer with fold", "0\r\nX: a\r\n b\r\n\r\n"},
    {"trailer without colon", "0\r\nXa\r\n\r\n"},
    {"trailer with blank before colon", "0\r\nX : a\r\n\r\n"},
    {"trailer with control byte", "0\r\nX: \x02\r\n\r\n"},
    {"trailer with bare LF", "0\r\nX: a\nY: b\r\n\r\n"},
    {"request after last chunk without end", "0\r\nGET / HTTP/1.1\r\n\r\n"},
};

static void h1_refuses_every_malformed_chunk(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(BAD_CHUNKS) / sizeof(BAD_CHUNKS[0]); i++) {
        for (size_t s = 0; s < STEP_COUNT; s++) {
            char bytes[256];
            int len =
                snprintf(bytes, sizeof(bytes),
                         POST "Transfer-Encoding: chunked\r\n\r\n%s", BAD_CHUNKS[i].body);
            assert_true(len > 0 && (size_t)len < sizeof(bytes));
            struct outcome out =
                read_all(H1_REQUEST, METHOD_OTHER, span_of(bytes), STEPS[s]);
            if (out.piece != PIECE_BROKEN) {
                fail_msg("%s by %zu: piece %d", BAD_CHUNKS[i].hazard, STEPS[s],
                         out.piece);
            }
        }
    }
}

static void h1_trailers_are_bounded(void **state)
{
    (void)state;
    struct h1 *h1 = h1_new(H1_REQUEST);
    struct span content;
    size_t consumed = 0;
    enum piece piece = PIECE_MORE;
    const struct span start = SPAN(POST "Transfer-Encoding: chunked\r\n\r\n");

    assert_int_equal(h1_parse_head(h1, start, &LIMITS, &head), H1_ERROR_NONE);
    assert_int_equal(h1_parse_body(h1, SPAN("0\r\n"), &content, &consumed), PIECE_MORE);
    for (int i = 0; i < 2000 && piece == PIECE_MORE; i++) {
        piece = h1_parse_body(h1, SPAN("X-Y: z\r\n"), &content, &consumed);
    }
    assert_int_equal(piece, PIECE_BROKEN);
    h1_free(&h1);
}

static void h1_stays_broken_after_an_error(void **state)
{
    (void)state;
    struct h1 *h1 = h1_new(H1_REQUEST);
    struct span content;
    size_t size = 0;
    size_t checked = 0;

    assert_int_equal(h1_parse_head(h1, SPAN("GET / HTTP/3.0\r\n\r\n"), &LIMITS, &head),
                     H1_ERROR_VERSION);
    assert_int_equal(h1_parse_head(h1, SPAN(GET HOST "\r\n"), &LIMITS, &head),
                     H1_ERROR_VERSION);
    assert_int_equal(h1_find_head(h1, SPAN(GET HOST "\r\n"), &checked, &size),
                     H1_FOUND_BAD);
    assert_int_equal(h1_parse_body(h1, SPAN("x"), &content, &size), PIECE_BROKEN);
    assert_int_equal(h1_finish(h1), PIECE_BROKEN);
    h1_free(&h1);
}

static void h1_limits_are_kept(void **state)
{
    (void)state;
    const struct h1_limits limits = {
        .head_size_max = 17, .target_size_max = 4, .field_count_max = 1};
    const struct {
        struct span bytes;
        enum h1_error wanted;
    } rows[] = {
        {SPAN("GET /abc HTTP/1.1\r\nHost: a.example\r\n\r\n"), H1_ERROR_NONE},
        {SPAN("GET /abcd HTTP/1.1\r\nHost: a.example\r\n\r\n"), H1_ERROR_TARGET_LONG},
        {SPAN("GET / HTTP/1.1\r\nHost: ab.example\r\n\r\n"), H1_ERROR_FIELDS_LARGE},
        {SPAN("GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n"), H1_ERROR_FIELDS_LARGE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct h1 *h1 = h1_new(H1_REQUEST);
        assert_int_equal(h1_parse_head(h1, rows[i].bytes, &limits, &head),
                         rows[i].wanted);
        h1_free(&h1);
    }
}

static void h1_incomplete_heads_are_bounded(void **state)
{
    (void)state;
    const struct h1_limits limits = {
        .head_size_max = 10, .target_size_max = 10, .field_count_max = 1};
    struct h1 *h1 = h1_new(H1_REQUEST);
    struct span long_line =
        SPAN("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");

    assert_int_equal(h1_check_size(h1, SPAN("GET / HTTP/1.1\r\nA: b"), &limits),
                     H1_ERROR_NONE);
    assert_int_equal(
        h1_check_size(h1, SPAN("GET / HTTP/1.1\r\nA: bbbbbbbbbbbbb"), &limits),
        H1_ERROR_FIELDS_LARGE);
    assert_int_equal(h1_check_size(h1, long_line, &limits), H1_ERROR_TARGET_LONG);
    h1_free(&h1);
}

static void h1_errors_have_names_and_statuses(void **state)
{
    (void)state;
    assert_int_equal(h1_error_status(H1_ERROR_TARGET_LONG), 414);
    assert_int_equal(h1_error_status(H1_ERROR_AMBIGUOUS), 400);
    assert_int_equal(h1_error_status(H1_ERROR_VERSION), 505);
    assert_string_equal(h1_error_name(H1_ERROR_CODING), "transfer-coding");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(h1_refuses_every_ambiguous_or_malformed_request),
        cmocka_unit_test(h1_refuses_a_nul_byte_anywhere_in_a_head),
        cmocka_unit_test(h1_reads_good_requests_in_any_split),
        cmocka_unit_test(h1_request_head_has_its_parts),
        cmocka_unit_test(h1_refuses_every_malformed_chunk),
        cmocka_unit_test(h1_trailers_are_bounded),
        cmocka_unit_test(h1_stays_broken_after_an_error),
        cmocka_unit_test(h1_limits_are_kept),
        cmocka_unit_test(h1_incomplete_heads_are_bounded),
        cmocka_unit_test(h1_errors_have_names_and_statuses),
    };
    return RUN_TESTS(tests);
}
