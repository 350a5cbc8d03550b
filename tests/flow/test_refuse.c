/* I1 and the verdict: nothing of a refused response leaves, a released one leaves as it
 * came, however the upstream's bytes are cut. */
#include <stdio.h>
#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, "alice-session-token", "alice");
    return 0;
}

static int set_up_cookie(void **state)
{
    (void)state;
    flow_init(&world);
    world.regex = "cookie:login_name";
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, "alice-session-token", "alice");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_close(&world);
    return 0;
}

/* Everything up, as if an operator had said so. */
static void bring_up(void)
{
    feature_table_set(&world.features, FEATURE_LOGIN, FEATURE_UP);
    takedown_forget(world.shared.takedown, UINT64_MAX);
}

static const char *const FOREIGN[] = {
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-User-Marker: bob\r\n"
    "X-Secret: Bob-1\r\nContent-Length: 21\r\n\r\n<p>Bob's address.</p>",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 64\r\n\r\n"
    "<meta name=\"user-marker\" content=\"bob\"><p>Bob's address here</p>",
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    "11\r\n<meta name=\"user-\r\n1\r\nm\r\n18\r\narker\" content=\"bob\"><p>\r\n"
    "5\r\nBob's\r\n0\r\n\r\n",
};

/* Sends a foreign page in two parts and looks at what the client gets. */
static void expect_refused(const char *page, size_t split)
{
    struct flow_answer answer;
    struct span bytes = span_of(page);

    flow_get(&world, &client, "/mypage/top", "alice-session-token");
    if (flow_knocks(&world) || upstream.fd < 0) {
        flow_accept(&world, &upstream);
    }
    flow_hear_request(&world, &upstream);
    flow_say_bytes(&world, &upstream, span_first(bytes, split));
    for (int i = 0; i < 4; i++) {
        flow_turn(&world);
    }
    flow_listen(&client);
    assert_int_equal(client.len, 0);
    flow_say_bytes(&world, &upstream, span_from(bytes, split));
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "Bob"));
    assert_false(flow_has(&client, "bob"));
    assert_true(flow_has(&client, "Cache-Control: no-store"));
    assert_true(flow_login_down(&world));
    assert_true(flow_hear_end(&world, &upstream));
    flow_hang_up(&upstream);
    flow_forget(&client);
    bring_up();
}

static void refused_response_sends_no_byte_of_it_at_any_split(void **state)
{
    unsigned refusals = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(FOREIGN) / sizeof(FOREIGN[0]); i++) {
        for (size_t split = 0; split < strlen(FOREIGN[i]); split += 3) {
            expect_refused(FOREIGN[i], split);
            refusals++;
        }
    }
    assert_int_equal(flow_ended(&world, "refused"), refusals);
    assert_int_equal(world.journal.displays, refusals);
    const struct journal_entry *entry = flow_last_entry(&world);
    assert_true(entry->strong);
    assert_int_equal(entry->outcome, JOURNAL_WITHHELD);
    assert_true(span_equal(user_span(&entry->subject), SPAN("bob")));
    assert_true(span_equal(user_span(&entry->viewer), SPAN("alice")));
    assert_true(entry->viewer_confirmed);
}

static void released_response_arrives_byte_for_byte_at_any_split(void **state)
{
    static const char *const pages[] = {
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-User-Marker: alice\r\n"
        "Content-Length: 20\r\n\r\n01234567890123456789",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-User-Marker: alice\r\n\r\n"
        "4\r\n0123\r\n1\r\n4\r\n0F\r\n567890123456789\r\n0\r\nTrailer: x\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        for (size_t split = 1; split < strlen(pages[i]); split++) {
            struct flow_answer answer;
            flow_get(&world, &client, "/mypage/top", "alice-session-token");
            flow_hear_request(&world, &upstream);
            flow_forget(&upstream);
            flow_say_bytes(&world, &upstream, span_first(span_of(pages[i]), split));
            flow_turn(&world);
            flow_turn(&world);
            flow_listen(&client);
            assert_int_equal(client.len, 0);
            flow_say_bytes(&world, &upstream, span_from(span_of(pages[i]), split));
            assert_true(flow_hear_answer(&world, &client, false, &answer));
            assert_int_equal(answer.status, 200);
            assert_true(span_equal(answer.body, SPAN("01234567890123456789")));
            assert_int_equal(answer.wire_len, client.len);
            assert_false(flow_has(&client, "Trailer"));
            flow_forget(&client);
        }
    }
    assert_false(flow_login_down(&world));
}

