/**
 * Does a new configuration protect less than the one in force?
 *
 * Layer: app. A reload by signal must never weaken protection unseen (I6): it is refused,
 * with every reason; an operator may do it by `countermark reload`, and then each reason
 * is a warning, which is logged. Routes are compared by what handles the same paths, not
 * by their texts, so that a new route before a guarded one is seen as well.
 */
#pragma once

#include "app/config.h"

/**
 * Adds what is weaker, and what cannot be changed while running, to `report`.
 *
 * False: it must not come into force. A feature that is down can never be removed.
 */
bool weaker_check(const struct config *in_force, const struct config *next,
                  const struct feature_table *features, bool weaker_allowed,
                  struct report *report);
