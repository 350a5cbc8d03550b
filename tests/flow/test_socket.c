/* WebSockets: the handshake, text that leaves only when it is whole and verified, binary,
 * control frames, both ways of closing, and what closes one from outside. */
#include <stdio.h>
#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;
static struct flow_peer idle; /* The session's other connection. */

static const char *const SID = "alice-session-token";

#define HANDSHAKE                                                                        \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"  \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

static int set_up(void **state)
{
    (void)state;
    upstream = (struct flow_peer){.fd = -1};
    flow_init(&world);
    world.regex = "json:/user";
    for (size_t i = 0; i < FLOW_ROUTE_COUNT; i++) {
        world.routes[i].websocket = i != FLOW_REST;
    }
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &idle, SID, "alice");
    flow_forget(&client);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    flow_hang_up(&client);
    flow_hang_up(&upstream);
    flow_hang_up(&idle);
    flow_close(&world);
    return 0;
}

static void say_request(const char *path, const char *more)
{
    char text[1024];

    (void)snprintf(text, sizeof(text),
                   "GET %s HTTP/1.1\r\nHost: site\r\nCookie: sid=%s\r\n"
                   "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                   path, SID, more);
    flow_say(&world, &client, text);
}

/* On a connection of its own, though the session has an idle one. */
static void ask(const char *path)
{
    say_request(path, "Sec-WebSocket-Version: 13\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
}

static void open_socket(const char *path)
{
    ask(path);
    flow_say(&world, &upstream, HANDSHAKE "\r\n");
    assert_true(flow_hear(&world, &client, "\r\n\r\n"));
    assert_true(flow_has(&client, "101 Switching Protocols\r\n"));
    assert_true(flow_has(&client, "Upgrade: websocket\r\n"));
    assert_true(flow_has(&client, "Connection: Upgrade\r\n"));
    flow_forget(&client);
    flow_forget(&upstream);
}

/* The client got a Close with `code` and the end of the connection, and nothing else. */
static void hears_close(const char *code)
{
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 4);
    assert_memory_equal(client.text, "\x88\x02", 2);
    assert_memory_equal(client.text + 2, code, 2);
    assert_true(flow_hear_end(&world, &upstream));
}

static void handshake_goes_through_without_extensions(void **state)
{
    (void)state;
    say_request("/stream/a", "Sec-WebSocket-Version: 13\r\n"
                             "Sec-WebSocket-Extensions: permessage-deflate\r\n"
                             "Sec-WebSocket-Protocol: chat\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    assert_true(flow_has(&upstream, "Upgrade: websocket\r\n"));
    assert_true(flow_has(&upstream, "Connection: Upgrade\r\n"));
    assert_true(flow_has(&upstream, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"));
    assert_true(flow_has(&upstream, "Sec-WebSocket-Protocol: chat\r\n"));
    assert_false(flow_has(&upstream, "permessage"));
    flow_say(&world, &upstream, HANDSHAKE "Sec-WebSocket-Protocol: chat\r\n\r\n");
    assert_true(flow_hear(&world, &client, "Sec-WebSocket-Protocol: chat\r\n"));
}

static void route_that_does_not_allow_it_forwards_a_plain_request(void **state)
{
    (void)state;
    say_request("/other", "Sec-WebSocket-Version: 13\r\n");
    flow_hear_request(&world, &idle);
    assert_false(flow_has(&idle, "Upgrade"));
    flow_say(&world, &idle, HANDSHAKE "\r\n");
    assert_true(flow_hear(&world, &client, " 502 "));
}

static void malformed_handshake_is_rejected(void **state)
{
    (void)state;
    say_request("/stream/a", "");
    assert_true(flow_hear(&world, &client, " 400 "));
}

static void other_version_is_told_ours(void **state)
{
    (void)state;
    say_request("/stream/a", "Sec-WebSocket-Version: 8\r\n");
    assert_true(flow_hear(&world, &client, "Sec-WebSocket-Version: 13\r\n"));
    assert_true(flow_has(&client, " 426 "));
}

static void answer_with_an_extension_is_refused(void **state)
{
    (void)state;
    ask("/stream/a");
    flow_say(&world, &upstream,
             HANDSHAKE "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    assert_true(flow_hear(&world, &client, " 502 "));
    assert_int_equal(flow_ended(&world, "websocket-handshake"), 1);
}

static void answer_that_is_no_upgrade_is_an_answer(void **state)
{
    (void)state;
    ask("/stream/a");
    flow_say(&world, &upstream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    assert_true(flow_hear(&world, &client, "\r\n\r\nno"));
    assert_true(flow_has(&client, " 403 "));
    assert_true(flow_hear_end(&world, &upstream));
}

static void handshake_of_somebody_else_is_refused(void **state)
{
    (void)state;
    ask("/stream/a");
    flow_say(&world, &upstream, HANDSHAKE "X-User-Marker: bob\r\n\r\n");
    assert_true(flow_hear(&world, &client, " 502 "));
    assert_false(flow_has(&client, " 101 "));
    assert_true(flow_login_down(&world));
}

static void messages_go_both_ways(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &client,
             "\x81\x85"
             "abcd"
             "hello");
    assert_true(flow_hear(&world, &upstream,
                          "\x81\x85"
                          "abcd"
                          "hello"));
    flow_say(&world, &upstream, "\x81\x05world");
    assert_true(flow_hear(&world, &client, "\x81\x05world"));
    flow_say(&world, &upstream, "\x82\x03xyz");
    assert_true(flow_hear(&world, &client, "\x82\x03xyz"));
}

static void what_the_client_sends_early_is_passed_on(void **state)
{
    (void)state;
    ask("/stream/a");
    flow_say(&world, &client,
             "\x81\x85"
             "abcd"
             "early");
    flow_settle(&world);
    flow_say(&world, &upstream, HANDSHAKE "\r\n\x81\x05there");
    assert_true(flow_hear(&world, &client, "\x81\x05there"));
    assert_true(flow_hear(&world, &upstream, "early"));
}

static void fragments_leave_as_one_message_and_pings_overtake_them(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &upstream, "\x01\x03hel");
    flow_settle(&world);
    flow_say(&world, &upstream, "\x89\x04ping");
    assert_true(flow_hear(&world, &client, "\x89\x04ping"));
    assert_int_equal(client.len, 6);
    flow_say(&world, &upstream, "\x80\x02lo");
    assert_true(flow_hear(&world, &client, "\x81\x05hello"));
    assert_int_equal(client.len, 13);
}

static void every_split_of_frames_gives_the_same(void **state)
{
    static const char text[] = "\x01\x03hel\x8a\x01p\x80\x02lo\x82\x03xyz\x81\x02ok";

    (void)state;
    open_socket("/stream/a");
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        flow_say_bytes(&world, &upstream,
                       (struct span){.ptr = (const uint8_t *)text + i, .len = 1});
        flow_settle(&world);
    }
    assert_true(flow_hear(&world, &client, "\x81\x02ok"));
    assert_true(flow_has(&client, "\x8a\x01p\x81\x05hello\x02\x01x"));
}

static void foreign_message_closes_the_socket_before_it(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &upstream, "\x81\x10{\"user\":\"alice\"}");
    assert_true(flow_hear(&world, &client, "{\"user\":\"alice\"}"));
    flow_forget(&client);
    flow_say(&world, &upstream,
             "\x01\x09{\"user\":\"\x80\x05"
             "bob\"}");
    hears_close("\x03\xf0");
    assert_true(flow_login_down(&world));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
    assert_int_equal(flow_ended(&world, "cut"), 1);
}

static void foreign_markup_closes_the_socket_before_it(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &upstream, "\x81\x29<meta name=\"user-marker\" content=\"bob\">..");
    hears_close("\x03\xf0");
    assert_true(flow_login_down(&world));
}

static void required_marker_is_owed_by_the_first_text(void **state)
{
    (void)state;
    open_socket("/mypage/strict/a");
    flow_say(&world, &upstream, "\x81\x10{\"user\":\"alice\"}\x81\x02ok");
    assert_true(flow_hear(&world, &client, "\x81\x02ok"));
}

static void first_text_without_its_required_marker_closes(void **state)
{
    (void)state;
    open_socket("/mypage/strict/a");
    flow_say(&world, &upstream, "\x81\x02ok");
    hears_close("\x03\xf0");
    assert_false(flow_login_down(&world));
}

static void binary_closes_where_a_marker_is_required(void **state)
{
    (void)state;
    open_socket("/mypage/strict/a");
    flow_say(&world, &upstream, "\x81\x10{\"user\":\"alice\"}");
    assert_true(flow_hear(&world, &client, "alice"));
    flow_forget(&client);
    flow_say(&world, &upstream, "\x82\x02ok");
    hears_close("\x03\xf0");
}

static void text_larger_than_may_be_held_closes(void **state)
{
    static const uint8_t header[] = {0x81, 0x7f, 0, 0, 0, 0, 0, 1, 0, 1};

    (void)state;
    open_socket("/stream/a");
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = header, .len = sizeof(header)});
    hears_close("\x03\xf1");
    assert_int_equal(flow_ended(&world, "over-limit"), 1);
}

