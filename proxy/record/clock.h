/**
 * The two clocks of the record's and the notifier's threads.
 *
 * Layer: record. Only these threads read clocks by themselves; all layers below are told
 * the time.
 */
#pragma once

#include <stdint.h>

/** Unix milliseconds. */
uint64_t clock_wall_ms(void);

/** Milliseconds of CLOCK_MONOTONIC, the clock of the loops. */
uint64_t clock_steady_ms(void);
