/* Whose unsafe requests are kept as evidence: of everybody who came with a name. */
#include <stdio.h>

#include "support/flow_alice.h"
#include "support/test.h"

static struct journal_write last;
static unsigned count;

static void take(void *self, const struct journal_write *rows, unsigned row_count)
{
    (void)self;
    for (unsigned i = 0; i < row_count; i++) {
        count += rows[i].count;
        last = rows[i];
    }
}

static int set_up_writes(void **state)
{
    count = 0;
    set_up(state);
    world.site->session.basic = true;
    world.journal_page.note_writes = take;
    return 0;
}

/* A request with one more field, which the site answers. Returns the writes so far. */
static unsigned send_with(const char *method, const char *field)
{
    char text[256];
    struct flow_peer other;
    struct flow_peer its;

    (void)snprintf(text, sizeof(text),
                   "%s /public HTTP/1.1\r\nHost: site\r\n%s"
                   "Content-Length: 0\r\n\r\n",
                   method, field);
    flow_client(&world, &other);
    flow_say(&world, &other, text);
    flow_accept(&world, &its);
    flow_hear_request(&world, &its);
    flow_page(&world, &its, NULL, "done");
    assert_true(flow_hear(&world, &other, "done"));
    flow_settle(&world);
    evidence_log_flush(world.relay->evidence_log);
    flow_hang_up(&other);
    flow_hang_up(&its);
    flow_settle(&world);
    return count;
}

static void write_of_a_session_names_its_user(void **state)
{
    (void)state;
    flow_hang_up(&upstream); /* So that there is a new one to accept. */
    flow_settle(&world);
    assert_int_equal(send_with("POST", "Cookie: sid=alice-session-token\r\n"), 1);
    assert_true(span_equal(user_span(&last.user), SPAN("alice")));
    assert_false(fingerprint_none(&last.session));
    assert_string_equal(last.method, "POST");
}

static void write_of_a_credential_names_its_user(void **state)
{
    (void)state;
    assert_int_equal(send_with("POST", "Authorization: Basic Ym9iOnB3\r\n"), 1);
    assert_true(span_equal(user_span(&last.user), SPAN("bob")));
    assert_false(fingerprint_none(&last.session));
}

static void write_of_a_token_that_nobody_knows_is_its_session_s(void **state)
{
    (void)state;
    assert_int_equal(send_with("POST", "Cookie: sid=a-token-of-long-ago\r\n"), 1);
    assert_int_equal(last.user.len, 0);
    const struct fingerprint session = last.session;
    assert_false(fingerprint_none(&session));
    assert_int_equal(send_with("PUT", "Cookie: sid=a-token-of-long-ago\r\n"), 2);
    assert_true(fingerprint_equal(&last.session, &session));
}

static void write_of_nobody_and_what_is_safe_are_not_kept(void **state)
{
    (void)state;
    assert_int_equal(send_with("POST", ""), 0);
    assert_int_equal(send_with("GET", "Authorization: Basic Ym9iOnB3\r\n"), 0);
}

int main(void)
{
#define WRITES_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_writes, tear_down)
    const struct CMUnitTest tests[] = {
        WRITES_TEST(write_of_a_session_names_its_user),
        WRITES_TEST(write_of_a_credential_names_its_user),
        WRITES_TEST(write_of_a_token_that_nobody_knows_is_its_session_s),
        WRITES_TEST(write_of_nobody_and_what_is_safe_are_not_kept),
    };
    return RUN_TESTS(tests);
}
