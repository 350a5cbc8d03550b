#include <stdlib.h>

#include "record/db.h"
#include "record/fixture.h"
#include "record/ledger_file.h"

static void make(struct fixture *self, char *path)
{
    static const char *const viewers[] = {"alice", "bob", "carol"};

    fixture_make(self);
    for (size_t i = 0; i < 3; i++) {
        struct journal_entry entry = fixture_display(viewers[i], "dave", "top");
        assert_true(fixture_post(self, &entry).committed);
    }
    (void)snprintf(path, 300, "%s/ledger.db", self->path);
}

static unsigned told;

static void on_progress(unsigned percent)
{
    assert_true(percent > told && percent <= 100);
    told = percent;
}

static enum err verify(const char *path, struct ledger_file_chain *chain,
                       struct fault *fault)
{
    *fault = (struct fault){{0}};
    told = 0;
    enum err err = ledger_file_verify(path, on_progress, chain, fault);
    assert_true(err != ERR_NONE || chain->rows == 0 || told == 100);
    return err;
}

static void a_copy_made_while_it_is_written_verifies(void **state)
{
    struct fixture fixture;
    struct fault fault;
    struct ledger_file_chain live;
    struct ledger_file_chain copied;
    char path[300];
    char copy[320];
    (void)state;

    make(&fixture, path);
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", fixture.path);
    assert_int_equal(verify(path, &live, &fault), ERR_NONE);
    assert_int_equal(live.rows, 4);
    assert_int_equal(ledger_file_backup(path, copy, NULL, &fault), ERR_NONE);
    assert_int_equal(verify(copy, &copied, &fault), ERR_NONE);
    assert_string_equal(copied.head, live.head);
    assert_int_equal(ledger_file_backup(path, copy, NULL, &fault), ERR_STORAGE);
    assert_non_null(strstr(fault.text, "exists already"));
    fixture_shell(&fixture, "test ! -e copy.db-wal");
    fixture_remove(&fixture);
}

static void the_first_bad_row_is_named(void **state)
{
    static const struct {
        const char *sql;
        const char *says;
    } changes[] = {
        {"UPDATE displays SET screen = 'x' WHERE id = 2", "row 3"},
        {"DELETE FROM displays WHERE id = 1", "row 2"},
        {"UPDATE chain_head SET head = 'x'", "head"},
        {"DELETE FROM displays WHERE id = 3", "row 4"},
        {"UPDATE incidents SET opened_at = 1", "row 1"},
    };
    struct fixture fixture;
    struct fault fault;
    struct ledger_file_chain chain;
    char path[300];
    char copy[320];
    (void)state;

    make(&fixture, path);
    (void)snprintf(copy, sizeof(copy), "%s/copy.db", fixture.path);
    for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
        struct db *db = NULL;
        assert_int_equal(ledger_file_backup(path, copy, NULL, &fault), ERR_NONE);
        assert_int_equal(db_open(copy, DB_WRITE, &db, NULL), ERR_NONE);
        db_script(db, changes[i].sql);
        assert_false(db_failed(db));
        db_close(&db);
        assert_int_equal(verify(copy, &chain, &fault), ERR_SYNTAX);
        if (strstr(fault.text, changes[i].says) == NULL) {
            fail_msg("%s: %s", changes[i].sql, fault.text);
        }
        assert_int_equal(unlink(copy), 0);
    }
    fixture_remove(&fixture);
}

static void a_changed_name_is_found_where_the_key_is_beside(void **state)
{
    struct fixture fixture;
    struct fault fault;
    struct ledger_file_chain chain;
    char path[300];
    struct db *db = NULL;
    (void)state;

    make(&fixture, path);
    assert_int_equal(verify(path, &chain, &fault), ERR_NONE);
    assert_true(chain.people);
    assert_int_equal(db_open(path, DB_WRITE, &db, NULL), ERR_NONE);
    db_script(db, "UPDATE displays SET subject = 'mallory' WHERE id = 2");
    db_close(&db);
    assert_int_equal(verify(path, &chain, &fault), ERR_SYNTAX);
    assert_non_null(strstr(fault.text, "row 3"));
    assert_false(chain.people);
    fixture_remove(&fixture);
}

static void what_is_no_ledger_is_named_so(void **state)
{
    struct fixture fixture;
    struct fault fault;
    struct ledger_file_chain chain;
    char path[300];
    char other[320];
    (void)state;

    make(&fixture, path);
    (void)snprintf(other, sizeof(other), "%s/other.db", fixture.path);
    assert_int_equal(verify(other, &chain, &fault), ERR_STORAGE);
    fixture_shell(&fixture, "echo hello > other.db");
    assert_int_equal(verify(other, &chain, &fault), ERR_STORAGE);
    assert_non_null(strstr(fault.text, "not a ledger"));
    fixture_shell(&fixture, ": > other.db");
    assert_int_equal(verify(other, &chain, &fault), ERR_STORAGE);
    fixture_shell(&fixture, "head -c 20000 /dev/urandom > other.db");
    assert_int_equal(verify(other, &chain, &fault), ERR_STORAGE);
    fixture_remove(&fixture);
}

static void an_export_names_nobody(void **state)
{
    struct fixture fixture;
    struct fault fault;
    char path[300];
    char *text = NULL;
    size_t len = 0;
    (void)state;

    make(&fixture, path);
    assert_true(recorder_note_access(fixture.recorder, "op",
                                     "alias of the login erin@site.example forgotten"));
    assert_true(recorder_note_access(fixture.recorder, "op", "values of incident 1"));
    fixture_await_value(&fixture, "SELECT count(*) FROM accesses", 2);
    FILE *file = open_memstream(&text, &len);
    assert_non_null(file);
    assert_int_equal(ledger_file_export(path, file, &fault), ERR_NONE);
    assert_int_equal(fclose(file), 0);
    assert_null(strstr(text, "alice"));
    assert_null(strstr(text, "127.0.0.9"));
    assert_null(strstr(text, "erin@site.example"));
    assert_non_null(strstr(text, "\"who\":\"op\",\"what\":\"an alias forgotten\"}"));
    assert_non_null(strstr(text, "\"who\":\"op\",\"what\":\"values of incident 1\"}"));
    assert_non_null(strstr(text, "{\"table\":\"displays\",\"id\":3,"));
    assert_non_null(strstr(text, "{\"table\":\"chain_head\""));
    free(text);
    fixture_remove(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_made_while_it_is_written_verifies),
        cmocka_unit_test(the_first_bad_row_is_named),
        cmocka_unit_test(a_changed_name_is_found_where_the_key_is_beside),
        cmocka_unit_test(what_is_no_ledger_is_named_so),
        cmocka_unit_test(an_export_names_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
