/* I2 and I3: a page only after its ticket, nothing held or streamed leaves once the flag
 * is set, and what the rest of the site looks like while login is down. */
#include <stdio.h>
#include <string.h>

#include "support/flow_alice.h"
#include "support/test.h"

/* A foreign page for alice: login goes down. */
static void leak(void)
{
    flow_get(&world, &client, "/mypage/top", SID);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "bob", "secret");
    flow_settle(&world);
    assert_true(flow_login_down(&world));
}

static void leak_and_see(void)
{
    leak();
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    flow_settle(&world);
    flow_listen(&client);
    flow_forget(&client);
}

static void refusal_is_shown_only_after_its_ticket(void **state)
{
    (void)state;
    world.site->ledger_deadline_ms = 10000;
    world.journal.disk = FLOW_DISK_LATE;
    leak();
    flow_wait(&world, 100);
    flow_listen(&client);
    assert_int_equal(client.len, 0);
    flow_commit(&world, true);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    assert_true(flow_hear(&world, &client, "I1-"));
    assert_int_equal(flow_ended(&world, "refused"), 1);
}

static void late_ticket_closes_without_a_page(void **state)
{
    (void)state;
    world.journal.disk = FLOW_DISK_LATE;
    leak();
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 0);
    assert_int_equal(flow_ended(&world, "refused-silent"), 1);
    flow_commit(&world, true);
    flow_settle(&world);
    assert_int_equal(atomic_load(&world.features.unsettled), 0);
}

static void failed_ticket_closes_without_a_page(void **state)
{
    (void)state;
    world.journal.disk = FLOW_DISK_FAILS;
    leak();
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 0);
    assert_int_equal(flow_ended(&world, "refused-silent"), 1);
}

