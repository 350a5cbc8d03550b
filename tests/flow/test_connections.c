/* I4 and what travels on a connection: by session, reused only when clean, retried only
 * when harmless, and bytes that nobody asked for reach nobody. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/flow_alice.h"
#include "support/test.h"

/* Answers the request that waits at `from` and reads the answer. */
static void serve(struct flow_peer *from, struct flow_peer *to, const char *owner)
{
    struct flow_answer answer;

    flow_hear_request(&world, from);
    flow_forget(from);
    flow_page(&world, from, owner, "ok");
    assert_true(flow_hear_answer(&world, to, false, &answer));
    assert_int_equal(answer.status, 200);
    flow_forget(to);
}

static void connection_of_a_session_never_serves_another(void **state)
{
    struct flow_peer other;
    struct flow_peer fresh;

    (void)state;
    flow_client(&world, &other);
    flow_get(&world, &other, "/public", "bob-session-token-1");
    flow_accept(&world, &fresh);
    serve(&fresh, &other, "bob");
    flow_get(&world, &other, "/public", NULL);
    flow_settle(&world);
    assert_true(flow_knocks(&world));
    assert_int_equal(upstream.len, 0);
    flow_hang_up(&other);
    flow_hang_up(&fresh);
}

static void sessions_connection_is_used_again_by_it_over_any_client(void **state)
{
    struct flow_peer other;

    (void)state;
    flow_client(&world, &other);
    flow_get(&world, &other, "/public", SID);
    serve(&upstream, &other, "alice");
    assert_false(flow_knocks(&world));
    flow_hang_up(&other);
}

static void anonymous_connection_leaves_its_pool_after_an_unsafe_request(void **state)
{
    struct flow_peer pooled;

    (void)state;
    flow_get(&world, &client, "/public", NULL);
    flow_accept(&world, &pooled);
    serve(&pooled, &client, NULL);
    flow_get(&world, &client, "/public", NULL);
    serve(&pooled, &client, NULL);
    flow_say(&world, &client,
             "POST /form HTTP/1.1\r\nHost: site\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(flow_hear(&world, &pooled, "\r\n\r\nhi"));
    serve(&pooled, &client, NULL);
    assert_true(flow_hear_end(&world, &pooled));
    flow_hang_up(&pooled);
}

static void ambiguous_and_remembered_requests_have_their_own_connection(void **state)
{
    struct flow_peer own;

    (void)state;
    flow_say(&world, &client,
             "GET /public HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token; "
             "sid=another-token-of-hers\r\n\r\n");
    flow_accept(&world, &own);
    serve(&own, &client, NULL);
    assert_true(flow_hear_end(&world, &own));
    flow_hang_up(&own);
    flow_say(&world, &client,
             "GET /public HTTP/1.1\r\nHost: site\r\nCookie: remember=me\r\n\r\n");
    flow_accept(&world, &own);
    serve(&own, &client, NULL);
    assert_true(flow_hear_end(&world, &own));
    flow_hang_up(&own);
}

static void answer_that_is_not_clean_closes_its_connection(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
    };

    (void)state;
    flow_hang_up(&upstream);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct flow_answer answer;
        flow_get(&world, &client, "/public", SID);
        flow_accept(&world, &upstream);
        flow_hear_request(&world, &upstream);
        flow_say(&world, &upstream, heads[i]);
        assert_true(flow_hear_answer(&world, &client, false, &answer));
        assert_true(span_equal(answer.body, SPAN("ok")));
        assert_int_equal(answer.wire_len, client.len);
        assert_true(flow_hear_end(&world, &upstream));
        flow_hang_up(&upstream);
        flow_forget(&client);
    }
    assert_string_equal(flow_last_entry(&world)->reason, "excess-bytes");
}

static void bytes_on_an_idle_connection_reach_nobody_and_are_recorded(void **state)
{
    (void)state;
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nX-User-Marker: bob\r\nContent-Length: 2\r\n\r\nhi");
    assert_true(flow_hear_end(&world, &upstream));
    assert_string_equal(flow_last_entry(&world)->reason, "idle-bytes");
    assert_int_equal(strlen(flow_last_entry(&world)->previous_id), JOURNAL_ID_DIGITS);
    flow_get(&world, &client, "/public", SID);
    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    serve(&upstream, &client, "alice");
}

