/* What is changed in a row after it was chained, one thing at a time. */
#include "record/fixture.h"
#include "record/ledger_file.h"
#include "record/recorder_evidence.h"

enum {
    DAY_MS = 86400000,
};

static void show(struct fixture *self, const char *viewer, enum journal_outcome outcome,
                 bool drill)
{
    struct journal_subject more[] = {{.value = SPAN("eve"), .strong = true},
                                     {.value = SPAN("frank")}};
    struct journal_entry entry = fixture_display(viewer, "dave", "top");

    entry.outcome = outcome;
    entry.drill = drill;
    entry.more = more;
    entry.more_count = 2;
    assert_true(fixture_post(self, &entry).committed);
}

static void shut(struct fixture *self, uint64_t incident)
{
    assert_int_equal(fixture_close_incident(self, incident).result, CONTROL_DONE);
}

/* Everything that the program writes: incident 1 is erased, 2 a drill, 3 closed, 4 open;
 * features go down by findings and operators, and up again. */
static void make(struct fixture *self)
{
    fixture_make(self);
    show(self, "alice", JOURNAL_WITHHELD, false);
    shut(self, 1);
    recorder_set_limits(self->recorder, UINT64_MAX, 0);
    fixture_await_value(self, "SELECT count(*) FROM erasures", 1);
    recorder_set_limits(self->recorder, UINT64_MAX, DAY_MS);
    show(self, "alice", JOURNAL_WITHHELD, true);
    shut(self, 2);
    for (int i = 0; i < 2; i++) {
        show(self, "alice", JOURNAL_WITHHELD, false);
        show(self, "bob", JOURNAL_CUT, false);
    }
    show(self, "alice", JOURNAL_DELIVERED, false);
    shut(self, 3);
    struct journal_entry entry = fixture_display("carol", "dave", "top");
    entry.took_down_mask = FEATURE_LOGIN_BIT;
    entry.at_ms -= 1000; /* The clock was set back. */
    assert_true(fixture_post(self, &entry).committed);
    struct journal_entry nobody = fixture_display("", "", "top");
    assert_true(fixture_post(self, &nobody).committed);
    assert_int_equal(fixture_change(self, "mypage", FEATURE_DOWN, false).result,
                     CONTROL_DONE);
    assert_int_equal(fixture_change(self, "mypage", FEATURE_TRIAL, false).result,
                     CONTROL_DONE);
    assert_int_equal(fixture_change(self, "mypage", FEATURE_UP, false).result,
                     CONTROL_DONE);
}

/* What verify says of a copy on which `sql` was run. */
static enum err altered(const struct fixture *self, const char *sql, struct fault *fault)
{
    struct ledger_file_chain chain;
    struct db *db = NULL;
    char path[300];
    char copy[320];

    (void)snprintf(path, sizeof(path), "%s/ledger.db", self->path);
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", self->path);
    *fault = (struct fault){{0}};
    assert_int_equal(ledger_file_backup(path, copy, NULL, fault), ERR_NONE);
    assert_int_equal(db_open(copy, DB_WRITE, &db, NULL), ERR_NONE);
    db_script(db, sql);
    if (db_failed(db)) {
        fail_msg("%s: %s", sql, db_error_text(db));
    }
    db_close(&db);
    enum err err = ledger_file_verify(copy, NULL, &chain, fault);
    assert_int_equal(unlink(copy), 0);
    return err;
}

static void whatever_is_written_verifies(void **state)
{
    struct fixture fixture;
    struct fault fault = {{0}};
    uint64_t rows = 0;
    (void)state;

    make(&fixture);
    if (fixture_verify(&fixture, &rows, &fault) != ERR_NONE ||
        altered(&fixture, "SELECT 1", &fault) != ERR_NONE) {
        fail_msg("%s", fault.text);
    }
    assert_int_equal(fixture_ask(&fixture, "SELECT count(*) FROM displays"), 17);
    fixture_remove(&fixture);
}

#define OF_ALICE  " WHERE incident = 3 AND viewer = 'alice' AND subject = 'dave'"
#define WITHHELD  OF_ALICE " AND outcome = 'withheld'"
#define DISPLAYS  " of the chain (in displays): "
#define INCIDENTS " of the chain (in incidents): "
#define CHANGES   " of the chain (in feature_changes): "