static void gate_waits_until_the_take_down_is_on_disk(void **state)
{
    struct flow_peer other;
    struct flow_answer answer;

    (void)state;
    world.site->ledger_deadline_ms = 10000;
    world.journal.disk = FLOW_DISK_LATE;
    leak();
    flow_client(&world, &other);
    flow_get(&world, &other, "/mypage/top", NULL);
    flow_wait(&world, 100);
    flow_listen(&other);
    assert_int_equal(other.len, 0);
    flow_commit(&world, true);
    world.journal.disk = FLOW_DISK_AT_ONCE;
    assert_true(flow_hear_answer(&world, &other, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_true(flow_has(&other, "Retry-After: 3600\r\n"));
    assert_int_equal(flow_ended(&world, "feature-down"), 1);
    flow_hang_up(&other);
}

/* Barriers come back, but another worker's take-down never does. */
static void gate_gives_up_without_a_page_when_the_disk_is_late(void **state)
{
    struct flow_peer other;

    (void)state;
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    (void)atomic_fetch_add(&world.features.unsettled, 1);
    flow_client(&world, &other);
    flow_get(&world, &other, "/mypage/top", NULL);
    assert_true(flow_hear_end(&world, &other));
    assert_int_equal(other.len, 0);
    assert_int_equal(flow_ended(&world, "feature-down-silent"), 1);
    (void)atomic_fetch_sub(&world.features.unsettled, 1);
    flow_hang_up(&other);
}

/* The record was full: the flag stays, and the page comes once it took the take-down. */
static void take_down_that_the_record_did_not_take_is_posted_again(void **state)
{
    struct flow_peer other;
    struct flow_answer answer;

    (void)state;
    world.journal.disk = FLOW_DISK_FULL;
    leak();
    assert_true(flow_hear_end(&world, &client));
    assert_int_equal(client.len, 0);
    world.journal.disk = FLOW_DISK_AT_ONCE;
    flow_wait(&world, 100);
    flow_client(&world, &other);
    flow_get(&world, &other, "/mypage/top", NULL);
    assert_true(flow_hear_answer(&world, &other, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_int_equal(flow_last_entry(&world)->took_down_mask, FEATURE_LOGIN_BIT);
    flow_hang_up(&other);
}

static void held_response_does_not_leave_after_the_flag_is_set(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_get(&world, &client, "/mypage/top", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nX-User-Marker: alice\r\nContent-Length: 5\r\n\r\nhel");
    flow_settle(&world);
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_say(&world, &upstream, "lo");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_false(flow_has(&client, "hello"));
}

/* A foreign page that was held when the flag was set is on record, and no other page than
 * everybody's is sent for it. */
static void held_response_is_still_inspected_after_the_flag_is_set(void **state)
{
    (void)state;
    flow_get(&world, &client, "/mypage/top", SID);
    flow_hear_request(&world, &upstream);
    flow_settle(&world);
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_page(&world, &upstream, "bob", "secret");
    assert_true(flow_hear(&world, &client, "HTTP/1.1 503 "));
    assert_false(flow_has(&client, "secret"));
    assert_int_equal(world.journal.displays, 1);
    assert_int_equal(flow_ended(&world, "feature-down"), 1);
}

static void response_with_a_session_anywhere_stops_when_login_goes_down(void **state)
{
    struct flow_answer answer;

    (void)state;
    flow_get(&world, &client, "/public", SID);
    flow_hear_request(&world, &upstream);
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_page(&world, &upstream, "alice", "hello");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
}

static void rest_of_the_site_stays_up_without_identities(void **state)
{
    struct flow_answer answer;

    (void)state;
    leak_and_see();
    flow_hang_up(&upstream);
    flow_say(&world, &client,
             "GET /public;jsessionid=x HTTP/1.1\r\nHost: site\r\n"
             "X-SSL-Client-S-DN: CN=alice\r\n"
             "Cookie: a=1; sid=alice-session-token; remember=me; b=2\r\n\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    assert_false(flow_has(&upstream, "alice-session-token"));
    assert_false(flow_has(&upstream, "remember"));
    assert_false(flow_has(&upstream, "CN=alice"));
    assert_true(flow_has(&upstream, "Cookie: a=1; b=2\r\n"));
    assert_true(flow_has(&upstream, "Countermark-Session: none\r\n"));
    flow_page(&world, &upstream, NULL, "public");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(span_equal(answer.body, SPAN("public")));
}

static void session_cookie_is_not_set_while_login_is_down(void **state)
{
    struct flow_answer answer;

    (void)state;
    leak_and_see();
    flow_hang_up(&upstream);
    flow_get(&world, &client, "/public", SID);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nSet-Cookie: sid=0123456789abcdef-new\r\n"
             "Set-Cookie: theme=dark\r\nSet-Cookie: sid=; Max-Age=0\r\n"
             "Content-Length: 2\r\n\r\nok");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_false(flow_has(&client, "0123456789abcdef-new"));
    assert_true(flow_has(&client, "Set-Cookie: theme=dark\r\n"));
    assert_true(flow_has(&client, "Set-Cookie: sid=; Max-Age=0\r\n"));
}

static void token_issued_to_nobody_is_public_and_passes_both_ways(void **state)
{
    struct flow_answer answer;
    struct flow_peer other;

    (void)state;
    leak_and_see();
    flow_client(&world, &other);
    flow_get(&world, &other, "/form", NULL);
    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nSet-Cookie: sid=0123456789abcdef-public\r\n"
             "Content-Length: 2\r\n\r\nok");
    assert_true(flow_hear_answer(&world, &other, false, &answer));
    assert_true(flow_has(&other, "sid=0123456789abcdef-public"));
    flow_forget(&other);
    flow_get(&world, &other, "/form", "0123456789abcdef-public");
    flow_hear_request(&world, &upstream);
    assert_true(flow_has(&upstream, "Cookie: sid=0123456789abcdef-public\r\n"));
    flow_page(&world, &upstream, NULL, "thanks");
    assert_true(flow_hear_answer(&world, &other, false, &answer));
    assert_int_equal(answer.status, 200);
    flow_hang_up(&other);
}

/* At the next outage who logged in on it is no anonymous visitor. */
static void log_in_on_a_public_token(bool seen)
{
    static const char TOKEN[] = "0123456789abcdef-public";
    struct flow_answer answer;

    leak_and_see();
    flow_get(&world, &client, "/form", NULL);
    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nSet-Cookie: sid=0123456789abcdef-public\r\n"
             "Content-Length: 2\r\n\r\nok");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    feature_table_set(&world.features, FEATURE_LOGIN, FEATURE_UP);
    flow_hang_up(&upstream);
    flow_forget(&client);
    flow_say(&world, &client,
             "POST /login HTTP/1.1\r\nHost: site\r\nContent-Length: 10\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\n"
             "Cookie: sid=0123456789abcdef-public\r\n\r\nuser=carol");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_page(&world, &upstream, seen ? "carol" : NULL, "hers");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    flow_forget(&client);
    feature_table_set(&world.features, FEATURE_LOGIN, FEATURE_DOWN);
    flow_hang_up(&upstream);
    flow_get(&world, &client, "/form", TOKEN);
    flow_accept(&world, &upstream);
    flow_forget(&upstream);
    flow_hear_request(&world, &upstream);
    assert_false(flow_has(&upstream, TOKEN));
}

static void public_token_on_which_somebody_logs_in_is_public_no_more(void **state)
{
    (void)state;
    log_in_on_a_public_token(true);
}

static void public_token_with_a_login_that_is_not_told_is_public_no_more(void **state)
{
    (void)state;
    log_in_on_a_public_token(false);
}

/* A row that is on disk from before: bound, and public still. */
static void token_of_somebody_is_not_public_whatever_its_row_says(void **state)
{
    static const char TOKEN[] = "0123456789abcdef-public";
    struct fingerprint token =
        fingerprint_of(world.relay->fingerprinter, SPAN("0123456789abcdef-public"));
    struct session session = {
        .generation = 1, .first = token, .binding = BINDING_CONFIRMED, .is_public = true};

    (void)state;
    assert_true(user_set(&session.requester, SPAN("carol")));
    assert_int_equal(
        registry_commit(world.shared.registry, &session, &token, 1, flow_now_ms()),
        REGISTRY_STORED);
    leak_and_see();
    flow_hang_up(&upstream);
    flow_get(&world, &client, "/form", TOKEN);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    assert_false(flow_has(&upstream, TOKEN));
    assert_true(flow_has(&upstream, "Countermark-Session: none\r\n"));
}

/* One marker, then another one: neither stays bound, and nobody's it is no more. */
static void public_token_with_two_first_markers_is_public_no_more(void **state)
{
    static const char TOKEN[] = "0123456789abcdef-public";
    struct fingerprint token =
        fingerprint_of(world.relay->fingerprinter, SPAN("0123456789abcdef-public"));
    struct session session = {.generation = 1, .first = token, .is_public = true};
    struct flow_answer answer;

    (void)state;
    world.site->login.request.count = 0;
    assert_int_equal(
        registry_commit(world.shared.registry, &session, &token, 1, flow_now_ms()),
        REGISTRY_STORED);
    for (unsigned i = 0; i < 2; i++) {
        flow_hang_up(&upstream);
        flow_get(&world, &client, "/mypage/top", TOKEN);
        flow_accept(&world, &upstream);
        flow_hear_request(&world, &upstream);
        flow_page(&world, &upstream, i == 0 ? "carol" : "dora", "hers");
        assert_true(flow_hear_answer(&world, &client, false, &answer));
        assert_int_equal(answer.status, i == 0 ? 200 : 502);
        flow_forget(&client);
        registry_find(world.shared.registry, &token, flow_now_ms(), false, &session);
        assert_int_equal(session.binding, i == 0 ? BINDING_UNCONFIRMED : BINDING_NONE);
        assert_false(session.is_public);
    }
}

/* Without `login.request` any unsafe request may be a login, but not while it is down. */
static void marked_page_with_a_token_is_refused_while_login_is_down(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.site->login.request.count = 0;
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_hang_up(&upstream);
    flow_say(&world, &client,
             "POST /public2/signin HTTP/1.1\r\nHost: site\r\nContent-Length: 0\r\n\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-User-Marker: zoe\r\n"
             "Set-Cookie: sid=zoezoezoezoezoezoezoezoe\r\nContent-Length: 4\r\n\r\nhers");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_false(flow_has(&client, "zoe"));
    assert_false(atomic_load(&world.routes[FLOW_REST].closed));
}

static void login_outside_the_paths_of_its_feature_is_closed_as_well(void **state)
{
    struct path_pattern signin;
    struct flow_answer answer;

    (void)state;
    assert_null(path_pattern_parse(SPAN("/signin"), false, &signin));
    world.login_request.path = &signin;
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_say(&world, &client,
             "POST /signin HTTP/1.1\r\nHost: site\r\nContent-Length: 0\r\n\r\n");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_false(flow_knocks(&world));
    flow_forget(&client);
    flow_hang_up(&upstream);
    flow_get(&world, &client, "/signin", NULL);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, NULL, "form");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
}

/* By a way that is not configured: her own page is no mix-up that counts. */
static void login_that_was_not_seen_while_login_is_down_is_no_case(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.relay->plan->policies[FEATURE_LOGIN].weak_cases = 1;
    (void)feature_table_take_down(&world.features, FEATURE_LOGIN_BIT);
    flow_hang_up(&upstream);
    flow_say(&world, &client,
             "POST /signin HTTP/1.1\r\nHost: site\r\nContent-Length: 0\r\n\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nSet-Cookie: sid=0123456789abcdef-carol\r\n"
             "Content-Length: 2\r\n\r\nok");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    feature_table_set(&world.features, FEATURE_LOGIN, FEATURE_UP);
    flow_forget(&client);
    flow_hang_up(&upstream);
    flow_get(&world, &client, "/mypage/top", "0123456789abcdef-carol");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "carol", "hers");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_string_equal(flow_last_entry(&world)->reason, "no-login");
    assert_false(flow_login_down(&world));
}

/* The one accident that took login down may have more answers under way. */
static void answer_that_was_under_way_closes_no_route(void **state)
{
    struct flow_answer answer;
    struct flow_peer late;
    struct flow_peer site;

    (void)state;
    flow_client(&world, &late);
    flow_get(&world, &late, "/public", SID);
    flow_hear_request(&world, &upstream);
    flow_get(&world, &client, "/mypage/top", SID);
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_page(&world, &site, "bob", "secret");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 502);
    assert_true(flow_login_down(&world));
    flow_hang_up(&site);
    flow_page(&world, &upstream, "carol", "secret");
    assert_true(flow_hear_answer(&world, &late, false, &answer));
    assert_int_equal(answer.status, 503);
    flow_forget(&late);
    flow_get(&world, &late, "/public", NULL);
    flow_accept(&world, &site);
    flow_hear_request(&world, &site);
    flow_page(&world, &site, NULL, "fine");
    assert_true(flow_hear_answer(&world, &late, false, &answer));
    assert_int_equal(answer.status, 200);
    flow_hang_up(&late);
    flow_hang_up(&site);
}

