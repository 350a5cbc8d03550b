/* A stream that a finding stops, while another thread takes the ground for it away: it is
 * cut, and nothing goes on as if it had been released. */
#include <stdio.h>
#include <string.h>

#include "guard/judge.h"
#include "support/flow_alice.h"
#include "support/test.h"

enum { LONG = 2 * FLOW_HOLD_MAX };

struct exchange;

/* The linker puts this between the stream and its judgement (--wrap). */
enum verdict judge_part(struct exchange *self) __asm__("__wrap_exchange_judge_part");
enum verdict real_part(struct exchange *self) __asm__("__real_exchange_judge_part");

static void (*meanwhile)(void);

enum verdict judge_part(struct exchange *self)
{
    enum verdict verdict = real_part(self);

    if (verdict == VERDICT_REFUSE && meanwhile != NULL) {
        meanwhile();
        meanwhile = NULL;
    }
    return verdict;
}

static void begin_break_glass(void)
{
    atomic_store(&world.shared.features->observe_until_ms,
                 loop_now_ms(world.loop) + 60000);
}

/* A login that the answer overlapped: it may show who is there after it. */
static void log_bob_in(void)
{
    struct fingerprint token = fingerprint_of(world.relay->fingerprinter, span_of(SID));
    struct session session;

    registry_find(world.shared.registry, &token, loop_now_ms(world.loop), false,
                  &session);
    assert_true(session.id != 0);
    session.generation++;
    assert_true(user_set(&session.requester, SPAN("bob")));
    assert_int_equal(registry_commit(world.shared.registry, &session, NULL, 0,
                                     loop_now_ms(world.loop)),
                     REGISTRY_STORED);
}

/* Shows a page of somebody else past what is held, of which more would come. */
static void show_another(void)
{
    static const char page[] = "<meta name=\"user-marker\" content=\"bob\">Bob's address";
    static char body[LONG];

    memset(body, 'a', LONG);
    flow_get(&world, &client, "/stream/a", SID);
    flow_hear_request(&world, &upstream);
    flow_say(&world, &upstream,
             "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
             "Content-Length: 1000000\r\n\r\n");
    flow_say_bytes(&world, &upstream, (struct span){(const uint8_t *)body, LONG});
    assert_true(flow_hear_bytes(&world, &client, FLOW_HOLD_MAX));
    flow_say(&world, &upstream, page);
}

static void expect_cut(void)
{
    assert_true(flow_hear_end(&world, &client));
    assert_null(meanwhile);
    assert_true(client.broken);
    assert_false(flow_has(&client, "Bob"));
    assert_int_equal(flow_ended(&world, "cut"), 1);
    assert_true(flow_hear_end(&world, &upstream));
}

static void a_finding_as_break_glass_begins_cuts_the_stream_and_is_recorded(void **state)
{
    (void)state;
    meanwhile = begin_break_glass;
    show_another();
    expect_cut();
    assert_int_equal(world.journal.displays, 1);
    assert_int_equal(flow_last_entry(&world)->outcome, JOURNAL_CUT);
}

static void a_finding_that_another_worker_made_void_cuts_the_stream(void **state)
{
    unsigned before = world.journal.count;

    (void)state;
    meanwhile = log_bob_in;
    show_another();
    expect_cut();
    assert_int_equal(world.journal.count, before);
    assert_false(flow_login_down(&world));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_finding_as_break_glass_begins_cuts_the_stream_and_is_recorded, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            a_finding_that_another_worker_made_void_cuts_the_stream, set_up, tear_down),
    };
    return RUN_TESTS(tests);
}
