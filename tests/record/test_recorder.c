#include "guard/recall.h"
#include "record/fixture.h"

static void a_refusal_is_in_the_ledger_when_its_ticket_comes_back(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    struct journal_ticket ticket = fixture_post(&fixture, &entry);
    assert_true(ticket.committed);
    assert_int_equal(ticket.incident, 1);
    struct query_figures figures = fixture_figures(&fixture, 1);
    assert_int_equal(figures.displays, 1);
    assert_int_equal(figures.withheld, 1);
    assert_int_equal(figures.cases, 1);

    fixture_remove(&fixture);
}

static void repeated_displays_are_one_row_for_each_outcome(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    for (int i = 0; i < 5; i++) {
        entry.outcome = i == 4 ? JOURNAL_CUT : JOURNAL_WITHHELD;
        assert_true(fixture_post(&fixture, &entry).committed);
    }
    uint64_t rows = 0;
    struct query_figures figures = fixture_figures(&fixture, 1);
    assert_int_equal(figures.displays, 5);
    assert_int_equal(figures.withheld, 4);
    assert_int_equal(figures.cut, 1);
    assert_int_equal(figures.cases, 1);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 3); /* The incident, what was withheld, what was cut. */

    fixture_remove(&fixture);
}

static void cases_are_ordered_and_pairs_are_not(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    static const char *const seen[][3] = {
        {"a", "b", "top"}, {"b", "a", "top"}, {"a", "b", "form"},
        {"c", "a", "top"}, {"", "c", "top"},
    };

    for (size_t i = 0; i < 5; i++) {
        struct journal_entry entry = fixture_display(seen[i][0], seen[i][1], seen[i][2]);
        assert_true(fixture_post(&fixture, &entry).committed);
    }
    struct query_figures figures = fixture_figures(&fixture, 1);
    assert_int_equal(figures.cases, 4);
    assert_int_equal(figures.pairs, 3);
    assert_int_equal(figures.mutual_pairs, 1);
    assert_int_equal(figures.subjects, 3);
    assert_int_equal(figures.viewers, 4);
    assert_int_equal(figures.viewers_unidentified, 1);
    assert_int_equal(figures.both, 3);

    fixture_remove(&fixture);
}

static void every_subject_of_one_response_is_a_case_in_the_same_commit(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    enum { MANY = 78 };
    char names[MANY][8];
    struct journal_subject more[MANY];
    uint64_t rows = 0;

    for (unsigned i = 0; i < MANY; i++) {
        int len = snprintf(names[i], sizeof(names[i]), "m%u", i);
        more[i] = (struct journal_subject){
            .value = {.ptr = (const uint8_t *)names[i], .len = (size_t)len},
            .marker_class = SPAN("member"),
            .detector = DETECTOR_GRANTED_MARKER,
            .strong = true,
        };
    }
    struct journal_entry entry = fixture_display("alice", "bob", "report");
    entry.more = more;
    entry.more_count = MANY;
    for (int i = 0; i < 2; i++) {
        struct journal_ticket ticket = fixture_post(&fixture, &entry);
        assert_true(ticket.committed);
        assert_int_equal(ticket.incident, 1);
    }
    memset(names, 'x', sizeof(names));
    struct query_figures figures = fixture_figures(&fixture, 1);
    assert_int_equal(figures.cases, MANY + 1);
    assert_int_equal(figures.subjects, MANY + 1);
    assert_int_equal(figures.viewers, 1);
    assert_int_equal(figures.displays, 2);
    assert_int_equal(figures.withheld, 2);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, MANY + 2);

    fixture_remove(&fixture);
}

static void one_of_two_and_drills_are_in_no_figure_of_the_incident(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    assert_int_equal(fixture_post(&fixture, &entry).incident, 1);
    entry.one_of_two = true;
    assert_int_equal(fixture_post(&fixture, &entry).incident, 1);
    entry.one_of_two = false;
    entry.drill = true;
    assert_int_equal(fixture_post(&fixture, &entry).incident, 2);
    assert_int_equal(fixture_figures(&fixture, 1).displays, 1);

    fixture_remove(&fixture);
}

