/* Goal: a login by mail address is known by its marker once two logins agree, and never
 * takes anything down. */
#include "guard/alias.h"
#include "guard/judge_world.h"
#include "support/test.h"

enum { T1 = 101, T2, T3, T4, T5, T6 };

static const uint8_t KEY[FINGERPRINT_KEY_SIZE] = {7};

static struct world world;
static struct trip trip;
static struct fingerprinter *hasher;
static struct memo *aliases;

static int set_up(void **state)
{
    (void)state;
    world_init(&world);
    hasher = fingerprinter_new(KEY);
    aliases = memo_new(NULL, 100, 1000000, true);
    world.login.user_is_alias = true;
    world.rules.hasher = hasher;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fingerprinter_free(&hasher);
    memo_free(&aliases);
    return 0;
}

static enum verdict end(void)
{
    enum verdict verdict = trip_end(&world, &trip);
    if (trip.judgement.learns && verdict == VERDICT_RELEASE) {
        (void)alias_learn(aliases, &trip.judgement.learned_login,
                          &trip.judgement.learned_marker, world.now_ms);
    }
    return verdict;
}

static enum verdict log_in(uint32_t token, const char *name, uint32_t issued)
{
    trip_ask(&trip, token);
    trip_log_in(&trip, name);
    alias_claim(hasher, &world.login, aliases, world.now_ms, &trip.asker.claim);
    trip_forward(&world, &trip);
    trip.answer.status = 303;
    trip.answer.success = world.login.success_count > 0 ? LOGIN_SUCCEEDED : LOGIN_UNTOLD;
    if (issued != 0) {
        trip_issue(&trip, issued);
    }
    return end();
}

static enum verdict page(uint32_t token, const char *marker)
{
    trip_ask(&trip, token);
    trip_forward(&world, &trip);
    (void)trip_mark(&trip, marker);
    return end();
}

static void agree(const char *name, const char *marker)
{
    static uint32_t next = 200;
    for (unsigned i = 0; i < ALIAS_AGREED; i++) {
        uint32_t token = next++;
        assert_int_equal(log_in(0, name, token), VERDICT_RELEASE);
        assert_int_equal(page(token, marker), VERDICT_RELEASE);
        assert_int_equal(page(token, marker), VERDICT_RELEASE);
        assert_int_equal(world_view(&world, token).binding, BINDING_CONFIRMED);
    }
}

static void no_login_name_is_kept_anywhere(void **state)
{
    (void)state;
    (void)log_in(0, "alice@site.example", T1);
    struct session session = world_view(&world, T1);
    assert_int_equal(session.claim_count, 1);
    assert_int_equal(session.requester.len, 0);
    assert_null(
        memmem(session.claims[0].bytes, sizeof(session.claims[0].bytes), "alice", 5));
}

static void a_first_login_is_bound_by_its_marker_and_confirmed_by_the_second(void **state)
{
    (void)state;
    (void)log_in(0, "alice@site.example", T1);
    assert_int_equal(page(T1, "1001"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).binding, BINDING_UNCONFIRMED);
    assert_int_equal(page(T1, "1001"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
}

static void after_two_logins_the_name_is_known_and_confirms_at_once(void **state)
{
    (void)state;
    agree("alice@site.example", "1001");
    (void)log_in(0, "alice@site.example", T1);
    assert_int_equal(page(T1, "1001"), VERDICT_RELEASE);
    assert_int_equal(trip.judgement.source, SOURCE_LOGIN);
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
}

static void another_marker_is_refused_as_changed_and_never_counts(void **state)
{
    (void)state;
    agree("alice@site.example", "1001");
    for (uint32_t token = T1; token <= T3; token++) {
        (void)log_in(0, "alice@site.example", token);
        assert_int_equal(page(token, "2002"), VERDICT_REFUSE);
        struct finding finding = trip_finding(&trip);
        assert_string_equal(finding.reason, "alias-changed");
        assert_int_not_equal(finding.strength, STRENGTH_STRONG);
        assert_false(finding.counts);
    }
    assert_int_equal(page(T1, "1001"), VERDICT_RELEASE);
    struct fingerprint login = alias_of(hasher, &world.login, SPAN("alice@site.example"));
    assert_true(memo_forget(aliases, &login, world.now_ms));
    (void)log_in(0, "alice@site.example", T4);
    assert_int_equal(page(T4, "2002"), VERDICT_RELEASE);
}

static void two_logins_that_disagree_teach_nothing(void **state)
{
    (void)state;
    const char *const markers[] = {"1001", "2002", "1001", "3003"};
    for (unsigned i = 0; i < 4; i++) {
        (void)log_in(0, "shared@site.example", T1 + i);
        assert_int_equal(page(T1 + i, markers[i]), VERDICT_RELEASE);
    }
}

static void a_failed_login_with_another_name_teaches_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        (void)log_in(0, "mallory@site.example", T1 + i);
        (void)page(T1 + i, "666");
        (void)log_in(T1 + i, "victim@site.example", 0);
        assert_int_equal(page(T1 + i, "666"), VERDICT_RELEASE);
        assert_false(trip.judgement.learns);
    }
    (void)log_in(0, "mallory@site.example", T5);
    (void)log_in(T5, "victim@site.example", 0);
    (void)page(T5, "666");
    assert_false(trip.judgement.learns);
    (void)log_in(0, "victim@site.example", T6);
    assert_int_equal(page(T6, "1001"), VERDICT_RELEASE);
}

