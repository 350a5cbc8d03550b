/* Goal: what belongs to one session is refused in every other, and follows its session
 * over logins, logouts and new tokens. */
#include "guard/judge_world.h"
#include "support/test.h"

enum { OWNER, FORM, MAIL, CLASSES };

enum { T1 = 101, T2, T3, T4, T5 };

static const uint8_t KEY[FINGERPRINT_KEY_SIZE] = {3};

static struct world world;
static struct trip trip;
static struct marker_class classes[CLASSES];
static struct fingerprinter *hasher;

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    classes[OWNER] = world.class;
    classes[FORM] =
        (struct marker_class){.name = SPAN("form"), .must_be = MARKER_RULE_OWN};
    classes[MAIL] =
        (struct marker_class){.name = SPAN("mail"), .must_be = MARKER_RULE_REQUESTER};
    world.rules.classes = classes;
    world.rules.class_count = CLASSES;
    hasher = fingerprinter_new(KEY);
    world.rules.hasher = hasher;
    world.shown = memo_new(NULL, 1000, 1000000, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memo_free(&world.shown);
    fingerprinter_free(&hasher);
    return 0;
}

/* A page with the form's `value`; `issued` 0: no new token. */
static enum verdict form(uint32_t token, const char *value, uint32_t issued)
{
    trip_ask(&trip, token);
    trip_forward(&world, &trip);
    trip_mark(&trip, value)->class_index = FORM;
    if (issued != 0) {
        trip_issue(&trip, issued);
    }
    return trip_end(&world, &trip);
}

static void log_in(uint32_t token, const char *name, uint32_t issued)
{
    assert_int_equal(world_login(&world, &trip, token, name, issued), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, issued != 0 ? issued : token, name),
                     VERDICT_RELEASE);
}

static void expect(enum strength strength, bool counts, const char *reason)
{
    struct finding finding = trip_finding(&trip);
    assert_int_equal(trip.judgement.verdict, VERDICT_REFUSE);
    assert_string_equal(finding.reason, reason);
    assert_int_equal(finding.strength, strength);
    assert_int_equal(finding.counts, counts);
    assert_false(finding.one_of_two);
}

static void a_value_of_another_session_is_strong_and_counts(void **state)
{
    (void)state;
    log_in(0, "aoki", T1);
    log_in(0, "baba", T2);
    assert_int_equal(form(T1, "a-1", 0), VERDICT_RELEASE);
    assert_int_equal(form(T2, "b-1", 0), VERDICT_RELEASE);
    assert_int_equal(form(T1, "a-1", 0), VERDICT_RELEASE);
    (void)form(T2, "a-1", 0);
    expect(STRENGTH_STRONG, true, "own-value");
    assert_string_equal(detector_name(trip_finding(&trip).detector), "own-marker");
    assert_int_equal(form(T1, "a-1", 0), VERDICT_RELEASE);
}

static void a_value_follows_its_session_over_login_rotation_and_logout(void **state)
{
    (void)state;
    assert_int_equal(form(0, "f-1", T1), VERDICT_RELEASE);
    assert_int_equal(form(T1, "f-1", T2), VERDICT_RELEASE);
    log_in(T2, "aoki", T3);
    assert_int_equal(form(T3, "f-1", T4), VERDICT_RELEASE);
    assert_int_equal(form(T1, "f-1", 0), VERDICT_RELEASE);
    trip_ask(&trip, T4);
    trip.asker.role = ROLE_LOGOUT;
    trip_forward(&world, &trip);
    trip_issue(&trip, T5);
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
    assert_int_equal(form(T5, "f-1", 0), VERDICT_RELEASE);
}

static void an_unknown_token_keeps_its_values_when_it_becomes_known(void **state)
{
    (void)state;
    world.login.request.count = 0;
    assert_int_equal(form(T1, "f-1", 0), VERDICT_RELEASE);
    assert_int_equal(world_page(&world, &trip, T1, "aoki"), VERDICT_RELEASE);
    assert_int_equal(form(T1, "f-1", 0), VERDICT_RELEASE);
    assert_int_equal(form(T2, "f-1", 0), VERDICT_REFUSE);
}

static void what_was_refused_belongs_to_nobody(void **state)
{
    (void)state;
    log_in(0, "aoki", T1);
    log_in(0, "baba", T2);
    trip_ask(&trip, T1);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, "baba");
    trip_mark(&trip, "b-9")->class_index = FORM;
    assert_int_equal(trip_end(&world, &trip), VERDICT_REFUSE);
    assert_int_equal(form(T2, "b-9", 0), VERDICT_RELEASE);
}

static void nobody_without_a_session_takes_a_value_and_may_not_see_one(void **state)
{
    (void)state;
    assert_int_equal(form(0, "f-1", 0), VERDICT_RELEASE);
    assert_int_equal(form(T1, "f-1", 0), VERDICT_RELEASE);
    assert_int_equal(form(0, "f-1", 0), VERDICT_REFUSE);
    assert_int_not_equal(trip_finding(&trip).strength, STRENGTH_STRONG);
}

static void what_the_client_can_bring_about_never_counts(void **state)
{
    (void)state;
    log_in(0, "aoki", T1);
    log_in(0, "baba", T2);
    (void)form(T1, "a-1", 0);
    trip_ask(&trip, T2);
    trip.asker.unsafe = true;
    trip_forward(&world, &trip);
    trip_mark(&trip, "a-1")->class_index = FORM;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_WEAK, false, "own-value");
    trip_ask(&trip, T2);
    trip_ask_also(&trip, T3);
    trip_forward(&world, &trip);
    trip_mark(&trip, "a-1")->class_index = FORM;
    (void)trip_end(&world, &trip);
    expect(STRENGTH_NONE, false, "own-value");
    assert_int_equal(form(T2, "b-1", 0), VERDICT_RELEASE);
    trip_ask(&trip, T2);
    trip_forward(&world, &trip);
    trip_mark(&trip, "b-1")->class_index = FORM;
    struct observation *typed = trip_mark(&trip, "a-1");
    typed->class_index = FORM;
    typed->kind = SELECTOR_REGEX;
    assert_int_equal(trip_end(&world, &trip), VERDICT_RELEASE);
}