static void a_feature_has_one_open_incident_until_it_is_closed(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    assert_int_equal(fixture_post(&fixture, &entry).incident, 1);
    assert_int_equal(fixture_post(&fixture, &entry).incident, 1);
    struct journal_entry other = entry;
    other.feature_mask = 2;
    assert_int_equal(fixture_post(&fixture, &other).incident, 2);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_UNKNOWN);
    assert_int_equal(fixture_close_incident(&fixture, 99).result, CONTROL_UNKNOWN);
    assert_int_equal(fixture_post(&fixture, &entry).incident, 3);

    fixture_remove(&fixture);
}

static void what_was_taken_down_is_down_after_a_restart(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    entry.feature_mask = 3;
    entry.took_down_mask = feature_table_take_down(&fixture.features, 3);
    assert_true(fixture_post(&fixture, &entry).committed);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_true(fixture_down(&fixture, "login"));
    assert_true(fixture_down(&fixture, "mypage"));

    fixture_remove(&fixture);
}

static void
the_ledger_and_the_state_file_each_suffice_to_keep_a_feature_down(void **state)
{
    (void)state;
    struct fixture fixture;

    for (int kept = 0; kept < 2; kept++) {
        fixture_make(&fixture);
        fixture_shell(&fixture, "cp features.state up.state");
        fixture_close(&fixture);
        fixture_shell(&fixture, "cp ledger.db up.db");
        fixture_open(&fixture);
        assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_DOWN, false).result,
                         CONTROL_DONE);
        fixture_close(&fixture);
        fixture_shell(&fixture,
                      kept == 0 ? "cp up.state features.state" : "cp up.db ledger.db");
        fixture_open(&fixture);
        assert_true(fixture_down(&fixture, "mypage"));
        assert_false(fixture_down(&fixture, "login"));
        fixture_remove(&fixture);
    }
}

static void up_is_refused_while_the_incident_is_open_unless_anyway(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    entry.feature_mask = 3;
    entry.took_down_mask = feature_table_take_down(&fixture.features, 3);
    assert_true(fixture_post(&fixture, &entry).committed);
    /* mypage went down with the incident of login. */
    struct control_ticket ticket = fixture_change(&fixture, "mypage", FEATURE_UP, false);
    assert_int_equal(ticket.result, CONTROL_INCIDENT_OPEN);
    assert_int_equal(ticket.incident, 1);
    assert_true(fixture_down(&fixture, "mypage"));
    assert_int_equal(fixture_change(&fixture, "mypage", FEATURE_UP, true).result,
                     CONTROL_DONE);
    assert_false(fixture_down(&fixture, "mypage"));
    assert_int_equal(fixture_change(&fixture, "login", FEATURE_UP, false).result,
                     CONTROL_INCIDENT_OPEN);
    assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
    assert_int_equal(fixture_change(&fixture, "login", FEATURE_UP, false).result,
                     CONTROL_DONE);
    assert_int_equal(fixture_change(&fixture, "login", FEATURE_UP, false).result,
                     CONTROL_UNCHANGED);
    assert_int_equal(fixture_change(&fixture, "nothing", FEATURE_UP, false).result,
                     CONTROL_UNKNOWN);
    fixture_close(&fixture);
    fixture_open(&fixture);
    assert_false(fixture_down(&fixture, "login"));
    assert_false(fixture_down(&fixture, "mypage"));

    fixture_remove(&fixture);
}

static void a_barrier_comes_back_after_what_was_posted_before_it(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);
    enum { COUNT = 200 };

    for (int i = 0; i < COUNT; i++) {
        char viewer[16];
        (void)snprintf(viewer, sizeof(viewer), "v%d", i);
        struct journal_entry entry = fixture_display(viewer, "bob", "top");
        assert_true(fixture.journal.post(fixture.journal.self, &entry, NULL));
    }
    struct journal_entry barrier = {.kind = JOURNAL_BARRIER};
    assert_true(fixture_post(&fixture, &barrier).committed);
    assert_int_equal(fixture_figures(&fixture, 1).cases, COUNT);

    fixture_remove(&fixture);
}

