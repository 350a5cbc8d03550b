/* Responses that are sent on while they still come: byte-exact, nothing that a marker may
 * still reach, and a late finding cuts them so that the client can tell. */
#include <stdio.h>
#include <string.h>

#include "support/flow_world.h"
#include "support/test.h"

enum {
    PIECE = 3000,
    TWICE = 2 * FLOW_HOLD_MAX,
    LONG = 3 * FLOW_HOLD_MAX,
};

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;
static char body[LONG + 1];

static const char *const SID = "alice-session-token";

static int set_up_with(const char *regex)
{
    for (size_t i = 0; i < LONG; i++) {
        body[i] = (char)('a' + (i * 31 + i / 97) % 26);
    }
    body[LONG] = '\0';
    flow_init(&world);
    world.regex = regex;
    flow_start(&world);
    flow_client(&world, &client);
    flow_bind(&world, &client, &upstream, SID, "alice");
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return set_up_with(NULL);
}

static int set_up_regex(void **state)
{
    (void)state;
    return set_up_with("regex:uid=([a-z]+);");
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
                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n%s\r\n", more);
    flow_say(&world, &upstream, text);
}

static void say_length(size_t len)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "Content-Length: %zu\r\n", len);
    say_head(text);
}

static void say_part(size_t from, size_t len)
{
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (const uint8_t *)body + from, .len = len});
}

static void say_chunk(const char *text, size_t len)
{
    char line[32];

    (void)snprintf(line, sizeof(line), "%zx\r\n", len);
    flow_say(&world, &upstream, line);
    flow_say_bytes(&world, &upstream,
                   (struct span){.ptr = (const uint8_t *)text, .len = len});
    flow_say(&world, &upstream, "\r\n");
}

static void ask(const char *path)
{
    flow_get(&world, &client, path, SID);
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
}

static void streamed_response_arrives_byte_for_byte(void **state)
{
    struct flow_answer answer;

    (void)state;
    ask("/stream/a");
    say_length(LONG);
    for (size_t at = 0; at < LONG; at += PIECE) {
        say_part(at, LONG - at < PIECE ? LONG - at : PIECE);
    }
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.body.len, LONG);
    assert_memory_equal(answer.body.ptr, body, LONG);
    assert_int_equal(flow_ended(&world, "released"), 3);
}

