/**
 * The receivers of alerts of one configuration, copied out of it.
 *
 * Layer: notify. Owned by the notifier; secrets are wiped when it is freed.
 */
#pragma once

#include "base/check.h"
#include "notify/alert.h"
#include "record/recorder.h"

struct receivers {
    unsigned count;
    struct alert_settings items[RECORDER_ALERTS_MAX];
};

/** NULL: memory, or more than RECORDER_ALERTS_MAX. */
struct receivers *receivers_new(const struct alert_settings *alerts, unsigned count);

/** Sets NULL. NULL is fine. */
void receivers_free(struct receivers **self_p);

/** Tells the recorder what each of `alerts` wants. False: memory, or its queue is full.
 */
MUST_USE bool receivers_announce(struct recorder *recorder,
                                 const struct alert_settings *alerts, unsigned count);
