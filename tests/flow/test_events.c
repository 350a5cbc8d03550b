/* Event streams: an event leaves as soon as it is whole and verified, and never before;
 * the first that shows somebody else ends the stream; login, logout and take-down close
 * it though nothing moves. */
#include <stdio.h>
#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;

static const char *const SID = "alice-session-token";

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    world.regex = "json:/user";
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, SID, "alice");
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

static void say_head(const char *more)
{
    char text[512];

    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                   "Transfer-Encoding: chunked\r\n%s\r\n",
                   more);
    flow_say(&world, &upstream, text);
}

static void say_chunk(const char *text)
{
    char line[32];

    (void)snprintf(line, sizeof(line), "%zx\r\n", strlen(text));
    flow_say(&world, &upstream, line);
    flow_say(&world, &upstream, text);
    flow_say(&world, &upstream, "\r\n");
}

static void ask(const char *path)
{
    flow_get(&world, &client, path, SID);
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_forget(&client);
}

/* A stream whose head and first event the client has. */
static void open_stream(const char *path)
{
    ask(path);
    say_head("");
    say_chunk("data: hello\n\n");
    assert_true(flow_hear(&world, &client, "data: hello\n\n"));
    flow_forget(&client);
}

static void head_leaves_before_any_event(void **state)
{
    (void)state;
    ask("/stream/a");
    say_head("");
    assert_true(flow_hear(&world, &client, "text/event-stream"));
    assert_true(flow_has(&client, "Transfer-Encoding: chunked"));
}

static void event_arrives_while_the_next_was_not_sent(void **state)
{
    (void)state;
    open_stream("/stream/a");
    say_chunk("data: one\n\n");
    assert_true(flow_hear(&world, &client, "data: one\n\n"));
    say_chunk("data: two\r\n\r\n");
    assert_true(flow_hear(&world, &client, "data: two\r\n\r\n"));
    say_chunk(": keep alive\n\n");
    assert_true(flow_hear(&world, &client, ": keep alive\n\n"));
}

static void nothing_of_an_event_leaves_before_it_is_whole(void **state)
{
    (void)state;
    open_stream("/stream/a");
    say_chunk("id: 7\ndata: se");
    say_chunk("cret\ndata: more\n");
    flow_settle(&world);
    flow_listen(&client);
    assert_int_equal(client.len, 0);
    say_chunk("\n");
    assert_true(flow_hear(&world, &client, "id: 7\ndata: secret\ndata: more\n\n"));
}

static void several_events_of_one_read_leave_and_the_begun_one_stays(void **state)
{
    (void)state;
    open_stream("/stream/a");
    say_chunk("data: 1\n\ndata: 2\n\ndata: 3");
    assert_true(flow_hear(&world, &client, "data: 1\n\ndata: 2\n\n"));
    flow_settle(&world);
    assert_false(flow_has(&client, "data: 3"));
    say_chunk("\n\n");
    assert_true(flow_hear(&world, &client, "data: 3\n\n"));
}

