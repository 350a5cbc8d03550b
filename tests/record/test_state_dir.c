#include <string.h>
#include <sys/stat.h>

#include "record/state_dir.h"
#include "support/folder.h"
#include "support/test.h"

static unsigned mode_of(const char *path)
{
    struct stat found;

    assert_int_equal(stat(path, &found), 0);
    return (unsigned)found.st_mode & 07777U;
}

static void make(const char *path, mode_t mode)
{
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(chmod(path, mode), 0); /* Whatever the umask. */
}

static void put_file(const char *path)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static void an_empty_directory_of_ours_is_closed_to_others_and_used(void **state)
{
    (void)state;
    static const mode_t modes[] = {0755, 0777, 0750, 02775};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        char path[32];
        struct state_dir *dir = NULL;
        struct fault fault = {0};
        (void)snprintf(path, sizeof(path), "empty%zu", i);
        make(path, modes[i]);
        if (state_dir_open(path, &dir, &fault) != ERR_NONE) {
            fail_msg("%s", fault.text);
        }
        assert_int_equal(mode_of(path) & 0777U, 0700);
        assert_false(state_dir_used(dir));
        state_dir_close(&dir);
    }
}

static void a_fresh_volume_is_as_good_as_empty(void **state)
{
    (void)state;
    struct state_dir *dir = NULL;
    struct fault fault = {0};

    make("volume", 0755);
    make("volume/lost+found", 0700);
    assert_int_equal(state_dir_open("volume", &dir, &fault), ERR_NONE);
    assert_int_equal(mode_of("volume"), 0700);
    state_dir_close(&dir);
}

static void a_directory_in_use_that_others_may_read_is_refused_and_left(void **state)
{
    (void)state;
    static const char *const names[] = {"ledger.db", "fingerprint.key", "passwd"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[32];
        char name[64];
        struct state_dir *dir = NULL;
        struct fault fault = {0};
        (void)snprintf(path, sizeof(path), "used%zu", i);
        (void)snprintf(name, sizeof(name), "%s/%s", path, names[i]);
        make(path, 0755);
        put_file(name);
        assert_int_equal(state_dir_open(path, &dir, &fault), ERR_STORAGE);
        assert_non_null(strstr(fault.text, "chmod 700"));
        assert_int_equal(mode_of(path), 0755);
        assert_null(dir);
    }
}

static void a_directory_for_everybody_is_refused_and_left(void **state)
{
    (void)state;
    struct state_dir *dir = NULL;
    struct fault fault = {0};

    make("tmp", 01777);
    assert_int_equal(state_dir_open("tmp", &dir, &fault), ERR_STORAGE);
    assert_int_equal(mode_of("tmp"), 01777);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_directory_of_ours_is_closed_to_others_and_used),
        cmocka_unit_test(a_fresh_volume_is_as_good_as_empty),
        cmocka_unit_test(a_directory_in_use_that_others_may_read_is_refused_and_left),
        cmocka_unit_test(a_directory_for_everybody_is_refused_and_left),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, folder_enter, NULL);
}