static void large_binary_message_passes_as_it_comes(void **state)
{
    static const uint8_t header[] = {0x82, 0x7f, 0, 0, 0, 0, 0, 2, 0, 0};
    static uint8_t block[4096];
    size_t heard = 0;

    (void)state;
    memset(block, 'b', sizeof(block));
    open_socket("/stream/a");
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = header, .len = sizeof(header)});
    for (int i = 0; i < 32; i++) {
        flow_say_bytes(&world, &upstream,
                       (struct span){.ptr = block, .len = sizeof(block)});
    }
    flow_say(&world, &upstream,
             "\x81\x03"
             "end");
    uint64_t until = flow_now_ms() + 5000;
    while (heard < 131072 && flow_now_ms() < until) {
        flow_settle(&world);
        flow_listen(&client);
        heard = 0;
        for (size_t i = 0; i < client.len; i++) {
            heard += client.text[i] == 'b';
        }
    }
    assert_int_equal(heard, 131072);
    assert_memory_equal(client.text + client.len - 5,
                        "\x81\x03"
                        "end",
                        5);
}

static void observed_socket_is_delivered_with_its_findings(void **state)
{
    (void)state;
    open_socket("/observe/a");
    flow_say(&world, &upstream, "\x81\x0e{\"user\":\"bob\"}");
    assert_true(flow_hear(&world, &client, "bob"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    assert_false(flow_login_down(&world));
}

static void bad_frame_of_the_server_closes(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &upstream, "\xc1\x02ok");
    hears_close("\x03\xea");
    assert_int_equal(flow_ended(&world, "websocket-malformed"), 1);
}

static void bad_frame_of_the_client_closes_and_is_not_passed_on(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &client, "\x81\x02ok");
    hears_close("\x03\xea");
    assert_int_equal(upstream.len, 0);
}

