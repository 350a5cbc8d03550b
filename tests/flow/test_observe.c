/* Where nothing is enforced: everything is delivered as it came and when it came, nothing
 * goes down, and the record says what would have been done. */
#include <stdio.h>
#include <string.h>

#include "support/flow_alice.h"
#include "support/test.h"

static void break_glass(uint64_t for_ms)
{
    atomic_store(&world.shared.features->observe_until_ms,
                 loop_now_ms(world.loop) + for_ms);
}

/* The page of bob for alice. */
static void swap(const char *path, struct flow_answer *answer_out)
{
    flow_forget(&client);
    flow_get(&world, &client, path, SID);
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_page(&world, &upstream, "bob", "hello");
    assert_true(flow_hear_answer(&world, &client, false, answer_out));
}

static bool is_logged(const char *text)
{
    access_log_flush(world.access_log);
    return strstr(world.log, text) != NULL;
}

static void finding_is_delivered_and_says_what_would_have_gone_down(void **state)
{
    struct flow_answer answer;

    (void)state;
    swap("/observe/x", &answer);
    assert_int_equal(answer.status, 200);
    assert_true(flow_has(&client, "hello"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    assert_string_equal(flow_last_entry(&world)->would_have, "take-down");
    assert_int_equal(flow_last_entry(&world)->took_down_mask, 0);
    assert_int_equal(feature_table_down(&world.features, ~UINT64_C(0)), 0);
    assert_true(is_logged("\"would_have\":\"take-down\""));
}

static void observed_cases_do_not_count_where_it_is_enforced(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.feature[0].take_down.cases = 2;
    world.relay->plan->policies[FEATURE_LOGIN].cases = 2;
    for (int i = 0; i < 3; i++) {
        swap("/observe/x", &answer);
        assert_string_equal(flow_last_entry(&world)->would_have, "refuse");
    }
    swap("/public", &answer);
    assert_int_equal(answer.status, 502);
    assert_string_equal(flow_last_entry(&world)->would_have, "");
    assert_int_equal(feature_table_down(&world.features, ~UINT64_C(0)), 0);
}

static void observed_answer_flows_as_it_is_scanned(void **state)
{
    (void)state;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 79\r\n\r\n");
    assert_true(flow_hear(&world, &client, "HTTP/1.1 200 OK\r\n"));
    flow_say(&world, &upstream, "<p>first</p>\n");
    assert_true(flow_hear(&world, &client, "first"));
    flow_say(&world, &upstream, "<meta name=\"user-marker\" content=\"bob\">");
    assert_true(flow_hear(&world, &client, "bob"));
    assert_false(client.ended);
    flow_say(&world, &upstream, "<p>the end of the page</p>\n");
    assert_true(flow_hear(&world, &client, "</p>\n"));
    flow_settle(&world);
    assert_string_equal(flow_last_entry(&world)->reason, "other-owner");
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
}

/* Asks for HTTP/1.0, as nginx does, and says more than may be held. */
static void ask_old(void)
{
    static char chunk[FLOW_HOLD_MAX + 1];

    memset(chunk, 'x', FLOW_HOLD_MAX);
    flow_say(&world, &client,
             "GET /observe/x HTTP/1.0\r\nHost: site\r\nConnection: keep-alive\r\n"
             "Cookie: sid=alice-session-token\r\n\r\n");
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
             "Transfer-Encoding: chunked\r\n\r\n10000\r\n");
    flow_say(&world, &upstream, chunk);
    flow_say(&world, &upstream, "\r\n");
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
}

static void observed_answer_without_length_ends_an_old_client_s_connection(void **state)
{
    struct flow_answer answer;

    (void)state;
    ask_old();
    flow_say(&world, &upstream, "1\r\ny\r\n0\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.len, FLOW_HOLD_MAX + 1);
    assert_int_equal(answer.body.ptr[FLOW_HOLD_MAX], 'y');
    assert_true(client.ended && !client.broken);
    assert_true(flow_has(&client, "Connection: close\r\n"));
    assert_false(flow_has(&client, "Content-Length"));
    assert_false(flow_has(&client, "Transfer-Encoding"));
}

static void observed_answer_that_breaks_off_resets_an_old_client(void **state)
{
    (void)state;
    ask_old();
    flow_hang_up(&upstream);
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_true(flow_has(&client, " 200 OK"));
}

/* That ends while the answer leaves, and then a verdict may cut. */
static void broken_glass_streams_nothing_to_who_could_not_tell_a_cut(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.routes[FLOW_OBSERVE].requirement.observe = false;
    break_glass(60000);
    flow_hang_up(&upstream);
    flow_say(&world, &client, "GET /observe/x HTTP/1.0\r\nHost: site\r\n\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
             "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    flow_settle(&world);
    flow_listen(&client);
    assert_int_equal(client.len, 0);
    flow_say(&world, &upstream, "0\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_true(flow_has(&client, "Content-Length: 2\r\n"));
}

static void what_was_shown_of_a_page_is_recorded_when_its_client_leaves(void **state)
{
    (void)state;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 79\r\n\r\n"
             "<meta name=\"user-marker\" content=\"bob\">");
    assert_true(flow_hear(&world, &client, "bob"));
    flow_break(&client);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
    assert_int_equal(world.journal.displays, 1);
    assert_string_equal(flow_last_entry(&world)->reason, "other-owner");
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    assert_true(is_logged("\"would_have\":\"take-down\""));
}

static void what_was_shown_of_a_page_is_recorded_when_its_upstream_leaves(void **state)
{
    (void)state;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 79\r\n\r\n"
             "<meta name=\"user-marker\" content=\"bob\">");
    assert_true(flow_hear(&world, &client, "bob"));
    flow_hang_up(&upstream);
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(world.journal.displays, 1);
}

/* The marker may have been about to come. */
static void piece_of_a_page_lacks_no_marker_when_its_client_leaves(void **state)
{
    (void)state;
    world.routes[FLOW_OBSERVE].requirement.require_mask = 1;
    world.routes[FLOW_OBSERVE].requirement.unmarked = UNMARKED_REFUSE;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 79\r\n\r\n"
             "<p>first</p>");
    assert_true(flow_hear(&world, &client, "first"));
    flow_break(&client);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
    assert_int_equal(world.journal.count, 0);
}

/* Else her next request could come before its token is known. */
static void observed_answer_that_issues_a_token_is_held_to_its_end(void **state)
{
    (void)state;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nSet-Cookie: sid=another-token-of-hers\r\n"
             "Content-Length: 4\r\n\r\nab");
    flow_settle(&world);
    flow_listen(&client);
    assert_int_equal(client.len, 0);
    flow_say(&world, &upstream, "cd");
    assert_true(flow_hear(&world, &client, "abcd"));
}