static void body_of_an_answer_to_head_reaches_nobody(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_say(&world, &client,
             "HEAD /public HTTP/1.1\r\nHost: site\r\nCookie: "
             "sid=alice-session-token\r\n\r\n");
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    assert_true(flow_hear_answer(&world, &client, true, &answer));
    flow_settle(&world);
    flow_listen(&client);
    assert_false(flow_has(&client, "hello"));
    assert_true(flow_hear_end(&world, &upstream));
}

static void safe_request_on_a_kept_connection_that_closed_is_tried_once_more(void **state)
{
    (void)state;
    flow_get(&world, &client, "/public", SID);
    flow_hear_request(&world, &upstream);
    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_hang_up(&upstream);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    assert_false(flow_knocks(&world));
}

static void unsafe_request_is_never_sent_twice(void **state)
{
    (void)state;
    flow_say(&world, &client,
             "POST /form HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
             "Content-Length: 2\r\n\r\nhi");
    assert_true(flow_hear(&world, &upstream, "\r\n\r\nhi"));
    flow_hang_up(&upstream);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    assert_false(flow_knocks(&world));
}

static void request_is_not_tried_again_after_the_first_byte_of_an_answer(void **state)
{
    (void)state;
    flow_get(&world, &client, "/public", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, "H");
    flow_settle(&world);
    flow_hang_up(&upstream);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    assert_false(flow_knocks(&world));
}

static void early_response_closes_its_connection_and_the_clients(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_say(&world, &client,
             "POST /form HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
             "Content-Length: 100\r\n\r\npart");
    assert_true(flow_hear(&world, &upstream, "part"));
    flow_say(&world, &upstream, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 413);
    assert_true(flow_has(&client, "Connection: close\r\n"));
    assert_true(flow_hear_end(&world, &upstream));
    assert_true(flow_hear_end(&world, &client));
    assert_false(client.broken);
}

static void pipelined_requests_are_answered_in_order_and_not_pipelined_on(void **state)
{
    struct flow_answer answer;

    (void)state;
    for (int i = 0; i < 3; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/public/%d", i);
        flow_get(&world, &client, path, SID);
    }
    for (int i = 0; i < 3; i++) {
        char line[64];
        (void)snprintf(line, sizeof(line), "GET /public/%d HTTP/1.1", i);
        assert_true(flow_hear(&world, &upstream, line));
        flow_settle(&world);
        flow_listen(&upstream);
        (void)snprintf(line, sizeof(line), "GET /public/%d HTTP/1.1", i + 1);
        assert_false(flow_has(&upstream, line));
        flow_forget(&upstream);
        flow_page(&world, &upstream, "alice", line);
        assert_true(flow_hear_answer(&world, &client, false, &answer));
        assert_true(span_equal(answer.body, span_of(line)));
        flow_forget(&client);
    }
}

