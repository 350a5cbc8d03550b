/* HTTP/2: many exchanges on one connection, each with its own answer and nobody else's;
 * held, refused, cut, taken down, one stream at a time. */
#include "flow/h2_case.h"

/* A session that is bound to `name`, over HTTP/1. */
static void bind_session(const char *sid, const char *name)
{
    struct flow_peer peer;
    struct flow_peer server;

    flow_client(&world, &peer);
    flow_bind(&world, &peer, &server, sid, name);
    flow_hang_up(&server);
    flow_hang_up(&peer);
    flow_settle(&world);
}

static void a_held_page_is_released_on_its_own_stream(void **state)
{
    (void)state;
    int32_t a = get("/a", NULL);
    reach(&upstream);
    assert_true(flow_has(&upstream, "GET /a HTTP/1.1\r\nHost: site\r\n"));
    assert_true(flow_has(&upstream, "Via: 2.0 countermark\r\n"));
    int32_t b = get("/b", NULL);
    reach(&second);
    flow_page(&world, &second, NULL, "page b");
    expect_whole(b, 200, "page b");
    assert_int_equal(of(a)->status, 0);
    flow_page(&world, &upstream, NULL, "page a");
    expect_whole(a, 200, "page a");
    assert_false(h2_heard_has(of(a), "page b"));
    assert_non_null(strstr(of(a)->fields, "content-length: 6\n"));
    assert_null(strstr(of(a)->fields, "connection"));
    assert_int_equal(flow_ended(&world, "released"), 2);
}

static void nothing_leaves_before_the_answer_is_whole(void **state)
{
    (void)state;
    int32_t id = get("/a", NULL);
    reach(&upstream);
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    flow_h2_turn(&world, &client);
    assert_int_equal(of(id)->status, 0);
    flow_say(&world, &upstream, " done");
    expect_whole(id, 200, "half done");
}

static void streams_of_two_sessions_never_share_an_upstream_connection(void **state)
{
    (void)state;
    bind_session("alice-token-1", "alice");
    bind_session("bob-token-1", "bob");
    int32_t a = get("/mypage/top", "alice-token-1");
    reach(&upstream);
    flow_page(&world, &upstream, "alice", "of alice");
    expect_whole(a, 200, "of alice");
    flow_forget(&upstream);
    int32_t b = get("/mypage/top", "bob-token-1");
    reach(&second);
    flow_page(&world, &second, "bob", "of bob");
    expect_whole(b, 200, "of bob");
    assert_int_equal(upstream.len, 0);
    int32_t again = get("/mypage/top", "alice-token-1");
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "alice", "alice again");
    expect_whole(again, 200, "alice again");
    assert_false(flow_login_down(&world));
}

static void a_foreign_page_is_withheld_and_others_go_on(void **state)
{
    (void)state;
    bind_session("alice-token-1", "alice");
    int32_t other = get("/public", NULL);
    reach(&upstream);
    int32_t id = get("/mypage/top", "alice-token-1");
    reach(&second);
    flow_page(&world, &second, "bob", "secret of bob");
    assert_true(flow_h2_hear(&world, &client, id));
    assert_true(flow_h2_is_whole(&client, id, 502));
    assert_false(h2_heard_has(of(id), "secret"));
    assert_true(h2_heard_has(of(id), "I1-"));
    assert_true(flow_login_down(&world));
    flow_page(&world, &upstream, NULL, "public page");
    expect_whole(other, 200, "public page");
    assert_int_equal(flow_ended(&world, "refused"), 1);
}

static void a_refusal_without_a_record_is_a_reset(void **state)
{
    (void)state;
    bind_session("alice-token-1", "alice");
    world.journal.disk = FLOW_DISK_FAILS;
    int32_t id = get("/mypage/top", "alice-token-1");
    reach(&upstream);
    flow_page(&world, &upstream, "bob", "secret of bob");
    assert_true(flow_h2_hear(&world, &client, id));
    assert_int_equal(of(id)->reset, INTERNAL_ERROR);
    assert_int_equal(of(id)->status, 0);
    assert_int_equal(flow_ended(&world, "refused-silent"), 1);
    assert_int_equal(client.client.goaways, 0);
}

/* Eight streams of two users, answered in the wrong order, when one shows the other's
 * page: nobody ever sees a byte of anybody else, and the public pages go on. */