static void goodbye_of_both_ends_it(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &client,
             "\x88\x82"
             "abcdxy");
    assert_true(flow_hear(&world, &upstream,
                          "\x88\x82"
                          "abcdxy"));
    flow_say(&world, &upstream, "\x88\x02xy");
    assert_true(flow_hear_end(&world, &client));
    assert_true(flow_has(&client, "\x88\x02xy"));
    assert_false(client.broken);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "released"), 3);
}

static void server_that_leaves_without_goodbye_is_told(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_finish(&upstream);
    hears_close("\x03\xf6");
    assert_int_equal(flow_ended(&world, "upstream-closed"), 1);
}

static void client_that_leaves_takes_the_server_along(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_finish(&client);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
}

static void idle_socket_is_closed_when_login_goes_down(void **state)
{
    (void)state;
    open_socket("/stream/a");
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    hears_close("\x03\xf0");
    assert_int_equal(flow_ended(&world, "cut"), 1);
}

static void nothing_passes_once_the_flag_is_set(void **state)
{
    (void)state;
    open_socket("/stream/a");
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_say(&world, &client,
             "\x81\x84"
             "abcd"
             "late");
    flow_say(&world, &upstream, "\x82\x04late");
    hears_close("\x03\xf0");
    assert_false(flow_has(&upstream, "late"));
}

static void logout_closes_the_sockets_of_its_session(void **state)
{
    struct flow_peer other;

    (void)state;
    open_socket("/stream/a");
    flow_client(&world, &other);
    flow_get(&world, &other, "/logout", SID);
    flow_hear_request(&world, &idle);
    flow_page(&world, &idle, NULL, "bye");
    assert_true(flow_hear(&world, &other, "bye"));
    hears_close("\x03\xf0");
    assert_int_equal(flow_ended(&world, "session-changed"), 1);
    flow_hang_up(&other);
}

static void silent_socket_ends_at_its_deadline(void **state)
{
    (void)state;
    world.upstream.stream_timeout_ms = 300;
    open_socket("/stream/a");
    hears_close("\x03\xe9");
    assert_int_equal(flow_ended(&world, "stream-idle"), 1);
}

static void draining_closes_sockets(void **state)
{
    (void)state;
    open_socket("/stream/a");
    relay_drain(world.relay, 0);
    hears_close("\x03\xe9");
}

static void idle_socket_holds_no_memory(void **state)
{
    (void)state;
    open_socket("/stream/a");
    flow_say(&world, &upstream, "\x81\x02ok");
    assert_true(flow_hear(&world, &client, "ok"));
    flow_settle(&world);
    assert_int_equal(block_store_used(world.relay->blocks), 0);
    assert_true(list_empty(&world.relay->holding));
}

