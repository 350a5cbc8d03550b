/* Caches that users share: what comes out of one is recorded, what could go into one
 * leaves with fields that forbid it. */
#include <stdio.h>
#include <string.h>

#include "support/flow_alice.h"
#include "support/test.h"

/* What the client gets for `path` when the site answers `head`, a line and the body. */
static void ask(const char *path, const char *head, const char *body)
{
    char text[1024];
    struct flow_answer answer;

    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n%s", head,
                   strlen(body), body);
    flow_forget(&client);
    flow_get(&world, &client, path, SID);
    flow_hear_request(&world, &upstream);
    flow_forget(&upstream);
    flow_say(&world, &upstream, text);
    assert_true(flow_hear_answer(&world, &client, false, &answer));
    assert_int_equal(answer.status, 200);
}

static void marked_page_leaves_with_fields_that_no_cache_keeps(void **state)
{
    (void)state;
    ask("/public",
        "X-User-Marker: alice\r\nCache-Control: max-age=60\r\nExpires: 0\r\n"
        "Surrogate-Control: max-age=9\r\nCDN-Cache-Control: max-age=9\r\n",
        "hello");
    assert_true(flow_has(&client, "Cache-Control: private, no-store\r\n"));
    assert_false(flow_has(&client, "max-age"));
    assert_false(flow_has(&client, "Expires"));
    assert_true(flow_has(&client, "hello"));
}

static void page_that_is_private_already_or_nobodys_is_left_as_it_is(void **state)
{
    (void)state;
    ask("/public", "X-User-Marker: alice\r\nCache-Control: no-store, x=1\r\n", "a");
    assert_true(flow_has(&client, "Cache-Control: no-store, x=1\r\n"));
    assert_false(flow_has(&client, "private"));
    ask("/public", "Cache-Control: max-age=60\r\n", "b");
    assert_true(flow_has(&client, "Cache-Control: max-age=60\r\n"));
    assert_false(flow_has(&client, "private"));
}

static void observed_page_keeps_its_fields(void **state)
{
    (void)state;
    ask("/observe/x", "X-User-Marker: alice\r\nCache-Control: max-age=60\r\n", "a");
    assert_true(flow_has(&client, "Cache-Control: max-age=60\r\n"));
    assert_false(flow_has(&client, "private"));
    flow_settle(&world);
    relay_tick(world.relay);
    access_log_flush(world.access_log);
    assert_non_null(strstr(world.log, "\"would_have\":\"correct\""));
}

static void correction_can_be_switched_off(void **state)
{
    (void)state;
    world.site->detectors_off = UINT32_C(1) << DETECTOR_CACHEABLE;
    ask("/public", "X-User-Marker: alice\r\n", "a");
    assert_false(flow_has(&client, "private"));
}

static void marked_page_out_of_a_cache_is_delivered_and_recorded(void **state)
{
    unsigned before = world.journal.count;

    (void)state;
    ask("/public", "X-User-Marker: alice\r\nAge: 3\r\n", "a");
    assert_int_equal(world.journal.count, before + 1);
    assert_string_equal(flow_last_entry(&world)->reason, "shared-cache");
    assert_int_equal(flow_last_entry(&world)->kind, JOURNAL_EVENT);
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_DELIVERED);
    ask("/public", "Age: 3\r\n", "a");
    assert_int_equal(world.journal.count, before + 1);
}

static void what_is_only_recorded_does_not_fill_the_records_queue(void **state)
{
    unsigned before = world.journal.count;

    (void)state;
    for (int i = 0; i < 500; i++) {
        ask("/public", "X-User-Marker: alice\r\nAge: 3\r\nCache-Control: private\r\n",
            "a");
    }
    assert_in_range(world.journal.count, before + 64, before + 499);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define FLOW_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        FLOW_TEST(marked_page_leaves_with_fields_that_no_cache_keeps),
        FLOW_TEST(page_that_is_private_already_or_nobodys_is_left_as_it_is),
        FLOW_TEST(observed_page_keeps_its_fields),
        FLOW_TEST(correction_can_be_switched_off),
        FLOW_TEST(marked_page_out_of_a_cache_is_delivered_and_recorded),
        FLOW_TEST(what_is_only_recorded_does_not_fill_the_records_queue),
    };
    return RUN_TESTS(tests);
}