static void a_take_down_cuts_every_stream_with_a_session_and_no_other(void **state)
{
    struct flow_peer servers[8];
    int32_t ids[8];
    char body[32];

    (void)state;
    bind_session("alice-token-1", "alice");
    bind_session("bob-token-1", "bob");
    for (int i = 0; i < 8; i++) {
        bool public = i >= 6;
        ids[i] = get(public ? "/public" : "/mypage/top", public       ? NULL
                                                         : i % 2 == 0 ? "alice-token-1"
                                                                      : "bob-token-1");
        reach(&servers[i]);
    }
    flow_page(&world, &servers[3], "bob", "page of bob 3");
    expect_whole(ids[3], 200, "page of bob 3");
    flow_page(&world, &servers[0], "bob", "page of bob 0");
    assert_true(flow_h2_hear(&world, &client, ids[0]));
    assert_true(flow_h2_is_whole(&client, ids[0], 502));
    for (int i = 7; i > 0; i--) {
        if (i == 3) {
            continue;
        }
        (void)snprintf(body, sizeof(body), "page %d", i);
        flow_page(&world, &servers[i],
                  i >= 6       ? NULL
                  : i % 2 == 0 ? "alice"
                               : "bob",
                  body);
        assert_true(flow_h2_hear(&world, &client, ids[i]));
        assert_true(flow_h2_is_whole(&client, ids[i], i >= 6 ? 200 : 503));
        assert_int_equal(h2_heard_has(of(ids[i]), body), i >= 6);
    }
    for (int i = 0; i < 8; i++) {
        flow_hang_up(&servers[i]);
    }
    assert_int_equal(client.client.goaways, 0);
}

static void stream_some(int32_t *id_out)
{
    static char chunk[FLOW_HOLD_MAX + 4096];
    char head[64];

    *id_out = get("/stream/x", NULL);
    reach(&upstream);
    memset(chunk, 'x', sizeof(chunk) - 1);
    (void)snprintf(head, sizeof(head), "%zx\r\n", sizeof(chunk) - 1);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
             "Transfer-Encoding: chunked\r\n\r\n");
    flow_say(&world, &upstream, head);
    flow_say(&world, &upstream, chunk);
    flow_say(&world, &upstream, "\r\n");
    flow_h2_turn(&world, &client);
    assert_int_equal(of(*id_out)->status, 200);
    assert_true(of(*id_out)->body_len > 0);
}

static void a_stream_that_ends_well_has_an_end(void **state)
{
    int32_t id = 0;

    (void)state;
    stream_some(&id);
    flow_say(&world, &upstream, "3\r\nend\r\n0\r\n\r\n");
    expect_whole(id, 200, "xend");
    assert_null(strstr(of(id)->fields, "transfer-encoding"));
    assert_int_equal(of(id)->reset, H2_CLIENT_NO_RESET);
}

static void a_stream_whose_upstream_breaks_off_is_reset(void **state)
{
    int32_t id = 0;

    (void)state;
    stream_some(&id);
    flow_hang_up(&upstream);
    assert_true(flow_h2_hear(&world, &client, id));
    assert_false(of(id)->ended);
    assert_int_equal(of(id)->reset, INTERNAL_ERROR);
    assert_int_equal(flow_ended(&world, "upstream-closed"), 1);
}

static void a_stream_with_a_late_mismatch_is_reset(void **state)
{
    int32_t id = 0;

    (void)state;
    stream_some(&id);
    flow_say(&world, &upstream,
             "30\r\n<meta name=\"user-marker\" content=\"bob\">of bob...\r\n0\r\n\r\n");
    assert_true(flow_h2_hear(&world, &client, id));
    assert_false(of(id)->ended);
    assert_int_equal(of(id)->reset, INTERNAL_ERROR);
    assert_false(h2_heard_has(of(id), "of bob"));
    assert_int_equal(flow_ended(&world, "cut"), 1);
}

static void a_take_down_cuts_a_stream_at_its_next_piece(void **state)
{
    int32_t id = 0;

    (void)state;
    stream_some(&id);
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_say(&world, &upstream, "3\r\nabc\r\n");
    flow_h2_turn(&world, &client);
    /* /stream belongs to no feature and came without a session: it goes on. */
    assert_int_equal(of(id)->reset, H2_CLIENT_NO_RESET);
    flow_say(&world, &upstream, "0\r\n\r\n");
    expect_whole(id, 200, "abc");
}

static void a_reset_by_the_client_ends_its_exchange_alone(void **state)
{
    (void)state;
    int32_t a = get("/a", NULL);
    reach(&upstream);
    int32_t b = get("/b", NULL);
    reach(&second);
    h2_client_reset(&client.client, a, CANCEL);
    flow_h2_turn(&world, &client);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
    flow_page(&world, &second, NULL, "page b");
    expect_whole(b, 200, "page b");
}

static void a_connection_that_breaks_ends_all_its_exchanges(void **state)
{
    (void)state;
    (void)get("/a", NULL);
    reach(&upstream);
    (void)get("/b", NULL);
    reach(&second);
    flow_break(&client.peer);
    assert_true(flow_hear_end(&world, &upstream));
    assert_true(flow_hear_end(&world, &second));
    flow_wait(&world, 20);
    assert_int_equal(flow_ended(&world, "client-gone"), 2);
    assert_true(relay_is_empty(world.relay));
}

