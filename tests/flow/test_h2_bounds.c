/* HTTP/2: what is bounded, what breaks rules, and how a connection ends. */
#include "flow/h2_case.h"

enum { END_STREAM = 1 };

static void requests_that_break_rules_are_answered_as_in_http_1(void **state)
{
    static const struct {
        const char *fields;
        unsigned status;
        const char *word;
    } rows[] = {
        {":method: GET\n:scheme: http\n:authority: site\n:path: /a/../b\n", 400,
         "bad-path"},
        {":method: GET\n:scheme: http\n:authority: site\n:path: /\nhost: other\n", 400,
         "ambiguous"},
        {":method: TRACE\n:scheme: http\n:authority: site\n:path: /\n", 501, "method"},
        {":method: CONNECT\n:authority: site:443\n", 501, "method"},
        {":method: GET\n:scheme: http\n:authority: site\n:path: /#a\n", 400, "malformed"},
        {":method: GET\n:scheme: http\n:authority: u@site\n:path: /\n", 400, "malformed"},
        {":method: GET\n:scheme: http\n:authority: site\n:path: /\nexpect: magic\n", 417,
         "expectation"},
    };
    unsigned malformed = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int32_t id = h2_client_ask(&client.client, rows[i].fields, NULL);
        assert_true(flow_h2_hear(&world, &client, id));
        assert_true(flow_h2_is_whole(&client, id, rows[i].status));
        flow_h2_turn(&world, &client);
        malformed += strcmp(rows[i].word, "malformed") == 0 ? 1 : 0;
        assert_true(flow_ended(&world, rows[i].word) > 0);
    }
    assert_int_equal(flow_ended(&world, "malformed"), malformed);
    assert_false(flow_knocks(&world));
}

/* Held bytes use no window: the body waits for the upstream, not in the proxy. */
static void the_window_of_a_body_opens_as_the_upstream_takes_it(void **state)
{
    static char body[4194304];

    (void)state;
    memset(body, 'b', sizeof(body) - 1);
    int32_t id = h2_client_ask(
        &client.client, ":method: POST\n:scheme: http\n:authority: site\n:path: /p\n",
        body);
    flow_h2_turn(&world, &client);
    flow_accept(&world, &upstream);
    upstream.deaf = true;
    flow_h2_turn(&world, &client);
    /* What the kernel and one window can hold, and not all of it. */
    assert_false(of(id)->ended);
    upstream.deaf = false;
    for (int i = 0; i < 4000 && !flow_has(&upstream, "\r\n0\r\n\r\n"); i++) {
        flow_h2_turn(&world, &client);
        flow_listen(&upstream);
    }
    assert_true(flow_has(&upstream, "\r\n0\r\n\r\n"));
    flow_page(&world, &upstream, NULL, "taken");
    expect_whole(id, 200, "taken");
}

