/* Goal: a message and its descriptors arrive whole, or nothing does and nothing is left
 * open. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "net/passing.h"
#include "support/test.h"

static int ends[2];

static int open_pair(void **state)
{
    (void)state;
    return passing_pair(ends) == ERR_NONE ? 0 : -1;
}

static int close_pair(void **state)
{
    (void)state;
    (void)close(ends[0]);
    return close(ends[1]);
}

/* The lowest free descriptor: the same before and after when nothing was left open. */
static int lowest(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    (void)close(fd);
    return fd;
}

static void descriptors_arrive_and_are_the_same_files(void **state)
{
    (void)state;
    int pipe_ends[2];
    int got[2] = {-1, -1};
    char text[8];
    struct passing_room room = {
        .bytes = text, .size = sizeof(text), .fds = got, .fds_max = 2};

    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    assert_int_equal(passing_send(ends[0], "hello", 5, pipe_ends, 2), ERR_NONE);
    assert_int_equal(passing_receive(ends[1], &room, 0), ERR_NONE);
    assert_int_equal(room.len, 5);
    assert_memory_equal(text, "hello", 5);
    assert_int_equal(room.count, 2);
    assert_true(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
    assert_int_equal(write(got[1], "x", 1), 1);
    assert_int_equal(read(pipe_ends[0], text, 1), 1);
    for (int i = 0; i < 2; i++) {
        (void)close(pipe_ends[i]);
        (void)close(got[i]);
    }
}

static void messages_stay_apart(void **state)
{
    (void)state;
    char text[8];
    struct passing_room room = {.bytes = text, .size = sizeof(text)};

    assert_int_equal(passing_send(ends[0], "a", 1, NULL, 0), ERR_NONE);
    assert_int_equal(passing_send(ends[0], "bc", 2, NULL, 0), ERR_NONE);
    assert_int_equal(passing_receive(ends[1], &room, 0), ERR_NONE);
    assert_int_equal(room.len, 1);
    assert_int_equal(passing_receive(ends[1], &room, 0), ERR_NONE);
    assert_int_equal(room.len, 2);
    assert_int_equal(passing_receive(ends[1], &room, 0), ERR_TIMEOUT);
}

static void what_there_is_no_room_for_is_refused_and_closed(void **state)
{
    (void)state;
    char text[2];
    int got[1] = {-1};
    int fds[2] = {ends[0], ends[1]};
    struct passing_room room = {
        .bytes = text, .size = sizeof(text), .fds = got, .fds_max = 1};
    int free_fd = lowest();

    assert_int_equal(passing_send(ends[0], "a", 1, fds, 2), ERR_NONE);
    assert_int_equal(passing_receive(ends[1], &room, 0), ERR_LIMIT);
    assert_int_equal(passing_send(ends[0], "long", 4, fds, 1), ERR_NONE);
    assert_int_equal(passing_receive(ends[1], &room, 0), ERR_LIMIT);
    assert_int_equal(room.count, 0);
    assert_int_equal(lowest(), free_fd);
}

static void an_end_that_is_gone_is_noticed(void **state)
{
    (void)state;
    char text[2];
    struct passing_room room = {.bytes = text, .size = sizeof(text)};
    int other[2];

    assert_int_equal(passing_pair(other), ERR_NONE);
    assert_int_equal(passing_send(other[1], "a", 1, NULL, 0), ERR_NONE);
    (void)close(other[1]);
    assert_int_equal(passing_receive(other[0], &room, 0), ERR_NONE);
    assert_int_equal(passing_receive(other[0], &room, 0), ERR_CLOSED);
    assert_int_equal(passing_send(other[0], "a", 1, NULL, 0), ERR_CLOSED);
    (void)close(other[0]);
    assert_int_equal(passing_send(-1, "a", 1, NULL, 0), ERR_SYSTEM);
}

static void a_reader_that_does_not_read_is_not_waited_for(void **state)
{
    (void)state;
    static const char large[16384];
    enum err err = ERR_NONE;

    for (int i = 0; i < 10000 && err == ERR_NONE; i++) {
        err = passing_send(ends[0], large, sizeof(large), NULL, 0);
    }
    assert_int_equal(err, ERR_FULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pair, close_pair)
    const struct CMUnitTest tests[] = {
        TEST(descriptors_arrive_and_are_the_same_files),
        TEST(messages_stay_apart),
        TEST(what_there_is_no_room_for_is_refused_and_closed),
        TEST(an_end_that_is_gone_is_noticed),
        TEST(a_reader_that_does_not_read_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