static void logout_is_forwarded_and_its_answer_replaced_while_login_is_down(void **state)
{
    struct flow_answer answer;

    (void)state;
    leak_and_see();
    flow_hang_up(&upstream);
    flow_get(&world, &client, "/logout", SID);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    assert_true(flow_has(&upstream, "Cookie: sid=alice-session-token\r\n"));
    flow_page(&world, &upstream, NULL, "bye, says the site");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_false(flow_has(&client, "says the site"));
    assert_true(flow_has(&client, "Set-Cookie: sid=; Path=/; Max-Age=0"));
    assert_int_equal(flow_ended(&world, "logout-while-down"), 1);
}

static void
logout_while_login_is_down_deletes_each_cookie_that_says_who_asks(void **state)
{
    static char jwt[] = "__Secure-jwt";
    struct flow_answer answer;

    (void)state;
    leak_and_see();
    flow_hang_up(&upstream);
    world.cookie_names[0] = SPAN("SESS*");
    world.remember_names[0] = SPAN("__host-*");
    world.site->session.jwt.cookie = jwt;
    flow_say(&world, &client,
             "GET /logout HTTP/1.1\r\nHost: site\r\nCookie: theme=dark; SESSx=s1; "
             "__host-me=m; __Secure-jwt=j\r\n\r\n");
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    assert_true(flow_has(&upstream, "SESSx=s1; __host-me=m; __Secure-jwt=j\r\n"));
    flow_page(&world, &upstream, NULL, "bye, says the site");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_true(flow_has(&client,
                         "\r\nSet-Cookie: SESSx=; Path=/; Max-Age=0; HttpOnly\r\n"
                         "Set-Cookie: __host-me=; Path=/; Max-Age=0; HttpOnly; "
                         "Secure\r\n"
                         "Set-Cookie: __Secure-jwt=; Path=/; Max-Age=0; "
                         "HttpOnly; Secure\r\n"));
    assert_false(flow_has(&client, "theme="));
    assert_int_equal(flow_ended(&world, "logout-while-down"), 1);
}

