#include <stdio.h>

#include "guard/judge.h"
#include "support/test.h"

enum {
    OWNER,
    MEMBER,
    PROVIDER,
    SIGHTS_MAX = 40,
};

/* One answer in a settled session, and what the grants said. */
struct stage {
    struct login_policy login;
    struct request_pattern login_item;
    struct marker_class classes[3];
    struct requirement requirement;
    struct rules rules;
    struct asker asker;
    struct session now;
    struct answer answer;
    unsigned count;
    struct observation sights[SIGHTS_MAX];
    const struct observation *list[SIGHTS_MAX];
    enum grant_answer grants[SIGHTS_MAX];
    struct judgement judgement;
};

static struct stage stage;

static void bound(enum binding binding, const char *name)
{
    stage.now = (struct session){.id = 1, .version = 1, .generation = 1};
    stage.now.binding = binding;
    if (name != NULL) {
        assert_true(user_set(&stage.now.requester, span_of(name)));
    }
    stage.asker.kind = ASKER_SESSION;
    stage.asker.token_count = 1;
    stage.asker.session = stage.now;
    stage.answer.granted_for = span_of(name);
}

static int set_up(void **state)
{
    (void)state;
    memset(&stage, 0, sizeof(stage));
    stage.classes[OWNER] =
        (struct marker_class){.name = SPAN("owner"), .must_be = MARKER_RULE_REQUESTER};
    stage.classes[MEMBER] = (struct marker_class){
        .name = SPAN("member"), .must_be = MARKER_RULE_GRANTED, .grant = 1};
    stage.classes[PROVIDER] = (struct marker_class){
        .name = SPAN("provider"), .must_be = MARKER_RULE_GRANTED, .grant = 2};
    stage.login.request.items = &stage.login_item;
    stage.login.request.count = 1;
    stage.rules = (struct rules){.login = &stage.login,
                                 .classes = stage.classes,
                                 .class_count = 3,
                                 .requirement = &stage.requirement};
    stage.requirement.unmarked = UNMARKED_RELEASE;
    stage.answer.status = 200;
    stage.answer.has_content = true;
    stage.answer.complete = true;
    stage.answer.html = true;
    stage.answer.observations = stage.list;
    stage.answer.grants = stage.grants;
    bound(BINDING_CONFIRMED, "alice");
    return 0;
}

static void see(unsigned class_index, const char *value, enum grant_answer said)
{
    unsigned i = stage.count++;

    assert_true(i < SIGHTS_MAX);
    stage.sights[i] = (struct observation){.class_index = (uint8_t)class_index,
                                           .kind = SELECTOR_ATTR,
                                           .value = span_of(value)};
    stage.list[i] = &stage.sights[i];
    stage.grants[i] = said;
    stage.answer.observation_count = stage.count;
    stage.answer.grant_count = stage.count;
}

static enum verdict judge(void)
{
    struct evidence evidence = {.rules = &stage.rules,
                                .asker = &stage.asker,
                                .now = &stage.now,
                                .answer = &stage.answer,
                                .at_ms = 1000};

    judge_response(&evidence, &stage.judgement);
    return stage.judgement.verdict;
}

static void expect_one(const char *reason, enum strength strength, bool counts)
{
    const struct findings *findings = &stage.judgement.findings;

    assert_int_equal(findings->count, 1);
    assert_int_equal(findings->items[0].detector, DETECTOR_GRANTED_MARKER);
    assert_string_equal(findings->items[0].reason, reason);
    assert_int_equal(findings->items[0].strength, strength);
    assert_int_equal(findings->items[0].counts, counts);
    assert_false(findings->items[0].one_of_two);
    assert_true(detector_acts(DETECTOR_GRANTED_MARKER, findings->items[0].action));
}

static void granted_people_and_the_requester_himself_are_released(void **state)
{
    (void)state;
    see(MEMBER, "bob", GRANT_YES);
    see(PROVIDER, "carol", GRANT_YES);
    see(MEMBER, "alice", GRANT_UNASKED);
    assert_int_equal(judge(), VERDICT_RELEASE);
    assert_int_equal(stage.judgement.findings.count, 0);
}

static void one_ungranted_person_among_many_is_a_strong_case(void **state)
{
    (void)state;
    see(MEMBER, "bob", GRANT_YES);
    see(MEMBER, "mallory", GRANT_NO);
    see(MEMBER, "carol", GRANT_YES);
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("ungranted", STRENGTH_STRONG, true);
    assert_true(span_equal(user_span(&stage.judgement.findings.items[0].subject),
                           SPAN("mallory")));
    assert_int_equal(stage.judgement.findings.shown_count, 1);
    assert_int_equal(stage.judgement.findings.shown[0].observation, 1);
}