static void stream_that_ends_is_ended_for_the_client(void **state)
{
    struct flow_answer answer;

    (void)state;
    ask("/stream/a");
    say_head("");
    say_chunk("data: 1\n\n");
    say_chunk("data: no end");
    flow_say(&world, &upstream, "0\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_true(answer.whole);
    assert_true(span_equal(answer.body, SPAN("data: 1\n\ndata: no end")));
    assert_int_equal(flow_ended(&world, "released"), 3);
}

static void stream_with_a_length_keeps_it(void **state)
{
    struct flow_answer answer;

    (void)state;
    ask("/stream/a");
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
             "Content-Length: 18\r\n\r\ndata: 1\n\ndata: 2\n\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_true(answer.whole);
    assert_int_equal(answer.body.len, 18);
}

static void finding_in_an_event_cuts_the_stream_before_it(const char *event)
{
    open_stream("/stream/a");
    say_chunk("data: {\"user\":\"alice\",\"n\":1}\n\n");
    assert_true(flow_hear(&world, &client, "\"n\":1}\n\n"));
    say_chunk(event);
    say_chunk("data: later\n\n");
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_false(flow_has(&client, "bob"));
    assert_false(flow_has(&client, "Address"));
    assert_false(flow_has(&client, "later"));
    assert_true(flow_login_down(&world));
    assert_int_equal(world.journal.displays, 1);
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
    assert_int_equal(flow_ended(&world, "cut"), 1);
}

static void foreign_json_in_an_event_cuts_the_stream(void **state)
{
    (void)state;
    finding_in_an_event_cuts_the_stream_before_it(
        "id: Address\ndata: {\"user\":\"bob\"}\n\n");
}

static void foreign_json_over_several_lines_cuts_the_stream(void **state)
{
    (void)state;
    finding_in_an_event_cuts_the_stream_before_it(
        "data: {\ndata:\"n\":1,\ndata: \"user\":\"bob\"}\n\n");
}

static void foreign_markup_in_an_event_cuts_the_stream(void **state)
{
    (void)state;
    finding_in_an_event_cuts_the_stream_before_it(
        "data: <meta name=\"user-marker\"\ndata: content=\"bob\">Address\n\n");
}

static void foreign_markup_that_only_begins_like_json_cuts_the_stream(void **state)
{
    (void)state;
    finding_in_an_event_cuts_the_stream_before_it(
        "data: [x] <meta name=user-marker content=bob>Address\n\n");
}

static void broken_json_with_a_foreign_member_cuts_the_stream(void **state)
{
    (void)state;
    finding_in_an_event_cuts_the_stream_before_it("data: {\"user\":\"bob\",Address\n\n");
}

static void finding_before_any_byte_left_gets_the_page(void **state)
{
    (void)state;
    ask("/stream/a");
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: "
             "33\r\n\r\ndata: 1\n\ndata: {\"user\":\"bob\"}\n\n12");
    assert_true(flow_hear(&world, &client, " 502 "));
    assert_false(flow_has(&client, "bob"));
    assert_false(flow_has(&client, "event-stream"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_WITHHELD);
    assert_int_equal(flow_ended(&world, "refused"), 1);
}

static void text_that_only_begins_like_json_is_let_through(void **state)
{
    (void)state;
    open_stream("/stream/a");
    say_chunk("data: [DONE]\n\n");
    assert_true(flow_hear(&world, &client, "data: [DONE]\n\n"));
}

static void required_marker_in_the_fields_opens_the_stream(void **state)
{
    (void)state;
    ask("/mypage/strict/a");
    say_head("X-User-Marker: alice\r\n");
    assert_true(flow_hear(&world, &client, "text/event-stream"));
    say_chunk("data: unmarked\n\n");
    assert_true(flow_hear(&world, &client, "data: unmarked\n\n"));
}

static void required_marker_may_be_in_the_first_event_with_data(void **state)
{
    (void)state;
    ask("/mypage/strict/a");
    say_head("");
    say_chunk("retry: 100\n\n");
    flow_settle(&world);
    flow_listen(&client);
    assert_int_equal(client.len, 0);
    say_chunk("data: {\"user\":\"alice\"}\n\n");
    assert_true(
        flow_hear(&world, &client, "retry: 100\n\ndata: {\"user\":\"alice\"}\n\n"));
    say_chunk("data: unmarked\n\n");
    assert_true(flow_hear(&world, &client, "data: unmarked\n\n"));
}

static void stream_without_its_required_marker_is_refused(void **state)
{
    (void)state;
    ask("/mypage/strict/a");
    say_head("");
    say_chunk("data: unmarked\n\n");
    assert_true(flow_hear(&world, &client, " 502 "));
    assert_false(flow_has(&client, "unmarked"));
    assert_false(flow_login_down(&world));
}

static void event_larger_than_may_be_held_cuts_the_stream(void **state)
{
    static char line[8001];

    (void)state;
    memset(line, 'x', sizeof(line) - 1);
    open_stream("/stream/a");
    say_chunk("data: ");
    for (size_t i = 0; i <= FLOW_HOLD_MAX / 8000; i++) {
        say_chunk(line);
        flow_settle(&world);
    }
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_false(flow_has(&client, "xxx"));
    assert_int_equal(flow_ended(&world, "over-limit"), 1);
}

static void event_larger_than_may_be_held_is_refused_before_the_head(void **state)
{
    static char line[8001];

    (void)state;
    memset(line, 'x', sizeof(line) - 1);
    ask("/mypage/strict/a");
    say_head("");
    say_chunk("data: ");
    for (size_t i = 0; i <= FLOW_HOLD_MAX / 8000; i++) {
        say_chunk(line);
        flow_settle(&world);
    }
    assert_true(flow_hear(&world, &client, " 502 "));
    assert_false(flow_has(&client, "xxx"));
}

static void idle_stream_is_closed_when_login_goes_down(void **state)
{
    (void)state;
    open_stream("/stream/a");
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_int_equal(client.len, 0);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "cut"), 1);
}

