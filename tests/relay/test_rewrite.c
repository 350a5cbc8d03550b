#include <stdio.h>
#include <string.h>

#include "http/h1.h"
#include "relay/rewrite.h"
#include "support/test.h"

static char out_text[8192];
static struct head head;
static struct address peer;

/* Parses a message's head. */
static void read_head(enum h1_kind kind, const char *text)
{
    struct h1_limits limits = {
        .head_size_max = 8192, .target_size_max = 4096, .field_count_max = 50};
    struct h1 *codec = h1_new(kind);
    size_t checked = 0;
    size_t len = 0;

    if (kind == H1_RESPONSE) {
        h1_expect(codec, METHOD_GET);
    }
    assert_int_equal(h1_find_head(codec, span_of(text), &checked, &len), H1_FOUND_HEAD);
    assert_int_equal(h1_parse_head(codec, span_first(span_of(text), len), &limits, &head),
                     H1_ERROR_NONE);
    h1_free(&codec);
}

static struct rewrite_request request_of(const char *text)
{
    read_head(H1_REQUEST, text);
    assert_int_equal(address_parse(SPAN("192.0.2.1"), &peer), ERR_NONE);
    const struct field *host = head_field(&head, FIELD_HOST);
    return (struct rewrite_request){
        .head = &head,
        .target = head.target,
        .host = host != NULL ? host->value : (struct span){0},
        .peer = &peer,
        .scheme = "http",
        .session = "none",
        .id = "0123456789abcdef0123456789abcdef",
        .span_id = "0123456789abcdef",
    };
}

static const char *forward(const struct rewrite_request *rewrite)
{
    struct writer out = writer_of(out_text, sizeof(out_text) - 1);

    rewrite_request(rewrite, &out);
    assert_false(out.full);
    out_text[out.len] = '\0';
    return out_text;
}

static void request_is_written_anew_with_what_we_add(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET /a?b HTTP/1.1\r\nHost: h\r\nX-Kept:  v \r\n\r\n");

    (void)state;
    assert_string_equal(
        forward(&rewrite),
        "GET /a?b HTTP/1.1\r\nHost: h\r\nX-Kept: v\r\nAccept-Encoding: identity\r\n"
        "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: http\r\n"
        "X-Forwarded-Host: h\r\nForwarded: for=192.0.2.1;proto=http;host=\"h\"\r\n"
        "Via: 1.1 countermark\r\nCountermark-Session: none\r\n"
        "Countermark-Request: 0123456789abcdef0123456789abcdef\r\n"
        "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-00\r\n\r\n");
}