/* What is read while a write to a slow client waits must not be lost or sent twice. */
static void slow_reader_of_a_stream_gets_every_byte_once(void **state)
{
    struct flow_peer slow;
    struct flow_answer answer;

    (void)state;
    flow_slow_client(&world, &slow);
    slow.deaf = true;
    flow_get(&world, &slow, "/stream/a", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n");
    flow_say(&world, &upstream, "Content-Length: 196608\r\n\r\n");
    for (size_t at = 0; at < LONG; at += PIECE) {
        say_part(at, LONG - at < PIECE ? LONG - at : PIECE);
        if (at > LONG / 2) {
            flow_listen(&slow);
        }
    }
    assert_true(flow_hear_answer(&world, &slow, false, &answer));
    assert_int_equal(answer.body.len, LONG);
    assert_memory_equal(answer.body.ptr, body, LONG);
    flow_hang_up(&slow);
}

static void chunked_stream_is_framed_anew_and_ends(void **state)
{
    struct flow_answer answer;

    (void)state;
    ask("/stream/a");
    say_head("Transfer-Encoding: chunked\r\n");
    for (size_t at = 0; at < LONG; at += 700) {
        say_chunk(body + at, LONG - at < 700 ? LONG - at : 700);
    }
    flow_say(&world, &upstream, "0\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.body.len, LONG);
    assert_memory_equal(answer.body.ptr, body, LONG);
}

static void late_mismatch_cuts_a_chunked_stream_without_a_last_chunk(void **state)
{
    static const char page[] = "<meta name=\"user-marker\" content=\"bob\">Bob's address";

    (void)state;
    ask("/stream/a");
    say_head("Transfer-Encoding: chunked\r\n");
    say_chunk(body, TWICE);
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
    say_chunk(page, strlen(page));
    flow_say(&world, &upstream, "0\r\n\r\n");
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_false(flow_has(&client, "0\r\n\r\n"));
    assert_false(flow_has(&client, "Bob"));
    assert_false(flow_has(&client, "\"bob"));
    assert_true(flow_login_down(&world));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
    assert_int_equal(flow_ended(&world, "cut"), 1);
}

static void late_mismatch_cuts_a_stream_short_of_its_length(void **state)
{
    static const char page[] = "<meta name=\"user-marker\" content=\"bob\">Bob's address";
    struct flow_answer answer;

    (void)state;
    ask("/stream/a");
    say_length(TWICE + strlen(page));
    say_part(0, TWICE);
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
    flow_say(&world, &upstream, page);
    assert_true(flow_hear_end(&world, &client));
    flow_parse_answer(&client, false, &answer);
    assert_false(answer.whole);
    assert_true(client.broken);
    assert_false(flow_has(&client, "Bob"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
}

/* A marker that is spread over many small pieces: none of them may leave before it is
 * whole, or the last one comes too late. */
static void no_part_of_a_marker_leaves_while_it_may_still_match(void **state)
{
    char tag[4000];
    size_t len = 0;

    (void)state;
    ask("/stream/a");
    say_head("Transfer-Encoding: chunked\r\n");
    say_chunk(body, TWICE);
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
    len += (size_t)snprintf(tag, sizeof(tag), "<meta content=\"bobsecret\" ");
    memset(tag + len, ' ', 3000);
    len += 3000;
    len += (size_t)snprintf(tag + len, sizeof(tag) - len, "name=\"user-marker\">");
    for (size_t at = 0; at < len; at += 600) {
        say_chunk(tag + at, len - at < 600 ? len - at : 600);
        flow_settle(&world);
    }
    assert_true(flow_hear_end(&world, &client));
    assert_false(flow_has(&client, "bobsecret"));
    assert_true(client.broken);
}

static void no_part_of_a_pattern_leaves_while_it_may_still_match(void **state)
{
    (void)state;
    ask("/stream/a");
    say_head("Transfer-Encoding: chunked\r\n");
    say_chunk(body, LONG);
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX / 4));
    say_chunk("uid=bobsecret", 13);
    for (int i = 0; i < 4; i++) {
        char filler[700];
        memset(filler, 'z', sizeof(filler));
        say_chunk(filler, sizeof(filler));
        flow_settle(&world);
    }
    say_chunk(";", 1);
    flow_settle(&world);
    flow_listen(&client);
    assert_false(flow_has(&client, "bobsecret"));
}

static void observed_stream_with_a_late_finding_is_delivered_whole(void **state)
{
    static const char page[] = "<meta name=\"user-marker\" content=\"bob\">";
    struct flow_answer answer;

    (void)state;
    world.routes[FLOW_OBSERVE].over_limit = OVER_LIMIT_STREAM;
    ask("/observe/a");
    say_length(LONG + strlen(page));
    say_part(0, LONG - 1000);
    flow_say(&world, &upstream, page);
    flow_settle(&world);
    say_part(LONG - 1000, 1000);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.body.len, LONG + strlen(page));
    assert_int_equal(world.journal.displays, 1);
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    assert_false(flow_login_down(&world));
}

static void observed_response_over_the_limit_is_delivered_whole(void **state)
{
    struct flow_answer answer;

    (void)state;
    ask("/observe/a");
    say_head("X-User-Marker: bob\r\nTransfer-Encoding: chunked\r\n");
    for (size_t at = 0; at < LONG; at += PIECE) {
        say_chunk(body + at, LONG - at < PIECE ? LONG - at : PIECE);
    }
    flow_say(&world, &upstream, "0\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body.len, LONG);
    assert_memory_equal(answer.body.ptr, body, LONG);
    assert_int_equal(world.journal.displays, 1);
    /* Its connection is clean and may be used again. */
    flow_forget(&client);
    ask("/observe/b");
    flow_page(&world, &upstream, "alice", "ok");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
}

static void client_that_could_not_tell_a_cut_is_never_streamed_to(void **state)
{
    (void)state;
    flow_say(&world, &client, "GET /stream/a HTTP/1.0\r\nHost: site\r\n\r\n");
    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    say_head("Transfer-Encoding: chunked\r\n");
    say_chunk(body, LONG);
    assert_true(flow_hear_end(&world, &client));
    assert_true(flow_has(&client, " 502 "));
    assert_false(flow_has(&client, "abcdef"));
    assert_int_equal(flow_ended(&world, "over-limit"), 1);
}

static void stream_of_a_session_is_cut_when_login_goes_down(void **state)
{
    (void)state;
    ask("/stream/a");
    say_length(LONG);
    say_part(0, TWICE);
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
    flow_settle(&world);
    flow_listen(&client);
    size_t before = client.len;
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    say_part(TWICE, 1000);
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_int_equal(client.len, before);
    assert_int_equal(flow_ended(&world, "cut"), 1);
}

/* The site says nothing, and the client takes nothing: neither is waited for. */
static void stream_that_waits_is_cut_when_login_goes_down(void **state)
{
    struct flow_peer slow;

    (void)state;
    flow_slow_client(&world, &slow);
    slow.deaf = true;
    ask("/stream/a");
    say_length(LONG);
    say_part(0, TWICE);
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "cut"), 1);
    flow_hang_up(&slow);
}

