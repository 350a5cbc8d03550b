/* NTLM and Negotiate prove a user on a connection, not in a request: that connection is
 * then one client connection's and one session's, and nobody else's for good. */
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
    flow_start(&world);
    flow_client(&world, &client);
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

static void say(struct flow_peer *peer, const char *sid, const char *field)
{
    char text[512];
    (void)snprintf(text, sizeof(text),
                   "GET /public HTTP/1.1\r\nHost: site\r\n%s%s%s%s\r\n",
                   sid != NULL ? "Cookie: sid=" : "", sid != NULL ? sid : "",
                   sid != NULL ? "\r\n" : "", field);
    flow_say(&world, peer, text);
}

static void answer(struct flow_peer *peer, const char *head)
{
    char text[512];
    struct flow_answer answer;
    (void)snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok",
                   head);
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_say(&world, &upstream, text);
    assert_true(flow_hear_answer(&world, peer, false, &answer));
    flow_forget(peer);
}

/* The three steps of NTLM over one connection. */
static void prove(struct flow_peer *peer, const char *sid)
{
    say(peer, sid, "");
    flow_accept(&world, &upstream);
    answer(peer, "401 No\r\nWWW-Authenticate: Basic realm=x, NTLM");
    say(peer, sid, "Authorization: NTLM first\r\n");
    answer(peer, "401 No\r\nWWW-Authenticate: NTLM challenge");
    say(peer, sid, "Authorization: NTLM last\r\n");
    answer(peer, "200 OK");
}

/* Not the one that was proved. */
static void gets_another_connection(struct flow_peer *via, const char *sid)
{
    struct flow_peer fresh;

    say(via, sid, "");
    flow_accept(&world, &fresh);
    flow_settle(&world);
    flow_listen(&upstream);
    assert_int_equal(upstream.len, 0);
    flow_hang_up(via);
    flow_hang_up(&fresh);
}

static void steps_of_a_proof_and_what_follows_use_one_connection(void **state)
{
    (void)state;
    prove(&client, SID);
    say(&client, SID, "");
    answer(&client, "200 OK");
    assert_false(flow_knocks(&world));
}

static void same_session_over_another_client_does_not_get_it(void **state)
{
    struct flow_peer other;

    (void)state;
    prove(&client, SID);
    flow_client(&world, &other);
    gets_another_connection(&other, SID);
}

static void another_session_over_the_same_client_does_not_get_it(void **state)
{
    (void)state;
    prove(&client, SID);
    gets_another_connection(&client, "bob-session-token-1");
}

static void anonymous_requests_never_share_it(void **state)
{
    struct flow_peer other;

    (void)state;
    prove(&client, NULL);
    flow_client(&world, &other);
    gets_another_connection(&other, NULL);
}

static void credentials_alone_make_it_private(void **state)
{
    struct flow_peer other;
    struct flow_peer fresh;

    (void)state;
    say(&client, SID, "authorization: negotiate token\r\n");
    flow_accept(&world, &upstream);
    answer(&client, "200 OK");
    flow_client(&world, &other);
    say(&other, SID, "");
    flow_accept(&world, &fresh);
    flow_hang_up(&other);
    flow_hang_up(&fresh);
}

static void shared_connections_are_private_then_too(void **state)
{
    struct flow_peer other;
    struct flow_peer fresh;

    (void)state;
    world.upstream.connections = CONNECTIONS_SHARED;
    prove(&client, SID);
    flow_client(&world, &other);
    say(&other, SID, "");
    flow_accept(&world, &fresh);
    flow_hang_up(&other);
    flow_hang_up(&fresh);
}

static void it_ends_with_its_client(void **state)
{
    (void)state;
    prove(&client, SID);
    flow_hang_up(&client);
    assert_true(flow_hear_end(&world, &upstream));
}

static void proxy_in_front_cannot_lend_it_to_its_other_users(void **state)
{
    (void)state;
    world.listen.trusted_proxies = &world.trusted;
    world.listen.trusted_proxy_count = 1;
    say(&client, SID, "");
    flow_accept(&world, &upstream);
    answer(&client, "401 No\r\nWWW-Authenticate: Negotiate");
    assert_true(flow_hear_end(&world, &upstream));
    flow_hang_up(&upstream);
    say(&client, SID, "Authorization: Negotiate x\r\n");
    flow_accept(&world, &upstream);
    answer(&client, "200 OK");
    assert_true(flow_hear_end(&world, &upstream));
}

static bool sees_page_of(const char *owner)
{
    struct flow_answer got;

    flow_forget(&upstream);
    flow_get(&world, &client, "/mypage/top", NULL);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, owner, "personal");
    assert_true(flow_hear_answer(&world, &client, false, &got));
    flow_forget(&client);
    assert_true(got.status == 200 || got.status == 502);
    return got.status == 200;
}

static void who_proved_himself_needs_no_cookie_to_see_his_page(void **state)
{
    (void)state;
    prove(&client, NULL);
    assert_true(sees_page_of("alice"));
    assert_true(sees_page_of("alice"));
    assert_false(flow_login_down(&world));
}

static void an_offer_to_prove_oneself_is_no_proof(void **state)
{
    (void)state;
    say(&client, NULL, "");
    flow_accept(&world, &upstream);
    answer(&client, "401 No\r\nWWW-Authenticate: NTLM");
    assert_false(sees_page_of("alice"));
    assert_true(flow_login_down(&world));
}

/* With login down his connection to the site would still be his. */
static void proof_is_not_used_while_login_is_down(void **state)
{
    struct flow_peer other;
    struct flow_peer fresh;

    (void)state;
    prove(&client, NULL);
    flow_client(&world, &other);
    flow_get(&world, &other, "/mypage/top", NULL);
    flow_accept(&world, &fresh);
    flow_hear_request(&world, &fresh);
    flow_page(&world, &fresh, "bob", "secret");
    flow_settle(&world);
    assert_true(flow_login_down(&world));
    flow_hang_up(&other);
    flow_hang_up(&fresh);
    say(&client, NULL, "");
    flow_accept(&world, &fresh);
    flow_hear_request(&world, &fresh);
    flow_settle(&world);
    flow_listen(&upstream);
    assert_int_equal(upstream.len, 0);
    flow_hang_up(&client);
    flow_hang_up(&fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(steps_of_a_proof_and_what_follows_use_one_connection),
        FLOW_TEST(same_session_over_another_client_does_not_get_it),
        FLOW_TEST(another_session_over_the_same_client_does_not_get_it),
        FLOW_TEST(anonymous_requests_never_share_it),
        FLOW_TEST(credentials_alone_make_it_private),
        FLOW_TEST(shared_connections_are_private_then_too),
        FLOW_TEST(it_ends_with_its_client),
        FLOW_TEST(proxy_in_front_cannot_lend_it_to_its_other_users),
        FLOW_TEST(who_proved_himself_needs_no_cookie_to_see_his_page),
        FLOW_TEST(an_offer_to_prove_oneself_is_no_proof),
        FLOW_TEST(proof_is_not_used_while_login_is_down),
    };
    return RUN_TESTS(tests);
}