static void fields_of_an_observed_exchange_are_left_alone(void **state)
{
    (void)state;
    world.routes[FLOW_OBSERVE].requirement.require_mask = 1;
    flow_say(
        &world, &client,
        "GET /observe/x HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
        "Accept-Encoding: dcb, x-strange\r\nIf-None-Match: \"1\"\r\n"
        "Range: bytes=1-2\r\n\r\n");
    flow_hear_request(&world, &upstream);
    assert_true(flow_has(&upstream, "Accept-Encoding: dcb, x-strange\r\n"));
    assert_false(flow_has(&upstream, "identity"));
    assert_true(flow_has(&upstream, "If-None-Match: \"1\"\r\n"));
    assert_true(flow_has(&upstream, "Range: bytes=1-2\r\n"));
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nLast-Modified: x\r\nExpires: y\r\n"
             "X-User-Marker: alice\r\nContent-Length: 2\r\n\r\nok");
    assert_true(flow_hear(&world, &client, "ok"));
    assert_true(flow_has(&client, "ETag: \"1\"\r\n"));
    assert_true(flow_has(&client, "Last-Modified: x\r\n"));
    assert_true(flow_has(&client, "Expires: y\r\n"));
    assert_false(flow_has(&client, "private"));
}

static void observed_request_without_a_wish_gets_none_from_us(void **state)
{
    (void)state;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    assert_false(flow_has(&upstream, "Accept-Encoding"));
    flow_page(&world, &upstream, "alice", "ok");
    assert_true(flow_hear(&world, &client, "ok"));
}

