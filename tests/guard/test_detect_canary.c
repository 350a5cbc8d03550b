/* Goal: a planted account is seen by itself alone. */
#include "guard/judge_world.h"
#include "support/test.h"

enum { OWNER, PLANTED, CLASSES };

enum { T1 = 101, T2, T3 };

static struct world world;
static struct trip trip;
static struct marker_class classes[CLASSES];

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    classes[OWNER] = world.class;
    classes[PLANTED] =
        (struct marker_class){.name = SPAN("planted"), .must_be = MARKER_RULE_NOBODY};
    world.rules.classes = classes;
    world.rules.class_count = CLASSES;
    return 0;
}

static void log_in(uint32_t token, const char *name)
{
    assert_int_equal(world_login(&world, &trip, 0, name, token), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, token, name), VERDICT_RELEASE);
}

/* A page of `owner` (NULL: unmarked) with the planted account somewhere in it. */
static struct observation *page_with_canary(uint32_t token, const char *owner)
{
    trip_ask(&trip, token);
    trip_forward(&world, &trip);
    if (owner != NULL) {
        (void)trip_mark(&trip, owner);
    }
    struct observation *seen = trip_mark(&trip, "canary07");
    seen->class_index = PLANTED;
    return seen;
}

static void expect(enum strength strength, bool counts)
{
    struct finding finding = trip_finding(&trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
    assert_string_equal(detector_name(finding.detector), "canary");
    assert_int_equal(finding.strength, strength);
    assert_int_equal(finding.counts, counts);
    assert_true(span_equal(user_span(&finding.subject), SPAN("canary07")));
    assert_int_equal(finding.marker_class, PLANTED);
}

static void a_canary_in_anybodys_page_is_strong_and_counts(void **state)
{
    (void)state;
    log_in(T1, "aoki");
    (void)page_with_canary(T1, "aoki");
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true);
    (void)page_with_canary(0, NULL);
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true);
    (void)page_with_canary(T3, NULL);
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true);
}

static void every_further_canary_is_a_subject_of_its_own(void **state)
{
    const struct findings *findings = &trip.judgement.findings;

    (void)state;
    log_in(T1, "aoki");
    (void)page_with_canary(T1, "aoki");
    trip_mark(&trip, "canary08")->class_index = PLANTED;
    trip_mark(&trip, "canary09")->class_index = PLANTED;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true);
    assert_int_equal(findings->count, 1);
    assert_int_equal(findings->shown_count, 2);
    assert_int_equal(findings->shown[1].observation, 3);
    assert_int_equal(findings->shown[1].detector, DETECTOR_CANARY);
    assert_int_equal(findings->shown[1].strength, STRENGTH_STRONG);
    assert_true(findings->shown[1].counts);
}

static void the_planted_account_sees_itself_from_its_login_on(void **state)
{
    (void)state;
    trip_ask(&trip, 0);
    trip_log_in(&trip, "canary07");
    trip_forward(&world, &trip);
    trip_issue(&trip, T1);
    trip_mark(&trip, "canary07")->class_index = PLANTED;
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    (void)page_with_canary(T1, "canary07");
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    (void)page_with_canary(T1, NULL);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
}

static void a_first_marker_does_not_make_one_the_planted_account(void **state)
{
    (void)state;
    world.login.request.count = 0;
    assert_int_equal(world_page(&world, &trip, T1, "canary07"), VERDICT_RELEASE);
    (void)page_with_canary(T1, "canary07");
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true);
}

static void what_may_be_typed_is_weak_and_counts_without_an_owner_alone(void **state)
{
    (void)state;
    log_in(T1, "aoki");
    page_with_canary(T1, "aoki")->kind = SELECTOR_REGEX;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_WEAK, false);
    page_with_canary(T1, NULL)->kind = SELECTOR_REGEX;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_WEAK, true);
    page_with_canary(T1, NULL)->kind = SELECTOR_REGEX;
    trip.answer.html = false;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_WEAK, false);
    classes[PLANTED].trusted = true;
    page_with_canary(T1, NULL)->kind = SELECTOR_REGEX;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true);
}

static void two_tokens_at_once_are_refused_and_never_count(void **state)
{
    (void)state;
    log_in(T1, "aoki");
    log_in(T2, "baba");
    trip_ask(&trip, T1);
    trip_ask_also(&trip, T2);
    trip_forward(&world, &trip);
    trip_mark(&trip, "canary07")->class_index = PLANTED;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_NONE, false);
}

static void a_value_that_names_nobody_is_no_canary(void **state)
{
    struct span nobody[] = {SPAN("canary07")};
    (void)state;
    classes[PLANTED].nobody = nobody;
    classes[PLANTED].nobody_count = 1;
    log_in(T1, "aoki");
    (void)page_with_canary(T1, "aoki");
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
}

static void an_answer_is_refused_as_soon_as_the_canary_is_seen(void **state)
{
    (void)state;
    log_in(T1, "aoki");
    (void)page_with_canary(T1, "aoki");
    trip.answer.complete = false;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_REFUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_canary_in_anybodys_page_is_strong_and_counts, set_up),
        cmocka_unit_test_setup(every_further_canary_is_a_subject_of_its_own, set_up),
        cmocka_unit_test_setup(the_planted_account_sees_itself_from_its_login_on, set_up),
        cmocka_unit_test_setup(a_first_marker_does_not_make_one_the_planted_account,
                               set_up),
        cmocka_unit_test_setup(
            what_may_be_typed_is_weak_and_counts_without_an_owner_alone, set_up),
        cmocka_unit_test_setup(two_tokens_at_once_are_refused_and_never_count, set_up),
        cmocka_unit_test_setup(a_value_that_names_nobody_is_no_canary, set_up),
        cmocka_unit_test_setup(an_answer_is_refused_as_soon_as_the_canary_is_seen,
                               set_up),
    };
    return RUN_TESTS(tests);
}
