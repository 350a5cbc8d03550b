/* Goal: a server keeps its number and its drain, whoever asks, in which order. */
#include <stdio.h>
#include <sys/mman.h>

#include "relay/health_roll.h"
#include "support/test.h"

static unsigned number_of(struct health_roll *roll, const char *upstream,
                          const char *server, _Atomic(uint64_t) **drained_out)
{
    unsigned number = 0;
    assert_true(health_roll_enter(roll, upstream, server, &number, drained_out));
    return number;
}

static void servers_keep_their_numbers_in_any_order(void **state)
{
    (void)state;
    struct health_roll *roll = health_roll_new(NULL);
    _Atomic(uint64_t) *drained = NULL;
    _Atomic(uint64_t) *again = NULL;

    assert_int_equal(number_of(roll, "a", "10.0.0.1:80", &drained), 0);
    assert_int_equal(number_of(roll, "a", "10.0.0.2:80", &again), 1);
    assert_ptr_not_equal(drained, again);
    assert_int_equal(number_of(roll, "a1", "0.0.0.1:80", &again), 2);
    assert_int_equal(number_of(roll, "b", "10.0.0.1:80", &again), 3);
    atomic_store(drained, 77);
    assert_int_equal(number_of(roll, "a", "10.0.0.1:80", &again), 0);
    assert_ptr_equal(drained, again);
    assert_int_equal(atomic_load(again), 77);
    health_roll_free(&roll);
    assert_null(roll);
}

static void past_its_bound_no_server_is_entered(void **state)
{
    (void)state;
    struct health_roll *roll = health_roll_new(NULL);
    _Atomic(uint64_t) *drained = NULL;
    unsigned number = 0;
    char name[32];

    for (unsigned i = 0; i < HEALTH_SERVERS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "server-%u", i);
        assert_int_equal(number_of(roll, "a", name, &drained), i);
    }
    assert_false(health_roll_enter(roll, "a", "one-more", &number, &drained));
    assert_int_equal(number_of(roll, "a", "server-9", &drained), 9);
    health_roll_free(&roll);
}

static void a_roll_without_memory_is_none(void **state)
{
    (void)state;
    enum { SIZE = 128 * 1024 };
    void *region =
        mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct heap *heap = heap_make(region, SIZE);
    struct health_roll *roll = health_roll_new(heap);
    _Atomic(uint64_t) *drained = NULL;
    unsigned number = 0;

    assert_non_null(roll);
    assert_int_equal(number_of(roll, "a", "b", &drained), 0);
    while (heap_alloc(heap, 16) != NULL) {
    }
    assert_false(health_roll_enter(roll, "a", "c", &number, &drained));
    assert_int_equal(number_of(roll, "a", "b", &drained), 0);
    assert_null(health_roll_new(heap));
    health_roll_free(&roll);
    munmap(region, SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_keep_their_numbers_in_any_order),
        cmocka_unit_test(past_its_bound_no_server_is_entered),
        cmocka_unit_test(a_roll_without_memory_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