static void slow_reader_gets_every_message_once(void **state)
{
    static uint8_t frame[1004] = {0x81, 0x7e, 0x03, 0xe8};
    struct flow_peer slow;
    char number[16];

    (void)state;
    flow_slow_client(&world, &slow);
    flow_hang_up(&client);
    client = slow;
    client.deaf = true;
    ask("/stream/a");
    flow_say(&world, &upstream, HANDSHAKE "\r\n");
    memset(frame + 4, 'm', 1000);
    for (int i = 0; i < 600; i++) {
        (void)snprintf(number, sizeof(number), "%05d", i);
        memcpy(frame + 4, number, 5);
        flow_say_bytes(&world, &upstream,
                       (struct span){.ptr = frame, .len = sizeof(frame)});
        if (i > 300) {
            flow_listen(&client);
        }
    }
    client.deaf = false;
    assert_true(flow_hear_bytes(&world, &client, 600 * sizeof(frame)));
    flow_settle(&world);
    flow_listen(&client);
    struct span all = {.ptr = (const uint8_t *)client.text, .len = client.len};
    size_t head = client.len - 600 * sizeof(frame);
    for (size_t i = 0; i < 600; i++) {
        (void)snprintf(number, sizeof(number), "%05zu", i);
        struct span one = span_first(span_from(all, head + i * sizeof(frame)), 9);
        assert_memory_equal(one.ptr + 4, number, 5);
    }
}

static void slow_server_holds_the_client_back(void **state)
{
    static uint8_t frame[65536 + 14] = {0x82, 0xff, 0, 0,   0,   0,  0,
                                        1,    0,    0, 'a', 'b', 'c'};
    size_t total = 0;

    (void)state;
    open_socket("/stream/a");
    upstream.deaf = true;
    for (int i = 0; i < 40; i++) {
        flow_say_bytes(&world, &client,
                       (struct span){.ptr = frame, .len = i == 0 ? 14 : 0});
    }
    memset(frame, 'q', sizeof(frame));
    flow_say_bytes(&world, &client, (struct span){.ptr = frame, .len = 65536});
    upstream.deaf = false;
    assert_true(flow_hear_bytes(&world, &upstream, 65536 + 14));
    for (size_t i = 0; i < upstream.len; i++) {
        total += upstream.text[i] == 'q';
    }
    assert_int_equal(total, 65536);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(handshake_goes_through_without_extensions),
        FLOW_TEST(route_that_does_not_allow_it_forwards_a_plain_request),
        FLOW_TEST(malformed_handshake_is_rejected),
        FLOW_TEST(other_version_is_told_ours),
        FLOW_TEST(answer_with_an_extension_is_refused),
        FLOW_TEST(answer_that_is_no_upgrade_is_an_answer),
        FLOW_TEST(handshake_of_somebody_else_is_refused),
        FLOW_TEST(messages_go_both_ways),
        FLOW_TEST(what_the_client_sends_early_is_passed_on),
        FLOW_TEST(fragments_leave_as_one_message_and_pings_overtake_them),
        FLOW_TEST(every_split_of_frames_gives_the_same),
        FLOW_TEST(foreign_message_closes_the_socket_before_it),
        FLOW_TEST(foreign_markup_closes_the_socket_before_it),
        FLOW_TEST(required_marker_is_owed_by_the_first_text),
        FLOW_TEST(first_text_without_its_required_marker_closes),
        FLOW_TEST(binary_closes_where_a_marker_is_required),
        FLOW_TEST(text_larger_than_may_be_held_closes),
        FLOW_TEST(large_binary_message_passes_as_it_comes),
        FLOW_TEST(observed_socket_is_delivered_with_its_findings),
        FLOW_TEST(bad_frame_of_the_server_closes),
        FLOW_TEST(bad_frame_of_the_client_closes_and_is_not_passed_on),
        FLOW_TEST(goodbye_of_both_ends_it),
        FLOW_TEST(server_that_leaves_without_goodbye_is_told),
        FLOW_TEST(client_that_leaves_takes_the_server_along),
        FLOW_TEST(idle_socket_is_closed_when_login_goes_down),
        FLOW_TEST(nothing_passes_once_the_flag_is_set),
        FLOW_TEST(logout_closes_the_sockets_of_its_session),
        FLOW_TEST(silent_socket_ends_at_its_deadline),
        FLOW_TEST(draining_closes_sockets),
        FLOW_TEST(idle_socket_holds_no_memory),
        FLOW_TEST(slow_reader_gets_every_message_once),
        FLOW_TEST(slow_server_holds_the_client_back),
    };
    return RUN_TESTS(tests);
}