static void every_ungranted_person_is_named_and_each_class_has_its_finding(void **state)
{
    char names[30][8];

    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "m%u", i);
        see(i % 2 == 0 ? MEMBER : PROVIDER, names[i], i == 7 ? GRANT_YES : GRANT_NO);
    }
    assert_int_equal(judge(), VERDICT_REFUSE);
    assert_int_equal(stage.judgement.findings.count, 2);
    assert_int_equal(stage.judgement.findings.shown_count, 29);
    assert_int_equal(stage.judgement.findings.items[0].marker_class, MEMBER);
    assert_int_equal(stage.judgement.findings.items[1].marker_class, PROVIDER);
}

static void young_no_refuses_and_does_not_count(void **state)
{
    (void)state;
    see(MEMBER, "bob", GRANT_NO_YOUNG);
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("ungranted-young", STRENGTH_WEAK, false);
    see(MEMBER, "carol", GRANT_NO);
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("ungranted", STRENGTH_STRONG, true);
    assert_int_equal(stage.judgement.findings.shown_count, 2);
    assert_false(stage.judgement.findings.shown[0].counts);
    assert_true(stage.judgement.findings.shown[1].counts);
}

static void source_that_failed_refuses_and_is_no_case(void **state)
{
    (void)state;
    see(MEMBER, "bob", GRANT_FAILED);
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("grants-failed", STRENGTH_NONE, false);
    assert_int_equal(stage.judgement.findings.shown_count, 0);
}

static void what_nobody_asked_about_is_refused_when_the_answer_is_whole(void **state)
{
    (void)state;
    see(MEMBER, "bob", GRANT_YES);
    stage.answer.grant_count = 0;
    stage.answer.complete = false;
    assert_int_equal(judge(), VERDICT_HOLD);
    stage.answer.complete = true;
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("requester-changed", STRENGTH_NONE, false);
}

static void answers_for_another_requester_say_nothing(void **state)
{
    (void)state;
    see(MEMBER, "bob", GRANT_YES);
    stage.answer.granted_for = SPAN("carol");
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("requester-changed", STRENGTH_NONE, false);
}

static void unknown_requester_is_refused_and_no_case(void **state)
{
    (void)state;
    bound(BINDING_NONE, NULL);
    see(MEMBER, "bob", GRANT_UNASKED);
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("no-requester", STRENGTH_NONE, false);
}

static void
owner_marker_of_the_answer_stands_in_for_an_unconfirmed_requester(void **state)
{
    struct user name;
    struct evidence evidence = {.rules = &stage.rules,
                                .asker = &stage.asker,
                                .now = &stage.now,
                                .answer = &stage.answer};

    (void)state;
    bound(BINDING_UNCONFIRMED, "alice");
    see(MEMBER, "bob", GRANT_NO);
    assert_false(judge_requester(&evidence, &name));
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("no-requester", STRENGTH_NONE, false);
    see(OWNER, "alice", GRANT_UNASKED);
    assert_true(judge_requester(&evidence, &name));
    assert_true(span_equal(user_span(&name), SPAN("alice")));
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("ungranted", STRENGTH_WEAK, true);
    stage.grants[0] = GRANT_YES;
    assert_int_equal(judge(), VERDICT_RELEASE);
}

static void owner_marker_that_a_visitor_may_have_typed_names_no_requester(void **state)
{
    struct user name;
    struct evidence evidence = {.rules = &stage.rules,
                                .asker = &stage.asker,
                                .now = &stage.now,
                                .answer = &stage.answer};

    (void)state;
    bound(BINDING_UNCONFIRMED, "alice");
    see(OWNER, "alice", GRANT_UNASKED);
    stage.sights[0].kind = SELECTOR_REGEX;
    assert_false(judge_requester(&evidence, &name));
    stage.classes[OWNER].trusted = true;
    assert_true(judge_requester(&evidence, &name));
    stage.sights[0].weak = true;
    assert_false(judge_requester(&evidence, &name));
}

