/* Goal: the rules of product.md sections 5 and 6, one sentence each. */
#include "guard/judge_world.h"
#include "support/test.h"

enum { T0 = 100, T1, T2, T3, FORGED = 900 };

static struct world world;
static struct trip trip;

static void confirm(uint32_t token, const char *name)
{
    assert_int_equal(world_login(&world, &trip, 0, name, token), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, token, name), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, token).binding, BINDING_CONFIRMED);
    assert_int_equal(world_view(&world, token).claim_count, 0);
}

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    return 0;
}

static void expect(enum strength strength, bool counts, const char *reason)
{
    struct finding finding = trip_finding(&trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
    assert_string_equal(finding.reason, reason);
    assert_int_equal(finding.strength, strength);
    assert_int_equal(finding.counts, counts);
}

static void a_confirmed_requester_sees_his_page_and_nothing_is_stored(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_false(trip.judgement.kept.store);
    assert_false(trip.judgement.fresh.store);
}

static void another_users_marker_is_a_strong_finding(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_STRONG, true, "other-owner");
    assert_string_equal(detector_name(trip_finding(&trip).detector), "owner-marker");
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
}

static void the_first_page_after_a_told_login_may_not_be_anothers(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "aoki", T1);
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_STRONG, true, "claim");
}

static void a_typed_spelling_of_the_own_name_never_counts(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "AOKI", T1);
    (void)world_page(&world, &trip, T1, "aoki");
    expect(STRENGTH_WEAK, false, "claim");
    (void)world_login(&world, &trip, 0, "aoki@site.example", T2);
    (void)world_page(&world, &trip, T2, "baba");
    expect(STRENGTH_WEAK, false, "claim");
}

static void two_owners_in_one_answer_are_refused(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
    (void)trip_mark(&trip, "baba");
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true, "other-owner");
}

static void two_allowed_owners_in_one_answer_are_refused_too(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    (void)world_login(&world, &trip, T1, "baba", 0);
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
    (void)trip_mark(&trip, "baba");
    (void)trip_end(&world, &trip);
    expect(STRENGTH_WEAK, false, "two-owners");
}

static void a_login_with_two_tokens_binds_neither(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    confirm(T2, "aoki");
    trip_ask(&trip, T1);
    trip_ask_also(&trip, T2);
    trip_log_in(&trip, "baba");
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "baba");
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    for (uint32_t token = T1; token <= T2; token++) {
        assert_int_equal(world_view(&world, token).claim_count, 1);
        assert_int_equal(world_view(&world, token).pending, 0);
        assert_int_equal(world_page(&world, &trip, token, "aoki"), VERDICT_RELEASE);
    }
}

static void a_token_that_is_the_same_for_all_sessions_of_a_user_is_his(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    confirm(T2, "aoki");
    trip_ask(&trip, T2);
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
}

static void a_marked_answer_to_nobody_is_strong_unless_a_login_may_be_unseen(void **state)
{
    (void)state;
    (void)world_page(&world, &trip, 0, "aoki");
    expect(STRENGTH_STRONG, true, "anonymous");
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
    trip_issue(&trip, T1);
    (void)trip_end(&world, &trip);
    expect(STRENGTH_WEAK, false, "anonymous");
    assert_int_equal(world_view(&world, T1).id, 0);
}

static void a_cached_login_page_is_no_login(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_log_in(&trip, "aoki");
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
    trip_issue(&trip, T1);
    trip.answer.cache_sign = true;
    (void)trip_end(&world, &trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
}

static void a_wrong_password_changes_nothing(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    struct session before = world_view(&world, T1);
    world.login.success_count = 1;
    world.success = (struct success_rule){.kind = SUCCESS_STATUS, .status = 303};
    world.login.success = &world.success;
    trip_ask(&trip, T1);
    trip_log_in(&trip, "baba");
    trip_forward(&world, &trip);
    trip.answer.success = LOGIN_FAILED;
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    struct session after = world_view(&world, T1);
    assert_int_equal(after.generation, before.generation);
    assert_int_equal(after.claim_count, 0);
    assert_true(user_equal(&after.requester, &before.requester));
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_STRONG, true, "other-owner");
}

