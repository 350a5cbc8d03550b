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
        cmocka_unit_test(loop_tells_the_wall_clock_between_its_reads),
        cmocka_unit_test(loop_reads_its_clock_once_per_round),
        cmocka_unit_test(loop_free_of_nothing_is_fine),
    };
    return RUN_TESTS(tests);
}