static void foreign_owner_is_found_first_and_asks_for_nobody(void **state)
{
    struct user name;
    struct evidence evidence = {.rules = &stage.rules,
                                .asker = &stage.asker,
                                .now = &stage.now,
                                .answer = &stage.answer};

    (void)state;
    see(OWNER, "mallory", GRANT_UNASKED);
    see(MEMBER, "bob", GRANT_UNASKED);
    stage.answer.grant_count = 0;
    assert_false(judge_requester(&evidence, &name));
    assert_int_equal(judge(), VERDICT_REFUSE);
    assert_int_equal(stage.judgement.findings.count, 1);
    assert_int_equal(stage.judgement.findings.items[0].detector, DETECTOR_OWNER_MARKER);
}

static void anonymous_viewer_has_no_grants_and_is_a_case(void **state)
{
    (void)state;
    bound(BINDING_NONE, NULL);
    stage.now = (struct session){0};
    stage.asker = (struct asker){0};
    see(MEMBER, "bob", GRANT_UNASKED);
    stage.answer.grant_count = 0;
    assert_int_equal(judge(), VERDICT_REFUSE);
    expect_one("anonymous", STRENGTH_STRONG, true);
    assert_int_equal(stage.judgement.findings.shown_count, 1);
}

static void values_that_name_nobody_need_no_grant(void **state)
{
    static const struct span NOBODY[] = {{.ptr = (const uint8_t *)"0", .len = 1}};

    (void)state;
    stage.classes[MEMBER].nobody = NOBODY;
    stage.classes[MEMBER].nobody_count = 1;
    see(MEMBER, "0", GRANT_NO);
    assert_int_equal(judge(), VERDICT_RELEASE);
    see(MEMBER, "", GRANT_NO);
    assert_int_equal(judge(), VERDICT_RELEASE);
}

static void what_was_redacted_is_released_and_stays_a_case(void **state)
{
    (void)state;
    stage.classes[MEMBER].redact = true;
    see(MEMBER, "bob", GRANT_NO);
    see(MEMBER, "carol", GRANT_YES);
    assert_int_equal(judge(), VERDICT_REFUSE);
    stage.answer.redacted = true;
    assert_int_equal(judge(), VERDICT_RELEASE);
    expect_one("ungranted", STRENGTH_STRONG, true);
    assert_int_equal(stage.judgement.findings.items[0].action, FINDING_REDACT);
    see(MEMBER, "dave", GRANT_FAILED);
    assert_int_equal(judge(), VERDICT_REFUSE);
    stage.grants[2] = GRANT_YES;
    see(PROVIDER, "erin", GRANT_NO);
    assert_int_equal(judge(), VERDICT_REFUSE);
}

static void stream_needs_every_person_seen_so_far_to_be_granted(void **state)
{
    struct evidence evidence = {.rules = &stage.rules,
                                .asker = &stage.asker,
                                .now = &stage.now,
                                .answer = &stage.answer};
    bool corrects = false;

    (void)state;
    stage.answer.complete = false;
    assert_true(judge_verified_so_far(&evidence, &corrects));
    see(MEMBER, "bob", GRANT_YES);
    assert_true(judge_verified_so_far(&evidence, &corrects));
    see(MEMBER, "carol", GRANT_YES);
    stage.answer.grant_count = 1;
    assert_false(judge_verified_so_far(&evidence, &corrects));
    stage.answer.grant_count = 2;
    stage.grants[1] = GRANT_NO;
    assert_false(judge_verified_so_far(&evidence, &corrects));
    assert_int_equal(judge(), VERDICT_REFUSE);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(granted_people_and_the_requester_himself_are_released),
        TEST(one_ungranted_person_among_many_is_a_strong_case),
        TEST(every_ungranted_person_is_named_and_each_class_has_its_finding),
        TEST(young_no_refuses_and_does_not_count),
        TEST(source_that_failed_refuses_and_is_no_case),
        TEST(what_nobody_asked_about_is_refused_when_the_answer_is_whole),
        TEST(answers_for_another_requester_say_nothing),
        TEST(unknown_requester_is_refused_and_no_case),
        TEST(owner_marker_of_the_answer_stands_in_for_an_unconfirmed_requester),
        TEST(owner_marker_that_a_visitor_may_have_typed_names_no_requester),
        TEST(foreign_owner_is_found_first_and_asks_for_nobody),
        TEST(anonymous_viewer_has_no_grants_and_is_a_case),
        TEST(values_that_name_nobody_need_no_grant),
        TEST(what_was_redacted_is_released_and_stays_a_case),
        TEST(stream_needs_every_person_seen_so_far_to_be_granted),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
