/* An hour without receivers, in simulated time: the threads' clocks are this file's. */
#include "notify/receiver_case.h"
#include "record/clock.h"

enum {
    MINUTES = 60,
    AFTER_MINUTES_MAX = 3 * 60,
    REAL_MS_MAX = 20000, /* For one step, on whatever machine. */
};

static _Atomic(uint64_t) skipped_ms;

static uint64_t read_ms(clockid_t clock)
{
    struct timespec now;

    assert_int_equal(clock_gettime(clock, &now), 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000 +
           atomic_load(&skipped_ms);
}

uint64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

uint64_t clock_steady_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

static void skip_a_minute(void)
{
    atomic_fetch_add(&skipped_ms, 60000);
}

enum who { WELL, CLOSED, FAILING, BUSY, MOVED, GONE, MUTE, WHO_COUNT };

static const struct {
    const char *name;
    unsigned status;
} RECEIVERS[WHO_COUNT] = {
    [WELL] = {"well", 200}, [CLOSED] = {"closed", 200}, [FAILING] = {"failing", 500},
    [BUSY] = {"busy", 429}, [MOVED] = {"moved", 302},   [GONE] = {"gone", 410},
    [MUTE] = {"mute", 200},
};

struct hour {
    struct setup setup;
    struct receiver receivers[WHO_COUNT];
};

static void hour_begin(struct hour *self)
{
    *self = (struct hour){0};
    fixture_name(&self->setup.fixture);
    for (unsigned i = 0; i < WHO_COUNT; i++) {
        receiver_make(&self->receivers[i], RECEIVERS[i].status);
        name_alert(&self->setup.alerts[i], RECEIVERS[i].name, &self->receivers[i]);
        if (i != CLOSED) {
            receiver_listen(&self->receivers[i]);
        }
    }
    atomic_store(&self->receivers[BUSY].retry_after_s, MINUTES * 60);
    atomic_store(&self->receivers[MUTE].mute, true);
    setup_open(&self->setup, WHO_COUNT);
}

static void hour_end(struct hour *self)
{
    setup_close(&self->setup);
    for (unsigned i = 0; i < WHO_COUNT; i++) {
        receiver_stop(&self->receivers[i]);
    }
    fixture_remove(&self->setup.fixture);
}

/* One alert a minute; whoever is well has each before the next minute. */
static void pass_the_hour(struct hour *self)
{
    for (unsigned minute = 1; minute <= MINUTES; minute++) {
        assert_true(
            recorder_alert(self->setup.fixture.recorder, NULL, "ping", SPAN("{}")));
        assert_true(await_counter(&self->receivers[WELL].taken, minute, REAL_MS_MAX));
        assert_true(await_count(&self->receivers[BUSY], minute, REAL_MS_MAX));
        assert_true(await_count(&self->receivers[GONE], minute, REAL_MS_MAX));
        if (minute < MINUTES) {
            skip_a_minute();
        }
    }
}

static void all_are_well_again(struct hour *self)
{
    for (unsigned i = 0; i < WHO_COUNT; i++) {
        atomic_store(&self->receivers[i].status, 200);
        atomic_store(&self->receivers[i].retry_after_s, 0);
        atomic_store(&self->receivers[i].mute, false);
    }
    receiver_listen(&self->receivers[CLOSED]);
}

/* Until everybody has everything, or time is up. */
static bool come_after(struct hour *self, enum who who)
{
    for (unsigned minute = 0; minute < AFTER_MINUTES_MAX; minute++) {
        if (await_counter(&self->receivers[who].taken, MINUTES, 50)) {
            return true;
        }
        skip_a_minute();
    }
    return await_counter(&self->receivers[who].taken, MINUTES, REAL_MS_MAX);
}

static void an_hours_outage_loses_nothing_and_delays_nobody_else(void **state)
{
    static struct hour hour;
    (void)state;

    hour_begin(&hour);
    pass_the_hour(&hour);
    /* Nothing new; who is gone is asked once for each, who is busy not before its time,
     * who fails not more often than the schedule has it, a redirect leads nowhere. */
    assert_int_equal(atomic_load(&hour.receivers[BUSY].count), MINUTES);
    assert_int_equal(atomic_load(&hour.receivers[GONE].count), MINUTES);
    assert_in_range(atomic_load(&hour.receivers[FAILING].count), MINUTES, 4 * MINUTES);
    assert_int_equal(atomic_load(&hour.receivers[WELL].count), MINUTES);

    all_are_well_again(&hour);
    static const enum who late[] = {CLOSED, FAILING, BUSY, MOVED, MUTE};
    for (size_t i = 0; i < sizeof(late) / sizeof(*late); i++) {
        assert_true(come_after(&hour, late[i]));
    }
    assert_int_equal(atomic_load(&hour.receivers[GONE].taken), 0);
    assert_true(recorder_retry_deliveries(hour.setup.fixture.recorder, 0));
    assert_true(await_counter(&hour.receivers[GONE].taken, MINUTES, REAL_MS_MAX));
    for (unsigned i = 0; i < WHO_COUNT; i++) {
        assert_int_equal(atomic_load(&hour.receivers[i].taken), MINUTES);
        assert_int_equal(atomic_load(&hour.receivers[i].astray), 0);
    }
    setup_close(&hour.setup);
    fixture_shell(&hour.setup.fixture,
                  "test \"$(sqlite3 ledger.db 'SELECT state, count(*), count(DISTINCT "
                  "message), count(DISTINCT alert) FROM deliveries GROUP BY state')\" = "
                  "'done|420|60|7'");
    setup_open(&hour.setup, WHO_COUNT); /* For hour_end(). */
    hour_end(&hour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_hours_outage_loses_nothing_and_delays_nobody_else),
    };
    return RUN_TESTS(tests);
}
