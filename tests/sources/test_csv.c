#include "sources/source_case.h"

static struct source_case world;

static void write_file(const char *text)
{
    char copy[160];

    (void)snprintf(copy, sizeof(copy), "%s.new", world.path);
    FILE *file = fopen(copy, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(copy, world.path), 0);
}

static int set_up(void **state)
{
    (void)state;
    case_open(&world, "grants.csv");
    world.settings.csv = world.path;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    case_close(&world);
    return 0;
}

static void file_says_whom_the_requester_may_see(void **state)
{
    (void)state;
    write_file(
        "\xef\xbb\xbfrequester,subject\r\nalice,bob\r\n\r\n\"al,ice\",\"b\"\"ob\"\n"
        "alice,carol");
    case_start(&world);
    assert_string_equal(case_ask(&world, "alice", "bob carol dave b\"ob"), "01");
    assert_string_equal(case_ask(&world, "al,ice", "bob carol b\"ob"), "2");
    assert_string_equal(case_ask(&world, "bob", "alice"), "");
    assert_string_equal(case_ask(&world, "requester", "subject"), "");
}

static void changed_file_is_read_again(void **state)
{
    (void)state;
    write_file("alice,bob\n");
    case_start(&world);
    assert_string_equal(case_ask(&world, "alice", "bob carol"), "0");
    write_file("alice,carol\n");
    assert_string_equal(case_ask(&world, "alice", "bob carol"), "1");
    assert_int_equal(unlink(world.path), 0);
    assert_string_equal(case_ask(&world, "alice", "bob carol"), "-");
    write_file("alice,bob\nalice,carol\n");
    assert_string_equal(case_ask(&world, "alice", "bob carol"), "01");
}

static void bad_lines_grant_nothing_and_are_named_at_start(void **state)
{
    char error[GRANT_ERROR_SIZE];

    (void)state;
    write_file("alice,bob\nalice\nalice,bob,carol\n,bob\nalice,\n\"alice,carol\n"
               "alice,da\"ve\nalice,erin\n");
    assert_int_equal(grant_settings_check(&world.settings, error), GRANT_CHECK_BAD);
    assert_non_null(strstr(error, "line 2 of "));
    assert_non_null(strstr(error, "6 such lines"));
    case_start(&world);
    assert_string_equal(case_ask(&world, "alice", "bob carol da\"ve erin"), "03");
    write_file("alice,bob\n");
    assert_int_equal(grant_settings_check(&world.settings, error), GRANT_CHECK_GOOD);
    assert_int_equal(unlink(world.path), 0);
    assert_int_equal(grant_settings_check(&world.settings, error),
                     GRANT_CHECK_UNREACHABLE);
}

static void empty_file_grants_nothing(void **state)
{
    (void)state;
    write_file("");
    case_start(&world);
    assert_string_equal(case_ask(&world, "alice", "bob"), "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(file_says_whom_the_requester_may_see),
        TEST(changed_file_is_read_again),
        TEST(bad_lines_grant_nothing_and_are_named_at_start),
        TEST(empty_file_grants_nothing),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
