/* Goals: every foreign owner of a page is listed, once; `must_be: session`: a page says
 * for which request's session it was made. */
#include "guard/judge_world.h"
#include "support/test.h"

enum { OWNER, PAGE, CLASSES };

enum { T1 = 101, T2 };

static struct world world;
static struct trip trip;
static struct marker_class classes[CLASSES];
static char digits[FINGERPRINT_DIGITS + 1];

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    classes[OWNER] = world.class;
    classes[PAGE] =
        (struct marker_class){.name = SPAN("page"), .must_be = MARKER_RULE_SESSION};
    world.rules.classes = classes;
    world.rules.class_count = CLASSES;
    world.requirement.require_mask = 1U << PAGE;
    world.requirement.unmarked = UNMARKED_REFUSE;
    return 0;
}

static const char *name_of(uint32_t token)
{
    struct fingerprint print = token_of(token);
    fingerprint_format(&print, digits);
    return digits;
}

/* A request with `token`, which is told to the site, and a page that says `value`. */
static struct observation *page(uint32_t token, const char *value)
{
    trip_ask(&trip, token);
    trip.asker.sent = token_of(token);
    trip_forward(&world, &trip);
    struct observation *seen = trip_mark(&trip, value);
    seen->class_index = PAGE;
    return seen;
}

static void expect(enum strength strength, bool counts, const char *reason)
{
    struct finding finding = trip_finding(&trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
    assert_string_equal(finding.reason, reason);
    assert_int_equal(finding.strength, strength);
    assert_int_equal(finding.counts, counts);
}

static void a_page_with_the_sent_fingerprint_is_released_without_any_user(void **state)
{
    (void)state;
    (void)page(T1, name_of(T1));
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_false(trip.judgement.unmarked);
    (void)page(T1, name_of(T1));
    trip.answer.complete = false;
    trip.answer.observation_count = 0;
    (void)trip_judge(&world, &trip);
    struct session none = {0};
    struct evidence evidence = {.rules = &world.rules,
                                .asker = &trip.asker,
                                .now = &none,
                                .answer = &trip.answer};
    bool corrects = true;
    assert_true(judge_verified_so_far(&evidence, &corrects));
    assert_false(corrects);
}

static void a_page_of_another_session_is_strong_and_counts(void **state)
{
    (void)state;
    (void)page(T1, name_of(T2));
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true, "other-session");
    (void)page(0, name_of(T2));
    (void)trip_end(&world, &trip);
    expect(STRENGTH_STRONG, true, "other-session");
}

static void a_page_for_nobody_is_unmarked_and_not_foreign(void **state)
{
    (void)state;
    (void)page(T1, "none");
    (void)trip_end(&world, &trip);
    expect(STRENGTH_NONE, false, "unmarked");
    (void)page(0, "none");
    world.requirement.require_mask = 0;
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
}

static void typed_digits_prove_nothing_and_alarm_nobody(void **state)
{
    (void)state;
    page(T1, name_of(T2))->kind = SELECTOR_REGEX;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_NONE, false, "unmarked");
}

static void with_two_tokens_of_two_users_it_never_counts(void **state)
{
    (void)state;
    (void)world_login(&world, &trip, 0, "aoki", T1);
    (void)world_login(&world, &trip, 0, "baba", T2);
    trip_ask(&trip, T1);
    trip_ask_also(&trip, T2);
    trip_forward(&world, &trip);
    trip_mark(&trip, name_of(T2))->class_index = PAGE;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_NONE, false, "other-session");
}

static bool lists(unsigned index, const char *name)
{
    const struct findings *findings = &trip.judgement.findings;
    const struct shown *shown = &findings->shown[index];

    return index < findings->shown_count && shown->detector == DETECTOR_OWNER_MARKER &&
           span_equal(trip.answer.observations[shown->observation]->value, span_of(name));
}