static void large_response_arrives_byte_for_byte_over_many_blocks(void **state)
{
    char *body = malloc(FLOW_HOLD_MAX);
    char head[128];
    struct flow_answer answer;

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < FLOW_HOLD_MAX; i++) {
        body[i] = (char)('!' + i * 7 % 90);
    }
    (void)snprintf(
        head, sizeof(head),
        "HTTP/1.1 200 OK\r\nX-User-Marker: alice\r\nContent-Type: text/plain\r\n"
        "Content-Length: %d\r\n\r\n",
        FLOW_HOLD_MAX);
    flow_get(&world, &client, "/mypage/top", "alice-session-token");
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, head);
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (uint8_t *)body, .len = FLOW_HOLD_MAX});
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.body.len, FLOW_HOLD_MAX);
    assert_memory_equal(answer.body.ptr, body, FLOW_HOLD_MAX);
    free(body);
}

static void unmarked_response_is_refused_where_the_marker_is_required(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_get(&world, &client, "/mypage/strict/a", "alice-session-token");
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, NULL, "secret");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "secret"));
    assert_false(flow_login_down(&world));
}

static void response_over_the_limit_is_refused_where_nothing_may_stream(void **state)
{
    struct flow_answer answer;
    char *body = calloc(1, FLOW_HOLD_MAX + 70000);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', FLOW_HOLD_MAX + 69999);
    flow_get(&world, &client, "/mypage/top", "alice-session-token");
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "alice", body);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "xxxxxxxxxx"));
    assert_int_equal(flow_ended(&world, "over-limit"), 1);
    free(body);
}

static void response_over_the_limit_gets_the_page_of_a_refusal(void **state)
{
    struct flow_answer answer;
    char *body = calloc(1, FLOW_HOLD_MAX + 70000);

    (void)state;
    assert_non_null(body);
    memset(body, 'x', FLOW_HOLD_MAX + 69999);
    world.site->refusal_status = 451;
    flow_say(&world, &client,
             "POST /mypage/top HTTP/1.1\r\nHost: site\r\nAccept-Language: en\r\n"
             "Cookie: sid=alice-session-token\r\nContent-Length: 0\r\n\r\n");
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "alice", body);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 451);
    assert_true(flow_has(&client, "Cache-Control: no-store"));
    assert_true(flow_has(&client, "Reference: "));
    assert_true(flow_has(&client, "may already have been saved"));
    assert_false(flow_has(&client, "xxxxxxxxxx"));
    assert_int_equal(flow_ended(&world, "over-limit"), 1);
    assert_int_equal(world.journal.count, 0);
    free(body);
}

static void undecodable_body_is_refused_where_the_marker_is_required(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_get(&world, &client, "/mypage/strict/a", "alice-session-token");
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
             "X-User-Marker: alice\r\nContent-Length: 6\r\n\r\nsecret");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "secret"));
    assert_false(flow_login_down(&world));
}

static void marked_response_to_an_anonymous_request_is_refused(void **state)
{
    struct flow_answer answer;
    struct flow_peer other;

    (void)state;
    flow_get(&world, &client, "/public", NULL);
    flow_accept(&world, &other);
    flow_hear_request(&world, &other);
    flow_page(&world, &other, "bob", "secret");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "secret"));
    assert_true(flow_login_down(&world));
    flow_hang_up(&other);
}

static void observing_route_delivers_and_records(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_get(&world, &client, "/observe/a", "alice-session-token");
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "bob", "seen");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(span_equal(answer.body, SPAN("seen")));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    assert_false(flow_login_down(&world));
}

