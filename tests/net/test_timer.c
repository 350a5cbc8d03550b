#include <limits.h>
#include <string.h>

#include "net/timer.h"
#include "support/test.h"

enum {
    START = 1000003,
    MANY = 500,
};

struct alarm {
    struct deadline deadline;
    struct wheel *wheel;
    const uint64_t *now_ms;
    uint64_t fired_ms; /* 0: not yet. */
    int count;
    uint64_t again_ms; /* Set again this much later when it fires; 0: not. */
    struct deadline *removes;
};

static void on_due(struct deadline *deadline)
{
    struct alarm *self = LIST_ENTRY(deadline, struct alarm, deadline);

    self->fired_ms = *self->now_ms;
    self->count++;
    if (self->again_ms > 0) {
        deadline_set(deadline, self->wheel, *self->now_ms + self->again_ms);
    }
    if (self->removes != NULL) {
        deadline_remove(self->removes);
    }
}

static struct alarm alarm_of(struct wheel *wheel, const uint64_t *now_ms)
{
    return (struct alarm){
        .deadline = {.on_due = on_due}, .wheel = wheel, .now_ms = now_ms};
}

static uint32_t next_random(uint32_t *seed_p)
{
    *seed_p = *seed_p * 1664525 + 1013904223;
    return *seed_p >> 8;
}

static void deadline_fires_once_never_early_and_a_tick_late_at_most(void **state)
{
    (void)state;
    static struct wheel wheel;
    static struct alarm alarms[MANY];
    uint64_t now = START;
    uint64_t due[MANY];
    uint32_t seed = 7;

    wheel_init(&wheel, now);
    for (size_t i = 0; i < MANY; i++) {
        alarms[i] = alarm_of(&wheel, &now);
        due[i] = now + next_random(&seed) % 200000;
        deadline_set(&alarms[i].deadline, &wheel, due[i]);
    }
    while (now < START + 210000) {
        now += next_random(&seed) % WHEEL_TICK_MS;
        assert_true(wheel_turn(&wheel, now, UINT_MAX));
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(alarms[i].count, 1);
        assert_true(alarms[i].fired_ms >= due[i]);
        assert_true(alarms[i].fired_ms <= due[i] + 3 * (uint64_t)WHEEL_TICK_MS);
    }
}

static void deadline_that_moves_fires_at_its_last_time(void **state)
{
    (void)state;
    static struct wheel wheel;
    uint64_t now = START;
    struct alarm later = alarm_of(&wheel, &now);
    struct alarm sooner = alarm_of(&wheel, &now);

    wheel_init(&wheel, now);
    deadline_set(&later.deadline, &wheel, now + 1000);
    deadline_set(&later.deadline, &wheel, now + 5000);
    deadline_set(&sooner.deadline, &wheel, now + 5000);
    deadline_set(&sooner.deadline, &wheel, now + 1000);
    for (; now < START + 6000; now += 10) {
        assert_true(wheel_turn(&wheel, now, UINT_MAX));
    }
    assert_in_range(later.fired_ms, START + 5000, START + 5000 + 2 * WHEEL_TICK_MS);
    assert_in_range(sooner.fired_ms, START + 1000, START + 1000 + 2 * WHEEL_TICK_MS);
    assert_int_equal(later.count + sooner.count, 2);
}

static void deadline_that_is_cleared_does_not_fire(void **state)
{
    (void)state;
    static struct wheel wheel;
    uint64_t now = START;
    struct alarm cleared = alarm_of(&wheel, &now);
    struct alarm removed = alarm_of(&wheel, &now);
    struct alarm set_again = alarm_of(&wheel, &now);

    wheel_init(&wheel, now);
    deadline_set(&cleared.deadline, &wheel, now + 500);
    deadline_set(&removed.deadline, &wheel, now + 500);
    deadline_set(&set_again.deadline, &wheel, now + 500);
    deadline_clear(&cleared.deadline);
    deadline_remove(&removed.deadline);
    memset(&removed, 0xff, sizeof(removed)); /* Its memory is another's now. */
    deadline_clear(&set_again.deadline);
    deadline_set(&set_again.deadline, &wheel, now + 700);
    for (; now < START + 2000; now += 10) {
        assert_true(wheel_turn(&wheel, now, UINT_MAX));
    }
    assert_int_equal(cleared.count, 0);
    assert_int_equal(set_again.count, 1);
}

static void deadline_may_be_set_and_removed_by_one_that_fires(void **state)
{
    (void)state;
    static struct wheel wheel;
    uint64_t now = START;
    struct alarm first = alarm_of(&wheel, &now);
    struct alarm second = alarm_of(&wheel, &now);

    wheel_init(&wheel, now);
    first.again_ms = 300;
    first.removes = &second.deadline;
    deadline_set(&first.deadline, &wheel, now + 100);
    deadline_set(&second.deadline, &wheel, now + 100);
    for (; now < START + 1000; now += 5) {
        assert_true(wheel_turn(&wheel, now, UINT_MAX));
    }
    assert_in_range(first.count, 2, 3);
    assert_int_equal(second.count, 0);
}