static void what_was_asked_is_read_from_the_head_that_went_out(void **state)
{
    const struct {
        const char *head;
        const char *host;
        const char *target;
    } rows[] = {
        {"POST /a/login?b HTTP/1.1\r\nX: y\r\nHost:  h:8 \r\n\r\n", "h:8", "/a/login?b"},
        {"GET / HTTP/1.0\r\n\r\n", "", "/"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rewrite_request rewrite = request_of(rows[i].head);
        struct reference_base asked = rewrite_asked(span_of(forward(&rewrite)));
        assert_true(span_equal(asked.host, span_of(rows[i].host)));
        assert_true(span_equal(asked.target, span_of(rows[i].target)));
    }
}

#define TRACE "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
#define NEW_TRACE                                                                        \
    "traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-00\r\n"

static const char *forward_traced(const char *fields, bool observes)
{
    static char text[1024];

    (void)snprintf(text, sizeof(text),
                   "GET / HTTP/1.1\r\nHost: h\r\n%sTraceState: a=b\r\ntracestate: c=d\r\n"
                   "\r\n",
                   fields);
    struct rewrite_request rewrite = request_of(text);
    rewrite.observes = observes;
    return forward(&rewrite);
}

static void request_goes_on_in_the_trace_it_came_in(void **state)
{
    (void)state;
    const char *text = forward_traced("traceparent: " TRACE "\r\n", false);
    assert_non_null(strstr(text, "\r\ntraceparent: " TRACE "\r\n"));
    assert_null(strstr(text, NEW_TRACE));
    assert_non_null(strstr(text, "TraceState: a=b\r\ntracestate: c=d\r\n"));
}

static void broken_or_repeated_trace_ends_here_with_its_state(void **state)
{
    static const char *const FIELDS[] = {
        "",
        "traceparent: xx\r\n",
        "traceparent:\r\n",
        "traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
        "Traceparent: " TRACE "\r\ntraceparent: " TRACE "\r\n",
        "traceparent: " TRACE "\r\nTRACEPARENT: xx\r\n",
        "traceparent: " TRACE ", " TRACE "\r\n",
        "traceparent: " TRACE "\r\nConnection: traceparent\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(FIELDS) / sizeof(FIELDS[0]); i++) {
        const char *text = forward_traced(FIELDS[i], false);
        const char *made = strstr(text, NEW_TRACE);
        assert_non_null(made);
        assert_ptr_equal(strcasestr(text, "traceparent"), made);
        assert_null(strcasestr(made + 1, "traceparent"));
        assert_null(strcasestr(text, "tracestate"));
    }
}

static void trace_is_left_alone_where_we_only_observe(void **state)
{
    (void)state;
    const char *text =
        forward_traced("traceparent: xx\r\ntraceparent: " TRACE "\r\n", true);
    assert_non_null(strstr(text, "traceparent: xx\r\ntraceparent: " TRACE "\r\n"));
    assert_non_null(strstr(text, "TraceState: a=b\r\n"));
    assert_null(strstr(text, NEW_TRACE));
    assert_non_null(strstr(forward_traced("", true), NEW_TRACE));
}

static void fields_of_a_hop_and_those_it_names_end_here(void **state)
{
    struct rewrite_request rewrite = request_of(
        "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-Named, Cookie\r\n"
        "X-Named: 1\r\nCookie: a=1\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\n"
        "HTTP2-Settings: x\r\nProxy-Authorization: x\r\n\r\n");

    (void)state;
    const char *text = forward(&rewrite);
    assert_null(strstr(text, "X-Named"));
    assert_null(strstr(text, "Keep-Alive"));
    assert_null(strstr(text, "TE:"));
    assert_null(strstr(text, "pgrade"));
    assert_null(strstr(text, "HTTP2"));
    assert_null(strstr(text, "Proxy-Auth"));
    assert_non_null(strstr(text, "Cookie: a=1\r\n"));
}

static void fields_that_carry_a_token_cannot_be_named_away(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET / HTTP/1.1\r\nHost: h\r\nConnection: x-token, X-Jwt, X-Named\r\n"
                   "X-Token: 1\r\nX-Jwt: 2\r\nX-Named: 3\r\n\r\n");

    (void)state;
    rewrite.token_field = SPAN("X-TOKEN");
    rewrite.jwt_field = SPAN("x-jwt");
    const char *text = forward(&rewrite);
    assert_non_null(strstr(text, "X-Token: 1\r\n"));
    assert_non_null(strstr(text, "X-Jwt: 2\r\n"));
    assert_null(strstr(text, "X-Named"));
}

static void fields_that_a_server_would_take_for_ours_are_removed(void **state)
{
    struct rewrite_request rewrite = request_of(
        "GET / HTTP/1.1\r\nHost: h\r\nCountermark-Session: forged\r\n"
        "countermark_request: forged\r\nX_Forwarded_For: forged\r\n"
        "X-Real-IP: forged\r\nForwarded: for=forged\r\nX-Forwarded-Host: forged\r\n\r\n");

    (void)state;
    assert_null(strstr(forward(&rewrite), "forged"));
}

static void fields_that_name_another_path_are_removed_whoever_wrote_them(void **state)
{
    struct rewrite_request rewrite = request_of(
        "GET /public HTTP/1.1\r\nHost: h\r\nX-Original-URL: /other\r\n"
        "x_original_url: /other\r\nX-REWRITE-URL: /other\r\nX-Rewrite_Url: /other\r\n"
        "X-Original-URI: /other\r\nX-Original-URLs: kept\r\nX-Original: kept\r\n"
        "X-HTTP-Method-Override: PUT\r\n\r\n");

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        rewrite.peer_trusted = (i & 1) != 0;
        rewrite.observes = (i & 2) != 0;
        const char *text = forward(&rewrite);
        assert_null(strstr(text, "/other"));
        assert_non_null(strstr(text, "X-Original-URLs: kept\r\nX-Original: kept\r\n"));
        assert_non_null(strstr(text, "X-HTTP-Method-Override: PUT\r\n"));
    }
}

