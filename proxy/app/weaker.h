/**
 * Does a new configuration protect less than the one in force, and may it?
 *
 * Layer: app. A reload must never weaken protection unseen (I6): without somebody's
 * reason (`countermark reload --accept-weaker`) it is refused, with every line of the
 * difference; with it each is a warning, which is logged and kept.
 */
#pragma once

#include "app/difference.h"
#include "app/report.h"
#include "guard/feature.h"

/**
 * Adds the difference to `report`: what is weaker as errors, or as warnings when
 * `accepted`; the rest as notes.
 *
 * False: it must not come into force. A feature that is down can never be removed.
 */
bool weaker_check(const struct config *in_force, const struct config *next,
                  const struct feature_table *features, bool accepted,
                  struct report *report);
