#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/stats.h"
#include "record/fixture.h"
#include "record/outbox.h"
#include "record/recorder_evidence.h"
#include "support/metrics_page.h"

enum { MYPAGE = 1, MYPAGE_BIT = 2 };

static struct fixture fixture;
static bool finding_due;
static bool disk_ends; /* With that finding. */

/* The file-size limit stands in for a full disk: the next byte past it fails. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void let_the_ledger_write(void)
{
    const struct timespec step = {.tv_nsec = 10000000};

    limit_files(RLIM_INFINITY);
    for (int i = 0; i < 1000 && recorder_failing(fixture.recorder); i++) {
        assert_int_equal(nanosleep(&step, NULL), 0);
    }
    assert_false(recorder_failing(fixture.recorder));
}

/* A worker finds something after the commit of `up`: on the recorder's thread, where no
 * clock is needed to hit the moment. */
static void on_commit(void *context)
{
    (void)context;
    if (finding_due) {
        finding_due = false;
        if (disk_ends) {
            limit_files(65536);
        }
        assert_int_equal(feature_table_take_down(&fixture.features, MYPAGE_BIT), 0);
    }
}

static void make_up(void)
{
    static const struct alert_route routes[] = {{.name = "soc"}};
    fixture_make(&fixture);
    assert_true(recorder_set_alerts(fixture.recorder, routes, 1));
}

static void make_down(void)
{
    make_up();
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

static enum control_result change(enum feature_state state)
{
    return fixture_change(&fixture, "mypage", state, false).result;
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

static void what_could_not_be_written_is_recorded_and_alerted_once_it_can(void **state)
{
    (void)state;
    uint64_t rows = 0;

    make_up();
    assert_int_equal(change(FEATURE_UP), CONTROL_UNCHANGED); /* The thread has begun. */
    limit_files(65536);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_FAILED);
    assert_true(fixture_down(&fixture, "mypage"));
    assert_int_equal(change(FEATURE_DOWN), CONTROL_FAILED);
    assert_int_equal(change(FEATURE_UP), CONTROL_FAILED);
    let_the_ledger_write();
    expect_states("down ");
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM feature_changes WHERE"
                                           " feature = 'mypage' AND who = 'op' AND"
                                           " reason = 'a reason' AND cause = 'operator'"),
                     1);
    assert_int_equal(
        fixture_ask(&fixture,
                    "SELECT count(*) FROM deliveries WHERE type = 'feature.down'"),
        1);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_UNCHANGED);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 1);

    fixture_remove(&fixture);
}

static void what_waits_for_the_ledger_is_written_in_its_order(void **state)
{
    (void)state;

    make_up();
    assert_int_equal(change(FEATURE_UP), CONTROL_UNCHANGED);
    limit_files(65536);
    assert_int_equal(change(FEATURE_TRIAL), CONTROL_FAILED);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_FAILED);
    let_the_ledger_write();
    expect_states("trial down ");
    assert_int_equal(change(FEATURE_DOWN), CONTROL_UNCHANGED);
    assert_int_equal(feature_table_state(&fixture.features, MYPAGE), FEATURE_DOWN);

    fixture_remove(&fixture);
}

static void what_stays_down_although_it_could_not_be_written_is_recorded_too(void **state)
{
    (void)state;

    make_down();
    finding_due = true;
    disk_ends = true;
    assert_int_equal(change(FEATURE_UP), CONTROL_FINDING);
    disk_ends = false;
    assert_true(recorder_failing(fixture.recorder));
    let_the_ledger_write();
    expect_states("down up down ");
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM deliveries WHERE"
                                           " type = 'feature.down' AND"
                                           " instr(body, 'while it was being opened')"),
                     1);

    fixture_remove(&fixture);
}

