#include <sys/stat.h>

#include <sqlite3.h>

#include "sources/source_case.h"

static struct source_case world;

#define QUERY                                                                            \
    "SELECT member_id FROM coordination WHERE user_id = :requester AND "                 \
    "request_status = '成立' AND provider_status = '事前打合せ確定'"

#define ENDLESS                                                                          \
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE :requester "   \
    "<> '') SELECT i FROM n WHERE i < 0"

static char query_text[1024];

static void set_query(const char *query)
{
    (void)snprintf(query_text, sizeof(query_text), "%s", query);
    world.settings.query = query_text;
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void make_database(const char *path, const char *rows)
{
    run_sql(path, "CREATE TABLE coordination(user_id INTEGER, member_id INTEGER,"
                  " request_status TEXT, provider_status TEXT)");
    run_sql(path, rows);
}

static int set_up(void **state)
{
    (void)state;
    case_open(&world, "matching.db");
    make_database(world.path, "INSERT INTO coordination VALUES"
                              "(7, 100, '成立', '事前打合せ確定'),"
                              "(7, 101, '成立', '調整中'),"
                              "(8, 102, '成立', '事前打合せ確定')");
    world.settings.sqlite = world.path;
    set_query(QUERY);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    case_close(&world);
    return 0;
}

static void query_says_whom_the_requester_may_see(void **state)
{
    (void)state;
    case_start(&world);
    assert_string_equal(case_ask(&world, "7", "99 100 101 102 100"), "14");
    assert_string_equal(case_ask(&world, "8", "99 100 101 102"), "3");
    assert_string_equal(case_ask(&world, "9", "100 101 102"), "");
    assert_string_equal(case_ask(&world, "7 OR 1=1", "100 101 102"), "");
    assert_string_equal(case_ask(&world, "7'--", "100"), "");
}

static void replaced_file_is_opened_again(void **state)
{
    char copy[160];

    (void)state;
    case_start(&world);
    assert_string_equal(case_ask(&world, "7", "100 101"), "0");
    (void)snprintf(copy, sizeof(copy), "%s.new", world.path);
    make_database(copy, "INSERT INTO coordination VALUES"
                        "(7, 101, '成立', '事前打合せ確定')");
    assert_int_equal(rename(copy, world.path), 0);
    assert_string_equal(case_ask(&world, "7", "100 101"), "1");
}

static void change_in_place_is_seen(void **state)
{
    (void)state;
    case_start(&world);
    assert_string_equal(case_ask(&world, "7", "101"), "");
    run_sql(world.path, "UPDATE coordination SET provider_status = '事前打合せ確定'");
    assert_string_equal(case_ask(&world, "7", "101"), "0");
}

static void file_that_is_gone_grants_nothing_until_it_is_back(void **state)
{
    char aside[160];

    (void)state;
    (void)snprintf(aside, sizeof(aside), "%s.aside", world.path);
    case_start(&world);
    assert_string_equal(case_ask(&world, "7", "100"), "0");
    assert_int_equal(rename(world.path, aside), 0);
    assert_string_equal(case_ask(&world, "7", "100"), "-");
    assert_int_equal(rename(aside, world.path), 0);
    assert_string_equal(case_ask(&world, "7", "100"), "0");
}

static void damaged_file_grants_nothing(void **state)
{
    (void)state;
    case_start(&world);
    FILE *file = fopen(world.path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 4096; i++) {
        (void)fputc('x', file);
    }
    assert_int_equal(fclose(file), 0);
    assert_string_equal(case_ask(&world, "7", "100"), "-");
}

static void query_that_takes_too_long_is_given_up(void **state)
{
    (void)state;
    set_query(ENDLESS);
    case_start(&world);
    world.deadline_us = 50000;
    assert_string_equal(case_ask(&world, "7", "100"), "-");
}

static void ending_breaks_off_a_query_and_answers_all_that_wait(void **state)
{
    (void)state;
    set_query(ENDLESS);
    case_start(&world);
    for (int i = 0; i < 5; i++) {
        assert_true(case_put(&world, "7", "100"));
    }
    grant_source_stop(world.source);
    assert_false(case_put(&world, "7", "100"));
    case_wait(&world, 5);
    assert_false(world.answered);
}

static void locked_database_is_late_and_never_a_no(void **state)
{
    sqlite3 *db = NULL;

    (void)state;
    case_start(&world);
    assert_int_equal(sqlite3_open(world.path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    world.deadline_us = 100000;
    assert_string_equal(case_ask(&world, "7", "100"), "-");
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    world.deadline_us = CASE_PATIENCE_US;
    assert_string_equal(case_ask(&world, "7", "100"), "0");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void values_are_there_for_queries_that_ask_about_few(void **state)
{
    (void)state;
    set_query("SELECT value FROM json_each(:values) WHERE value IN (SELECT member_id "
              "FROM coordination WHERE user_id = :requester)");
    case_start(&world);
    assert_string_equal(case_ask(&world, "7", "100 101 102"), "01");
}

static void expect_verdict(const char *query, enum grant_check expected,
                           const char *words)
{
    char error[GRANT_ERROR_SIZE];
    struct grant_settings settings = world.settings;

    settings.query = strdup(query);
    assert_int_equal(grant_settings_check(&settings, error), expected);
    if (strstr(error, words) == NULL) {
        fail_msg("%s: `%s` is not in `%s`", query, words, error);
    }
    free(settings.query);
}

static void statement_is_checked_at_start(void **state)
{
    (void)state;
    expect_verdict(QUERY, GRANT_CHECK_GOOD, "");
    expect_verdict("SELECT member_id FROM coordination WHERE user_id = :requester ; ",
                   GRANT_CHECK_GOOD, "");
    expect_verdict("SELECT member_id FROM coordination", GRANT_CHECK_BAD, ":requester");
    expect_verdict("SELECT 1 WHERE :requester = :other", GRANT_CHECK_BAD, ":other");
    expect_verdict("SELECT 1 WHERE :requester = ?", GRANT_CHECK_BAD, "?");
    expect_verdict("SELECT 1, 2 WHERE :requester = 1", GRANT_CHECK_BAD, "one column");
    expect_verdict("SELECT 1 WHERE :requester = 1; DELETE FROM coordination",
                   GRANT_CHECK_BAD, "one statement");
    expect_verdict("DELETE FROM coordination WHERE user_id = :requester", GRANT_CHECK_BAD,
                   "one SELECT");
    expect_verdict(
        "DELETE FROM coordination WHERE user_id = :requester RETURNING user_id",
        GRANT_CHECK_BAD, "one SELECT");
    expect_verdict("PRAGMA user_version", GRANT_CHECK_BAD, "one SELECT");
    expect_verdict("ATTACH :requester AS other", GRANT_CHECK_BAD, "one SELECT");
    expect_verdict("EXPLAIN SELECT 1 WHERE :requester = 1", GRANT_CHECK_BAD,
                   "one SELECT");
    expect_verdict("BEGIN", GRANT_CHECK_BAD, "one SELECT");
    expect_verdict("-- nothing", GRANT_CHECK_BAD, "one SELECT");
    expect_verdict("SELECT load_extension(:requester)", GRANT_CHECK_BAD, "");
    expect_verdict("SELEC member_id", GRANT_CHECK_BAD, "syntax error");
    expect_verdict("SELECT x FROM nowhere WHERE :requester = 1", GRANT_CHECK_BAD,
                   "no such table: nowhere");
}

static void missing_database_is_told_apart_from_a_bad_query(void **state)
{
    (void)state;
    assert_int_equal(unlink(world.path), 0);
    expect_verdict(QUERY, GRANT_CHECK_UNREACHABLE, "is not there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(query_says_whom_the_requester_may_see, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(replaced_file_is_opened_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(change_in_place_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(file_that_is_gone_grants_nothing_until_it_is_back,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(damaged_file_grants_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(query_that_takes_too_long_is_given_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            ending_breaks_off_a_query_and_answers_all_that_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(locked_database_is_late_and_never_a_no, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(values_are_there_for_queries_that_ask_about_few,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(statement_is_checked_at_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(missing_database_is_told_apart_from_a_bad_query,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