static void a_client_that_shuts_its_window_is_cut_and_costs_its_address(void **state)
{
    static char page[65000];
    struct flow_h2 slow;
    int32_t ids[3];

    (void)state;
    memset(page, 'p', sizeof(page) - 1);
    world.relay->shared->budget.total_max = UINT64_C(1600000);
    world.site->limits.hold_wait_ms = 200;
    flow_h2_open_slow(&world, &slow);
    for (int i = 0; i < 3; i++) {
        struct flow_peer server;
        char head[128];
        ids[i] = h2_client_get(&slow.client, "/a", NULL);
        flow_h2_turn(&world, &slow);
        flow_accept(&world, &server);
        flow_hear_request(&world, &server);
        (void)snprintf(head, sizeof(head),
                       "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                       sizeof(page) - 1);
        flow_say(&world, &server, head);
        flow_say(&world, &server, page);
        flow_settle(&world);
        flow_hang_up(&server);
    }
    flow_h2_turn(&world, &slow);
    /* The first fits the window of the connection; of the others one may wait. */
    assert_true(h2_client_of(&slow.client, ids[0])->ended);
    assert_int_equal(flow_ended(&world, "client-slow"), 0);
    flow_wait(&world, 500);
    flow_h2_turn(&world, &slow);
    assert_int_equal(flow_ended(&world, "client-slow"), 1);
    assert_int_equal(h2_client_of(&slow.client, ids[2])->reset, INTERNAL_ERROR);
    flow_h2_close(&slow);
    world.relay->shared->budget.total_max = 67108864;
}

/* How many run at a time grows while the client takes what it gets; the others wait with
 * their heads and go on in order. */
static void streams_past_what_may_run_wait_their_turn(void **state)
{
    struct flow_peer servers[8];
    int32_t ids[12];

    (void)state;
    for (int i = 0; i < 12; i++) {
        ids[i] = h2_client_get(&client.client, "/a", NULL);
    }
    flow_h2_turn(&world, &client);
    for (int i = 0; i < 8; i++) {
        reach(&servers[i]);
    }
    flow_h2_turn(&world, &client);
    assert_false(flow_knocks(&world));
    flow_page(&world, &servers[0], NULL, "first");
    expect_whole(ids[0], 200, "first");
    flow_h2_turn(&world, &client);
    /* One is over and one more may run: two begin, one over the connection kept. */
    flow_forget(&servers[0]);
    flow_hear_request(&world, &servers[0]);
    reach(&upstream);
    flow_h2_turn(&world, &client);
    assert_false(flow_knocks(&world));
    for (int i = 0; i < 8; i++) {
        flow_hang_up(&servers[i]);
    }
}

static void a_stream_waits_where_its_address_has_no_connection_left(void **state)
{
    (void)state;
    world.site->limits.connections_per_address_max = 1;
    int32_t a = get("/a", NULL);
    reach(&upstream);
    int32_t b = get("/b", NULL);
    flow_h2_turn(&world, &client);
    assert_false(flow_knocks(&world));
    flow_page(&world, &upstream, NULL, "page a");
    expect_whole(a, 200, "page a");
    flow_forget(&upstream);
    flow_h2_turn(&world, &client);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, NULL, "page b");
    expect_whole(b, 200, "page b");
    world.site->limits.connections_per_address_max = 1000;
}

/* A login whose first `early` pieces of body come before it may run. */
static void let_login_wait(unsigned early)
{
    static const char *const PIECES[] = {"user=al", "ice&pw=x"};

    world.site->limits.connections_per_address_max = 1;
    int32_t first = get("/a", NULL);
    reach(&upstream);
    int32_t login = h2_client_begin(
        &client.client, ":method: POST\n:scheme: http\n:authority: site\n:path: /login\n"
                        "content-type: application/x-www-form-urlencoded\n");
    for (unsigned i = 0; i <= 2; i++) {
        if (i == early) {
            flow_h2_turn(&world, &client);
            flow_say(&world, &upstream,
                     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n"
                     "page a");
            expect_whole(first, 200, "page a");
            flow_h2_turn(&world, &client);
        }
        if (i < 2) {
            h2_client_frame(&client.client, FRAME_DATA, i == 1 ? END_STREAM : 0, login,
                            span_of(PIECES[i]));
            flow_h2_turn(&world, &client);
        }
    }
    reach(&second);
    assert_true(flow_hear(&world, &second, "user=alice&pw=x"));
    flow_page(&world, &second, NULL, "hello");
    expect_whole(login, 200, "hello");
    world.site->limits.connections_per_address_max = 1000;
}

/* The name in it is needed before anything is forwarded. */
static void a_login_that_waited_is_read_whole(void **state)
{
    (void)state;
    let_login_wait(2);
}

static void a_login_that_waited_is_read_on_as_it_comes(void **state)
{
    (void)state;
    let_login_wait(1);
}

static void rapid_resets_end_the_connection_and_every_request(void **state)
{
    (void)state;
    for (int i = 0; i < 300; i++) {
        int32_t id = h2_client_get(&client.client, "/a", NULL);
        h2_client_reset(&client.client, id, CANCEL);
    }
    flow_h2_turn(&world, &client);
    assert_true(flow_hear_end(&world, &client.peer));
    assert_int_equal(client.client.goaway_code, 11);
    while (flow_knocks(&world)) {
        flow_hang_up(&upstream);
        flow_accept(&world, &upstream);
        assert_true(flow_hear_end(&world, &upstream));
    }
    assert_int_equal(flow_ended(&world, "released"), 0);
}

