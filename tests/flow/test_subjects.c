/* A page that shows several people: each is a display, a case, and a user whose sessions
 * may have to log in again. */
#include <stdio.h>
#include <string.h>

#include "support/flow_alice.h"
#include "support/test.h"

/* The page of bob, carol and dave for alice. */
static void crowd(const char *path)
{
    static const char page[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                               "X-User-Marker: bob\r\nX-User-Marker: carol\r\n"
                               "X-User-Marker: bob\r\nX-User-Marker: dave\r\n"
                               "Content-Length: 6\r\n\r\nsecret";
    struct flow_answer answer;

    flow_hang_up(&upstream);
    flow_forget(&client);
    flow_get(&world, &client, path, SID);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, page);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
}

static bool is_about(const struct journal_subject *subject, const char *name)
{
    return span_equal(subject->value, span_of(name)) && subject->strong &&
           subject->detector == DETECTOR_OWNER_MARKER &&
           span_equal(subject->marker_class, world.site->classes[0].name);
}

static void expect_all(void)
{
    const struct journal_entry *entry = world.journal.last;

    assert_true(span_equal(user_span(&entry->subject), SPAN("bob")));
    assert_int_equal(entry->more_count, 2);
    assert_true(is_about(&entry->more[0], "carol"));
    assert_true(is_about(&entry->more[1], "dave"));
}

static void each_is_on_the_record_of_a_page_that_was_withheld(void **state)
{
    (void)state;
    crowd("/mypage/top");
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_WITHHELD);
    expect_all();
}

static void each_is_on_the_record_of_a_page_that_was_delivered(void **state)
{
    (void)state;
    crowd("/observe/x");
    assert_true(flow_has(&client, "secret"));
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    expect_all();
}

static void each_is_a_case(void **state)
{
    (void)state;
    world.relay->plan->policies[FEATURE_LOGIN].cases = 4;
    crowd("/mypage/top");
    assert_false(flow_login_down(&world));
    world.relay->plan->policies[FEATURE_LOGIN].cases = 3;
    flow_hang_up(&upstream);
    flow_get(&world, &client, "/mypage/top", SID);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "bob", "secret"); /* A case that is known. */
    flow_settle(&world);
    assert_true(flow_login_down(&world));
}

static void log_in(const char *sid, const char *name)
{
    flow_hang_up(&upstream);
    flow_bind(&world, &client, &upstream, sid, name);
}

static bool is_quarantined(const char *sid)
{
    struct fingerprint token = fingerprint_of(world.relay->fingerprinter, span_of(sid));
    struct session session;

    registry_find(world.shared.registry, &token, flow_now_ms(), false, &session);
    assert_int_not_equal(session.id, 0);
    return session.quarantined;
}

static void each_has_to_log_in_again(void **state)
{
    (void)state;
    log_in("dave-session-token", "dave");
    log_in("erin-session-token", "erin");
    world.site->quarantine = QUARANTINE_BOTH;
    crowd("/mypage/top");
    assert_true(world.journal.last->quarantined);
    assert_true(is_quarantined(SID));
    assert_true(is_quarantined("dave-session-token"));
    assert_false(is_quarantined("erin-session-token"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(each_is_on_the_record_of_a_page_that_was_withheld),
        FLOW_TEST(each_is_on_the_record_of_a_page_that_was_delivered),
        FLOW_TEST(each_is_a_case),
        FLOW_TEST(each_has_to_log_in_again),
    };
    return RUN_TESTS(tests);
}
