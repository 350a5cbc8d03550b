/* Clients and upstreams that leave, break, stall or talk nonsense, in every state of an
 * exchange: one named ending each, nothing left behind. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "support/flow_world.h"
#include "support/test.h"

static struct flow_world world;
static struct flow_peer client;
static struct flow_peer upstream;

static const char *const LOGIN =
    "POST /login HTTP/1.1\r\nHost: site\r\nContent-Type: "
    "application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\r\nuser=";

static int set_up(void **state)
{
    (void)state;
    flow_init(&world);
    world.site->limits.body_timeout_ms = 150;
    world.site->limits.header_timeout_ms = 150;
    world.site->limits.idle_timeout_ms = 400;
    world.upstream.response_timeout_ms = 150;
    world.upstream.connect_timeout_ms = 150;
    world.upstream.queue_timeout_ms = 150;
    flow_start(&world);
    flow_client(&world, &client);
    upstream = (struct flow_peer){.fd = -1};
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

/* Leaves by RST and waits for the one ending. */
static void leave(const char *word)
{
    flow_break(&client);
    flow_wait(&world, 20);
    assert_int_equal(flow_ended(&world, word), 1);
}

static void reach_upstream(const char *path)
{
    flow_get(&world, &client, path, NULL);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
}

static void client_that_leaves_before_a_request_ends_nothing(void **state)
{
    (void)state;
    flow_say(&world, &client, "GET / HTT");
    flow_break(&client);
    flow_settle(&world);
    assert_true(relay_is_empty(world.relay));
}

static void client_that_leaves_while_its_login_is_read_is_named(void **state)
{
    (void)state;
    flow_say(&world, &client, LOGIN);
    flow_settle(&world);
    leave("client-gone");
    assert_false(flow_knocks(&world));
}

static void client_that_leaves_while_the_upstream_is_connected_is_named(void **state)
{
    (void)state;
    flow_get(&world, &client, "/a", NULL);
    flow_break(&client);
    flow_wait(&world, 20);
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
}

static void client_that_leaves_before_the_answer_closes_the_upstream(void **state)
{
    (void)state;
    reach_upstream("/a");
    leave("client-gone");
    assert_true(flow_hear_end(&world, &upstream));
}

static void client_that_leaves_while_the_answer_is_held_closes_the_upstream(void **state)
{
    (void)state;
    reach_upstream("/a");
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
    flow_settle(&world);
    leave("client-gone");
    assert_true(flow_hear_end(&world, &upstream));
}

static void client_that_leaves_while_a_refusal_is_written_is_recorded(void **state)
{
    (void)state;
    world.site->ledger_deadline_ms = 10000;
    world.journal.disk = FLOW_DISK_LATE;
    reach_upstream("/a");
    flow_page(&world, &upstream, "bob", "secret");
    flow_settle(&world);
    leave("refused-silent");
    assert_int_equal(world.journal.displays, 1);
}

static void client_that_leaves_while_the_gate_waits_is_named(void **state)
{
    struct flow_peer second;

    (void)state;
    world.site->ledger_deadline_ms = 10000;
    world.journal.disk = FLOW_DISK_LATE;
    flow_client(&world, &second);
    reach_upstream("/a");
    flow_page(&world, &upstream, "bob", "secret");
    flow_settle(&world);
    flow_get(&world, &second, "/mypage/top", NULL);
    flow_settle(&world);
    flow_break(&second);
    flow_wait(&world, 20);
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
    flow_commit(&world, true);
}

static void half_closed_client_still_gets_its_answers(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_get(&world, &client, "/a", NULL);
    flow_get(&world, &client, "/b", NULL);
    flow_finish(&client);
    flow_accept(&world, &upstream);
    for (int i = 0; i < 2; i++) {
        flow_hear_request(&world, &upstream);
        flow_forget(&upstream);
        flow_page(&world, &upstream, NULL, i == 0 ? "first" : "second");
        flow_settle(&world);
    }
    assert_true(flow_hear_end(&world, &client));
    assert_false(client.broken);
    flow_parse_answer(&client, false, &answer);
    assert_true(span_equal(answer.body, SPAN("first")));
    assert_true(flow_has(&client, "second"));
}

static void upstream_that_closes_without_an_answer_gives_502(void **state)
{
    struct flow_answer answer;

    (void)state;
    reach_upstream("/a");
    flow_hang_up(&upstream);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_int_equal(flow_ended(&world, "upstream-closed"), 1);
}

static void upstream_that_closes_inside_a_body_shows_nothing_of_it(void **state)
{
    struct flow_answer answer;

    (void)state;
    reach_upstream("/a");
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
    flow_settle(&world);
    flow_hang_up(&upstream);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "part"));
}

static void body_that_ends_with_the_connection_is_whole_only_after_fin(void **state)
{
    struct flow_answer answer;

    (void)state;
    reach_upstream("/a");
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it");
    flow_settle(&world);
    flow_finish(&upstream);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(span_equal(answer.body, SPAN("all of it")));
    flow_forget(&client);
    flow_hang_up(&upstream);
    reach_upstream("/b");
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\npart");
    flow_settle(&world);
    flow_break(&upstream);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "part"));
}

