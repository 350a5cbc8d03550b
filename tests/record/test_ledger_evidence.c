#include "record/db.h"
#include "record/dossier.h"
#include "record/fixture.h"
#include "record/ledger_evidence.h"
#include "record/recorder_evidence.h"

static void settle(struct fixture *self)
{
    const struct journal_entry barrier = {.kind = JOURNAL_BARRIER};
    assert_true(fixture_post(self, &barrier).committed);
}

static void note_writes(struct fixture *self, unsigned count)
{
    static struct journal_write writes[1000];

    for (unsigned i = 0; i < count; i++) {
        writes[i] = (struct journal_write){.first_at_ms = UINT64_C(1700000000000),
                                           .last_at_ms = UINT64_C(1700000000000),
                                           .count = 1};
        memcpy(writes[i].session.bytes, &i, sizeof(i));
        memset(writes[i].route, 'r', sizeof(writes[i].route) - 1);
        writes[i].route[sizeof(writes[i].route) - 1] = '\0';
    }
    self->journal.note_writes(self->journal.self, writes, count);
}

static void past_its_bound_evidence_goes_and_refusals_stay(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("a", "b", "top");
    struct journal_entry more = fixture_display("c", "d", "top");
    uint64_t rows = 0;
    (void)state;

    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &entry).committed);
    for (int i = 0; i < 3; i++) {
        note_writes(&fixture, 1000);
    }
    settle(&fixture);
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM writes"), 1000);
    recorder_set_limits(fixture.recorder, 300000, UINT64_MAX);
    fixture_await_value(&fixture, "SELECT count(*) FROM writes", 0);
    assert_true(fixture_post(&fixture, &more).committed);
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM displays"), 2);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    fixture_remove(&fixture);
}

static void note_doubts(struct fixture *self, unsigned count)
{
    struct journal_doubt doubt = {.count = 1};

    memset(doubt.route, 'r', sizeof(doubt.route) - 1);
    for (unsigned i = 0; i < count; i++) {
        doubt.first_at_ms = doubt.last_at_ms = UINT64_C(600000) * i;
        self->journal.note_doubts(self->journal.self, &doubt, 1);
    }
}

static void past_its_bound_doubts_go_too(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note_doubts(&fixture, 1000);
    settle(&fixture);
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM doubts"), 1000);
    recorder_set_limits(fixture.recorder, 300000, UINT64_MAX);
    fixture_await_value(&fixture, "SELECT count(*) FROM doubts", 0);
    fixture_remove(&fixture);
}

static void doubts_go_after_retention(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note_doubts(&fixture, 3);
    settle(&fixture);
    recorder_set_limits(fixture.recorder, UINT64_MAX, 1);
    fixture_await_value(&fixture, "SELECT count(*) FROM doubts", 0);
    fixture_remove(&fixture);
}

/* Writes of another connection to the ledger. */
static void script(const struct fixture *self, const char *sql)
{
    char path[300];
    struct db *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/ledger.db", self->path);
    assert_int_equal(db_open(path, DB_WRITE, &db, NULL), ERR_NONE);
    db_script(db, sql);
    assert_false(db_failed(db));
    db_close(&db);
}

/* 2499 rows of each kind that are as old as can be, and one that is not. */
#define ROWS                                                                             \
    "WITH RECURSIVE n(i, t) AS (SELECT 1, 0 UNION ALL SELECT i + 1,"                     \
    " CASE i WHEN 2499 THEN 1000000000 ELSE 0 END FROM n WHERE i < 2500) "