static void head_only_and_empty_responses_keep_their_fields(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_say(&world, &client,
             "HEAD /mypage/top HTTP/1.1\r\nHost: site\r\nCookie: "
             "sid=alice-session-token\r\n\r\n");
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, true, &answer));
    assert_true(flow_has(&client, "Content-Length: 500\r\n"));
    flow_forget(&client);
    flow_get(&world, &client, "/mypage/top", "alice-session-token");
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, true, &answer));
    assert_int_equal(answer.status, 304);
    assert_true(flow_has(&client, "ETag: \"a\"\r\n"));
    assert_int_equal(flow_ended(&world, "released"), 4);
}

/* An answer that sets one cookie, to alice or to nobody. */
static unsigned set_cookie(const char *cookie, const char *sid)
{
    struct flow_answer answer;
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 200 OK\r\nSet-Cookie: %s\r\nContent-Length: 2\r\n\r\nok",
                   cookie);
    flow_get(&world, &client, sid != NULL ? "/logout" : "/public", sid);
    flow_settle(&world);
    if (flow_knocks(&world)) {
        flow_hang_up(&upstream);
        flow_accept(&world, &upstream);
    }
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_say(&world, &upstream, text);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    flow_forget(&client);
    return answer.status;
}

static void cookie_that_is_taken_away_shows_nobody(void **state)
{
    static const char *const DELETIONS[] = {
        "login_name=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0; path=/",
        "login_name=deleted",
        "login_name=",
        "login_name=\"\"; Path=/",
        "login_name=alice; Max-Age=0",
        "login_name=bob; max-age=-1",
        "login_name=bob; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    };

    (void)state;
    assert_int_equal(set_cookie(DELETIONS[0], "alice-session-token"), 200);
    for (size_t i = 0; i < sizeof(DELETIONS) / sizeof(DELETIONS[0]); i++) {
        assert_int_equal(set_cookie(DELETIONS[i], NULL), 200);
    }
    assert_int_equal(world.journal.displays, 0);
    assert_false(flow_login_down(&world));
    /* Max-Age counts before Expires. */
    assert_int_equal(
        set_cookie("login_name=bob; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=9",
                   NULL),
        502);
    assert_int_equal(world.journal.displays, 1);
    assert_true(span_equal(user_span(&flow_last_entry(&world)->subject), SPAN("bob")));
}

static const char *const OTHER_TAG = "0123456789abcdef0123456789abcdef";

/* A page of alice with these fields: `|` begins an echo, `+` is the tag that was sent,
 * `-` another one. */
static unsigned echo(const char *fields)
{
    struct flow_answer answer;
    char text[1024] = "HTTP/1.1 200 OK\r\nX-User-Marker: alice\r\nContent-Length: 2\r\n";
    size_t len = strlen(text);

    flow_get(&world, &client, "/mypage/strict/a", "alice-session-token");
    flow_settle(&world);
    if (flow_knocks(&world)) {
        flow_hang_up(&upstream);
        flow_accept(&world, &upstream);
    }
    flow_hear_request(&world, &upstream);
    const char *sent = strstr(upstream.text, "Countermark-Request: ");
    assert_non_null(sent);
    sent += strlen("Countermark-Request: ");
    for (const char *at = fields; *at != '\0'; at++) {
        const char *put = *at == '+'   ? sent
                          : *at == '-' ? OTHER_TAG
                          : *at == '|' ? "\r\nCountermark-Echo: "
                                       : at;
        int size = put == at ? 1 : JOURNAL_ID_DIGITS;
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s", size, put);
    }
    (void)snprintf(text + len, sizeof(text) - len, "\r\n\r\nok");
    flow_forget(&upstream);
    flow_say(&world, &upstream, text);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    flow_forget(&client);
    bring_up();
    return answer.status;
}

static void echo_of_another_request_is_found_in_any_place(void **state)
{
    static const char *const RIGHT[] = {"X:", "X: |+", "X: |+|+", "X: |+, +",
                                        "X: |, + ,"};
    static const char *const WRONG[] = {"X: |-",   "X: |+|-",  "X: |-|+",
                                        "X: |+,-", "X: |-, +", "X: |+|+ ,|, -"};
    static const char *const NOBODYS[] = {"X: |", "X: |+|,", "X: |+;a", "X: |x|+"};

    (void)state;
    world.routes[FLOW_STRICT].requirement.echo_expected = true;
    for (size_t i = 0; i < sizeof(RIGHT) / sizeof(RIGHT[0]); i++) {
        assert_int_equal(echo(RIGHT[i]), 200);
    }
    assert_int_equal(world.journal.displays, 0);
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        assert_int_equal(echo(WRONG[i]), 502);
        assert_int_equal(flow_last_entry(&world)->detector, DETECTOR_SESSION_ECHO);
        assert_string_equal(flow_last_entry(&world)->echoed_id, OTHER_TAG);
    }
    for (size_t i = 0; i < sizeof(NOBODYS) / sizeof(NOBODYS[0]); i++) {
        assert_int_equal(echo(NOBODYS[i]), 502);
    }
}