static const struct {
    const char *sql;
    const char *says;
} CHANGES_MADE[] = {
    {"UPDATE displays SET viewer = NULL" WITHHELD,
     DISPLAYS "viewer or subject is gone, but was not erased"},
    {"UPDATE displays SET subject = NULL" WITHHELD,
     DISPLAYS "viewer or subject is gone, but was not erased"},
    {"UPDATE displays SET viewer = NULL, subject = NULL, client = '' WHERE incident = 3",
     DISPLAYS "viewer or subject is gone, but was not erased"},
    {"UPDATE displays SET subject = 'mallory' WHERE incident = 1 AND id = 1",
     DISPLAYS "viewer or subject was changed"},
    {"UPDATE displays SET client = '127.0.0.1'" WITHHELD, DISPLAYS "client was changed"},
    {"UPDATE displays SET client = '' WHERE incident = 4",
     DISPLAYS "the client's address is gone, but was not erased"},
    {"UPDATE displays SET count = 3" WITHHELD,
     DISPLAYS "count is not that of all outcomes"},
    {"UPDATE displays SET count = 0, withheld = 0" WITHHELD,
     DISPLAYS "count is not that of all outcomes"},
    {"UPDATE displays SET cut = -1, delivered = 1" WITHHELD,
     DISPLAYS "count is not that of all outcomes"},
    {"UPDATE displays SET withheld = 1" WITHHELD,
     DISPLAYS "count is not that of all outcomes"},
    {"UPDATE displays SET withheld = 0, cut = 2" WITHHELD,
     DISPLAYS "its own outcome is not counted"},
    {"UPDATE displays SET strong_count = 3" WITHHELD,
     DISPLAYS "strong_count does not fit count"},
    {"UPDATE displays SET strong_count = 0" WITHHELD,
     DISPLAYS "strong_count does not fit count"},
    {"UPDATE displays SET strong_count = 2 WHERE strong = 0 AND count = 2",
     DISPLAYS "strong_count does not fit count"},
    {"UPDATE displays SET responses = 3" WITHHELD, DISPLAYS "responses do not fit count"},
    {"UPDATE displays SET responses = -1" WITHHELD,
     DISPLAYS "responses do not fit count"},
    {"UPDATE displays SET last_at = first_at - 1" WITHHELD,
     DISPLAYS "last_at is before first_at"},
    {"UPDATE displays SET last_at = first_at + 9" WITHHELD,
     INCIDENTS "last_at is not that of its rows"},
    {"UPDATE displays SET responses = 1" WITHHELD,
     INCIDENTS "displays are not those of its rows"},
    {"UPDATE displays SET count = 9, withheld = 9, responses = 9" WITHHELD,
     INCIDENTS "displays are not those of its rows"},
    {"UPDATE incidents SET displays = 1 WHERE id = 3",
     INCIDENTS "displays are not those of its rows"},
    {"UPDATE incidents SET last_at = 1 WHERE id = 3",
     INCIDENTS "last_at is not that of its rows"},
    {"UPDATE incidents SET closed_at = 5 WHERE id = 3",
     " of the chain (in closings): incidents has another closing, or none"},
    {"UPDATE incidents SET closed_by = 'mallory' WHERE id = 3",
     " of the chain (in closings): incidents has another closing, or none"},
    {"UPDATE incidents SET closed_reason = 'x' WHERE id = 3",
     " of the chain (in closings): incidents has another closing, or none"},
    {"UPDATE incidents SET closed_at = NULL, closed_by = NULL, closed_reason = NULL"
     " WHERE id = 2",
     " of the chain (in closings): incidents has another closing, or none"},
    {"UPDATE incidents SET closed_at = 5, closed_by = 'x', closed_reason = 'x'"
     " WHERE id = 4",
     INCIDENTS "it is closed, but closings has nothing of it"},
    {"UPDATE incidents SET closed_by = 'x' WHERE id = 4",
     INCIDENTS "it is closed, but closings has nothing of it"},
    {"UPDATE features SET state = 'up' WHERE name = 'login'",
     CHANGES "it is the last, but features has another"},
    {"UPDATE features SET state = 'trial' WHERE name = 'mypage'",
     CHANGES "it is the last, but features has another"},
    {"UPDATE features SET at = at + 1, who = 'x' WHERE name = 'login'",
     CHANGES "it is the last, but features has another"},
    {"UPDATE features SET reason = 'x' WHERE name = 'login'",
     CHANGES "it is the last, but features has another"},
    {"UPDATE features SET incident = 1 WHERE name = 'login'",
     CHANGES "it is the last, but features has another"},
    {"DELETE FROM features WHERE name = 'login'",
     CHANGES "it is the last, but features has another"},
    {"INSERT INTO features VALUES('shop', 'down', 1, 'x', 'x', 0)",
     "row 5 of features: feature_changes has nothing of it"},
};

static void each_change_is_found_with_table_row_and_what_is_wrong(void **state)
{
    struct fixture fixture;
    struct fault fault;
    int missed = 0;
    (void)state;

    make(&fixture);
    for (size_t i = 0; i < sizeof(CHANGES_MADE) / sizeof(*CHANGES_MADE); i++) {
        enum err err = altered(&fixture, CHANGES_MADE[i].sql, &fault);
        if (err != ERR_SYNTAX || strncmp(fault.text, "row ", 4) != 0 ||
            strstr(fault.text, CHANGES_MADE[i].says) == NULL) {
            print_error("%s: %s\n", CHANGES_MADE[i].sql, fault.text);
            missed++;
        }
    }
    assert_int_equal(missed, 0);
    fixture_remove(&fixture);
}

/* The number is that of the row which was changed. */
static void the_row_that_does_not_fit_is_named(void **state)
{
    struct fixture fixture;
    struct fault fault;
    char expected[64];
    (void)state;

    make(&fixture);
    uint64_t seq = fixture_ask(&fixture, "SELECT seq FROM displays" WITHHELD);
    (void)snprintf(expected, sizeof(expected),
                   "row %llu of the chain (in displays): ", (unsigned long long)seq);
    assert_int_equal(altered(&fixture, "UPDATE displays SET count = 3" WITHHELD, &fault),
                     ERR_SYNTAX);
    assert_memory_equal(fault.text, expected, strlen(expected));
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_is_written_verifies),
        cmocka_unit_test(each_change_is_found_with_table_row_and_what_is_wrong),
        cmocka_unit_test(the_row_that_does_not_fit_is_named),
    };
    return RUN_TESTS(tests);
}
