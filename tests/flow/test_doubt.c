/* What counts as suspected: a response that left, on a route that requires a marker, and
 * that nobody could verify; each one once. */
#include <string.h>

#include "support/flow_alice.h"
#include "support/test.h"

#define CODED                                                                            \
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: x-strange\r\n"      \
    "Content-Length: 2\r\n\r\n??"

static unsigned doubts[2]; /* By kind. */
static struct journal_doubt last;

static void take(void *self, const struct journal_doubt *rows, unsigned count)
{
    (void)self;
    for (unsigned i = 0; i < count; i++) {
        doubts[rows[i].kind] += rows[i].count;
        last = rows[i];
    }
}

static int set_up_doubts(void **state)
{
    memset(doubts, 0, sizeof(doubts));
    set_up(state);
    world.journal_page.note_doubts = take;
    world.routes[FLOW_OBSERVE].requirement.require_mask = 1;
    world.routes[FLOW_STREAM].requirement.require_mask = 1;
    return 0;
}

/* Asks for `path`, which the site answers with `text`, and counts. */
static void answer_with(const char *path, const char *text)
{
    flow_forget(&client);
    flow_forget(&upstream);
    flow_get(&world, &client, path, SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, text);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 "));
    flow_settle(&world);
    evidence_log_flush(world.relay->evidence_log);
}

static void doubts_are(unsigned uninspected, unsigned unmarked)
{
    assert_int_equal(doubts[JOURNAL_UNINSPECTED], uninspected);
    assert_int_equal(doubts[JOURNAL_UNMARKED], unmarked);
}

static const char *const UNMARKED =
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi";
static const char *const MARKED = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                  "X-User-Marker: alice\r\nContent-Length: 2\r\n\r\nhi";

static void unmarked_response_that_left_is_doubted(void **state)
{
    (void)state;
    answer_with("/stream/a", UNMARKED);
    doubts_are(0, 1);
    assert_string_equal(last.route, "/stream/**");
    assert_int_equal(last.feature_mask, 0);
    answer_with("/stream/a", MARKED);
    doubts_are(0, 1);
}

static void unread_response_is_doubted_once_though_it_has_no_marker(void **state)
{
    (void)state;
    answer_with("/observe/a", CODED);
    assert_true(flow_has(&client, "200 OK"));
    doubts_are(1, 0);
    answer_with("/observe/a", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
                              "Content-Length: 2\r\n\r\n??");
    doubts_are(2, 0);
}

static void refused_response_is_not_doubted(void **state)
{
    (void)state;
    answer_with("/mypage/strict/a", UNMARKED);
    assert_true(flow_has(&client, "502"));
    doubts_are(0, 0);
}

static void
response_that_is_refused_because_it_cannot_be_read_is_not_doubted(void **state)
{
    (void)state;
    answer_with("/mypage/strict/a", CODED);
    assert_true(flow_has(&client, "502"));
    doubts_are(0, 0);
}

static void response_of_a_route_without_requirement_is_not_doubted(void **state)
{
    (void)state;
    answer_with("/public", UNMARKED);
    answer_with("/public", CODED);
    doubts_are(0, 0);
}

static void observed_display_is_counted_as_such_and_not_doubted(void **state)
{
    (void)state;
    answer_with("/observe/a", "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
                              "X-User-Marker: bob\r\nContent-Length: 2\r\n\r\n??");
    assert_int_equal(world.journal.displays, 1);
    doubts_are(0, 0);
}

/* What would have been refused without being about a person is no display. */
static void observed_response_without_marker_is_doubted(void **state)
{
    (void)state;
    world.routes[FLOW_OBSERVE].requirement.unmarked = UNMARKED_REFUSE;
    answer_with("/observe/a", UNMARKED);
    assert_true(flow_has(&client, "200 OK"));
    assert_int_equal(world.journal.displays, 0);
    doubts_are(0, 1);
}

static void features_of_the_path_are_told(void **state)
{
    (void)state;
    world.routes[FLOW_REST].requirement.require_mask = 1;
    answer_with("/reports/a", UNMARKED);
    doubts_are(0, 1);
    assert_int_equal(last.feature_mask, UINT64_C(1) << world.feature[1].slot);
}

/* An open WebSocket: what it owes, and each message that is not read. */
static void unverified_messages_of_a_socket_are_doubted_one_by_one(void **state)
{
    struct flow_peer site = {.fd = -1};

    (void)state;
    world.routes[FLOW_OBSERVE].websocket = true;
    flow_forget(&client);
    flow_say(
        &world, &client,
        "GET /observe/s HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_say(&world, &site,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: "
             "Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    assert_true(flow_hear(&world, &client, "101 Switching"));
    flow_say(&world, &site,
             "\x81\x03one\x81\x03two\x82\x03"
             "bin\x82\x03"
             "end");
    assert_true(flow_hear(&world, &client, "end"));
    evidence_log_flush(world.relay->evidence_log);
    doubts_are(2, 1);
    flow_hang_up(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_doubts, tear_down)
        FLOW_TEST(unmarked_response_that_left_is_doubted),
        FLOW_TEST(unread_response_is_doubted_once_though_it_has_no_marker),
        FLOW_TEST(refused_response_is_not_doubted),
        FLOW_TEST(response_that_is_refused_because_it_cannot_be_read_is_not_doubted),
        FLOW_TEST(response_of_a_route_without_requirement_is_not_doubted),
        FLOW_TEST(observed_display_is_counted_as_such_and_not_doubted),
        FLOW_TEST(observed_response_without_marker_is_doubted),
        FLOW_TEST(features_of_the_path_are_told),
        FLOW_TEST(unverified_messages_of_a_socket_are_doubted_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