static void two_names_that_are_open_at_once_teach_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        (void)log_in(0, "alice@site.example", T1 + i);
        (void)log_in(T1 + i, "bob@site.example", 0);
        assert_int_equal(page(T1 + i, "1001"), VERDICT_RELEASE);
        assert_false(trip.judgement.learns);
    }
}

static void a_failed_login_beside_a_told_one_leaves_its_claim(void **state)
{
    (void)state;
    world.login.success = &world.success;
    world.login.success_count = 1;
    (void)log_in(0, "alice@site.example", T1);
    trip_ask(&trip, T1);
    trip_log_in(&trip, "alice@site.example");
    alias_claim(hasher, &world.login, aliases, world.now_ms, &trip.asker.claim);
    trip_forward(&world, &trip);
    trip.answer.success = LOGIN_FAILED;
    assert_int_equal(end(), VERDICT_RELEASE);
    assert_int_equal(page(T1, "1001"), VERDICT_RELEASE);
}

static void a_told_login_on_a_kept_token_makes_the_user_before_a_stranger(void **state)
{
    (void)state;
    agree("alice@site.example", "1001");
    agree("bob@site.example", "2002");
    world.login.success = &world.success;
    world.login.success_count = 1;
    (void)log_in(0, "alice@site.example", T1);
    (void)page(T1, "1001");
    (void)log_in(T1, "bob@site.example", 0);
    assert_int_equal(page(T1, "1001"), VERDICT_REFUSE);
    assert_false(trip_finding(&trip).counts);
    assert_int_equal(page(T1, "2002"), VERDICT_RELEASE);
    assert_int_equal(world_view(&world, T1).binding, BINDING_CONFIRMED);
    assert_int_equal(page(T1, "1001"), VERDICT_REFUSE);
    assert_int_equal(trip_finding(&trip).strength, STRENGTH_STRONG);
}

static void names_compare_without_case_where_the_site_does(void **state)
{
    (void)state;
    struct fingerprint upper = alias_of(hasher, &world.login, SPAN("Alice@Site"));
    struct fingerprint lower = alias_of(hasher, &world.login, SPAN("alice@site"));
    assert_false(fingerprint_equal(&upper, &lower));
    world.login.ignore_case = true;
    upper = alias_of(hasher, &world.login, SPAN("Alice@Site"));
    assert_true(fingerprint_equal(&upper, &lower));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_names_that_are_open_at_once_teach_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_failed_login_beside_a_told_one_leaves_its_claim,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_login_name_is_kept_anywhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            a_first_login_is_bound_by_its_marker_and_confirmed_by_the_second, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(
            after_two_logins_the_name_is_known_and_confirms_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            another_marker_is_refused_as_changed_and_never_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_logins_that_disagree_teach_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_failed_login_with_another_name_teaches_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_told_login_on_a_kept_token_makes_the_user_before_a_stranger, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(names_compare_without_case_where_the_site_does,
                                        set_up, tear_down),
    };
    return RUN_TESTS(tests);
}
