/* Bytes on an upstream connection that nobody asked for: they reach nobody, end their
 * connection, and the record says after whose exchange they came and whose they are. */
#include <stdio.h>
#include <string.h>

#include "support/flow_alice.h"
#include "support/test.h"

#define PAGE_OF_BOB                                                                      \
    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 55\r\n\r\n"           \
    "<meta name=\"user-marker\" content=\"bob\"><p>bob's data\n\n\n"

static void expect_entry(const char *reason, const char *subject)
{
    const struct journal_entry *entry = flow_last_entry(&world);

    assert_string_equal(entry->reason, reason);
    assert_int_equal(entry->kind, JOURNAL_EVENT);
    assert_int_equal(entry->outcome, JOURNAL_WITHHELD);
    assert_string_equal(detector_name(entry->detector), reason);
    assert_int_equal(entry->feature_mask, 0);
    assert_int_equal(entry->took_down_mask, 0);
    assert_true(span_equal(user_span(&entry->subject), span_of(subject)));
}

static void next_request_goes_elsewhere(void)
{
    struct flow_answer answer;

    flow_hang_up(&upstream);
    flow_accept(&world, &upstream);
    flow_hear_request(&world, &upstream);
    flow_page(&world, &upstream, "alice", "mine");
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
    assert_true(span_equal(answer.body, SPAN("mine")));
    assert_false(flow_has(&client, "bob"));
}

static void subject_of_idle_bytes_is_read_from_their_marker(void **state)
{
    (void)state;
    flow_say(&world, &upstream, PAGE_OF_BOB);
    assert_true(flow_hear_end(&world, &upstream));
    expect_entry("idle-bytes", "bob");
    assert_int_equal(flow_last_entry(&world)->status, 200);
    assert_int_equal(strlen(flow_last_entry(&world)->previous_id), JOURNAL_ID_DIGITS);
    assert_int_equal(strlen(flow_last_entry(&world)->previous_session),
                     FINGERPRINT_DIGITS);
    flow_get(&world, &client, "/public", SID);
    next_request_goes_elsewhere();
}

static void subject_is_read_from_a_chunked_body_and_from_one_without_a_head(void **state)
{
    (void)state;
    flow_say(&world, &upstream,
             "\n</html>HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
             "Countermark-Echo: 0123456789abcdef0123456789abcdef\r\n\r\n"
             "9\r\n<meta nam\r\n26\r\ne=\"user-marker\" content=\"bob\">12345678\r\n");
    assert_true(flow_hear_end(&world, &upstream));
    expect_entry("idle-bytes", "bob");
    assert_string_equal(flow_last_entry(&world)->echoed_id,
                        "0123456789abcdef0123456789abcdef");
    flow_get(&world, &client, "/public", SID);
    next_request_goes_elsewhere();
    flow_say(&world, &upstream, "x<meta name=\"user-marker\" content=\"carol\">");
    assert_true(flow_hear_end(&world, &upstream));
    expect_entry("idle-bytes", "carol");
}

static void subject_is_the_user_whose_session_is_handed_out(void **state)
{
    struct flow_peer other;
    struct flow_peer hers;

    (void)state;
    flow_client(&world, &other);
    flow_bind(&world, &other, &hers, "bob-session-token-1", "bob");
    flow_say(&world, &upstream,
             "HTTP/1.1 302 Found\r\nSet-Cookie: sid=bob-session-token-1\r\n"
             "Content-Length: 0\r\n\r\n");
    assert_true(flow_hear_end(&world, &upstream));
    expect_entry("idle-bytes", "bob");
    flow_hang_up(&other);
    flow_hang_up(&hers);
}

static void unreadable_bytes_are_recorded_without_subject(void **state)
{
    (void)state;
    flow_say_bytes(
        &world, &upstream,
        SPAN("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
             "Content-Length: 5\r\n\r\n\x1f\x8b\xff\x00\xff HTTP/1.1 HTTP/1."));
    assert_true(flow_hear_end(&world, &upstream));
    expect_entry("idle-bytes", "");
}

static void lone_408_is_no_event_but_one_with_more_is(void **state)
{
    unsigned before = world.journal.count;

    (void)state;
    flow_say(&world, &upstream,
             "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n"
             "Content-Length: 4\r\n\r\nlate");
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(world.journal.count, before);
    flow_get(&world, &client, "/public", SID);
    next_request_goes_elsewhere();
    flow_say(&world, &upstream,
             "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n" PAGE_OF_BOB);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(world.journal.count, before + 1);
    expect_entry("idle-bytes", "");
}

