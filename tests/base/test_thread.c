#include "base/thread.h"
#include "support/test.h"

static void *name_of_self(void *arg)
{
    pthread_barrier_t *named = arg;
    static char name[THREAD_NAME_MAX + 1];

    (void)pthread_barrier_wait(named);
    return pthread_getname_np(pthread_self(), name, sizeof(name)) == 0 ? name : NULL;
}

static void runs_as(const char *given, const char *kept)
{
    pthread_barrier_t named;
    pthread_t thread;
    void *name = NULL;

    assert_int_equal(pthread_barrier_init(&named, NULL, 2), 0);
    assert_true(thread_start(&thread, given, name_of_self, &named));
    (void)pthread_barrier_wait(&named);
    assert_int_equal(pthread_join(thread, &name), 0);
    assert_string_equal(name, kept);
    (void)pthread_barrier_destroy(&named);
}

static void a_thread_has_its_name(void **state)
{
    (void)state;
    runs_as("worker", "worker");
}

static void a_long_name_is_cut(void **state)
{
    (void)state;
    runs_as("0123456789abcdefgh", "0123456789abcde");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thread_has_its_name),
        cmocka_unit_test(a_long_name_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