static void a_changed_row_breaks_the_chain(void **state)
{
    (void)state;
    struct fixture fixture;
    static const char *const changes[] = {
        "sqlite3 ledger.db \"UPDATE displays SET screen = 'other'\"",
        "sqlite3 ledger.db \"UPDATE displays SET viewer = 'mallory'\"",
        "sqlite3 ledger.db \"UPDATE feature_changes SET reason = 'other'\"",
        "sqlite3 ledger.db \"DELETE FROM displays\"",
        "sqlite3 ledger.db \"DELETE FROM closings\"",
    };

    if (access("/usr/bin/sqlite3", X_OK) != 0) {
        skip();
    }
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        uint64_t rows = 0;
        struct fault fault = {0};
        fixture_make(&fixture);
        struct journal_entry entry = fixture_display("alice", "bob", "top");
        entry.took_down_mask = feature_table_take_down(&fixture.features, 1);
        assert_true(fixture_post(&fixture, &entry).committed);
        assert_int_equal(fixture_close_incident(&fixture, 1).result, CONTROL_DONE);
        assert_int_equal(fixture_verify(&fixture, &rows, &fault), ERR_NONE);
        assert_int_equal(rows, 4);
        fixture_shell(&fixture, changes[i]);
        assert_int_equal(fixture_verify(&fixture, &rows, &fault), ERR_SYNTAX);
        assert_true(strlen(fault.text) > 10);
        fixture_remove(&fixture);
    }
}

static void people_are_pseudonyms_unless_revealed(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("alice", "b\xFFob", "top");
    assert_true(fixture_post(&fixture, &entry).committed);
    for (int reveal = 0; reveal < 2; reveal++) {
        struct query *query = NULL;
        struct json_write out;
        json_write_init(&out, 100000);
        assert_int_equal(query_open(fixture.directory, &query, NULL), ERR_NONE);
        assert_int_equal(query_incident(query, 1, reveal != 0, 10, &out), ERR_NONE);
        json_write_raw(&out, (struct span){.ptr = (const uint8_t *)"", .len = 1});
        const char *text = (const char *)json_write_result(&out).ptr;
        assert_int_equal(strstr(text, "alice") != NULL, reveal);
        assert_int_equal(strstr(text, "b\xEF\xBF\xBDob") != NULL, reveal);
        assert_int_equal(strstr(text, "\"viewer\":\"u-") == NULL, reveal);
        assert_int_equal(query_incident(query, 2, false, 10, &out), ERR_SYNTAX);
        query_close(&query);
        json_write_free(&out);
    }

    fixture_remove(&fixture);
}

static void events_of_one_kind_in_one_hour_are_one_row(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    struct journal_entry entry = fixture_display("", "", "top");
    entry.kind = JOURNAL_EVENT;
    for (int i = 0; i < 3; i++) {
        assert_true(fixture_post(&fixture, &entry).committed);
    }
    fixture_shell(
        &fixture,
        "test \"$(sqlite3 ledger.db 'SELECT count(*), sum(count) FROM events')\""
        " = '1|3'");

    fixture_remove(&fixture);
}

static void a_worker_that_asks_first_finds_the_other_ones_take_down_on_disk(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_make(&fixture);

    /* One worker took it down and has not said so; another asks before its 503. */
    assert_int_equal(feature_table_take_down(&fixture.features, 2), 2);
    struct journal_entry barrier = {.kind = JOURNAL_BARRIER};
    assert_true(fixture_post(&fixture, &barrier).committed);
    fixture_shell(&fixture, "grep -q 'mypage down' features.state");

    fixture_remove(&fixture);
}

static void more_displays_of_an_incident_are_told_in_one_update(void **state)
{
    (void)state;
    static const struct alert_route routes[] = {{.name = "soc"}};
    struct fixture fixture;
    fixture_make(&fixture);
    assert_true(recorder_set_alerts(fixture.recorder, routes, 1));

    struct journal_entry entry = fixture_display("alice", "bob", "top");
    for (int i = 0; i < 4; i++) {
        assert_true(fixture_post(&fixture, &entry).committed);
    }
    /* Told long ago, by the entry's clock: updates are due each tick. */
    fixture_await_value(&fixture,
                        "SELECT json_extract(body, '$.data.displays') FROM deliveries "
                        "WHERE type = 'incident.updated' ORDER BY id DESC LIMIT 1",
                        4);
    /* A second one where a tick fell between them. */
    assert_in_range(
        fixture_ask(&fixture,
                    "SELECT count(*) FROM deliveries WHERE type LIKE '%.updated'"),
        1, 2);
    assert_int_equal(fixture_ask(&fixture,
                                 "SELECT json_extract(body, '$.data.displays') FROM "
                                 "deliveries WHERE type = 'incident.opened'"),
                     1);

    fixture_remove(&fixture);
}