static void end_of_an_idle_connection_is_no_event(void **state)
{
    unsigned before = world.journal.count;

    (void)state;
    flow_finish(&upstream);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(world.journal.count, before);
}

/* Both are there when the loop looks, the request first: what it would read as the
 * answer was sent before anybody asked. */
static void answer_that_was_there_before_its_request_is_nobodys(void **state)
{
    (void)state;
    flow_say_unturned(&client, "GET /public HTTP/1.1\r\nHost: site\r\nCookie: "
                               "sid=alice-session-token\r\n\r\n");
    flow_say_unturned(&upstream, PAGE_OF_BOB);
    assert_true(flow_hear_end(&world, &upstream));
    expect_entry("idle-bytes", "bob");
    next_request_goes_elsewhere();
}

static void unsafe_request_that_met_such_bytes_is_not_sent_twice(void **state)
{
    (void)state;
    flow_say_unturned(&client, "POST /form HTTP/1.1\r\nHost: site\r\nCookie: "
                               "sid=alice-session-token\r\nContent-Length: 2\r\n\r\nhi");
    flow_say_unturned(&upstream, PAGE_OF_BOB);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    assert_false(flow_has(&client, "bob"));
    assert_false(flow_knocks(&world));
    expect_entry("idle-bytes", "bob");
}

static void rest_of_the_answer_before_is_recorded_and_not_delivered(void **state)
{
    (void)state;
    flow_get(&world, &client, "/public", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream, "d of body\n" PAGE_OF_BOB);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    assert_false(flow_has(&client, "bob"));
    expect_entry("excess-bytes", "bob");
}

static void body_of_an_interim_answer_is_recorded_and_not_delivered(void **state)
{
    (void)state;
    flow_get(&world, &client, "/public", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello" PAGE_OF_BOB);
    assert_true(flow_hear(&world, &client, "HTTP/1.1 502 "));
    assert_false(flow_has(&client, "hello"));
    assert_false(flow_has(&client, "bob"));
    expect_entry("excess-bytes", "bob");
}

static void body_where_none_may_be_is_recorded_and_not_delivered(void **state)
{
    static const char *const heads[] = {
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 55\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    };
    struct flow_answer answer;

    (void)state;
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        char text[512];
        (void)snprintf(text, sizeof(text),
                       "%s<meta name=\"user-marker\" content=\"bob\">", heads[i]);
        flow_forget(&client);
        flow_get(&world, &client, "/public", SID);
        flow_hear_request(&world, &upstream);
        flow_say(&world, &upstream, text);
        assert_true(flow_hear_answer(&world, &client, i < 2, &answer));
        assert_false(flow_has(&client, "bob"));
        assert_true(flow_hear_end(&world, &upstream));
        expect_entry("excess-bytes", "bob");
        flow_hang_up(&upstream);
        flow_get(&world, &client, "/public", SID);
        flow_accept(&world, &upstream);
        flow_hear_request(&world, &upstream);
        flow_forget(&upstream);
        flow_page(&world, &upstream, "alice", "mine");
        assert_true(flow_hear(&world, &client, "mine"));
    }
}

static void switched_off_detectors_record_nothing_and_close_all_the_same(void **state)
{
    unsigned before = world.journal.count;

    (void)state;
    world.site->detectors_off =
        UINT32_C(1) << DETECTOR_IDLE_BYTES | UINT32_C(1) << DETECTOR_EXCESS_BYTES;
    flow_say(&world, &upstream, PAGE_OF_BOB);
    assert_true(flow_hear_end(&world, &upstream));
    assert_int_equal(world.journal.count, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(subject_of_idle_bytes_is_read_from_their_marker),
        FLOW_TEST(subject_is_read_from_a_chunked_body_and_from_one_without_a_head),
        FLOW_TEST(subject_is_the_user_whose_session_is_handed_out),
        FLOW_TEST(unreadable_bytes_are_recorded_without_subject),
        FLOW_TEST(lone_408_is_no_event_but_one_with_more_is),
        FLOW_TEST(end_of_an_idle_connection_is_no_event),
        FLOW_TEST(answer_that_was_there_before_its_request_is_nobodys),
        FLOW_TEST(unsafe_request_that_met_such_bytes_is_not_sent_twice),
        FLOW_TEST(rest_of_the_answer_before_is_recorded_and_not_delivered),
        FLOW_TEST(body_of_an_interim_answer_is_recorded_and_not_delivered),
        FLOW_TEST(body_where_none_may_be_is_recorded_and_not_delivered),
        FLOW_TEST(switched_off_detectors_record_nothing_and_close_all_the_same),
    };
    return RUN_TESTS(tests);
}