static void upstream_that_breaks_off_a_stream_cuts_it_for_the_client(void **state)
{
    (void)state;
    ask("/stream/a");
    say_head("Transfer-Encoding: chunked\r\n");
    say_chunk(body, TWICE);
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
    flow_finish(&upstream);
    assert_true(flow_hear_end(&world, &client));
    assert_true(client.broken);
    assert_int_equal(flow_ended(&world, "upstream-closed"), 1);
}

static void client_that_leaves_a_stream_gives_its_memory_back(void **state)
{
    struct flow_peer slow;

    (void)state;
    flow_slow_client(&world, &slow);
    slow.deaf = true;
    flow_get(&world, &slow, "/stream/a", SID);
    flow_hear_request(&world, &upstream);
    say_length(LONG);
    say_part(0, TWICE);
    flow_settle(&world);
    flow_break(&slow);
    flow_settle(&world);
    assert_int_equal(block_store_used(world.relay->blocks), 0);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(streamed_response_arrives_byte_for_byte),
        FLOW_TEST(slow_reader_of_a_stream_gets_every_byte_once),
        FLOW_TEST(chunked_stream_is_framed_anew_and_ends),
        FLOW_TEST(late_mismatch_cuts_a_chunked_stream_without_a_last_chunk),
        FLOW_TEST(late_mismatch_cuts_a_stream_short_of_its_length),
        FLOW_TEST(no_part_of_a_marker_leaves_while_it_may_still_match),
        cmocka_unit_test_setup_teardown(
            no_part_of_a_pattern_leaves_while_it_may_still_match, set_up_regex,
            tear_down),
        FLOW_TEST(observed_response_over_the_limit_is_delivered_whole),
        FLOW_TEST(client_that_could_not_tell_a_cut_is_never_streamed_to),
        FLOW_TEST(stream_of_a_session_is_cut_when_login_goes_down),
        FLOW_TEST(stream_that_waits_is_cut_when_login_goes_down),
        FLOW_TEST(upstream_that_breaks_off_a_stream_cuts_it_for_the_client),
        FLOW_TEST(client_that_leaves_a_stream_gives_its_memory_back),
        FLOW_TEST(observed_stream_with_a_late_finding_is_delivered_whole),
    };
    return RUN_TESTS(tests);
}