static void an_untold_login_is_decided_by_the_next_marker(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    (void)world_login(&world, &trip, T1, "baba", 0);
    (void)world_page(&world, &trip, T1, "chiba");
    expect(STRENGTH_WEAK, false, "claim");
    assert_int_equal(world_page(&world, &trip, T1, "baba"), VERDICT_RELEASE);
    assert_int_equal(trip.judgement.source, SOURCE_LOGIN);
    (void)world_page(&world, &trip, T1, "aoki");
    expect(STRENGTH_STRONG, true, "other-owner");
    (void)world_login(&world, &trip, T1, "aoki", 0);
    assert_int_equal(world_page(&world, &trip, T1, "baba"), VERDICT_RELEASE);
    (void)world_page(&world, &trip, T1, "aoki");
    expect(STRENGTH_STRONG, true, "other-owner");
}

static void what_overlaps_a_login_may_show_before_or_after_but_no_third(void **state)
{
    static struct trip slow;
    static struct trip third;
    (void)state;
    confirm(T1, "aoki");
    world.login.success_count = 1;
    trip_ask(&slow, T1);
    trip_forward(&world, &slow);
    trip_ask(&third, T1);
    trip_forward(&world, &third);
    (void)world_login(&world, &trip, T1, "baba", 0);
    assert_int_equal(world_view(&world, T1).generation, 2);
    (void)trip_mark(&slow, "aoki");
    assert_int_equal(trip_end(&world, &slow), VERDICT_RELEASE);
    (void)trip_mark(&third, "chiba");
    assert_int_equal(trip_end(&world, &third), VERDICT_REFUSE);
    (void)world_page(&world, &trip, T1, "aoki");
    expect(STRENGTH_STRONG, true, "claim");
}

static void a_new_token_in_every_answer_keeps_its_session(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    for (uint32_t token = T1; token < T1 + 20; token++) {
        trip_ask(&trip, token);
        trip_forward(&world, &trip);
        trip_issue(&trip, token + 1);
        assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    }
    (void)world_page(&world, &trip, T1 + 20, "baba");
    expect(STRENGTH_STRONG, true, "other-owner");
}

static void an_older_token_is_bound_by_its_first_marker_and_confirmed_later(void **state)
{
    static struct trip overlapping;
    (void)state;
    trip_ask(&overlapping, FORGED);
    trip_forward(&world, &overlapping);
    assert_int_equal(world_page(&world, &trip, FORGED, "aoki"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, FORGED).binding, BINDING_UNCONFIRMED);
    (void)trip_mark(&overlapping, "aoki");
    assert_int_equal(trip_end(&world, &overlapping), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, FORGED).binding, BINDING_UNCONFIRMED);
    assert_int_equal(world_page(&world, &trip, FORGED, "aoki"), VERDICT_RELEASE);
    assert_int_equal(trip.judgement.source, SOURCE_CONFIRM);
    (void)world_page(&world, &trip, FORGED, "baba");
    expect(STRENGTH_STRONG, true, "other-owner");
}

static void a_second_marker_confirms_within_the_same_millisecond(void **state)
{
    (void)state;
    (void)world_page(&world, &trip, FORGED, "aoki");
    trip_ask(&trip, FORGED);
    trip_forward(&world, &trip);
    trip.asker.forwarded_at_ms = world_view(&world, FORGED).bound_at_ms;
    (void)trip_mark(&trip, "aoki");
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, FORGED).binding, BINDING_CONFIRMED);
}

static void before_confirmation_a_mismatch_is_one_of_two_and_binds_neither(void **state)
{
    (void)state;
    (void)world_page(&world, &trip, FORGED, "aoki");
    (void)world_page(&world, &trip, FORGED, "baba");
    expect(STRENGTH_WEAK, true, "first-marker");
    assert_true(trip_finding(&trip).one_of_two);
    assert_int_equal(world_view(&world, FORGED).binding, BINDING_NONE);
    assert_int_equal(world_page(&world, &trip, FORGED, "baba"), VERDICT_RELEASE);
}