static void a_change_that_the_ledger_does_not_have_is_written(void **state)
{
    (void)state;
    static const char forget[] = "sqlite3 ledger.db 'DELETE FROM features'";

    make_down();
    fixture_shell(&fixture, forget);
    (void)atomic_fetch_add(&fixture.features.unsettled, 1); /* A finding is on its way. */
    assert_int_equal(change(FEATURE_DOWN), CONTROL_UNCHANGED);
    (void)atomic_fetch_sub(&fixture.features.unsettled, 1);
    expect_states("down ");
    assert_int_equal(change(FEATURE_DOWN), CONTROL_DONE);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_UNCHANGED);
    assert_int_equal(change(FEATURE_TRIAL), CONTROL_DONE);
    assert_int_equal(change(FEATURE_TRIAL), CONTROL_UNCHANGED);
    fixture_shell(&fixture, forget);
    assert_int_equal(change(FEATURE_TRIAL), CONTROL_DONE);
    assert_int_equal(change(FEATURE_UP), CONTROL_DONE);
    fixture_shell(&fixture, "sqlite3 ledger.db \"UPDATE features SET state = 'down'\"");
    assert_int_equal(change(FEATURE_UP), CONTROL_UNCHANGED);
    expect_states("down down trial trial up ");

    fixture_remove(&fixture);
}

static bool count_trials(void *context, const struct outbox_open *open)
{
    unsigned *trials_p = context;

    assert_true(span_equal(open->feature, SPAN("mypage")));
    assert_int_equal(open->incident.len, 0);
    *trials_p += open->trial ? 1 : 0;
    return true;
}

/* What is told again and again as open: is it a trial? */
static bool is_open_for_a_trial(void)
{
    struct outbox *outbox = NULL;
    unsigned trials = 0;

    assert_int_equal(outbox_open(fixture.directory, &outbox, NULL), ERR_NONE);
    outbox_each_open(outbox, count_trials, &trials);
    outbox_close(&outbox);
    return trials == 1;
}

static void a_trial_is_no_feature_that_is_up_again(void **state)
{
    (void)state;

    make_down();
    assert_false(is_open_for_a_trial());
    assert_int_equal(change(FEATURE_TRIAL), CONTROL_DONE);
    assert_true(is_open_for_a_trial());
    assert_int_equal(change(FEATURE_UP), CONTROL_DONE);
    assert_int_equal(change(FEATURE_TRIAL), CONTROL_DONE); /* Closed to all others. */
    fixture_shell(&fixture,
                  "test \"$(sqlite3 ledger.db \"SELECT type || ' ' ||"
                  " json_extract(body, '$.data.state') FROM deliveries ORDER BY id\" |"
                  " tr '\\n' ',')\" = 'feature.down down,feature.trial trial,feature.up "
                  "up,feature.down trial,'");

    fixture_remove(&fixture);
}

/* How often mypage went down because of `cause`. */
static uint64_t take_downs(const char *cause)
{
    char labels[64];
    (void)snprintf(labels, sizeof(labels), "feature=\"mypage\",cause=\"%s\"", cause);
    return stats_read(fixture.stats,
                      stats_series(fixture.stats, STAT_TAKE_DOWNS, labels));
}

static void expect_take_downs(uint64_t finding, uint64_t operator, uint64_t drill)
{
    assert_int_equal(take_downs("finding"), finding);
    assert_int_equal(take_downs("operator"), operator);
    assert_int_equal(take_downs("drill"), drill);
}

static void each_take_down_is_counted_once_by_its_cause(void **state)
{
    (void)state;
    static const char *const SAMPLES[] = {
        "countermark_take_downs_total{feature=\"login\",cause=\"finding\"}",
        "countermark_take_downs_total{feature=\"mypage\",cause=\"finding\"}",
        "countermark_take_downs_total{feature=\"mypage\",cause=\"operator\"}",
        "countermark_take_downs_total{feature=\"mypage\",cause=\"drill\"}",
    };
    const struct feature_change drill = {.state = FEATURE_DOWN, .drill = true};
    struct journal_entry entry = fixture_display("alice", "bob", "/");

    fixture_name(&fixture);
    fixture.stats = stats_new();
    fixture_open(&fixture);
    recorder_show_take_downs(fixture.recorder);
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        assert_true(metrics_is_zero(fixture.stats, SAMPLES[i]));
    }
    assert_int_equal(change(FEATURE_DOWN), CONTROL_DONE);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_UNCHANGED);
    expect_take_downs(0, 1, 0);
    assert_int_equal(change(FEATURE_TRIAL), CONTROL_DONE);
    assert_int_equal(change(FEATURE_UP), CONTROL_DONE);
    expect_take_downs(0, 1, 0);
    assert_int_equal(fixture_decide(&fixture, "mypage", drill).result, CONTROL_DONE);
    assert_int_equal(change(FEATURE_UP), CONTROL_DONE);
    expect_take_downs(0, 1, 1);
    entry.took_down_mask = feature_table_take_down(&fixture.features, MYPAGE_BIT);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_UNCHANGED);
    expect_take_downs(1, 1, 1);
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, true).result,
                     CONTROL_DONE);
    limit_files(65536);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_FAILED);
    assert_int_equal(change(FEATURE_DOWN), CONTROL_FAILED);
    let_the_ledger_write();
    assert_int_equal(change(FEATURE_DOWN), CONTROL_UNCHANGED);
    expect_take_downs(1, 2, 1);

    struct stats *stats = fixture.stats;
    fixture_remove(&fixture);
    stats_free(&stats);
}

