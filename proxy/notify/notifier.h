/**
 * The thread that delivers alerts: reads what is due from the ledger, sends it, reports
 * the result to the recorder.
 *
 * Layer: notify. Made after the recorder, freed before it. Each receiver has its own
 * bound of running deliveries, so a slow one delays no other. The queue is on disk: what
 * is not reported as done is sent again after a restart, with the same webhook-id (I8).
 */
#pragma once

#include "base/check.h"
#include "base/err.h"
#include "notify/alert.h"
#include "record/recorder.h"
#include "record/state_dir.h"

struct notifier;
struct stats;

/** Opens its own reader of the ledger and hooks itself to `recorder` (not started yet).
 * `stats` may be NULL. */
MUST_USE enum err notifier_new(const struct state_dir *directory,
                               struct recorder *recorder, struct stats *stats,
                               struct notifier **self_out);

/** The receivers from now on, copied; also names them to the recorder. Any thread, also
 * before the start. False: more than RECORDER_ALERTS_MAX, or the recorder's queue is
 * full.
 */
MUST_USE bool notifier_configure(struct notifier *self,
                                 const struct alert_settings *alerts, unsigned count);

MUST_USE enum err notifier_start(struct notifier *self);

/** Ends the thread within a second; what is under way is sent again later. */
void notifier_free(struct notifier **self_p);
