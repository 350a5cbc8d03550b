#include <netdb.h>

#include "notify/receiver_case.h"

static sem_t asked;  /* Somebody looks a name up ... */
static sem_t answer; /* ... and waits for this. */
static _Atomic(bool) waited_in_vain;

/* libcurl's call comes here: a name server that does not answer. */
// The names of the parameters in glibc's header are reserved to glibc.
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    (void)node;
    (void)service;
    (void)hints;
    *result = NULL;
    assert_int_equal(sem_post(&asked), 0);
    if (!fixture_await(&answer)) {
        atomic_store(&waited_in_vain, true);
    }
    return EAI_AGAIN;
}

/* The notifier's thread serves all receivers: whatever ends a delivery, by its deadline
 * as by the end of the process, waits for no name server. */
static void a_name_that_is_still_looked_up_is_not_waited_for(void **state)
{
    struct setup setup = {0};
    struct receiver unused;
    (void)state;

    assert_int_equal(sem_init(&asked, 0, 0), 0);
    assert_int_equal(sem_init(&answer, 0, 0), 0);
    fixture_name(&setup.fixture);
    receiver_make(&unused, 200);
    name_alert(&setup.alerts[0], "soc", &unused);
    span_copy(SPAN("https://soc.example/hook"), setup.alerts[0].url,
              sizeof(setup.alerts[0].url));
    setup_open(&setup, 1);
    assert_true(recorder_alert(setup.fixture.recorder, "soc", "ping", SPAN("{}")));
    assert_true(fixture_await(&asked));
    notifier_free(&setup.notifier);
    assert_false(atomic_load(&waited_in_vain));
    assert_int_equal(sem_post(&answer), 0);
    receiver_stop(&unused);
    fixture_remove(&setup.fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_is_still_looked_up_is_not_waited_for),
    };
    return RUN_TESTS(tests);
}