/* What the recorder says about `up` of a time that has come. */
static void expect_said(const char *text)
{
    struct feature_change up = {
        .name = "mypage", .state = FEATURE_UP, .who = "op", .reason = "the time"};
    char path[300];
    char said[4096] = "";

    (void)snprintf(path, sizeof(path), "%s/said", fixture.path);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int kept = dup(STDERR_FILENO);
    assert_true(file >= 0 && kept >= 0);
    (void)dup2(file, STDERR_FILENO);
    assert_true(recorder_change_feature(fixture.recorder, &up, NULL));
    (void)change(FEATURE_DOWN); /* Behind it. */
    (void)dup2(kept, STDERR_FILENO);
    (void)close(kept);
    ssize_t len = pread(file, said, sizeof(said) - 1, 0);
    (void)close(file);
    said[len > 0 ? len : 0] = '\0';
    if (strstr(said, text) == NULL) {
        fail_msg("no %s in: %s", text, said);
    }
    assert_true(fixture_down(&fixture, "mypage"));
}

static void what_keeps_a_feature_down_is_logged_when_nobody_waits_for_it(void **state)
{
    (void)state;

    make_down();
    limit_files(65536);
    expect_said("feature `mypage` is not up as op wanted: the ledger does not write\n");
    let_the_ledger_write();
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    entry.feature_mask = MYPAGE_BIT;
    assert_true(fixture_post(&fixture, &entry).committed);
    expect_said("feature `mypage` stays down: incident 1 is open, op did not say "
                "--anyway\n");

    fixture_remove(&fixture);
}

static void the_incident_that_holds_a_feature_down_can_be_asked_for(void **state)
{
    (void)state;
    struct query *query = NULL;
    uint64_t incident = 9;

    make_down();
    assert_int_equal(query_open(fixture.directory, &query, NULL), ERR_NONE);
    assert_int_equal(query_incident_of(query, "mypage", &incident), ERR_NONE);
    assert_int_equal(incident, 0);
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    entry.feature_mask = MYPAGE_BIT;
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(query_incident_of(query, "mypage", &incident), ERR_NONE);
    assert_int_equal(incident, 1);
    assert_int_equal(query_incident_of(query, "login", &incident), ERR_NONE);
    assert_int_equal(incident, 0);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    assert_int_equal(query_incident_of(query, "mypage", &incident), ERR_NONE);
    assert_int_equal(incident, 0);
    query_close(&query);

    fixture_remove(&fixture);
}

int main(void)
{
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR) {
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finding_while_a_feature_is_opened_keeps_it_down),
        cmocka_unit_test(a_take_down_that_is_not_recorded_yet_is_not_undone),
        cmocka_unit_test(what_could_not_be_written_is_recorded_and_alerted_once_it_can),
        cmocka_unit_test(what_waits_for_the_ledger_is_written_in_its_order),
        cmocka_unit_test(
            what_stays_down_although_it_could_not_be_written_is_recorded_too),
        cmocka_unit_test(a_change_that_the_ledger_does_not_have_is_written),
        cmocka_unit_test(a_feature_goes_on_trial_and_up_and_both_outlast_a_restart),
        cmocka_unit_test(only_what_comes_up_forgets_its_cases),
        cmocka_unit_test(a_trial_is_no_feature_that_is_up_again),
        cmocka_unit_test(each_take_down_is_counted_once_by_its_cause),
        cmocka_unit_test(what_keeps_a_feature_down_is_logged_when_nobody_waits_for_it),
        cmocka_unit_test(the_incident_that_holds_a_feature_down_can_be_asked_for),
    };
    return RUN_TESTS(tests);
}
