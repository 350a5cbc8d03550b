#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/process.h"
#include "support/test.h"

/* In a process of its own: there is no way back. */
static void process_leaves_no_core_and_lets_nobody_look_in(void **state)
{
    (void)state;
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        struct rlimit core = {.rlim_cur = 1, .rlim_max = 1};
        bool good = process_protect() == ERR_NONE && getrlimit(RLIMIT_CORE, &core) == 0 &&
                    core.rlim_cur == 0 && core.rlim_max == 0 &&
                    prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
                    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void
process_of_root_becomes_a_user_who_may_only_bind_and_then_nothing(void **state)
{
    (void)state;
    int status = 0;
    if (geteuid() != 0) {
        skip();
    }
    pid_t pid = fork();
    if (pid == 0) {
        bool good = process_become("no-such-user-here") == ERR_SYNTAX && geteuid() == 0 &&
                    process_become("nobody") == ERR_NONE && geteuid() != 0 &&
                    setuid(0) != 0 && prctl(PR_CAPBSET_READ, 0, 0, 0, 0) >= 0 &&
                    process_drop_rights() == ERR_NONE && setuid(0) != 0;
        _exit(good ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(process_leaves_no_core_and_lets_nobody_look_in),
        cmocka_unit_test(
            process_of_root_becomes_a_user_who_may_only_bind_and_then_nothing),
    };
    return RUN_TESTS(tests);
}