/* A machine that slept: what is due fires at once, what is not keeps its time. */
struct order {
    struct alarm *fired[MANY];
    size_t count;
};

static struct order order;

static void on_due_in_order(struct deadline *deadline)
{
    order.fired[order.count++] = LIST_ENTRY(deadline, struct alarm, deadline);
}

/* Some moved to later while they wait for their turn, some cleared, some removed. */
static void deadlines_past_what_may_fire_at_once_wait_for_the_next_call(void **state)
{
    (void)state;
    static struct wheel wheel;
    static struct alarm alarms[MANY];
    uint64_t now = START;
    size_t calls = 0;

    order.count = 0;
    wheel_init(&wheel, now);
    for (size_t i = 0; i < MANY; i++) {
        alarms[i] = alarm_of(&wheel, &now);
        alarms[i].deadline.on_due = on_due_in_order;
        deadline_set(&alarms[i].deadline, &wheel, now + (i < MANY / 2 ? 500 : 900));
    }
    now += 1500;
    assert_false(wheel_turn(&wheel, now, 3));
    assert_int_equal(order.count, 3);
    deadline_clear(&alarms[3].deadline);
    deadline_remove(&alarms[4].deadline);
    deadline_set(&alarms[5].deadline, &wheel, now + 500);
    for (bool done = false; !done; calls++) {
        size_t before = order.count;
        done = wheel_turn(&wheel, now, 3);
        assert_true(done || order.count - before == 3);
    }
    assert_int_equal(order.count, MANY - 3);
    assert_int_equal(calls, (MANY - 3) / 3);
    for (size_t i = 3; i < order.count; i++) {
        assert_ptr_equal(order.fired[i], &alarms[i + 3]);
    }
    assert_true(wheel_turn(&wheel, now + 1000, 3));
    assert_ptr_equal(order.fired[MANY - 3], &alarms[5]);
    assert_int_equal(order.count, MANY - 2);
}

static void deadlines_that_always_lag_behind_are_all_fired(void **state)
{
    (void)state;
    static struct wheel wheel;
    static struct alarm alarms[MANY];
    const uint64_t turn = WHEEL_SLOTS * (uint64_t)WHEEL_TICK_MS;
    uint64_t now = START;
    uint32_t seed = 11;

    wheel_init(&wheel, now);
    for (size_t i = 0; i < MANY; i++) {
        alarms[i] = alarm_of(&wheel, &now);
        deadline_set(&alarms[i].deadline, &wheel, now + 1 + next_random(&seed) % 50000);
    }
    for (size_t i = 0; i < MANY; i++) {
        now += next_random(&seed) % (i % 100 == 0 ? 2 * turn : WHEEL_TICK_MS);
        (void)wheel_turn(&wheel, now, 1);
    }
    while (!wheel_turn(&wheel, now, 1)) {
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(alarms[i].count, 1);
    }
}

static void deadline_keeps_its_time_after_a_long_stop(void **state)
{
    (void)state;
    const uint64_t turn = WHEEL_SLOTS * (uint64_t)WHEEL_TICK_MS;

    for (uint64_t extra = 0; extra < 2 * turn; extra += turn / 7) {
        static struct wheel wheel;
        uint64_t now = START;
        uint64_t woken = START + turn + extra;
        struct alarm past = alarm_of(&wheel, &now);
        struct alarm ahead = alarm_of(&wheel, &now);

        wheel_init(&wheel, now);
        deadline_set(&past.deadline, &wheel, START + 5000);
        deadline_set(&ahead.deadline, &wheel, woken + 10000);
        now = woken;
        assert_true(wheel_turn(&wheel, now, UINT_MAX));
        assert_int_equal(past.count, 1);
        assert_int_equal(ahead.count, 0);
        for (; ahead.count == 0 && now < woken + 100000; now += WHEEL_TICK_MS / 2) {
            assert_true(wheel_turn(&wheel, now, UINT_MAX));
        }
        assert_in_range(ahead.fired_ms, woken + 10000,
                        woken + 10000 + 2 * (uint64_t)WHEEL_TICK_MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_fires_once_never_early_and_a_tick_late_at_most),
        cmocka_unit_test(deadline_that_moves_fires_at_its_last_time),
        cmocka_unit_test(deadline_that_is_cleared_does_not_fire),
        cmocka_unit_test(deadline_may_be_set_and_removed_by_one_that_fires),
        cmocka_unit_test(deadlines_past_what_may_fire_at_once_wait_for_the_next_call),
        cmocka_unit_test(deadlines_that_always_lag_behind_are_all_fired),
        cmocka_unit_test(deadline_keeps_its_time_after_a_long_stop),
    };
    return RUN_TESTS(tests);
}
