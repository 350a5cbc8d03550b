/**
 * Deliveries counted by receiver and result.
 *
 * Layer: notify. The words of the label `result` are known here alone.
 */
#pragma once

#include "base/stats.h"
#include "notify/alert.h"
#include "record/recorder.h"

/** Every series of these receivers is there from now on, so that none begins with its
 * first event. `stats` may be NULL. */
void results_show(struct stats *stats, const struct alert_settings *alerts,
                  unsigned count);

/** One more try of `alert` ended so. `block`: the calling thread's, or NULL. */
void results_count(struct stats *stats, struct stats_block *block, const char *alert,
                   enum delivery_state state);