static void sessions_come_back_after_a_restart(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_name(&fixture);
    struct fault fault = {0};
    struct recorder_settings settings = {.features = &fixture.features};
    struct registry_record record = {.token_count = 2, .idle_for_ms = 1000};
    record.session.generation = 3;
    record.session.binding = BINDING_CONFIRMED;
    record.session.claim_count = 1;
    record.session.first.bytes[0] = 0xAB;
    record.session.family = 7;
    record.tokens[0].bytes[15] = 0xCD;
    record.tokens[1] = record.session.first;
    assert_true(user_set(&record.session.requester, SPAN("ali\xE3\x81\x82")));
    assert_true(user_set(&record.session.claims[0], SPAN("bob")));
    uint8_t registry = 0;

    settings.registry = (struct registry *)(void *)&registry;
    fixture_records[0] = record;
    fixture_changed = 1;
    for (int i = 0; i < 2; i++) {
        fixture_restored = 0;
        assert_int_equal(state_dir_open(fixture.path, &fixture.directory, &fault),
                         ERR_NONE);
        feature_table_init(&fixture.features, NULL);
        settings.directory = fixture.directory;
        assert_int_equal(recorder_new(&settings, &fixture.recorder, &fault), ERR_NONE);
        fixture_close(&fixture);
    }
    assert_int_equal(fixture_restored, 1);
    assert_int_equal(fixture_records[0].session.generation, 3);
    assert_int_equal(fixture_records[0].session.binding, BINDING_CONFIRMED);
    /* The family it had; but which own values are its own is not known any more. */
    assert_true(fixture_records[0].session.family == (7 | RECALL_UNCERTAIN));
    assert_int_equal(fixture_records[0].token_count, 2);
    assert_in_range(fixture_records[0].idle_for_ms, 1000, 20000);
    assert_memory_equal(fixture_records[0].tokens, record.tokens, sizeof(record.tokens));
    assert_true(
        user_equal(&fixture_records[0].session.requester, &record.session.requester));
    assert_int_equal(fixture_records[0].session.claim_count, 1);
    assert_true(
        user_equal(&fixture_records[0].session.claims[0], &record.session.claims[0]));

    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_in_the_ledger_when_its_ticket_comes_back),
        cmocka_unit_test(repeated_displays_are_one_row_for_each_outcome),
        cmocka_unit_test(cases_are_ordered_and_pairs_are_not),
        cmocka_unit_test(every_subject_of_one_response_is_a_case_in_the_same_commit),
        cmocka_unit_test(one_of_two_and_drills_are_in_no_figure_of_the_incident),
        cmocka_unit_test(a_feature_has_one_open_incident_until_it_is_closed),
        cmocka_unit_test(what_was_taken_down_is_down_after_a_restart),
        cmocka_unit_test(
            the_ledger_and_the_state_file_each_suffice_to_keep_a_feature_down),
        cmocka_unit_test(up_is_refused_while_the_incident_is_open_unless_anyway),
        cmocka_unit_test(a_barrier_comes_back_after_what_was_posted_before_it),
        cmocka_unit_test(a_changed_row_breaks_the_chain),
        cmocka_unit_test(people_are_pseudonyms_unless_revealed),
        cmocka_unit_test(events_of_one_kind_in_one_hour_are_one_row),
        cmocka_unit_test(a_worker_that_asks_first_finds_the_other_ones_take_down_on_disk),
        cmocka_unit_test(more_displays_of_an_incident_are_told_in_one_update),
        cmocka_unit_test(sessions_come_back_after_a_restart),
    };
    return RUN_TESTS(tests);
}
