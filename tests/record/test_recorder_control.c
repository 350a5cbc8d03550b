#include "record/fixture.h"

enum { MYPAGE = 1, MYPAGE_BIT = 2 };

static struct fixture fixture;
static bool finding_due;

/* A worker finds something after the commit of `up`: on the recorder's thread, where no
 * clock is needed to hit the moment. */
static void on_commit(void *context)
{
    (void)context;
    if (finding_due) {
        finding_due = false;
        assert_int_equal(feature_table_take_down(&fixture.features, MYPAGE_BIT), 0);
    }
}

static void make_down(void)
{
    static const struct alert_route routes[] = {{.name = "soc"}};
    fixture_make(&fixture);
    assert_true(recorder_set_alerts(fixture.recorder, routes, 1));
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_DOWN, false).result,
                     CONTROL_DONE);
    recorder_on_deliveries(fixture.recorder, on_commit, NULL);
}

static void expect_states(const char *expected)
{
    char command[256];
    (void)snprintf(command, sizeof(command),
                   "test \"$(sqlite3 ledger.db 'SELECT state FROM feature_changes ORDER "
                   "BY seq' | tr '\\n' ' ')\" = '%s'",
                   expected);
    fixture_shell(&fixture, command);
}

static void a_finding_while_a_feature_is_opened_keeps_it_down(void **state)
{
    (void)state;
    static const enum feature_state wanted[] = {FEATURE_UP, FEATURE_TRIAL};
    static const char *const states[] = {"down up down ", "down trial down "};

    for (int i = 0; i < 2; i++) {
        make_down();
        finding_due = true;
        assert_int_equal(fixture_change(&fixture, "mypage", wanted[i], false).result,
                         CONTROL_FINDING);
        assert_false(finding_due);
        assert_int_equal(feature_table_state(&fixture.features, MYPAGE), FEATURE_DOWN);
        expect_states(states[i]);
        fixture_shell(&fixture, "grep -q 'mypage down' features.state");
        assert_int_equal(atomic_load(&fixture.features.unsettled), 0);
        fixture_close(&fixture);
        fixture_open(&fixture);
        assert_int_equal(feature_table_state(&fixture.features, MYPAGE), FEATURE_DOWN);
        assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, false).result,
                         CONTROL_DONE);
        assert_false(fixture_down(&fixture, "mypage"));
        fixture_remove(&fixture);
    }
}

static void a_take_down_that_is_not_recorded_yet_is_not_undone(void **state)
{
    (void)state;
    make_down();

    (void)atomic_fetch_add(&fixture.features.unsettled, 1);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, false).result,
                     CONTROL_FINDING);
    assert_true(fixture_down(&fixture, "mypage"));
    (void)atomic_fetch_sub(&fixture.features.unsettled, 1);
    expect_states("down ");

    fixture_remove(&fixture);
}

static void a_feature_goes_on_trial_and_up_and_both_outlast_a_restart(void **state)
{
    (void)state;
    make_down();

    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_TRIAL, false).result,
                     CONTROL_DONE);
    fixture_shell(&fixture, "grep -q 'mypage trial' features.state");
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_int_equal(feature_table_state(&fixture.features, MYPAGE), FEATURE_TRIAL);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, false).result,
                     CONTROL_DONE);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_TRIAL, false).result,
                     CONTROL_DONE);
    assert_int_equal(feature_table_state(&fixture.features, MYPAGE), FEATURE_TRIAL);

    fixture_remove(&fixture);
}

/* A weak case about `subject`: must mypage go down, where it takes two? */
static bool goes_down(const char *subject, uint8_t network)
{
    struct take_down_policy policies[FEATURE_COUNT_MAX] = {
        [MYPAGE] = {.cases = 1, .weak_cases = 2, .within_ms = 600000}};
    const uint8_t address[TAKEDOWN_ADDRESS_SIZE] = {
        [10] = 0xff, [11] = 0xff, [12] = 127, [14] = network};
    const struct takedown_case noted = {.feature_mask = MYPAGE_BIT,
                                        .strength = STRENGTH_WEAK,
                                        .viewer_kind = VIEWER_ADDRESS,
                                        .viewer = span_of(subject),
                                        .subject = span_of(subject),
                                        .address = address,
                                        .now_ms = 1000};

    return takedown_note(fixture.takedown, &noted, policies) != 0;
}

static void only_what_comes_up_forgets_its_cases(void **state)
{
    (void)state;
    make_down();
    assert_false(goes_down("alice", 1));
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_DOWN, false).result,
                     CONTROL_UNCHANGED);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_TRIAL, false).result,
                     CONTROL_DONE);
    assert_true(goes_down("bob", 2));
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, false).result,
                     CONTROL_DONE);
    assert_false(goes_down("carol", 3));
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, false).result,
                     CONTROL_UNCHANGED);
    assert_true(goes_down("dave", 4));

    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_while_a_feature_is_opened_keeps_it_down),
        cmocka_unit_test(a_take_down_that_is_not_recorded_yet_is_not_undone),
        cmocka_unit_test(a_feature_goes_on_trial_and_up_and_both_outlast_a_restart),
        cmocka_unit_test(only_what_comes_up_forgets_its_cases),
    };
    return RUN_TESTS(tests);
}