static void continue_is_passed_on_once_and_other_interim_answers_are_not(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_say(&world, &client,
             "POST /form HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
             "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    assert_true(flow_hear(&world, &client, "HTTP/1.1 100 Continue\r\n\r\n"));
    assert_false(flow_has(&client, "Early"));
    flow_forget(&client);
    flow_say(&world, &client, "body");
    assert_true(flow_hear(&world, &upstream, "body"));
    flow_page(&world, &upstream, "alice", "thanks");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
}

static void chunked_and_counted_bodies_arrive_as_they_were(void **state)
{
    (void)state;
    flow_say(&world, &client,
             "POST /form HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
             "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert_true(flow_hear(&world, &upstream, "3\r\nabc\r\n"));
    flow_say(&world, &client, "2\r\nde\r\n0\r\n\r\n");
    assert_true(flow_hear(&world, &upstream, "2\r\nde\r\n0\r\n\r\n"));
    serve(&upstream, &client, "alice");
    flow_say(&world, &client,
             "POST /login HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n"
             "Transfer-Encoding: chunked\r\n\r\na\r\nuser=alice\r\n0\r\n\r\n");
    assert_true(flow_hear(&world, &upstream, "a\r\nuser=alice\r\n0\r\n\r\n"));
    serve(&upstream, &client, "alice");
}

static void fields_of_ours_and_of_hops_do_not_pass(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_say(&world, &client,
             "GET /public HTTP/1.1\r\nHost: site\r\nCookie: sid=alice-session-token\r\n"
             "Countermark-Session: forged\r\nCountermark_Request: forged\r\n"
             "Connection: X-Hop\r\nX-Hop: 1\r\nX-Forwarded-For: 9.9.9.9\r\n"
             "TE: trailers\r\nAccept-Encoding: zstd, br, gzip;q=0.5\r\n\r\n");
    flow_hear_request(&world, &upstream);
    assert_false(flow_has(&upstream, "forged"));
    assert_false(flow_has(&upstream, "X-Hop"));
    assert_false(flow_has(&upstream, "9.9.9.9"));
    assert_false(flow_has(&upstream, "TE:"));
    assert_true(flow_has(&upstream, "X-Forwarded-For: 127.0.0.1\r\n"));
    assert_true(flow_has(&upstream, "Via: 1.1 countermark\r\n"));
    assert_true(flow_has(&upstream, "gzip;q=0.5"));
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nCountermark-Echo: x\r\nKeep-Alive: 5\r\n"
             "Content-Length: 2\r\n\r\nok");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_false(flow_has(&client, "Countermark"));
    assert_false(flow_has(&client, "Keep-Alive"));
}

static void clients_of_http_1_0_get_what_they_understand(void **state)
{
    (void)state;
    flow_say(&world, &client,
             "GET /public HTTP/1.0\r\nCookie: sid=alice-session-token\r\n\r\n");
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    assert_true(flow_hear_end(&world, &client));
    assert_true(flow_has(&client, "Content-Length: 2\r\nConnection: close\r\n\r\nok"));
    assert_false(flow_has(&client, "chunked"));
}

/* Its asker is gone and so is the plan: the attempt must end with its pool. */
static void attempt_to_connect_does_not_outlive_its_pool(void **state)
{
    struct flow_peer other;
    struct sockaddr_in address = flow_loopback(1, flow_port_of(world.server_fd));
    int fillers[4];

    (void)state;
    /* A full queue: nobody is refused, and nobody gets in. */
    assert_int_equal(listen(world.server_fd, 0), 0);
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    flow_client(&world, &other);
    flow_get(&world, &other, "/public", NULL);
    flow_settle(&world);
    assert_int_equal(atomic_load(&world.server.connections), 2);
    flow_break(&other);
    flow_settle(&world);
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
    for (int i = 0; i < 4; i++) {
        (void)close(fillers[i]);
    }
}

static void requests_past_connections_max_wait_and_then_get_503(void **state)
{
    struct flow_peer other;
    struct flow_answer answer;

    (void)state;
    world.upstream.connections_max = 1;
    world.upstream.queue_timeout_ms = 100;
    flow_get(&world, &client, "/public", SID);
    flow_hear_request(&world, &upstream);
    flow_client(&world, &other);
    flow_get(&world, &other, "/public", NULL);
    assert_true(flow_hear_answer(&world, &other, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_int_equal(flow_ended(&world, "queue-timeout"), 1);
    serve(&upstream, &client, "alice");
    flow_forget(&other);
    /* The idle one makes room. */
    flow_get(&world, &other, "/public", NULL);
    assert_true(flow_hear_end(&world, &upstream));
    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    serve(&upstream, &other, NULL);
    flow_hang_up(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(connection_of_a_session_never_serves_another),
        FLOW_TEST(sessions_connection_is_used_again_by_it_over_any_client),
        FLOW_TEST(anonymous_connection_leaves_its_pool_after_an_unsafe_request),
        FLOW_TEST(ambiguous_and_remembered_requests_have_their_own_connection),
        FLOW_TEST(answer_that_is_not_clean_closes_its_connection),
        FLOW_TEST(bytes_on_an_idle_connection_reach_nobody_and_are_recorded),
        FLOW_TEST(body_of_an_answer_to_head_reaches_nobody),
        FLOW_TEST(safe_request_on_a_kept_connection_that_closed_is_tried_once_more),
        FLOW_TEST(unsafe_request_is_never_sent_twice),
        FLOW_TEST(request_is_not_tried_again_after_the_first_byte_of_an_answer),
        FLOW_TEST(early_response_closes_its_connection_and_the_clients),
        FLOW_TEST(pipelined_requests_are_answered_in_order_and_not_pipelined_on),
        FLOW_TEST(continue_is_passed_on_once_and_other_interim_answers_are_not),
        FLOW_TEST(chunked_and_counted_bodies_arrive_as_they_were),
        FLOW_TEST(fields_of_ours_and_of_hops_do_not_pass),
        FLOW_TEST(clients_of_http_1_0_get_what_they_understand),
        FLOW_TEST(attempt_to_connect_does_not_outlive_its_pool),
        FLOW_TEST(requests_past_connections_max_wait_and_then_get_503),
    };
    return RUN_TESTS(tests);
}
