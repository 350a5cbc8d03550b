/* Goal: the program at the path of argv[0] runs with the socket and what the manager
 * gave. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "app/launch.h"
#include "net/passing.h"
#include "support/test.h"

static int wait_for_end(pid_t pid)
{
    int status = -1;

    for (int i = 0; i < 1000 && !launch_has_ended(pid, &status); i++) {
        (void)poll(NULL, 0, 10);
    }
    return status;
}

static void what_is_launched_has_the_socket_and_the_environment(void **state)
{
    (void)state;
    char *argv[] = {"/bin/sh", "-c",
                    "printf '%s %s %s' \"$COUNTERMARK_SUCCESSOR\" \"$NOTIFY_SOCKET\" "
                    "\"$WATCHDOG_USEC\" >&3",
                    NULL};
    const struct service service = {.socket = "/run/notify", .watchdog_ms = 30000};
    char text[64] = "";
    struct passing_room room = {.bytes = text, .size = sizeof(text) - 1};
    int ends[2];
    pid_t pid = 0;

    assert_int_equal(passing_pair(ends), ERR_NONE);
    assert_int_equal(launch(argv, ends[1], &service, &pid), ERR_NONE);
    (void)close(ends[1]);
    assert_int_equal(passing_receive(ends[0], &room, 10000), ERR_NONE);
    assert_string_equal(text, "3 /run/notify 30000000");
    assert_int_equal(wait_for_end(pid), 0);
    assert_int_equal(passing_receive(ends[0], &room, 0), ERR_CLOSED);
    (void)close(ends[0]);
}

static void no_other_descriptor_is_handed_on(void **state)
{
    (void)state;
    char *argv[] = {"/bin/sh", "-c", "test ! -e /dev/fd/9", NULL};
    const struct service service = {0};
    pid_t pid = 0;

    assert_int_equal(dup2(STDERR_FILENO, 9), 9); /* Not closed on exec. */
    assert_int_equal(launch(argv, STDERR_FILENO, &service, &pid), ERR_NONE);
    assert_int_equal(wait_for_end(pid), 0);
    (void)close(9);
}

static void how_it_ended_is_told(void **state)
{
    (void)state;
    char *ends_by_itself[] = {"/bin/sh", "-c", "exit 7", NULL};
    char *is_killed[] = {"sh", "-c", "kill -KILL $$", NULL}; /* Found in PATH. */
    const struct service service = {0};
    pid_t pid = 0;

    assert_int_equal(launch(ends_by_itself, STDERR_FILENO, &service, &pid), ERR_NONE);
    assert_int_equal(wait_for_end(pid), 7);
    assert_int_equal(launch(is_killed, STDERR_FILENO, &service, &pid), ERR_NONE);
    assert_int_equal(wait_for_end(pid), 128 + 9);
}

static void one_that_hangs_is_ended(void **state)
{
    (void)state;
    char *argv[] = {"/bin/sh", "-c", "read -r line <&3", NULL};
    const struct service service = {0};
    int ends[2];
    int status = 0;
    pid_t pid = 0;

    assert_int_equal(passing_pair(ends), ERR_NONE);
    assert_int_equal(launch(argv, ends[1], &service, &pid), ERR_NONE);
    assert_false(launch_has_ended(pid, &status));
    launch_kill(pid);
    assert_false(launch_has_ended(pid, &status)); /* Nobody of ours any more. */
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void what_is_not_there_cannot_be_launched(void **state)
{
    (void)state;
    char *argv[] = {"/no/such/program", NULL};
    const struct service service = {0};
    pid_t pid = 0;

    assert_int_equal(launch(argv, STDERR_FILENO, &service, &pid), ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_launched_has_the_socket_and_the_environment),
        cmocka_unit_test(no_other_descriptor_is_handed_on),
        cmocka_unit_test(how_it_ended_is_told),
        cmocka_unit_test(one_that_hangs_is_ended),
        cmocka_unit_test(what_is_not_there_cannot_be_launched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