#define ROWS_OF_EACH_KIND                                                                \
    ROWS                                                                                 \
        "INSERT INTO writes(minute, session, user_id, route, screen, method, first_at,"  \
        " last_at, count) SELECT t, i, '', '', '', '', 0, 0, 1 FROM n;" ROWS             \
        "INSERT INTO doubts(slot, route, features, kind, first_at, last_at, count, cut," \
        " cut_end) SELECT t, i, '', '', 0, 0, 1, 0, 0 FROM n;" ROWS                      \
        "INSERT INTO events(hour, detector, reason, outcome, route, screen, session,"    \
        " first_at, last_at, method, path, status, exchange, previous, upstream,"        \
        " connection, client_address)"                                                   \
        " SELECT t, '', '', '', i, '', '', 0, 0, '', '', 0, '', '', '', 0, '' FROM "     \
        "n;" ROWS                                                                        \
        "INSERT INTO coverage(hour, route, required, marked, unmarked, uninspected)"     \
        " SELECT t, i, 0, 0, 0, 0 FROM n;"

static const char *const ROWS_LEFT[] = {
    "SELECT count(*) FROM writes", "SELECT count(*) FROM doubts",
    "SELECT count(*) FROM events", "SELECT count(*) FROM coverage"};

/* The ledger without a recorder; fixture_remove() after ledger_close(). */
static struct ledger *open_alone(struct fixture *self)
{
    struct ledger *ledger = NULL;

    fixture_name(self);
    assert_int_equal(state_dir_open(self->path, &self->directory, NULL), ERR_NONE);
    assert_int_equal(ledger_open(self->directory, &ledger, NULL), ERR_NONE);
    return ledger;
}

static bool forget(struct ledger *ledger, uint64_t before_ms)
{
    ledger_begin(ledger, false);
    bool more = ledger_forget_evidence(ledger, before_ms);
    assert_int_equal(ledger_commit(ledger), ERR_NONE);
    return more;
}

static void what_is_past_retention_goes_a_little_at_a_time(void **state)
{
    static const unsigned left[] = {1500, 500, 1, 1};
    struct fixture fixture;
    (void)state;

    struct ledger *ledger = open_alone(&fixture);
    script(&fixture, ROWS_OF_EACH_KIND);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(forget(ledger, UINT64_C(1700000000000)), i < 3);
        for (size_t kind = 0; kind < 4; kind++) {
            assert_int_equal(fixture_ask(&fixture, ROWS_LEFT[kind]), left[i]);
        }
    }
    ledger_close(&ledger);
    fixture_remove(&fixture);
}

enum { MINUTE_MS = 60000, DAY_MS = 86400000 };

/* Begins a minute. */
static const uint64_t OPENED_MS = UINT64_C(1700000040000);

static void open_incident(struct ledger *ledger, bool drill)
{
    struct journal_entry entry = fixture_display("a", "b", "top");

    entry.at_ms = OPENED_MS;
    entry.drill = drill;
    ledger_begin(ledger, true);
    (void)ledger_add_display(ledger, &entry, "login");
    assert_int_equal(ledger_commit(ledger), ERR_NONE);
}

/* One write: long before the incident, across its beginning, after it. */
static void write_around_it(struct ledger *ledger)
{
    static const int64_t AFTER_MS[] = {-DAY_MS, -1, MINUTE_MS};

    ledger_begin(ledger, true);
    for (size_t i = 0; i < 3; i++) {
        uint64_t at_ms = OPENED_MS + (uint64_t)AFTER_MS[i];
        const struct journal_write write = {
            .first_at_ms = at_ms, .last_at_ms = at_ms + 2, .count = 1};
        ledger_add_write(ledger, &write);
    }
    assert_int_equal(ledger_commit(ledger), ERR_NONE);
}

static void an_open_incident_keeps_its_evidence_past_retention(void **state)
{
    struct fixture fixture;
    (void)state;

    struct ledger *ledger = open_alone(&fixture);
    open_incident(ledger, false);
    write_around_it(ledger);
    (void)forget(ledger, OPENED_MS + 2 * DAY_MS);
    assert_int_equal(fixture_ask(&fixture, ROWS_LEFT[0]), 2);
    ledger_close(&ledger);
    fixture_remove(&fixture);
}

