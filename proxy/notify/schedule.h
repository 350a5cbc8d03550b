/**
 * When an alert is tried again, and what an answer means.
 *
 * Layer: notify. Pure. 0 s, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h ... with jitter, for three
 * days (product section 14).
 */
#pragma once

#include <stdint.h>

enum schedule_outcome {
    SCHEDULE_RETRY, /**< Zero: not delivered, try again. */
    SCHEDULE_DONE,
    SCHEDULE_STOP, /**< 410: the receiver wants no more of it. */
};

/** `status` 0: no answer. 2xx is done, 410 stop, all else (3xx too) a retry. */
enum schedule_outcome schedule_judge(unsigned status);

/**
 * When the try after number `tries` (1: the first has failed) is due.
 *
 * `retry_after_ms`: what the receiver asked for, 0: nothing; honoured up to a day.
 * `random`: any 64 random bits; the wait is 90 to 110 % of the table's.
 * Returns 0 when it would be more than three days after `created_at_ms`: given up.
 */
uint64_t schedule_next(uint64_t created_at_ms, uint64_t now_ms, unsigned tries,
                       uint64_t retry_after_ms, uint64_t random);
