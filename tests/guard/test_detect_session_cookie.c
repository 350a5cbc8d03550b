/* Tokens that an answer hands out, to somebody who brings one that we do not know. More
 * in test_judge.c. */
#include "guard/judge_world.h"
#include "support/test.h"

enum { T0 = 100, T1 };

static struct world world;
static struct trip trip;

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

/* Who has been away brings a token that we do not know any more. */
static void a_cached_session_is_stopped_beside_a_stale_token_too(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        trip_ask(&trip, 901 + i);
        trip_forward(&world, &trip);
        trip_issue(&trip, T0);
        assert_int_equal(trip_end(&world, &trip),
                         i == 0 ? VERDICT_RELEASE : VERDICT_REFUSE);
    }
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_WEAK);
    assert_true(trip_finding(&trip).counts);
    assert_string_equal(trip_finding(&trip).reason, "known-token");
    assert_int_equal(world_page(&world, &trip, T0, NULL), VERDICT_RELEASE);
}

/* Express: `s:ID.SIG` comes in, `s%3AID.SIG` goes out, which is a bound session's. */
static void the_requests_own_token_in_another_spelling_is_no_finding(void **state)
{
    (void)state;
    assert_int_equal(world_login(&world, &trip, 0, "baba", T0), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T0, "baba"), VERDICT_RELEASE);
    for (unsigned i = 0; i < 2; i++) {
        trip_ask(&trip, 901);
        trip_forward(&world, &trip);
        trip_issue(&trip, T0);
        trip.answer.issued[0].brought = i == 0;
        assert_int_equal(trip_end(&world, &trip),
                         i == 0 ? VERDICT_RELEASE : VERDICT_REFUSE);
    }
    assert_string_equal(trip_finding(&trip).reason, "bound-token");
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_STRONG);
    assert_true(trip_finding(&trip).counts);
}

/* Two requests at once with one token that is older than we are. */
static void two_answers_to_one_stale_token_may_name_one_session(void **state)
{
    static struct trip other;
    (void)state;
    trip_ask(&trip, 901);
    trip_forward(&world, &trip);
    trip_ask(&other, 901);
    trip_forward(&world, &other);
    trip_issue(&trip, T0);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    trip_issue(&other, T0);
    assert_int_equal(trip_end(&world, &other), VERDICT_RELEASE);
}

/* A cache, or a worker that mixes two up: she would log in with what he has as well. */
static void a_login_is_not_answered_with_anothers_first_token(void **state)
{
    static const uint32_t BROUGHT[] = {0, 901, T1};
    (void)state;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip_issue(&trip, T0);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(world_login(&world, &trip, 0, "aoki", T1), VERDICT_RELEASE);
    for (size_t i = 0; i < sizeof(BROUGHT) / sizeof(BROUGHT[0]); i++) {
        assert_int_equal(world_login(&world, &trip, BROUGHT[i], "baba", T0),
                         VERDICT_REFUSE);
        assert_string_equal(trip_finding(&trip).reason, "known-token");
        assert_int_equal(trip_finding(&trip).strength, STRENGTH_WEAK);
        assert_true(trip_finding(&trip).counts);
    }
}

/* The second answer finds the session that the first one made. */
static void two_answers_that_overlap_a_login_may_name_one_session(void **state)
{
    static struct trip other;
    (void)state;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    trip_ask(&other, T1);
    trip_forward(&world, &other);
    assert_int_equal(world_login(&world, &trip, T1, "aoki", T0), VERDICT_RELEASE);
    trip_issue(&other, T0);
    assert_int_equal(trip_end(&world, &other), VERDICT_RELEASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_cached_session_is_stopped_beside_a_stale_token_too,
                               set_up),
        cmocka_unit_test_setup(the_requests_own_token_in_another_spelling_is_no_finding,
                               set_up),
        cmocka_unit_test_setup(two_answers_to_one_stale_token_may_name_one_session,
                               set_up),
        cmocka_unit_test_setup(a_login_is_not_answered_with_anothers_first_token, set_up),
        cmocka_unit_test_setup(two_answers_that_overlap_a_login_may_name_one_session,
                               set_up),
    };
    return RUN_TESTS(tests);
}
