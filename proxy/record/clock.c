#include "record/clock.h"

#include <time.h>

#include "base/check.h"

static uint64_t read_ms(clockid_t clock)
{
    struct timespec now;
    int result = clock_gettime(clock, &now);
    CHECK(result == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t clock_wall_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

uint64_t clock_steady_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}
