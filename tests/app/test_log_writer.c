#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/log_writer.h"
#include "support/folder.h"
#include "support/test.h"

static struct log_writer *open_writer(char *path)
{
    const struct access_log_settings settings = {.kind = ACCESS_LOG_FILE, .path = path};
    return log_writer_new(&settings);
}

static bool write_text(struct log_writer *writer, const char *text)
{
    struct access_log_sink sink = log_writer_sink(writer);
    return sink.take(sink.self, span_of(text));
}

static void expect_file(const char *path, const char *expected)
{
    char text[256] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, expected);
}

static void await_file(const char *path, off_t size)
{
    struct stat now = {0};
    for (int i = 0; i < 1000 && (stat(path, &now) != 0 || now.st_size < size); i++) {
        (void)usleep(5000);
    }
    assert_int_equal(now.st_size, size);
}

static void write_patiently(struct log_writer *writer, const char *text)
{
    bool taken = write_text(writer, text);

    for (int i = 0; i < 10000 && !taken; i++) {
        (void)usleep(1000);
        taken = write_text(writer, text);
    }
    assert_true(taken);
}

static void log_writer_writes_in_order_all_that_waits_before_it_ends(void **state)
{
    (void)state;
    struct stat now;
    struct log_writer *writer = open_writer("order.log");

    assert_non_null(writer);
    assert_true(write_text(writer, "one\n"));
    assert_true(write_text(writer, "two\n"));
    assert_true(write_text(writer, "three\n"));
    log_writer_free(&writer);
    assert_null(writer);
    expect_file("order.log", "one\ntwo\nthree\n");
    assert_int_equal(stat("order.log", &now), 0);
    assert_int_equal(now.st_mode & 0137, 0); /* Nothing for others. */
    log_writer_free(&writer);
}

static void log_writer_appends_to_what_is_there(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct log_writer *writer = open_writer("append.log");
        assert_true(write_text(writer, "a\n"));
        log_writer_free(&writer);
    }
    expect_file("append.log", "a\na\n");
}

static void log_writer_writes_to_a_new_file_after_the_old_one_was_renamed(void **state)
{
    (void)state;
    struct log_writer *writer = open_writer("rotate.log");

    assert_true(write_text(writer, "before\n"));
    await_file("rotate.log", 7);
    assert_int_equal(rename("rotate.log", "rotate.log.1"), 0);
    assert_true(write_text(writer, "between\n"));
    await_file("rotate.log.1", 15);
    log_writer_reopen(writer);
    await_file("rotate.log", 0);
    assert_true(write_text(writer, "after\n"));
    log_writer_free(&writer);
    expect_file("rotate.log.1", "before\nbetween\n");
    expect_file("rotate.log", "after\n");
}

static void log_writer_keeps_the_old_file_when_the_new_one_cannot_be_opened(void **state)
{
    (void)state;
    assert_int_equal(mkdir("gone", 0700), 0);
    struct log_writer *writer = open_writer("gone/a.log");

    assert_non_null(writer);
    assert_int_equal(rename("gone", "moved"), 0);
    log_writer_reopen(writer);
    assert_true(write_text(writer, "kept\n"));
    log_writer_free(&writer);
    expect_file("moved/a.log", "kept\n");
}

static void log_writer_says_why_it_cannot_start(void **state)
{
    (void)state;
    errno = 0;
    assert_null(open_writer("nowhere/a.log"));
    assert_int_equal(errno, ENOENT);
}

/* The file is a pipe that nobody reads until later: a disk that hangs. */
static void log_writer_refuses_what_a_slow_disk_leaves_no_room_for(void **state)
{
    (void)state;
    static char block[ACCESS_LOG_BUFFER + 1];
    unsigned taken = 0;

    memset(block, 'x', ACCESS_LOG_BUFFER);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    struct log_writer *writer = open_writer("pipe");
    assert_non_null(writer);
    while (taken < 100000 && write_text(writer, block)) {
        taken++;
    }
    assert_in_range(taken, LOG_WRITER_PENDING, 2 * LOG_WRITER_PENDING);
    assert_false(write_text(writer, "y"));

    size_t left = (size_t)taken * ACCESS_LOG_BUFFER;
    assert_int_equal(fcntl(reader, F_SETFL, 0), 0);
    while (left > 0) {
        char read_now[65536];
        ssize_t count = read(reader, read_now, sizeof(read_now));
        assert_in_range(count, 1, left);
        left -= (size_t)count;
    }
    write_patiently(writer, "y");
    log_writer_free(&writer);
    char last[2] = "";
    assert_int_equal(read(reader, last, sizeof(last)), 1);
    assert_string_equal(last, "y");
    assert_int_equal(close(reader), 0);
}

static void log_writer_goes_on_after_a_disk_that_was_full(void **state)
{
    (void)state;
    assert_int_equal(symlink("/dev/full", "full"), 0);
    struct log_writer *writer = open_writer("full");
    struct stat now;

    /* One more than may wait: the first has met the full disk. */
    for (int i = 0; i < LOG_WRITER_PENDING + 1; i++) {
        write_patiently(writer, "lost\n");
    }
    assert_int_equal(unlink("full"), 0);
    log_writer_reopen(writer);
    write_patiently(writer, "written\n");
    log_writer_free(&writer);
    assert_int_equal(stat("full", &now), 0);
    assert_int_equal(now.st_size % 5, 8 % 5); /* What still waited came after all. */
    assert_in_range(now.st_size, 8, LOG_WRITER_PENDING * 5 + 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_writer_writes_in_order_all_that_waits_before_it_ends),
        cmocka_unit_test(log_writer_appends_to_what_is_there),
        cmocka_unit_test(log_writer_writes_to_a_new_file_after_the_old_one_was_renamed),
        cmocka_unit_test(log_writer_keeps_the_old_file_when_the_new_one_cannot_be_opened),
        cmocka_unit_test(log_writer_says_why_it_cannot_start),
        cmocka_unit_test(log_writer_refuses_what_a_slow_disk_leaves_no_room_for),
        cmocka_unit_test(log_writer_goes_on_after_a_disk_that_was_full),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, folder_enter, NULL);
}