static void unreadable_answer_is_delivered_where_a_marker_is_required(void **state)
{
    (void)state;
    world.routes[FLOW_OBSERVE].requirement.require_mask = 1;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(
        &world, &upstream,
        "HTTP/1.1 200 OK\r\nContent-Encoding: x-strange\r\nContent-Type: text/html\r\n"
        "Content-Length: 4\r\n\r\nabcd");
    assert_true(flow_hear(&world, &client, "abcd"));
    flow_settle(&world);
    assert_string_equal(flow_last_entry(&world)->would_have, "refuse");
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
}

static void observed_route_does_not_need_the_ledger(void **state)
{
    (void)state;
    world.routes[FLOW_OBSERVE].requirement.require_mask = 1;
    world.journal.failing = true;
    flow_get(&world, &client, "/observe/x", SID);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "alice", "ok");
    assert_true(flow_hear(&world, &client, "ok"));
}

static void broken_glass_lets_everything_pass_at_once_and_then_nothing(void **state)
{
    struct flow_answer answer;

    (void)state;
    break_glass(60000);
    swap("/mypage/strict/x", &answer);
    assert_int_equal(answer.status, 200);
    assert_true(flow_has(&client, "hello"));
    assert_string_equal(flow_last_entry(&world)->would_have, "take-down");
    assert_int_equal(feature_table_down(&world.features, ~UINT64_C(0)), 0);
    atomic_store(&world.shared.features->observe_until_ms, loop_now_ms(world.loop));
    swap("/mypage/strict/x", &answer);
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "hello"));
    assert_int_equal(feature_table_down(&world.features, FEATURE_LOGIN_BIT),
                     FEATURE_LOGIN_BIT);
}

static void broken_glass_concerns_answers_that_are_held_already(void **state)
{
    (void)state;
    flow_get(&world, &client, "/mypage/strict/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nX-User-Marker: bob\r\nContent-Length: 4\r\n\r\nab");
    flow_settle(&world);
    break_glass(60000);
    flow_say(&world, &upstream, "cd");
    assert_true(flow_hear(&world, &client, "abcd"));
}

static void stream_that_outlives_the_broken_glass_is_cut_at_a_finding(void **state)
{
    (void)state;
    break_glass(60000);
    flow_get(&world, &client, "/mypage/x", SID);
    flow_hear_request(&world, &upstream);
    flow_say(
        &world, &upstream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 80\r\n\r\nab");
    assert_true(flow_hear(&world, &client, "ab"));
    atomic_store(&world.shared.features->observe_until_ms, 0);
    flow_say(&world, &upstream, "<meta name=\"user-marker\" content=\"bob\">");
    assert_true(flow_hear_end(&world, &client));
    assert_false(flow_has(&client, "bob"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
}

static void feature_that_is_down_stays_down_behind_broken_glass(void **state)
{
    struct flow_answer answer;

    (void)state;
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    break_glass(60000);
    flow_get(&world, &client, "/mypage/x", SID);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(finding_is_delivered_and_says_what_would_have_gone_down),
        FLOW_TEST(observed_cases_do_not_count_where_it_is_enforced),
        FLOW_TEST(observed_answer_flows_as_it_is_scanned),
        FLOW_TEST(observed_answer_without_length_ends_an_old_client_s_connection),
        FLOW_TEST(observed_answer_that_breaks_off_resets_an_old_client),
        FLOW_TEST(broken_glass_streams_nothing_to_who_could_not_tell_a_cut),
        FLOW_TEST(what_was_shown_of_a_page_is_recorded_when_its_client_leaves),
        FLOW_TEST(what_was_shown_of_a_page_is_recorded_when_its_upstream_leaves),
        FLOW_TEST(piece_of_a_page_lacks_no_marker_when_its_client_leaves),
        FLOW_TEST(observed_answer_that_issues_a_token_is_held_to_its_end),
        FLOW_TEST(fields_of_an_observed_exchange_are_left_alone),
        FLOW_TEST(observed_request_without_a_wish_gets_none_from_us),
        FLOW_TEST(unreadable_answer_is_delivered_where_a_marker_is_required),
        FLOW_TEST(observed_route_does_not_need_the_ledger),
        FLOW_TEST(broken_glass_lets_everything_pass_at_once_and_then_nothing),
        FLOW_TEST(broken_glass_concerns_answers_that_are_held_already),
        FLOW_TEST(stream_that_outlives_the_broken_glass_is_cut_at_a_finding),
        FLOW_TEST(feature_that_is_down_stays_down_behind_broken_glass),
    };
    return RUN_TESTS(tests);
}
