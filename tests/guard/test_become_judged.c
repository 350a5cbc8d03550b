/* Goal: who is named in every request is judged by that name, as far as it is believed;
 * and so is who logs in with a cookie that nobody knows. */
#include "guard/judge_world.h"
#include "support/test.h"

enum { T1 = 101, T2, UNKNOWN };

static struct world world;
static struct trip trip;

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

/* A page of `marker` for a request that names `user`. */
static enum verdict page(enum credential_trust trust, const char *user,
                         const char *marker, uint32_t issued)
{
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip.asker.kind = ASKER_STATELESS;
    trip.asker.trust = trust;
    (void)user_set(&trip.asker.named, span_of(user));
    if (marker != NULL) {
        (void)trip_mark(&trip, marker);
    }
    if (issued != 0) {
        trip_issue(&trip, issued);
    }
    return trip_end(&world, &trip);
}

static void expect(enum strength strength, bool counts)
{
    struct finding finding = trip_finding(&trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
    assert_string_equal(finding.reason, "other-owner");
    assert_int_equal(finding.strength, strength);
    assert_int_equal(finding.counts, counts);
    assert_false(finding.one_of_two);
}

static void whom_the_request_names_sees_his_page(void **state)
{
    (void)state;
    for (int trust = CREDENTIAL_SAID; trust <= CREDENTIAL_CHECKED; trust++) {
        assert_int_equal(page((enum credential_trust)trust, "aoki", "aoki", 0),
                         VERDICT_RELEASE);
        assert_int_equal(trip.judgement.viewer_confirmed, trust > CREDENTIAL_SAID);
        assert_int_equal(page((enum credential_trust)trust, "aoki", NULL, 0),
                         VERDICT_RELEASE);
    }
}

static void anothers_page_is_refused_and_counts_where_the_name_is_believed(void **state)
{
    (void)state;
    (void)page(CREDENTIAL_CHECKED, "aoki", "baba", 0);
    expect(STRENGTH_STRONG, true);
    (void)page(CREDENTIAL_NAMED, "aoki", "baba", 0);
    expect(STRENGTH_STRONG, true);
    (void)page(CREDENTIAL_SAID, "aoki", "baba", 0);
    expect(STRENGTH_WEAK, false);
    (void)page(CREDENTIAL_CHECKED, "aoki", "Aoki", 0);
    expect(STRENGTH_WEAK, false);
    world.login.request.count = 0;
    (void)page(CREDENTIAL_CHECKED, "aoki", "baba", 0);
    expect(STRENGTH_STRONG, true);
    world.login.user_is_alias = true;
    (void)page(CREDENTIAL_CHECKED, "aoki", "baba", 0);
    expect(STRENGTH_STRONG, true);
    (void)page(CREDENTIAL_SAID, "aoki", "baba", 0);
    expect(STRENGTH_WEAK, false);
}

static void a_session_that_the_answer_begins_is_his(void **state)
{
    (void)state;
    assert_int_equal(page(CREDENTIAL_CHECKED, "aoki", "aoki", T1), VERDICT_RELEASE);
    struct session session = world_view(&world, T1);
    assert_true(span_equal(user_span(&session.requester), SPAN("aoki")));
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T1, "baba"), VERDICT_REFUSE);
}

static void the_session_beside_a_credential_stays_whose_it_was(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip.asker.kind = ASKER_STATELESS;
    trip.asker.trust = CREDENTIAL_NAMED;
    (void)user_set(&trip.asker.named, SPAN("aoki"));
    (void)trip_mark(&trip, "aoki");
    trip_issue(&trip, T2);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).binding, BINDING_NONE);
    assert_int_equal(world_view(&world, T2).id, world_view(&world, T1).id);
}

static void a_login_may_answer_with_a_credential_instead_of_a_token(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_log_in(&trip, "aoki");
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
    trip.answer.issues_named = true;
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    trip_ask(&trip, 0);
    trip_log_in(&trip, "aoki");
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "baba");
    trip.answer.issues_named = true;
    assert_int_equal(trip_end(&world, &trip), VERDICT_REFUSE);
}

static enum verdict hand_out(enum credential_trust trust, const char *user)
{
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    trip.asker.kind = ASKER_STATELESS;
    trip.asker.trust = trust;
    (void)user_set(&trip.asker.named, SPAN("aoki"));
    trip.answer.issued_trust = trust;
    (void)user_set(&trip.answer.issued_named, span_of(user));
    return trip_end(&world, &trip);
}

static void a_credential_of_somebody_else_is_stopped_at_its_cookie(void **state)
{
    (void)state;
    assert_int_equal(hand_out(CREDENTIAL_CHECKED, "aoki"), VERDICT_RELEASE);
    assert_int_equal(hand_out(CREDENTIAL_CHECKED, "baba"), VERDICT_REFUSE);
    struct finding finding = trip_finding(&trip);
    assert_string_equal(finding.reason, "other-credential");
    assert_true(finding.counts);
    assert_true(span_equal(user_span(&finding.subject), SPAN("baba")));
    assert_int_equal(hand_out(CREDENTIAL_SAID, "baba"), VERDICT_REFUSE);
    assert_false(trip_finding(&trip).counts);
}

static void expect_claim(void)
{
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
    assert_string_equal(trip_finding(&trip).reason, "claim");
    assert_false(trip_finding(&trip).counts);
}

static void a_login_with_a_cookie_that_is_out_of_date_shows_nobody_else(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, UNKNOWN, "aoki", T1);
    assert_int_equal(world_view(&world, T1).binding, BINDING_UNCONFIRMED);
    assert_int_equal(world_page(&world, &trip, T1, "baba"), VERDICT_REFUSE);
    expect_claim();
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_STRONG, true);
}

static void the_answer_to_such_a_login_shows_nobody_else(void **state)
{
    (void)state;
    trip_ask(&trip, UNKNOWN);
    trip_log_in(&trip, "aoki");
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    (void)trip_mark(&trip, "baba");
    assert_int_equal(trip_end(&world, &trip), VERDICT_REFUSE);
    expect_claim();
}

static void a_cookie_that_is_replaced_before_the_login_changes_nothing_of_it(void **state)
{
    (void)state;
    trip_ask(&trip, UNKNOWN);
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    (void)world_login(&world, &trip, T1, "aoki", T2);
    assert_int_equal(world_page(&world, &trip, T2, "baba"), VERDICT_REFUSE);
    assert_int_equal(world_page(&world, &trip, T2, "aoki"), VERDICT_RELEASE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whom_the_request_names_sees_his_page, set_up),
        cmocka_unit_test_setup(
            anothers_page_is_refused_and_counts_where_the_name_is_believed, set_up),
        cmocka_unit_test_setup(a_credential_of_somebody_else_is_stopped_at_its_cookie,
                               set_up),
        cmocka_unit_test_setup(a_session_that_the_answer_begins_is_his, set_up),
        cmocka_unit_test_setup(the_session_beside_a_credential_stays_whose_it_was,
                               set_up),
        cmocka_unit_test_setup(a_login_may_answer_with_a_credential_instead_of_a_token,
                               set_up),
        cmocka_unit_test_setup(
            a_login_with_a_cookie_that_is_out_of_date_shows_nobody_else, set_up),
        cmocka_unit_test_setup(the_answer_to_such_a_login_shows_nobody_else, set_up),
        cmocka_unit_test_setup(
            a_cookie_that_is_replaced_before_the_login_changes_nothing_of_it, set_up),
    };
    return RUN_TESTS(tests);
}
