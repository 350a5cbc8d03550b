#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/socket_files.h"
#include "support/test.h"

static char folder[32];
static char path[64];

static void start(void)
{
    (void)snprintf(folder, sizeof(folder), "/tmp/files.XXXXXX");
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s", folder);
}

static void socket_files_removes_what_it_was_told_of_once(void **state)
{
    (void)state;
    struct socket_files files = {0};
    int fd = -1;

    start();
    assert_int_equal(local_bind_mode(path, 0600, &fd), ERR_NONE);
    socket_files_note(&files, path);
    socket_files_remove(&files);
    assert_int_not_equal(access(path, F_OK), 0);
    (void)close(fd);
    assert_int_equal(local_bind_mode(path, 0600, &fd), ERR_NONE);
    socket_files_remove(&files);
    assert_int_equal(access(path, F_OK), 0);
    (void)close(fd);
    (void)unlink(path);
    (void)rmdir(folder);
}

static void socket_files_adopts_what_another_process_made(void **state)
{
    (void)state;
    struct socket_files before = {0};
    struct socket_files files = {0};
    int fd = -1;

    start();
    assert_int_equal(local_bind_mode(path, 0600, &fd), ERR_NONE);
    socket_files_note(&before, path);
    socket_files_adopt(&files, &before);
    assert_int_equal(files.count, 1);
    socket_files_remove(&files);
    assert_int_not_equal(access(path, F_OK), 0);
    files.count = SOCKET_FILES_MAX;
    socket_files_adopt(&files, &before);
    assert_int_equal(files.count, SOCKET_FILES_MAX);
    (void)close(fd);
    (void)rmdir(folder);
}

static void socket_files_leaves_what_another_put_in_its_place(void **state)
{
    (void)state;
    struct socket_files files = {0};
    int fd = -1;
    int other = -1;

    start();
    assert_int_equal(local_bind_mode(path, 0600, &fd), ERR_NONE);
    socket_files_note(&files, path);
    char moved[80];
    (void)snprintf(moved, sizeof(moved), "%s.old", path);
    assert_int_equal(rename(path, moved), 0); /* Keeps its inode from being used again. */
    assert_int_equal(local_bind_mode(path, 0600, &other), ERR_NONE);
    socket_files_remove(&files);
    assert_int_equal(access(path, F_OK), 0);
    (void)close(fd);
    (void)close(other);
    (void)unlink(path);
    (void)unlink(moved);
    (void)rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(socket_files_removes_what_it_was_told_of_once),
        cmocka_unit_test(socket_files_adopts_what_another_process_made),
        cmocka_unit_test(socket_files_leaves_what_another_put_in_its_place),
    };
    return RUN_TESTS(tests);
}
