#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "support/test.h"

/* Ends a child by a CHECK that fails; what it wrote goes to `text_out`. */
static int fail_in_a_child(char *text_out, size_t capacity)
{
    int pipe_fds[2];
    int status = 0;

    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit no_core = {0};
        (void)setrlimit(RLIMIT_CORE, &no_core);
        (void)signal(SIGABRT, SIG_DFL);
        (void)dup2(pipe_fds[1], STDERR_FILENO);
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    (void)close(pipe_fds[1]);
    ssize_t len = read(pipe_fds[0], text_out, capacity - 1);
    (void)close(pipe_fds[0]);
    text_out[len > 0 ? len : 0] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void check_that_fails_names_its_place_and_aborts(void **state)
{
    (void)state;
    char text[256];
    int status = fail_in_a_child(text, sizeof(text));

    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(text, "test_check.c:"));
    assert_non_null(strstr(text, "CHECK failed: 1 + 1 == 3"));
}

static void check_that_holds_reads_its_condition_once(void **state)
{
    (void)state;
    int reads = 0;

    CHECK(++reads == 1);
    assert_int_equal(reads, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_that_fails_names_its_place_and_aborts),
        cmocka_unit_test(check_that_holds_reads_its_condition_once),
    };
    return RUN_TESTS(tests);
}