static void answers_without_a_body_end_with_their_head(void **state)
{
    int32_t id = h2_client_ask(
        &client.client, ":method: HEAD\n:scheme: http\n:authority: site\n:path: /a\n",
        NULL);

    (void)state;
    flow_h2_turn(&world, &client);
    reach(&upstream);
    flow_say(&world, &upstream, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    assert_true(flow_h2_hear(&world, &client, id));
    assert_true(flow_h2_is_whole(&client, id, 200));
    assert_int_equal(of(id)->body_len, 0);
    assert_non_null(strstr(of(id)->fields, "content-length: 5\n"));
    id = get("/b", NULL);
    flow_forget(&upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, "HTTP/1.1 204 No Content\r\n\r\n");
    assert_true(flow_h2_hear(&world, &client, id));
    assert_true(flow_h2_is_whole(&client, id, 204));
}

static void a_body_goes_on_with_the_framing_it_came_with(void **state)
{
    (void)state;
    (void)h2_client_ask(&client.client,
                        ":method: POST\n:scheme: http\n:authority: site\n:path: /p\n"
                        "content-length: 5\n",
                        "hello");
    flow_h2_turn(&world, &client);
    flow_accept(&world, &upstream);
    assert_true(flow_hear(&world, &upstream, "\r\n\r\nhello"));
    assert_true(flow_has(&upstream, "Content-Length: 5\r\n"));
    int32_t id = h2_client_ask(
        &client.client, ":method: POST\n:scheme: http\n:authority: site\n:path: /p\n",
        "hello");
    flow_h2_turn(&world, &client);
    flow_accept(&world, &second);
    assert_true(flow_hear(&world, &second, "5\r\nhello\r\n0\r\n\r\n"));
    assert_true(flow_has(&second, "Transfer-Encoding: chunked\r\n"));
    flow_page(&world, &second, NULL, "taken");
    expect_whole(id, 200, "taken");
}

static void a_login_by_http_2_is_read(void **state)
{
    (void)state;
    int32_t id = h2_client_ask(
        &client.client,
        ":method: POST\n:scheme: http\n:authority: site\n:path: /login\n"
        "content-type: application/x-www-form-urlencoded\ncookie: sid=alice-token-1\n",
        "user=alice&password=x");
    flow_h2_turn(&world, &client);
    reach(&upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
             "Set-Cookie: sid=alice-token-2\r\nX-User-Marker: alice\r\n\r\nok");
    expect_whole(id, 200, "ok");
    id = get("/mypage/top", "alice-token-2");
    reach(&second);
    flow_page(&world, &second, "bob", "secret");
    assert_true(flow_h2_hear(&world, &client, id));
    assert_true(flow_h2_is_whole(&client, id, 502));
}

static void a_continue_is_sent_where_it_is_asked_for(void **state)
{
    int32_t id = h2_client_begin(
        &client.client, ":method: POST\n:scheme: http\n:authority: site\n:path: /p\n"
                        "content-length: 5\nexpect: 100-continue\n");

    (void)state;
    flow_h2_turn(&world, &client);
    reach(&upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
    flow_h2_turn(&world, &client);
    assert_int_equal(of(id)->interim, 1);
    h2_client_frame(&client.client, FRAME_DATA, 1, id, SPAN("hello"));
    flow_h2_turn(&world, &client);
    assert_true(flow_hear(&world, &upstream, "hello"));
    flow_page(&world, &upstream, NULL, "taken");
    expect_whole(id, 200, "taken");
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_held_page_is_released_on_its_own_stream),
        T(nothing_leaves_before_the_answer_is_whole),
        T(streams_of_two_sessions_never_share_an_upstream_connection),
        T(a_foreign_page_is_withheld_and_others_go_on),
        T(a_refusal_without_a_record_is_a_reset),
        T(a_take_down_cuts_every_stream_with_a_session_and_no_other),
        T(a_stream_that_ends_well_has_an_end),
        T(a_stream_whose_upstream_breaks_off_is_reset),
        T(a_stream_with_a_late_mismatch_is_reset),
        T(a_take_down_cuts_a_stream_at_its_next_piece),
        T(a_reset_by_the_client_ends_its_exchange_alone),
        T(a_connection_that_breaks_ends_all_its_exchanges),
        T(answers_without_a_body_end_with_their_head),
        T(a_body_goes_on_with_the_framing_it_came_with),
        T(a_login_by_http_2_is_read),
        T(a_continue_is_sent_where_it_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