static void a_closed_incident_keeps_its_evidence_as_long_as_its_people(void **state)
{
    struct fixture fixture;
    (void)state;

    struct ledger *ledger = open_alone(&fixture);
    open_incident(ledger, false);
    write_around_it(ledger);
    ledger_begin(ledger, true);
    assert_true(ledger_close_incident(ledger, 1, "op", "done", OPENED_MS + DAY_MS));
    assert_int_equal(ledger_commit(ledger), ERR_NONE);
    (void)forget(ledger, OPENED_MS + DAY_MS);
    assert_int_equal(fixture_ask(&fixture, ROWS_LEFT[0]), 2);
    assert_int_equal(ledger_find_expired(ledger, OPENED_MS + DAY_MS), 0);
    (void)forget(ledger, OPENED_MS + DAY_MS + 1);
    assert_int_equal(fixture_ask(&fixture, ROWS_LEFT[0]), 0);
    assert_int_equal(ledger_find_expired(ledger, OPENED_MS + DAY_MS + 1), 1);
    ledger_close(&ledger);
    fixture_remove(&fixture);
}

static void an_incident_of_a_drill_keeps_no_evidence(void **state)
{
    struct fixture fixture;
    (void)state;

    struct ledger *ledger = open_alone(&fixture);
    open_incident(ledger, true);
    write_around_it(ledger);
    (void)forget(ledger, OPENED_MS + DAY_MS);
    assert_int_equal(fixture_ask(&fixture, ROWS_LEFT[0]), 0);
    ledger_close(&ledger);
    fixture_remove(&fixture);
}

static void what_reaches_into_a_later_incident_is_kept(void **state)
{
    struct fixture fixture;
    (void)state;

    struct ledger *ledger = open_alone(&fixture);
    open_incident(ledger, false);
    write_around_it(ledger);
    (void)forget(ledger, OPENED_MS);
    assert_int_equal(fixture_ask(&fixture, ROWS_LEFT[0]), 2);
    ledger_close(&ledger);
    fixture_remove(&fixture);
}

static void the_recorder_comes_again_until_all_of_it_is_gone(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    script(&fixture, ROWS_OF_EACH_KIND);
    recorder_set_limits(fixture.recorder, UINT64_MAX, 1);
    for (size_t kind = 0; kind < 4; kind++) {
        fixture_await_value(&fixture, ROWS_LEFT[kind], 1);
    }
    fixture_remove(&fixture);
}

static void a_part_of_the_bound_is_kept_for_refusals(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    note_writes(&fixture, 1000);
    settle(&fixture);
    uint64_t size =
        fixture_ask(&fixture, "SELECT page_count * page_size FROM pragma_page_count,"
                              " pragma_page_size");
    recorder_set_limits(fixture.recorder, size + size / 32, UINT64_MAX);
    fixture_await_value(&fixture, "SELECT count(*) FROM writes", 0);
    fixture_remove(&fixture);
}

static void the_bound_is_alerted(void **state)
{
    struct fixture fixture;
    const struct alert_route route = {.name = "soc"};
    (void)state;

    fixture_make(&fixture);
    assert_true(recorder_set_alerts(fixture.recorder, &route, 1));
    note_writes(&fixture, 1000);
    settle(&fixture);
    recorder_set_limits(fixture.recorder, 300000, UINT64_MAX);
    fixture_await_value(&fixture,
                        "SELECT count(*) FROM deliveries WHERE type = 'ledger.full'", 1);
    fixture_remove(&fixture);
}

static void below_its_bound_nothing_goes(void **state)
{
    struct fixture fixture;
    (void)state;

    fixture_make(&fixture);
    recorder_set_limits(fixture.recorder, 100000000, UINT64_MAX);
    note_writes(&fixture, 1000);
    settle(&fixture);
    const struct timespec tick = {.tv_sec = 2};
    (void)nanosleep(&tick, NULL);
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM writes"), 1000);
    fixture_remove(&fixture);
}

