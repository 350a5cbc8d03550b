#include "record/fixture.h"
#include "record/ledger_schema.h"

/* As the second version made it: what the third added is taken away. */
static void make_old(const struct fixture *self)
{
    char path[300];
    struct db *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/ledger.db", self->path);
    assert_int_equal(db_open(path, DB_WRITE, &db, NULL), ERR_NONE);
    db_script(db, "DROP TABLE marks; DROP TABLE writes; DROP TABLE coverage;"
                  "DROP TABLE erasures; ALTER TABLE displays DROP COLUMN client;"
                  "PRAGMA user_version = 2");
    assert_false(db_failed(db));
    db_close(&db);
}

static void
a_ledger_of_the_second_version_is_carried_over_and_still_verifies(void **state)
{
    struct fixture fixture;
    struct journal_entry first = fixture_display("a", "b", "top");
    struct journal_entry second = fixture_display("c", "d", "top");
    uint64_t rows = 0;
    (void)state;

    fixture_make(&fixture);
    assert_true(fixture_post(&fixture, &first).committed);
    fixture_close(&fixture);
    make_old(&fixture);
    fixture_open(&fixture);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 2);
    assert_true(fixture_post(&fixture, &second).committed);
    assert_int_equal(fixture_figures(&fixture, 1).cases, 2);
    assert_int_equal(fixture_verify(&fixture, &rows, NULL), ERR_NONE);
    assert_int_equal(rows, 3);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_ledger_of_the_second_version_is_carried_over_and_still_verifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