static void page_of_the_feature_that_is_down_is_shown(void **state)
{
    struct flow_answer answer;
    static char page[] = "<h1>Reports are being repaired</h1>";

    (void)state;
    world.feature[1].page = page;
    world.feature[1].page_len = strlen(page);
    (void)feature_table_take_down(&world.features, UINT64_C(1) << world.feature[1].slot);
    flow_get(&world, &client, "/reports/1", SID);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_true(span_equal(answer.body, span_of(page)));
    assert_true(flow_has(&client, "Retry-After: 7\r\n"));
    flow_forget(&client);
    /* In two features at once, the one that is down speaks. */
    world.feature[0].path_count = 1;
    feature_table_set(&world.features, world.feature[1].slot, FEATURE_UP);
    flow_get(&world, &client, "/reports/1", SID);
    flow_hear_request(&world, &upstream);
    (void)feature_table_take_down(&world.features, UINT64_C(1) << world.feature[1].slot);
    flow_page(&world, &upstream, "alice", "hello");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_true(span_equal(answer.body, span_of(page)));
}

static void failing_ledger_closes_routes_that_require_a_marker(void **state)
{
    struct flow_answer answer;

    (void)state;
    world.journal.failing = true;
    flow_get(&world, &client, "/mypage/strict/a", SID);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 503);
    assert_int_equal(flow_ended(&world, "ledger-failing"), 1);
    flow_forget(&client);
    flow_get(&world, &client, "/mypage/top", SID);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "alice", "hello");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(refusal_is_shown_only_after_its_ticket),
        FLOW_TEST(late_ticket_closes_without_a_page),
        FLOW_TEST(failed_ticket_closes_without_a_page),
        FLOW_TEST(gate_waits_until_the_take_down_is_on_disk),
        FLOW_TEST(gate_gives_up_without_a_page_when_the_disk_is_late),
        FLOW_TEST(take_down_that_the_record_did_not_take_is_posted_again),
        FLOW_TEST(held_response_does_not_leave_after_the_flag_is_set),
        FLOW_TEST(held_response_is_still_inspected_after_the_flag_is_set),
        FLOW_TEST(response_with_a_session_anywhere_stops_when_login_goes_down),
        FLOW_TEST(rest_of_the_site_stays_up_without_identities),
        FLOW_TEST(session_cookie_is_not_set_while_login_is_down),
        FLOW_TEST(token_issued_to_nobody_is_public_and_passes_both_ways),
        FLOW_TEST(public_token_on_which_somebody_logs_in_is_public_no_more),
        FLOW_TEST(token_of_somebody_is_not_public_whatever_its_row_says),
        FLOW_TEST(public_token_with_two_first_markers_is_public_no_more),
        FLOW_TEST(public_token_with_a_login_that_is_not_told_is_public_no_more),
        FLOW_TEST(marked_page_with_a_token_is_refused_while_login_is_down),
        FLOW_TEST(login_outside_the_paths_of_its_feature_is_closed_as_well),
        FLOW_TEST(login_that_was_not_seen_while_login_is_down_is_no_case),
        FLOW_TEST(answer_that_was_under_way_closes_no_route),
        FLOW_TEST(logout_is_forwarded_and_its_answer_replaced_while_login_is_down),
        FLOW_TEST(logout_while_login_is_down_deletes_each_cookie_that_says_who_asks),
        FLOW_TEST(page_of_the_feature_that_is_down_is_shown),
        FLOW_TEST(failing_ledger_closes_routes_that_require_a_marker),
    };
    return RUN_TESTS(tests);
}
