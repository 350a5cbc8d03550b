#include "record/fixture.h"
#include "record/ledger_file.h"
#include "record/ledger_schema.h"
#include "record/recorder_evidence.h"

/* What a later version added is taken away: a ledger as an older one made it. */
static void make_old(const struct fixture *self, unsigned version)
{
    static const char *const scripts[] = {
        [6] = "ALTER TABLE displays DROP COLUMN responses; PRAGMA user_version = 6",
        [5] =
            "DROP TABLE doubts; DROP INDEX incidents_opened; DROP INDEX incidents_closed;"
            "DROP INDEX writes_once; ALTER TABLE writes DROP COLUMN cut;"
            "ALTER TABLE writes DROP COLUMN cut_end; CREATE UNIQUE INDEX writes_once ON"
            " writes(session, minute, user_id, route, method); PRAGMA user_version = 5",
        [4] = "DROP INDEX displays_once; CREATE UNIQUE INDEX displays_once ON displays("
              "incident, viewer_id, subject_id, screen, one_of_two, marker_class);"
              "PRAGMA user_version = 4",
        [3] = "DROP INDEX displays_once; CREATE UNIQUE INDEX displays_once ON displays("
              "incident, viewer_id, subject_id, screen, one_of_two);"
              "PRAGMA user_version = 3",
        [2] = "DROP TABLE marks; DROP TABLE writes; DROP TABLE coverage;"
              "DROP TABLE erasures; ALTER TABLE displays DROP COLUMN client;"
              "PRAGMA user_version = 2",
        [1] = "DROP INDEX events_once; ALTER TABLE events DROP COLUMN subject_id;"
              "ALTER TABLE events DROP COLUMN echoed;"
              "ALTER TABLE events DROP COLUMN would_have;"
              "ALTER TABLE displays DROP COLUMN would_have;"
              "CREATE UNIQUE INDEX events_once ON events(hour, detector, reason, outcome,"
              " route, screen, session); PRAGMA user_version = 1",
    };
    char path[300];
    struct db *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/ledger.db", self->path);
    assert_int_equal(db_open(path, DB_WRITE, &db, NULL), ERR_NONE);
    for (unsigned i = 6; i >= version; i--) {
        db_script(db, scripts[i]);
    }
    assert_false(db_failed(db));
    db_close(&db);
}

/* The rows of an old ledger verify before and after, and new ones join the chain. */
static void carry_over(unsigned version)
{
    struct fixture fixture;
    struct journal_entry first = fixture_display("a", "b", "top");
    struct journal_entry second = fixture_display("c", "d", "top");
    struct journal_entry drill = fixture_display("a", "b", "top");
    char path[300];
    struct ledger_file_chain chain;
    uint64_t rows = 0;

    first.took_down_mask = FEATURE_LOGIN_BIT;
    drill.drill = true;
    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &first).committed);
    assert_true(fixture_post(&fixture, &drill).committed);
    assert_int_equal(fixture_close_incident(&fixture, 2).result, CONTROL_DONE);
    fixture_close(&fixture);
    make_old(&fixture, version);
    (void)snprintf(path, sizeof(path), "%s/ledger.db", fixture.path);
    assert_int_equal(ledger_file_verify(path, NULL, &chain, NULL), ERR_NONE);
    assert_int_equal(chain.rows, 6);
    fixture_open(&fixture);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_true(fixture_post(&fixture, &second).committed);
    assert_int_equal(fixture_figures(&fixture, 1).cases, 2);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 7);
    fixture_remove(&fixture);
}

/* Whatever its version has of it. */
static void a_change_of_an_old_ledger_is_found(void **state)
{
    static const struct {
        unsigned version;
        const char *sql;
        const char *says;
    } changes[] = {
        {6, "UPDATE incidents SET displays = 2", "displays are not those of its rows"},
        {3, "UPDATE displays SET viewer = NULL", "gone, but was not erased"},
        {2, "UPDATE displays SET viewer = NULL", "viewer or subject is gone"},
        {1, "UPDATE displays SET count = 2", "count is not that of all outcomes"},
    };
    struct journal_entry entry = fixture_display("a", "b", "top");
    (void)state;

    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        struct fixture fixture;
        struct ledger_file_chain chain;
        struct fault fault = {{0}};
        char text[600];
        fixture_make(&fixture);
        assert_true(fixture_post(&fixture, &entry).committed);
        fixture_close(&fixture);
        make_old(&fixture, changes[i].version);
        (void)snprintf(text, sizeof(text), "sqlite3 ledger.db '%s'", changes[i].sql);
        fixture_shell(&fixture, text);
        (void)snprintf(text, sizeof(text), "%s/ledger.db", fixture.path);
        assert_int_equal(ledger_file_verify(text, NULL, &chain, &fault), ERR_SYNTAX);
        if (strstr(fault.text, changes[i].says) == NULL) {
            fail_msg("%s: %s", changes[i].sql, fault.text);
        }
        fixture_remove(&fixture);
    }
}