static void a_forged_token_without_marker_makes_no_entry(void **state)
{
    (void)state;
    assert_int_equal(world_page(&world, &trip, FORGED, NULL), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, FORGED).id, 0);
}

static void without_a_login_form_a_stirred_session_is_weak(void **state)
{
    (void)state;
    world.login.request.count = 0;
    (void)world_page(&world, &trip, T1, "aoki");
    (void)world_page(&world, &trip, T1, "aoki");
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_STRONG, true, "rebinding");
    trip_ask(&trip, T1);
    trip.asker.unsafe = true;
    trip_forward(&world, &trip);
    (void)trip_end(&world, &trip);
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_WEAK, true, "rebinding");
    (void)world_page(&world, &trip, T1, "aoki");
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_STRONG, true, "rebinding");
}

static void a_logout_ends_the_binding(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip.asker.role = ROLE_LOGOUT;
    trip_forward(&world, &trip);
    (void)trip_end(&world, &trip);
    assert_int_equal(world_view(&world, T1).binding, BINDING_NONE);
    (void)world_page(&world, &trip, T1, "baba");
    expect(STRENGTH_WEAK, true, "no-login");
}

static void a_logged_out_session_is_nobodys_after_two_owners_were_seen(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip.asker.role = ROLE_LOGOUT;
    trip_forward(&world, &trip);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T1, "baba"), VERDICT_REFUSE);
    assert_int_equal(world_page(&world, &trip, T1, "chiba"), VERDICT_REFUSE);
}

static void ambiguous_tokens_are_refused_and_never_count(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    confirm(T2, "baba");
    trip_ask(&trip, T1);
    trip_ask_also(&trip, T2);
    trip_forward(&world, &trip);
    assert_int_equal(trip.asker.kind, ASKER_AMBIGUOUS);
    (void)trip_mark(&trip, "aoki");
    (void)trip_end(&world, &trip);
    expect(STRENGTH_NONE, false, "ambiguous");
}

static void a_token_of_another_requester_is_not_handed_out(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    confirm(T2, "baba");
    trip_ask(&trip, T2);
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true, "bound-token");
    trip.answer.issued[0].deletion = true;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_RELEASE);
    trip.answer.issued[0].deletion = false;
    trip.answer.issued[0].too_short = true;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_RELEASE);
}

static void a_cached_session_is_stopped_before_she_logs_in_with_it(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        trip_ask(&trip, 0);
        trip_forward(&world, &trip);
        trip_issue(&trip, T0);
        (void)trip_end(&world, &trip);
    }
    expect(STRENGTH_WEAK, true, "known-token");
}

static void typed_text_beside_the_own_marker_is_only_text(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip_mark(&trip, "baba")->kind = SELECTOR_REGEX;
    (void)trip_mark(&trip, "aoki");
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip_mark(&trip, "baba")->kind = SELECTOR_REGEX;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_WEAK, true, "unsigned");
    world.class.trusted = true;
    (void)trip_judge(&world, &trip);
    expect(STRENGTH_STRONG, true, "other-owner");
}

static void a_required_marker_that_is_missing_or_unreadable_is_refused(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    world.requirement.require_mask = 1;
    assert_int_equal(world_page(&world, &trip, T1, NULL), VERDICT_RELEASE);
    assert_true(trip.judgement.unmarked);
    trip.answer.doubtful = true;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_REFUSE);
    assert_true(trip.judgement.in_doubt);
    world.requirement.unmarked = UNMARKED_REFUSE;
    (void)world_page(&world, &trip, T1, NULL);
    expect(STRENGTH_NONE, false, "unmarked");
    trip.answer.status = 302;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_RELEASE);
}

static bool may_stream_now(void)
{
    struct session now = {0};
    struct evidence evidence = {
        .rules = &world.rules, .asker = &trip.asker, .now = &now, .answer = &trip.answer};
    bool corrects = false;
    return judge_verified_so_far(&evidence, &corrects);
}