static void trusted_peers_forwarding_fields_are_added_to(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 198.51.100.7\r\n"
                   "X-Forwarded-Proto: https\r\nForwarded: for=198.51.100.7\r\n\r\n");

    (void)state;
    rewrite.peer_trusted = true;
    const char *text = forward(&rewrite);
    assert_non_null(strstr(text, "X-Forwarded-For: 198.51.100.7, 192.0.2.1\r\n"));
    assert_non_null(strstr(text, "X-Forwarded-Proto: https\r\n"));
    assert_non_null(strstr(text, "Forwarded: for=198.51.100.7, for=192.0.2.1;"));
}

static void peer_without_an_address_is_unknown_unless_a_trusted_one_says_who(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET / HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 198.51.100.7\r\n\r\n");

    (void)state;
    peer = (struct address){0};
    const char *text = forward(&rewrite);
    assert_non_null(strstr(text, "X-Forwarded-For: unknown\r\n"));
    assert_non_null(strstr(text, "Forwarded: for=unknown;proto=http;"));
    rewrite.peer_trusted = true;
    text = forward(&rewrite);
    assert_non_null(strstr(text, "X-Forwarded-For: 198.51.100.7\r\n"));
    assert_non_null(strstr(text, "Forwarded: for=unknown;proto=http;"));
}

static void several_cookie_fields_go_on_as_one(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET / HTTP/1.1\r\nHost: h\r\nCookie: x=1;\r\nX-Kept: 1\r\n"
                   "cookie:\r\nCOOKIE: PHPSESSID=\"A\";y\r\n\r\n");

    (void)state;
    const char *text = forward(&rewrite);
    assert_non_null(strstr(text, "\r\nCookie: x=1; PHPSESSID=\"A\"; y\r\n"));
    assert_ptr_equal(strcasestr(text, "\r\nCookie"), strstr(text, "\r\nCookie: x=1"));
    assert_null(strcasestr(strstr(text, "Cookie:") + 1, "\ncookie"));
    rewrite.observes = true;
    text = forward(&rewrite);
    assert_non_null(strstr(text, "\r\nCookie: x=1; PHPSESSID=\"A\"; y\r\n"));
    assert_null(strcasestr(strstr(text, "Cookie:") + 1, "\ncookie"));
}

static void one_cookie_field_goes_on_as_it_is_where_it_is(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET / HTTP/1.1\r\nHost: h\r\ncookie: x=1;y=2;\r\nX-Kept: 1\r\n\r\n");

    (void)state;
    assert_non_null(strstr(forward(&rewrite), "\r\ncookie: x=1;y=2;\r\nX-Kept: 1\r\n"));
}

static bool is_forged(const struct field *field)
{
    return span_equal_nocase(field->name, SPAN("Client-Cert"));
}

static void name_of_a_certificate_is_written_by_us_alone(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET / HTTP/1.1\r\nHost: h\r\nx_client_name: forged\r\n"
                   "X-CLIENT-NAME: forged\r\nClient-Cert: :Zm9yZ2Vk:\r\n"
                   "X-Client-Names: kept\r\n\r\n");

    (void)state;
    assert_non_null(strstr(forward(&rewrite), "X-CLIENT-NAME: forged"));
    assert_non_null(strstr(forward(&rewrite), "Client-Cert: :"));
    rewrite.certificate_field = SPAN("X-Client_Name");
    const char *text = forward(&rewrite);
    assert_null(strstr(text, "forged"));
    assert_null(strstr(text, "X-Client_Name"));
    assert_non_null(strstr(text, "Client-Cert: :"));
    rewrite.certificate_name = SPAN("alice");
    rewrite.forged = is_forged;
    text = forward(&rewrite);
    assert_non_null(strstr(text, "\r\nX-Client_Name: alice\r\n"));
    assert_non_null(strstr(text, "X-Client-Names: kept\r\n"));
    assert_null(strstr(text, "forged"));
    assert_null(strstr(text, "Client-Cert"));
}

