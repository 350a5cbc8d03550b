#include "net/loop.h"
#include "net/mailbox.h"
#include "support/test.h"

struct stopper {
    struct deadline deadline;
    struct loop *loop;
};

static void on_due(struct deadline *deadline)
{
    loop_stop(LIST_ENTRY(deadline, struct stopper, deadline)->loop);
}

static void loop_runs_its_deadlines_until_it_is_stopped(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct stopper stopper = {.deadline = {.on_due = on_due}, .loop = loop};
    uint64_t start = loop_now_ms(loop);

    deadline_set(&stopper.deadline, loop_wheel(loop), start + 150);
    loop_run(loop);
    assert_in_range(loop_now_ms(loop) - start, 150, 2000);
    loop_free(&loop);
    assert_null(loop);
}

enum {
    CROWD = 500,
    CROWD_PER_ROUND = 16,
};

struct one_of_many {
    struct deadline deadline;
    struct loop *loop;
    uint64_t turn; /* In which it was due; 0: not yet. */
};

static void on_one_due(struct deadline *deadline)
{
    struct one_of_many *self = LIST_ENTRY(deadline, struct one_of_many, deadline);
    assert_int_equal(self->turn, 0);
    self->turn = loop_turn(self->loop) + 1;
}

/* The last of them is the stopper: whoever is not told of by then is forgotten. */
static void loop_looks_at_its_sockets_between_many_deadlines(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct stopper stopper = {.deadline = {.on_due = on_due}, .loop = loop};
    static struct one_of_many crowd[CROWD];
    uint64_t due = loop_now_ms(loop) + 100;

    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = (struct one_of_many){.deadline = {.on_due = on_one_due}, .loop = loop};
        deadline_set(&crowd[i].deadline, loop_wheel(loop), due);
    }
    deadline_set(&stopper.deadline, loop_wheel(loop), due);
    loop_run(loop);
    for (size_t i = 0; i < CROWD; i++) {
        assert_true(crowd[i].turn > 0);
    }
    for (size_t i = CROWD_PER_ROUND; i < CROWD; i++) {
        assert_true(crowd[i].turn > crowd[i - CROWD_PER_ROUND].turn);
    }
    loop_free(&loop);
}

static void loop_sleeps_from_tick_to_tick_when_nothing_is_due(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    struct stopper stopper = {.deadline = {.on_due = on_due}, .loop = loop};
    static struct one_of_many crowd[CROWD];
    uint64_t start = loop_now_ms(loop);

    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = (struct one_of_many){.deadline = {.on_due = on_one_due}, .loop = loop};
        deadline_set(&crowd[i].deadline, loop_wheel(loop), start + 100);
    }
    deadline_set(&stopper.deadline, loop_wheel(loop), start + 800);
    loop_run(loop);
    uint64_t ticks = (loop_now_ms(loop) - start) / WHEEL_TICK_MS + 2;
    assert_in_range(loop_turn(loop), 1, 2 * (ticks + CROWD / CROWD_PER_ROUND));
    loop_free(&loop);
}

static void loop_tells_the_wall_clock_between_its_reads(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    uint64_t first = loop_unix_ms(loop);
    uint64_t mono = loop_now_ms(loop);

    assert_true(first > UINT64_C(1600000000000));
    loop_step(loop);
    loop_step(loop);
    assert_int_equal(loop_unix_ms(loop) - first, loop_now_ms(loop) - mono);
    assert_true(loop_clock_us() > 0);
    loop_free(&loop);
}

static void loop_reads_its_clock_once_per_round(void **state)
{
    (void)state;
    struct loop *loop = loop_new();
    uint64_t before = loop_clock_us();
    uint64_t first = loop_round_us(loop);

    while (loop_clock_us() <= first) {
    }
    assert_true(first >= before);
    assert_int_equal(loop_round_us(loop), first);
    loop_step(loop);
    assert_true(loop_round_us(loop) > first);
    loop_free(&loop);
}

static void loop_free_of_nothing_is_fine(void **state)
{
    (void)state;
    struct loop *loop = NULL;
    loop_free(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loop_runs_its_deadlines_until_it_is_stopped),
        cmocka_unit_test(loop_looks_at_its_sockets_between_many_deadlines),
        cmocka_unit_test(loop_sleeps_from_tick_to_tick_when_nothing_is_due),
        cmocka_unit_test(loop_tells_the_wall_clock_between_its_reads),
        cmocka_unit_test(loop_reads_its_clock_once_per_round),
        cmocka_unit_test(loop_free_of_nothing_is_fine),
    };
    return RUN_TESTS(tests);
}
