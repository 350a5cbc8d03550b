#include <pthread.h>

#include "base/queue.h"
#include "support/test.h"

static void items_come_out_in_the_order_they_went_in(void **state)
{
    (void)state;
    struct queue *queue = queue_new(sizeof(int), 4);
    int items[4] = {0};

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++) {
            assert_true(queue_push(queue, &i));
        }
        assert_int_equal(queue_pop(queue, items, 2, 0), 2);
        assert_int_equal(items[0], 0);
        assert_int_equal(items[1], 1);
        assert_int_equal(queue_pop(queue, items, 4, 0), 1);
        assert_int_equal(items[0], 2);
    }
    queue_free(&queue);
    assert_null(queue);
}

static void a_full_queue_takes_nothing_more(void **state)
{
    (void)state;
    struct queue *queue = queue_new(sizeof(int), 2);
    int item = 1;

    assert_true(queue_push(queue, &item));
    assert_true(queue_push(queue, &item));
    assert_false(queue_push(queue, &item));
    assert_int_equal(queue_count(queue), 2);
    queue_free(&queue);
}

static void an_ended_queue_can_be_emptied_but_not_filled(void **state)
{
    (void)state;
    struct queue *queue = queue_new(sizeof(int), 2);
    int item = 7;

    assert_true(queue_push(queue, &item));
    queue_end(queue);
    assert_false(queue_push(queue, &item));
    assert_false(queue_ended(queue));
    assert_int_equal(queue_pop(queue, &item, 1, 1000), 1);
    assert_true(queue_ended(queue));
    assert_int_equal(queue_pop(queue, &item, 1, 100000), 0);
    queue_free(&queue);
}

enum { PRODUCERS = 4, EACH = 5000 };

static void *produce(void *context)
{
    struct queue *queue = context;
    for (int i = 0; i < EACH; i++) {
        while (!queue_push(queue, &i)) {
        }
    }
    return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
    (void)state;
    struct queue *queue = queue_new(sizeof(int), 64);
    pthread_t threads[PRODUCERS];
    int items[16];
    long sum = 0;

    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, produce, queue), 0);
    }
    for (size_t taken = 0; taken < (size_t)PRODUCERS * EACH;) {
        size_t count = queue_pop(queue, items, 16, 1000);
        for (size_t i = 0; i < count; i++) {
            sum += items[i];
        }
        taken += count;
    }
    for (int i = 0; i < PRODUCERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(sum, (long)PRODUCERS * EACH * (EACH - 1) / 2);
    queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_the_order_they_went_in),
        cmocka_unit_test(a_full_queue_takes_nothing_more),
        cmocka_unit_test(an_ended_queue_can_be_emptied_but_not_filled),
        cmocka_unit_test(nothing_is_lost_between_threads),
    };
    return RUN_TESTS(tests);
}