static void conditions_are_removed_only_where_a_marker_is_required(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET / HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"a\"\r\n"
                   "If-Modified-Since: x\r\nRange: bytes=0-1\r\nIf-Range: \"a\"\r\n\r\n");

    (void)state;
    assert_non_null(strstr(forward(&rewrite), "If-None-Match: \"a\"\r\n"));
    assert_non_null(strstr(forward(&rewrite), "Range: bytes=0-1\r\n"));
    rewrite.conditions_removed = true;
    assert_null(strstr(forward(&rewrite), "If-"));
    assert_null(strstr(forward(&rewrite), "Range"));
}

static void framing_is_written_as_it_was_announced(void **state)
{
    struct rewrite_request rewrite =
        request_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n");

    (void)state;
    assert_non_null(strstr(forward(&rewrite), "Content-Length: 12\r\n\r\n"));
    rewrite = request_of("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
    assert_non_null(strstr(forward(&rewrite), "Content-Length: 0\r\n\r\n"));
    rewrite =
        request_of("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert_non_null(strstr(forward(&rewrite), "Transfer-Encoding: chunked\r\n\r\n"));
}

static void assert_full_below_its_size(const struct rewrite_request *rewrite)
{
    size_t whole = strlen(forward(rewrite));

    for (size_t size = 0; size < whole; size++) {
        struct writer out = writer_of(out_text, size);
        rewrite_request(rewrite, &out);
        assert_true(out.full);
        assert_true(out.len <= size);
    }
}

static void head_that_does_not_fit_says_so_at_every_size(void **state)
{
    struct rewrite_request rewrite =
        request_of("GET /a?b HTTP/1.1\r\nHost: h\r\nCookie: a=1; b=2\r\n\r\n");

    (void)state;
    assert_full_below_its_size(&rewrite);
    rewrite =
        request_of("GET /a?b HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n");
    assert_full_below_its_size(&rewrite);
}

static void response_loses_hops_and_ours_and_keeps_the_rest(void **state)
{
    struct rewrite_response rewrite = {.head = &head};
    struct writer out = writer_of(out_text, sizeof(out_text) - 1);

    (void)state;
    read_head(H1_RESPONSE,
              "HTTP/1.1 200 Fine\r\nContent-Length: 3\r\nETag: \"a\"\r\n"
              "Countermark-Echo: x\r\nCountermark-Other: x\r\n"
              "Connection: X-Named\r\nX-Named: 1\r\nSet-Cookie: a=1\r\n\r\n");
    rewrite_response(&rewrite, &out);
    out_text[out.len] = '\0';
    assert_string_equal(out_text,
                        "HTTP/1.1 200 Fine\r\nETag: \"a\"\r\nSet-Cookie: a=1\r\n"
                        "Via: 1.1 countermark\r\n");
    rewrite.validators_removed = true;
    out = writer_of(out_text, sizeof(out_text) - 1);
    rewrite_response(&rewrite, &out);
    out_text[out.len] = '\0';
    assert_null(strstr(out_text, "ETag"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_written_anew_with_what_we_add),
        cmocka_unit_test(what_was_asked_is_read_from_the_head_that_went_out),
        cmocka_unit_test(request_goes_on_in_the_trace_it_came_in),
        cmocka_unit_test(broken_or_repeated_trace_ends_here_with_its_state),
        cmocka_unit_test(trace_is_left_alone_where_we_only_observe),
        cmocka_unit_test(fields_of_a_hop_and_those_it_names_end_here),
        cmocka_unit_test(fields_that_carry_a_token_cannot_be_named_away),
        cmocka_unit_test(fields_that_a_server_would_take_for_ours_are_removed),
        cmocka_unit_test(fields_that_name_another_path_are_removed_whoever_wrote_them),
        cmocka_unit_test(trusted_peers_forwarding_fields_are_added_to),
        cmocka_unit_test(
            peer_without_an_address_is_unknown_unless_a_trusted_one_says_who),
        cmocka_unit_test(several_cookie_fields_go_on_as_one),
        cmocka_unit_test(one_cookie_field_goes_on_as_it_is_where_it_is),
        cmocka_unit_test(name_of_a_certificate_is_written_by_us_alone),
        cmocka_unit_test(conditions_are_removed_only_where_a_marker_is_required),
        cmocka_unit_test(framing_is_written_as_it_was_announced),
        cmocka_unit_test(head_that_does_not_fit_says_so_at_every_size),
        cmocka_unit_test(response_loses_hops_and_ours_and_keeps_the_rest),
    };
    return RUN_TESTS(tests);
}