static void upstream_that_says_nothing_in_time_gives_504(void **state)
{
    struct flow_answer answer;

    (void)state;
    reach_upstream("/a");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 504);
    assert_int_equal(flow_ended(&world, "response-timeout"), 1);
    assert_true(flow_hear_end(&world, &upstream));
}

static void upstream_that_stalls_inside_a_body_gives_504(void **state)
{
    struct flow_answer answer;

    (void)state;
    reach_upstream("/a");
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 504);
    assert_false(flow_has(&client, "part"));
}

static void malformed_answers_give_502_and_close_the_upstream(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        "not HTTP at all\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct flow_answer answer;
        reach_upstream("/a");
        flow_say(&world, &upstream, answers[i]);
        assert_true(flow_hear_answer(&world, &client, false, &answer));
        assert_int_equal(answer.status, 502);
        assert_true(flow_hear_end(&world, &upstream));
        flow_hang_up(&upstream);
        flow_forget(&client);
    }
}

static void slow_head_gets_408(void **state)
{
    (void)state;
    flow_say(&world, &client, "GET / HTTP/1.1\r\nHost");
    assert_true(flow_hear(&world, &client, "HTTP/1.1 408 "));
    assert_int_equal(flow_ended(&world, "header-timeout"), 1);
    assert_true(flow_hear_end(&world, &client));
}

static void slow_login_body_gets_408_and_reaches_nobody(void **state)
{
    (void)state;
    flow_say(&world, &client, LOGIN);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 408 "));
    assert_int_equal(flow_ended(&world, "body-timeout"), 1);
    assert_false(flow_knocks(&world));
}

static void slow_body_gets_408(void **state)
{
    (void)state;
    flow_say(&world, &client,
             "POST /a HTTP/1.1\r\nHost: site\r\nContent-Length: 9\r\n\r\nabc");
    flow_accept(&world, &upstream);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 408 "));
    assert_int_equal(flow_ended(&world, "body-timeout"), 1);
}

static void idle_client_is_closed_without_a_word(void **state)
{
    (void)state;
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 0);
    assert_true(relay_is_empty(world.relay));
}

/* The body lay in the backlog when the upstream became ready. */
static void malformed_body_behind_its_head_is_refused_at_once(void **state)
{
    (void)state;
    world.site->limits.body_timeout_ms = 60000;
    flow_say(
        &world, &client,
        "POST /a HTTP/1.1\r\nHost: site\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
    assert_true(flow_hear(&world, &client, "HTTP/1.1 400 "));
}

/* A page for a request that could not be parsed waits for a client that does not read. */
static void unread_page_for_a_malformed_request_dies_with_its_client(void **state)
{
    struct flow_peer slow;
    static char body[60001];

    (void)state;
    memset(body, 'x', sizeof(body) - 1);
    for (int i = 0; i < 40; i++) {
        flow_slow_client(&world, &slow);
        slow.deaf = true;
        flow_get(&world, &slow, "/a", NULL);
        flow_accept(&world, &upstream);
        flow_hear_request(&world, &upstream);
        body[2000 + i * 600] = '\0';
        flow_page(&world, &upstream, NULL, body);
        body[2000 + i * 600] = 'x';
        flow_say(&world, &slow, "nonsense\r\n\r\n");
        flow_settle(&world);
        flow_break(&slow);
        flow_break(&upstream); /* It may be kept or not: how much of it was read? */
        flow_settle(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(client_that_leaves_before_a_request_ends_nothing),
        FLOW_TEST(client_that_leaves_while_its_login_is_read_is_named),
        FLOW_TEST(client_that_leaves_while_the_upstream_is_connected_is_named),
        FLOW_TEST(client_that_leaves_before_the_answer_closes_the_upstream),
        FLOW_TEST(client_that_leaves_while_the_answer_is_held_closes_the_upstream),
        FLOW_TEST(client_that_leaves_while_a_refusal_is_written_is_recorded),
        FLOW_TEST(client_that_leaves_while_the_gate_waits_is_named),
        FLOW_TEST(half_closed_client_still_gets_its_answers),
        FLOW_TEST(upstream_that_closes_without_an_answer_gives_502),
        FLOW_TEST(upstream_that_closes_inside_a_body_shows_nothing_of_it),
        FLOW_TEST(body_that_ends_with_the_connection_is_whole_only_after_fin),
        FLOW_TEST(upstream_that_says_nothing_in_time_gives_504),
        FLOW_TEST(upstream_that_stalls_inside_a_body_gives_504),
        FLOW_TEST(malformed_answers_give_502_and_close_the_upstream),
        FLOW_TEST(slow_head_gets_408),
        FLOW_TEST(slow_login_body_gets_408_and_reaches_nobody),
        FLOW_TEST(slow_body_gets_408),
        FLOW_TEST(idle_client_is_closed_without_a_word),
        FLOW_TEST(malformed_body_behind_its_head_is_refused_at_once),
        FLOW_TEST(unread_page_for_a_malformed_request_dies_with_its_client),
    };
    return RUN_TESTS(tests);
}