static void past_retention_people_are_hashes_and_the_chain_holds(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    struct journal_entry open = fixture_display("carol", "dave", "top");
    uint64_t rows = 0;
    (void)state;

    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    assert_true(fixture_post(&fixture, &open).committed);
    recorder_set_limits(fixture.recorder, UINT64_MAX, 0);
    fixture_await_value(&fixture, "SELECT count(*) FROM erasures", 1);
    assert_int_equal(fixture_ask(&fixture,
                                 "SELECT count(*) FROM displays WHERE viewer IS NULL AND"
                                 " subject IS NULL AND client = '' AND incident = 1"),
                     1);
    assert_int_equal(
        fixture_ask(&fixture, "SELECT count(*) FROM displays WHERE viewer = 'carol'"), 1);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 6);
    assert_int_equal(fixture_figures(&fixture, 1).cases, 1);
    fixture_shell(&fixture, "! grep -q alice ledger.db ledger.db-wal");
    fixture_remove(&fixture);
}

static void a_retention_of_a_second_acts_in_seconds_after_a_reload_too(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("alice", "bob", "top");
    const struct timespec tick = {.tv_sec = 1, .tv_nsec = 500000000};
    (void)state;

    fixture_make(&fixture);
    recorder_set_limits(fixture.recorder, UINT64_MAX, DAY_MS);
    (void)nanosleep(&tick, NULL); /* It has looked, and found nothing. */
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    recorder_set_limits(fixture.recorder, UINT64_MAX, 1000);
    fixture_await_value(&fixture, "SELECT count(*) FROM erasures", 1);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(fixture_close_incident(&fixture, 2).result, CONTROL_DONE);
    fixture_await_value(&fixture, "SELECT count(*) FROM erasures", 2);
    fixture_remove(&fixture);
}

static void the_address_of_a_viewer_is_no_part_of_the_chain(void **state)
{
    struct fixture fixture;
    struct journal_entry entry = fixture_display("", "bob", "top");
    (void)state;

    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &entry).committed);
    assert_int_equal(
        fixture_ask(&fixture,
                    "SELECT count(*) FROM displays WHERE client_address = '127.0.0.9'"),
        0);
    assert_int_equal(
        fixture_ask(&fixture,
                    "SELECT count(*) FROM displays WHERE client = '127.0.0.9' AND"
                    " viewer_kind = 'address' AND client_address = viewer_id"),
        1);
    fixture_remove(&fixture);
}

static void a_mark_is_on_disk_when_it_is_answered(void **state)
{
    struct fixture fixture;
    struct asking asking = {.ticket.mail.deliver = fixture_on_control};
    (void)state;

    fixture_make(&fixture);
    assert_int_equal(sem_init(&asking.done, 0, 0), 0);
    assert_true(recorder_mark(fixture.recorder, "op", "deploy 7", &asking.ticket));
    assert_true(fixture_await(&asking.done));
    assert_int_equal(asking.ticket.result, CONTROL_DONE);
    assert_int_equal(
        fixture_ask(&fixture,
                    "SELECT count(*) FROM marks WHERE text = 'deploy 7' AND who = 'op'"),
        1);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(past_its_bound_evidence_goes_and_refusals_stay),
        cmocka_unit_test(past_its_bound_doubts_go_too),
        cmocka_unit_test(doubts_go_after_retention),
        cmocka_unit_test(what_is_past_retention_goes_a_little_at_a_time),
        cmocka_unit_test(an_open_incident_keeps_its_evidence_past_retention),
        cmocka_unit_test(a_closed_incident_keeps_its_evidence_as_long_as_its_people),
        cmocka_unit_test(an_incident_of_a_drill_keeps_no_evidence),
        cmocka_unit_test(what_reaches_into_a_later_incident_is_kept),
        cmocka_unit_test(the_recorder_comes_again_until_all_of_it_is_gone),
        cmocka_unit_test(a_part_of_the_bound_is_kept_for_refusals),
        cmocka_unit_test(the_bound_is_alerted),
        cmocka_unit_test(below_its_bound_nothing_goes),
        cmocka_unit_test(past_retention_people_are_hashes_and_the_chain_holds),
        cmocka_unit_test(a_retention_of_a_second_acts_in_seconds_after_a_reload_too),
        cmocka_unit_test(the_address_of_a_viewer_is_no_part_of_the_chain),
        cmocka_unit_test(a_mark_is_on_disk_when_it_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