static void event_that_comes_once_the_flag_is_set_does_not_leave(void **state)
{
    (void)state;
    open_stream("/stream/a");
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    say_chunk("data: late\n\n");
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 0);
}

static void stream_of_nobody_stays_when_login_goes_down(void **state)
{
    struct flow_peer other;
    struct flow_peer site;

    (void)state;
    flow_client(&world, &other);
    flow_get(&world, &other, "/stream/a", NULL);
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_say(&world, &site,
             "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
    assert_true(flow_hear(&world, &other, "data: 1\n\n"));
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_wait(&world, 150);
    flow_say(&world, &site, "data: 2\n\n");
    assert_true(flow_hear(&world, &other, "data: 2\n\n"));
    flow_hang_up(&other);
    flow_hang_up(&site);
}

/* On another connection of the same session. */
static void ask_beside(const char *request)
{
    struct flow_peer other;
    struct flow_peer site;

    flow_client(&world, &other);
    flow_say(&world, &other, request);
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_say(&world, &site, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_true(flow_hear(&world, &other, "ok"));
    flow_hang_up(&other);
    flow_hang_up(&site);
}

static void logout_closes_the_streams_of_its_session(void **state)
{
    (void)state;
    open_stream("/stream/a");
    ask_beside("GET /logout HTTP/1.1\r\nHost: site\r\n"
               "Cookie: sid=alice-session-token\r\n\r\n");
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_int_equal(client.len, 0);
    assert_int_equal(flow_ended(&world, "session-changed"), 1);
    assert_false(flow_login_down(&world));
}

static void login_closes_the_streams_of_its_session(void **state)
{
    (void)state;
    open_stream("/stream/a");
    ask_beside("POST /login HTTP/1.1\r\nHost: site\r\nContent-Length: 8\r\n"
               "Content-Type: application/x-www-form-urlencoded\r\n"
               "Cookie: sid=alice-session-token\r\n\r\nuser=bob");
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(flow_ended(&world, "session-changed"), 1);
}

static void request_of_the_same_session_closes_nothing(void **state)
{
    (void)state;
    open_stream("/stream/a");
    ask_beside("POST /mypage/a HTTP/1.1\r\nHost: site\r\nContent-Length: 2\r\n"
               "Cookie: sid=alice-session-token\r\n\r\nhi");
    flow_wait(&world, 300);
    say_chunk("data: on\n\n");
    assert_true(flow_hear(&world, &client, "data: on\n\n"));
}

static void silent_stream_ends_at_its_deadline_and_not_before(void **state)
{
    (void)state;
    world.upstream.response_timeout_ms = 50;
    world.upstream.stream_timeout_ms = 1500;
    open_stream("/stream/a");
    flow_wait(&world, 300);
    say_chunk("data: still here\n\n");
    assert_true(flow_hear(&world, &client, "data: still here\n\n"));
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_int_equal(flow_ended(&world, "stream-idle"), 1);
}

static void client_that_leaves_an_idle_stream_is_noticed(void **state)
{
    (void)state;
    open_stream("/stream/a");
    flow_finish(&client);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
}

static void client_that_breaks_before_the_first_event_is_noticed(void **state)
{
    (void)state;
    ask("/mypage/strict/live");
    say_head("");
    flow_settle(&world);
    flow_break(&client);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
}

static void idle_stream_holds_no_memory(void **state)
{
    (void)state;
    open_stream("/stream/a");
    flow_settle(&world);
    assert_int_equal(block_store_used(world.relay->blocks), 0);
    assert_true(list_empty(&world.relay->holding));
}

static void observed_stream_is_delivered_with_its_findings(void **state)
{
    (void)state;
    open_stream("/observe/a");
    say_chunk("data: {\"user\":\"bob\"}\n\n");
    assert_true(flow_hear(&world, &client, "bob"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    assert_false(flow_login_down(&world));
    say_chunk("data: on\n\n");
    assert_true(flow_hear(&world, &client, "data: on\n\n"));
}

static void old_client_that_could_not_tell_gets_it_whole(void **state)
{
    (void)state;
    flow_hang_up(&upstream);
    flow_say(&world, &client, "GET /stream/a HTTP/1.0\r\nHost: site\r\n\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    say_head("");
    say_chunk("data: 1\n\n");
    flow_settle(&world);
    flow_listen(&client);
    assert_false(flow_has(&client, "data: 1"));
    flow_say(&world, &upstream, "0\r\n\r\n");
    assert_true(flow_hear(&world, &client, "data: 1"));
}

static void slow_reader_gets_every_event_once(void **state)
{
    static char event[3000];
    struct flow_peer slow;
    char first[16];

    (void)state;
    memset(event, 'y', sizeof(event));
    flow_slow_client(&world, &slow);
    slow.deaf = true;
    flow_get(&world, &slow, "/stream/a", SID);
    flow_hear_request(&world, &upstream);
    say_head("");
    for (int i = 0; i < 200; i++) {
        (void)snprintf(event, sizeof(event), "data: %d:", i);
        event[strlen(event)] = 'y';
        (void)snprintf(event + 2900, 100, "\n\n");
        say_chunk(event);
        if (i > 100) {
            flow_listen(&slow);
        }
    }
    slow.deaf = false;
    for (int i = 0; i < 200; i++) {
        (void)snprintf(first, sizeof(first), "data: %d:y", i);
        assert_true(flow_hear(&world, &slow, first));
    }
    flow_hang_up(&slow);
}

static void draining_ends_streams_between_events(void **state)
{
    struct flow_answer answer;

    (void)state;
    ask("/stream/a");
    say_head("");
    say_chunk("data: 1\n\ndata: begun");
    assert_true(flow_hear(&world, &client, "data: 1\n\n"));
    relay_drain(world.relay, 0);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_true(answer.whole);
    assert_true(span_equal(answer.body, SPAN("data: 1\n\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(head_leaves_before_any_event),
        FLOW_TEST(event_arrives_while_the_next_was_not_sent),
        FLOW_TEST(nothing_of_an_event_leaves_before_it_is_whole),
        FLOW_TEST(several_events_of_one_read_leave_and_the_begun_one_stays),
        FLOW_TEST(stream_that_ends_is_ended_for_the_client),
        FLOW_TEST(stream_with_a_length_keeps_it),
        FLOW_TEST(foreign_json_in_an_event_cuts_the_stream),
        FLOW_TEST(foreign_json_over_several_lines_cuts_the_stream),
        FLOW_TEST(foreign_markup_in_an_event_cuts_the_stream),
        FLOW_TEST(foreign_markup_that_only_begins_like_json_cuts_the_stream),
        FLOW_TEST(broken_json_with_a_foreign_member_cuts_the_stream),
        FLOW_TEST(finding_before_any_byte_left_gets_the_page),
        FLOW_TEST(text_that_only_begins_like_json_is_let_through),
        FLOW_TEST(required_marker_in_the_fields_opens_the_stream),
        FLOW_TEST(required_marker_may_be_in_the_first_event_with_data),
        FLOW_TEST(stream_without_its_required_marker_is_refused),
        FLOW_TEST(event_larger_than_may_be_held_cuts_the_stream),
        FLOW_TEST(event_larger_than_may_be_held_is_refused_before_the_head),
        FLOW_TEST(idle_stream_is_closed_when_login_goes_down),
        FLOW_TEST(event_that_comes_once_the_flag_is_set_does_not_leave),
        FLOW_TEST(stream_of_nobody_stays_when_login_goes_down),
        FLOW_TEST(logout_closes_the_streams_of_its_session),
        FLOW_TEST(login_closes_the_streams_of_its_session),
        FLOW_TEST(request_of_the_same_session_closes_nothing),
        FLOW_TEST(silent_stream_ends_at_its_deadline_and_not_before),
        FLOW_TEST(client_that_leaves_an_idle_stream_is_noticed),
        FLOW_TEST(client_that_breaks_before_the_first_event_is_noticed),
        FLOW_TEST(idle_stream_holds_no_memory),
        FLOW_TEST(observed_stream_is_delivered_with_its_findings),
        FLOW_TEST(old_client_that_could_not_tell_gets_it_whole),
        FLOW_TEST(slow_reader_gets_every_event_once),
        FLOW_TEST(draining_ends_streams_between_events),
    };
    return RUN_TESTS(tests);
}
