#include "notify/schedule.h"

#include <stddef.h>

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
    DAY_MS = 24 * HOUR_MS,
};

static const uint64_t GIVE_UP_AFTER_MS = UINT64_C(3) * DAY_MS;

/* The wait before try 2, 3 ...; the last one repeats. */
static const uint64_t WAITS_MS[] = {
    5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS,
};

enum schedule_outcome schedule_judge(unsigned status)
{
    if (status >= 200 && status <= 299) {
        return SCHEDULE_DONE;
    }
    return status == 410 ? SCHEDULE_STOP : SCHEDULE_RETRY;
}

uint64_t schedule_next(uint64_t created_at_ms, uint64_t now_ms, unsigned tries,
                       uint64_t retry_after_ms, uint64_t random)
{
    size_t last = sizeof(WAITS_MS) / sizeof(*WAITS_MS) - 1;
    size_t step = tries > 0 ? tries - 1 : 0;
    uint64_t wait = WAITS_MS[step < last ? step : last];

    wait = wait - wait / 10 + random % (wait / 5 + 1);
    if (retry_after_ms > DAY_MS) {
        retry_after_ms = DAY_MS;
    }
    if (wait < retry_after_ms) {
        wait = retry_after_ms;
    }
    uint64_t at = now_ms + wait;
    return at > created_at_ms + GIVE_UP_AFTER_MS ? 0 : at;
}