static void a_value_that_the_request_brought_says_nothing(void **state)
{
    (void)state;
    log_in(0, "aoki", T1);
    (void)form(T1, "a-1", 0);
    trip_ask(&trip, T2);
    trip_forward(&world, &trip);
    trip_mark(&trip, "a-1")->class_index = FORM;
    const struct observation *seen = &trip.markers[0];
    const struct session none = {0};
    trip.answer.observations = &seen;
    trip.answer.observation_count = 1;
    const struct evidence evidence = {.rules = &world.rules,
                                      .asker = &trip.asker,
                                      .now = &none,
                                      .answer = &trip.answer};
    struct recall recall = {.memo = world.shown, .hasher = hasher, .now_ms = 5000};
    struct recall_families families = {.count = 1, .items = {7}};
    struct recalled found[RECALLED_MAX];
    uint64_t family = 0;
    assert_int_equal(recall_read(&recall, &evidence, &families, found, &family), 1);
    assert_int_equal(found[0].state, RECALL_OTHER);
    assert_int_not_equal(family, 0);
    recall.request = SPAN("GET / HTTP/1.1\r\nCookie: csrf=a-1\r\n\r\n");
    assert_int_equal(recall_read(&recall, &evidence, &families, found, &family), 1);
    assert_int_equal(found[0].state, RECALL_PRESENTED);
    recall.request = SPAN("GET / HTTP/1.1\r\nCookie: csrf=%61%2D1\r\n\r\n");
    assert_int_equal(recall_read(&recall, &evidence, &families, found, &family), 1);
    assert_int_equal(found[0].state, RECALL_PRESENTED);
    recall.request = SPAN("GET /?own=a-1 HTTP/1.1\r\nCookie: csrf=a-11\r\n\r\n");
    assert_int_equal(recall_read(&recall, &evidence, &families, found, &family), 1);
    assert_int_equal(found[0].state, RECALL_ASKED);
    assert_int_not_equal(family, 0);
    trip.answer.recalled = found;
    trip.answer.recalled_count = 1;
    assert_int_equal(trip_judge(&world, &trip), VERDICT_REFUSE);
    expect(STRENGTH_WEAK, false, "own-value");
}

static void what_began_with_an_unknown_token_never_counts(void **state)
{
    (void)state;
    log_in(0, "aoki", T1);
    (void)form(T1, "a-1", 0);
    log_in(T2, "baba", T3);
    assert_true((world_view(&world, T3).family & RECALL_UNCERTAIN) != 0);
    (void)form(T3, "a-1", 0);
    expect(STRENGTH_WEAK, false, "own-value");
    log_in(0, "chiba", T4);
    assert_true((world_view(&world, T4).family & RECALL_UNCERTAIN) == 0);
    (void)form(T5, "a-1", 0);
    expect(STRENGTH_WEAK, false, "own-value");
}

/* A page of `owner` with a further name of his. */
static enum verdict mail(uint32_t token, const char *owner, const char *value)
{
    trip_ask(&trip, token);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, owner);
    trip_mark(&trip, value)->class_index = MAIL;
    return trip_end(&world, &trip);
}

static void a_further_class_is_compared_with_its_own_earlier_value(void **state)
{
    (void)state;
    log_in(0, "aoki", T1);
    assert_int_equal(mail(T1, "aoki", "aoki@a"), VERDICT_RELEASE);
    (void)mail(T1, "aoki", "baba@b");
    expect(STRENGTH_WEAK, false, "changed-value");
    assert_int_equal(mail(T1, "aoki", "aoki@a"), VERDICT_RELEASE);
    (void)mail(T1, "aoki", "baba@b");
    expect(STRENGTH_STRONG, true, "changed-value");
    assert_string_equal(detector_name(trip_finding(&trip).detector), "owner-marker");
}

static void a_login_begins_a_further_class_anew(void **state)
{
    (void)state;
    log_in(0, "aoki", T1);
    assert_int_equal(mail(T1, "aoki", "aoki@a"), VERDICT_RELEASE);
    assert_int_equal(mail(T1, "aoki", "aoki@a"), VERDICT_RELEASE);
    log_in(T1, "baba", 0);
    assert_int_equal(mail(T1, "baba", "baba@b"), VERDICT_RELEASE);
    log_in(T1, "chiba", T2);
    assert_int_equal(mail(T2, "chiba", "chiba@c"), VERDICT_RELEASE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_value_of_another_session_is_strong_and_counts),
        TEST(a_value_follows_its_session_over_login_rotation_and_logout),
        TEST(an_unknown_token_keeps_its_values_when_it_becomes_known),
        TEST(what_was_refused_belongs_to_nobody),
        TEST(nobody_without_a_session_takes_a_value_and_may_not_see_one),
        TEST(what_the_client_can_bring_about_never_counts),
        TEST(a_value_that_the_request_brought_says_nothing),
        TEST(what_began_with_an_unknown_token_never_counts),
        TEST(a_further_class_is_compared_with_its_own_earlier_value),
        TEST(a_login_begins_a_further_class_anew),
    };
    return RUN_TESTS(tests);
}