/* The answer to a request with `cookie` that hands out Alice's token. */
static unsigned issued_again(const char *cookie, const char *issued)
{
    struct flow_answer answer;
    struct flow_peer other;
    struct flow_peer site;
    char text[256];

    flow_client(&world, &other);
    flow_get(&world, &other, "/public", cookie);
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 200 OK\r\nSet-Cookie: sid=%s\r\nContent-Length: 2\r\n\r\nok",
                   issued);
    flow_say(&world, &site, text);
    assert_true(flow_hear_answer(&world, &other, false, &answer));
    flow_hang_up(&other);
    flow_hang_up(&site);
    bring_up();
    return answer.status;
}

/* As HTML these open raw text that never ends, as XML they are empty. */
static void marker_behind_an_empty_element_of_xhtml_is_seen(void **state)
{
    static const char *const EMPTY[] = {"<script src='a.js'/>", "<title/>", "<textarea/>",
                                        "<style/>"};
    char page[512];

    (void)state;
    for (size_t i = 0; i < sizeof(EMPTY) / sizeof(EMPTY[0]); i++) {
        char body[256];
        (void)snprintf(body, sizeof(body),
                       "<html><head>%s<meta name=\"user-marker\" content=\"bob\"/></head>"
                       "<body><p>Bob's address</p></body></html>",
                       EMPTY[i]);
        (void)snprintf(page, sizeof(page),
                       "HTTP/1.1 200 OK\r\nContent-Type: application/xhtml+xml\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       strlen(body), body);
        expect_refused(page, 20);
    }
}

static void own_token_in_another_spelling_may_be_issued_and_anothers_not(void **state)
{
    (void)state;
    assert_int_equal(issued_again("alice%2Dsession-token", "alice-session-token"), 200);
    assert_int_equal(world.journal.displays, 0);
    assert_int_equal(issued_again("another-session-token", "alice-session-token"), 502);
    assert_int_equal(issued_again(NULL, "alice-session-token"), 502);
    assert_int_equal(world.journal.displays, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(refused_response_sends_no_byte_of_it_at_any_split),
        FLOW_TEST(released_response_arrives_byte_for_byte_at_any_split),
        FLOW_TEST(large_response_arrives_byte_for_byte_over_many_blocks),
        FLOW_TEST(unmarked_response_is_refused_where_the_marker_is_required),
        FLOW_TEST(response_over_the_limit_is_refused_where_nothing_may_stream),
        FLOW_TEST(response_over_the_limit_gets_the_page_of_a_refusal),
        FLOW_TEST(undecodable_body_is_refused_where_the_marker_is_required),
        FLOW_TEST(marked_response_to_an_anonymous_request_is_refused),
        FLOW_TEST(observing_route_delivers_and_records),
        FLOW_TEST(head_only_and_empty_responses_keep_their_fields),
        FLOW_TEST(echo_of_another_request_is_found_in_any_place),
        FLOW_TEST(marker_behind_an_empty_element_of_xhtml_is_seen),
        FLOW_TEST(own_token_in_another_spelling_may_be_issued_and_anothers_not),
        cmocka_unit_test_setup_teardown(cookie_that_is_taken_away_shows_nobody,
                                        set_up_cookie, tear_down),
    };
    return RUN_TESTS(tests);
}