static void an_unreadable_answer_streams_only_where_nothing_is_required(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    assert_true(may_stream_now());
    trip.answer.doubtful = true;
    assert_true(may_stream_now());
    world.requirement.require_mask = 1;
    assert_false(may_stream_now());
}

static void another_requests_echo_is_strong_where_it_can_hurt(void **state)
{
    (void)state;
    world.requirement.echo_expected = true;
    (void)world_page(&world, &trip, 0, NULL);
    assert_true(trip.judgement.unechoed);
    trip.answer.echo = ECHO_OTHER;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_RELEASE);
    assert_string_equal(trip_finding(&trip).reason, "stale-echo");
    world.requirement.require_mask = 1;
    (void)trip_judge(&world, &trip);
    expect(STRENGTH_STRONG, true, "other-echo");
    world.requirement.require_mask = 0;
    world.class.must_be = MARKER_RULE_OWN; /* Marked, whatever the class says of it. */
    (void)trip_mark(&trip, "form-token");
    (void)trip_judge(&world, &trip);
    expect(STRENGTH_STRONG, true, "other-echo");
}

static void an_unfinished_answer_holds_until_a_finding_is_certain(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    trip.answer.complete = false;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_HOLD);
    (void)trip_mark(&trip, "aoki");
    assert_int_equal(trip_judge(&world, &trip), VERDICT_HOLD);
    (void)trip_mark(&trip, "baba");
    assert_int_equal(trip_judge(&world, &trip), VERDICT_REFUSE);
}

/* The page of aoki, for herself. */
static void her_own_page(void)
{
    confirm(T1, "aoki");
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
}

static void expect_beside(const char *detector, enum finding_action action)
{
    struct finding finding = trip_finding(&trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_RELEASE);
    assert_int_equal(trip.judgement.findings.count, 1);
    assert_string_equal(detector_name(finding.detector), detector);
    assert_string_equal(finding_action_name(finding.action), finding_action_name(action));
    assert_int_equal(finding.strength, STRENGTH_NONE);
    assert_false(finding.counts);
}

static void a_marked_page_out_of_a_cache_is_recorded_and_an_unmarked_is_not(void **state)
{
    (void)state;
    her_own_page();
    trip.answer.cache_sign = true;
    (void)trip_judge(&world, &trip);
    expect_beside("shared-cache", FINDING_RECORD);
    trip.marker_count = 0;
    (void)trip_judge(&world, &trip);
    assert_int_equal(trip.judgement.findings.count, 0);
}

static void a_marked_page_that_caches_may_keep_is_corrected_or_recorded_late(void **state)
{
    (void)state;
    her_own_page();
    trip.answer.storable = true;
    (void)trip_judge(&world, &trip);
    expect_beside("cacheable", FINDING_CORRECT);
    assert_true(trip.judgement.corrects);
    trip.answer.head_left = true;
    (void)trip_judge(&world, &trip);
    expect_beside("cacheable", FINDING_RECORD);
    assert_false(trip.judgement.corrects);
    trip.marker_count = 0;
    (void)trip_judge(&world, &trip);
    assert_int_equal(trip.judgement.findings.count, 0);
}

static void an_early_answer_is_delivered_if_it_verifies(void **state)
{
    (void)state;
    her_own_page();
    trip.answer.early = true;
    (void)trip_judge(&world, &trip);
    expect_beside("early-response", FINDING_CLOSE);
    (void)trip_mark(&trip, "baba");
    assert_int_equal(trip_judge(&world, &trip), VERDICT_REFUSE);
}

static void doubt_is_told_from_findings_that_do_not_refuse(void **state)
{
    (void)state;
    her_own_page();
    world.requirement.require_mask = 1;
    trip.answer.storable = true;
    trip.answer.doubtful = true;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_REFUSE);
    assert_true(trip.judgement.in_doubt);
    assert_false(may_stream_now());
    trip.answer.doubtful = false;
    trip.answer.complete = true;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_RELEASE);
    assert_true(may_stream_now());
}