/* A page with these markers for aoki, who is known. */
static void crowd(const char *const *names, size_t count, enum selector_kind kind)
{
    assert_int_equal(world_login(&world, &trip, 0, "aoki", T1), VERDICT_RELEASE);
    world.requirement.require_mask = 0;
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    for (size_t i = 0; i < count; i++) {
        trip_mark(&trip, names[i])->kind = kind;
    }
    (void)trip_end(&world, &trip);
}

static void every_foreign_owner_is_a_subject(void **state)
{
    const char *const names[] = {"baba", "aoki", "chiba", "doi"};
    const struct findings *findings = &trip.judgement.findings;

    (void)state;
    crowd(names, 4, SELECTOR_META);
    expect(STRENGTH_STRONG, true, "other-owner");
    assert_true(span_equal(user_span(&findings->items[0].subject), SPAN("baba")));
    assert_int_equal(findings->shown_count, 2);
    assert_true(lists(0, "chiba") && lists(1, "doi"));
    assert_int_equal(findings->shown[1].strength, STRENGTH_STRONG);
    assert_true(findings->shown[1].counts);
}

static void names_that_may_be_typed_are_weak_subjects_each(void **state)
{
    const char *const names[] = {"baba", "chiba"};
    const struct findings *findings = &trip.judgement.findings;

    (void)state;
    crowd(names, 2, SELECTOR_REGEX);
    expect(STRENGTH_WEAK, true, "unsigned");
    assert_int_equal(findings->shown_count, 1);
    assert_true(lists(0, "chiba"));
    assert_int_equal(findings->shown[0].strength, STRENGTH_WEAK);
}

/* Nobody is known yet: all but the one who is taken for the requester. */
static void of_many_first_owners_all_but_one_are_subjects(void **state)
{
    const struct findings *findings = &trip.judgement.findings;

    (void)state;
    world.requirement.require_mask = 0;
    trip_ask(&trip, T2);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
    (void)trip_mark(&trip, "baba");
    (void)trip_mark(&trip, "chiba");
    (void)trip_end(&world, &trip);
    assert_string_equal(findings->items[0].reason, "two-owners");
    assert_true(span_equal(user_span(&findings->items[0].subject), SPAN("chiba")));
    assert_int_equal(findings->shown_count, 1);
    assert_true(lists(0, "baba"));
}

/* Typed names beside two owners are text, as beside one. */
static void text_beside_two_owners_is_no_subject(void **state)
{
    (void)state;
    world.requirement.require_mask = 0;
    (void)world_login(&world, &trip, 0, "aoki", T1);
    (void)world_page(&world, &trip, T1, "aoki");
    (void)world_login(&world, &trip, T1, "baba", 0);
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "aoki");
    (void)trip_mark(&trip, "baba");
    trip_mark(&trip, "chiba")->kind = SELECTOR_REGEX;
    (void)trip_end(&world, &trip);
    assert_string_equal(trip_finding(&trip).reason, "two-owners");
    assert_int_equal(trip.judgement.findings.shown_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(
            a_page_with_the_sent_fingerprint_is_released_without_any_user, set_up),
        cmocka_unit_test_setup(a_page_of_another_session_is_strong_and_counts, set_up),
        cmocka_unit_test_setup(a_page_for_nobody_is_unmarked_and_not_foreign, set_up),
        cmocka_unit_test_setup(typed_digits_prove_nothing_and_alarm_nobody, set_up),
        cmocka_unit_test_setup(with_two_tokens_of_two_users_it_never_counts, set_up),
        cmocka_unit_test_setup(every_foreign_owner_is_a_subject, set_up),
        cmocka_unit_test_setup(names_that_may_be_typed_are_weak_subjects_each, set_up),
        cmocka_unit_test_setup(text_beside_two_owners_is_no_subject, set_up),
        cmocka_unit_test_setup(of_many_first_owners_all_but_one_are_subjects, set_up),
    };
    return RUN_TESTS(tests);
}