static void draining_warns_then_ends_after_what_is_under_way(void **state)
{
    (void)state;
    int32_t id = get("/a", NULL);
    reach(&upstream);
    relay_drain(world.relay, 0);
    flow_h2_turn(&world, &client);
    assert_int_equal(client.client.goaways, 2);
    assert_int_equal(client.client.goaway_code, 0);
    assert_int_equal(client.client.goaway_last, id);
    flow_page(&world, &upstream, NULL, "the last");
    expect_whole(id, 200, "the last");
    assert_true(flow_hear_end(&world, &client.peer));
}

static void an_idle_connection_is_ended_with_a_goaway(void **state)
{
    struct flow_h2 idle;

    (void)state;
    world.site->limits.idle_timeout_ms =
        1000; /* Past what a busy machine takes to greet. */
    flow_h2_open(&world, &idle);
    flow_h2_turn(&world, &idle);
    for (int i = 0; i < 2000 && !idle.peer.ended && !idle.peer.broken; i++) {
        flow_wait(&world, 10);
        flow_h2_turn(&world, &idle);
    }
    assert_true(idle.peer.ended);
    assert_int_equal(idle.client.goaways, 1);
    assert_int_equal(idle.client.goaway_code, 0);
    flow_h2_close(&idle);
}

static void a_head_that_does_not_end_breaks_the_connection(void **state)
{
    static const uint8_t head[] = {0x82, 0x86, 0x84};

    (void)state;
    world.site->limits.header_timeout_ms = 100;
    flow_h2_turn(&world, &client);
    h2_client_frame(&client.client, FRAME_HEADERS, 1, 1,
                    (struct span){.ptr = head, .len = sizeof(head)});
    flow_h2_turn(&world, &client);
    assert_true(flow_hear_end(&world, &client.peer));
}

static void http_2_is_spoken_only_where_the_listener_says_so(void **state)
{
    struct flow_peer peer;

    (void)state;
    world.listen.http2 = HTTP2_ON;
    flow_client(&world, &peer);
    flow_say(&world, &peer, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_true(flow_hear(&world, &peer, "HTTP/1.1 505 "));
    flow_hang_up(&peer);
    flow_client(&world, &peer);
    flow_say(&world, &peer,
             "GET /a HTTP/1.1\r\nHost: site\r\nConnection: Upgrade, HTTP2-Settings\r\n"
             "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n");
    reach(&upstream);
    assert_false(flow_has(&upstream, "pgrade"));
    flow_page(&world, &upstream, NULL, "plain");
    assert_true(flow_hear(&world, &peer, "HTTP/1.1 200 "));
    flow_hang_up(&peer);
}

static void http_1_goes_on_where_http_2_may_be_spoken(void **state)
{
    struct flow_peer peer;

    (void)state;
    flow_client(&world, &peer);
    flow_say(&world, &peer, "P");
    flow_settle(&world);
    flow_say(&world, &peer, "OST /a HTTP/1.1\r\nHost: site\r\nContent-Length: 0\r\n\r\n");
    reach(&upstream);
    flow_page(&world, &upstream, NULL, "page");
    assert_true(flow_hear(&world, &peer, "HTTP/1.1 200 "));
    flow_hang_up(&peer);
}

static void aborting_the_relay_breaks_connections_with_streams(void **state)
{
    (void)state;
    (void)get("/a", NULL);
    reach(&upstream);
    relay_abort(world.relay);
    assert_true(relay_is_empty(world.relay));
    assert_int_equal(flow_ended(&world, "client-gone"), 1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(requests_that_break_rules_are_answered_as_in_http_1),
        T(the_window_of_a_body_opens_as_the_upstream_takes_it),
        T(a_client_that_shuts_its_window_is_cut_and_costs_its_address),
        T(streams_past_what_may_run_wait_their_turn),
        T(a_stream_waits_where_its_address_has_no_connection_left),
        T(a_login_that_waited_is_read_whole),
        T(a_login_that_waited_is_read_on_as_it_comes),
        T(rapid_resets_end_the_connection_and_every_request),
        T(draining_warns_then_ends_after_what_is_under_way),
        T(an_idle_connection_is_ended_with_a_goaway),
        T(a_head_that_does_not_end_breaks_the_connection),
        T(http_2_is_spoken_only_where_the_listener_says_so),
        T(http_1_goes_on_where_http_2_may_be_spoken),
        T(aborting_the_relay_breaks_connections_with_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