static void a_detector_that_is_switched_off_sees_nothing(void **state)
{
    (void)state;
    confirm(T1, "aoki");
    world.rules.detectors_off = UINT32_C(1) << DETECTOR_OWNER_MARKER;
    assert_int_equal(world_page(&world, &trip, T1, "baba"), VERDICT_RELEASE);
    assert_int_equal(trip.judgement.findings.count, 0);
    world.rules.detectors_off = ~world.rules.detectors_off;
    assert_int_equal(world_page(&world, &trip, T1, "baba"), VERDICT_REFUSE);
}

static void values_that_name_nobody_are_no_markers(void **state)
{
    const struct span nobody[] = {SPAN("guest")};
    (void)state;
    world.class.nobody = nobody;
    world.class.nobody_count = 1;
    assert_int_equal(world_page(&world, &trip, 0, "guest"), VERDICT_RELEASE);
    assert_false(trip.judgement.marked);
}

static void a_zeroed_answer_is_held(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_forward(&world, &trip);
    memset(&trip.answer, 0, sizeof(trip.answer));
    assert_int_equal(trip_judge(&world, &trip), VERDICT_HOLD);
}

#define JUDGES(test) cmocka_unit_test_setup(test, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGES(a_confirmed_requester_sees_his_page_and_nothing_is_stored),
        JUDGES(another_users_marker_is_a_strong_finding),
        JUDGES(the_first_page_after_a_told_login_may_not_be_anothers),
        JUDGES(a_typed_spelling_of_the_own_name_never_counts),
        JUDGES(two_owners_in_one_answer_are_refused),
        JUDGES(two_allowed_owners_in_one_answer_are_refused_too),
        JUDGES(a_login_with_two_tokens_binds_neither),
        JUDGES(a_token_that_is_the_same_for_all_sessions_of_a_user_is_his),
        JUDGES(a_marked_answer_to_nobody_is_strong_unless_a_login_may_be_unseen),
        JUDGES(a_cached_login_page_is_no_login),
        JUDGES(a_wrong_password_changes_nothing),
        JUDGES(an_untold_login_is_decided_by_the_next_marker),
        JUDGES(what_overlaps_a_login_may_show_before_or_after_but_no_third),
        JUDGES(a_new_token_in_every_answer_keeps_its_session),
        JUDGES(an_older_token_is_bound_by_its_first_marker_and_confirmed_later),
        JUDGES(a_second_marker_confirms_within_the_same_millisecond),
        JUDGES(before_confirmation_a_mismatch_is_one_of_two_and_binds_neither),
        JUDGES(a_forged_token_without_marker_makes_no_entry),
        JUDGES(without_a_login_form_a_stirred_session_is_weak),
        JUDGES(a_logout_ends_the_binding),
        JUDGES(a_logged_out_session_is_nobodys_after_two_owners_were_seen),
        JUDGES(ambiguous_tokens_are_refused_and_never_count),
        JUDGES(a_token_of_another_requester_is_not_handed_out),
        JUDGES(a_cached_session_is_stopped_before_she_logs_in_with_it),
        JUDGES(typed_text_beside_the_own_marker_is_only_text),
        JUDGES(a_required_marker_that_is_missing_or_unreadable_is_refused),
        JUDGES(an_unreadable_answer_streams_only_where_nothing_is_required),
        JUDGES(another_requests_echo_is_strong_where_it_can_hurt),
        JUDGES(an_unfinished_answer_holds_until_a_finding_is_certain),
        JUDGES(a_marked_page_out_of_a_cache_is_recorded_and_an_unmarked_is_not),
        JUDGES(a_marked_page_that_caches_may_keep_is_corrected_or_recorded_late),
        JUDGES(an_early_answer_is_delivered_if_it_verifies),
        JUDGES(doubt_is_told_from_findings_that_do_not_refuse),
        JUDGES(a_detector_that_is_switched_off_sees_nothing),
        JUDGES(values_that_name_nobody_are_no_markers),
        JUDGES(a_zeroed_answer_is_held),
    };
    return RUN_TESTS(tests);
}