static void a_ledger_of_the_sixth_version_is_carried_over_and_still_verifies(void **state)
{
    (void)state;
    carry_over(6);
}

/* How many of them one response showed is not known any more. */
static void displays_of_the_sixth_version_are_responses(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    (void)state;

    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_true(fixture_post(&fixture, &entry).committed);
    fixture_close(&fixture);
    make_old(&fixture, 6);
    fixture_open(&fixture);
    assert_int_equal(fixture_ask(&fixture, "SELECT sum(responses) FROM displays"), 2);
    assert_int_equal(fixture_figures(&fixture, 1).displays, 2);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(fixture_figures(&fixture, 1).displays, 3);
    fixture_remove(&fixture);
}

/* A row of the fourth version counts several outcomes; what is only a further subject of
 * later responses is of the chained one. */
static void outcomes_of_an_old_row_are_counted_by_responses(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    const struct journal_subject more = {.value = SPAN("b")};
    (void)state;

    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &entry).committed);
    fixture_close(&fixture);
    make_old(&fixture, 4);
    fixture_shell(&fixture, "sqlite3 ledger.db 'UPDATE displays SET count = 3,"
                            " delivered = 2; UPDATE incidents SET displays = 3'");
    fixture_open(&fixture);
    (void)user_set(&entry.subject, SPAN("c"));
    entry.more = &more;
    entry.more_count = 1;
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(fixture_ask(&fixture, "SELECT withheld FROM displays WHERE id = 1"),
                     2);
    struct query_figures figures = fixture_figures(&fixture, 1);
    assert_int_equal(figures.displays, 4);
    assert_int_equal(figures.withheld, 2);
    assert_int_equal(figures.delivered, 2);
    assert_int_equal(fixture_ask(&fixture, "SELECT displays FROM incidents"), 4);
    fixture_remove(&fixture);
}

static void a_ledger_of_the_fifth_version_is_carried_over_and_still_verifies(void **state)
{
    (void)state;
    carry_over(5);
}

/* Responses that an older version counted by the hour are still suspected. */
static void hours_of_the_fifth_version_are_doubts_of_every_feature(void **state)
{
    struct fixture fixture;
    const struct recorder_hour hours[] = {
        {.at_ms = 7200000, .required = true, .unmarked = 2, .uninspected = 3},
        {.at_ms = 7200000, .uninspected = 50, .route = "/b"},
    };
    const struct journal_entry barrier = {.kind = JOURNAL_BARRIER};
    (void)state;

    fixture_make(&fixture);
    assert_true(recorder_note_coverage(fixture.recorder, hours, 2));
    assert_true(fixture_post(&fixture, &barrier).committed);
    fixture_close(&fixture);
    make_old(&fixture, 5);
    fixture_open(&fixture);
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM doubts"), 2);
    assert_int_equal(fixture_ask(&fixture, "SELECT sum(count) FROM doubts WHERE slot = 12"
                                           " AND features = '*' AND first_at = 7200000"
                                           " AND last_at = 10799999"),
                     5);
    fixture_remove(&fixture);
}

static void
a_ledger_of_the_fourth_version_is_carried_over_and_still_verifies(void **state)
{
    (void)state;
    carry_over(4);
}

static void a_ledger_of_the_third_version_is_carried_over_and_still_verifies(void **state)
{
    (void)state;
    carry_over(3);
}

static void
a_ledger_of_the_second_version_is_carried_over_and_still_verifies(void **state)
{
    (void)state;
    carry_over(2);
}

static void a_ledger_of_the_first_version_is_carried_over_and_still_verifies(void **state)
{
    (void)state;
    carry_over(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_ledger_of_the_sixth_version_is_carried_over_and_still_verifies),
        cmocka_unit_test(displays_of_the_sixth_version_are_responses),
        cmocka_unit_test(a_change_of_an_old_ledger_is_found),
        cmocka_unit_test(outcomes_of_an_old_row_are_counted_by_responses),
        cmocka_unit_test(
            a_ledger_of_the_fifth_version_is_carried_over_and_still_verifies),
        cmocka_unit_test(hours_of_the_fifth_version_are_doubts_of_every_feature),
        cmocka_unit_test(
            a_ledger_of_the_fourth_version_is_carried_over_and_still_verifies),
        cmocka_unit_test(
            a_ledger_of_the_third_version_is_carried_over_and_still_verifies),
        cmocka_unit_test(
            a_ledger_of_the_second_version_is_carried_over_and_still_verifies),
        cmocka_unit_test(
            a_ledger_of_the_first_version_is_carried_over_and_still_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
