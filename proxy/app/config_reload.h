/**
 * Whether a new configuration may take the place of the one in force.
 *
 * Layer: app. A reload never weakens protection silently (I6): what it takes away is told
 * as a warning, and what hides a feature that is down is an error.
 */
#pragma once

#include "app/config.h"

/**
 * Compares; `report` gets errors (keep the one in force) and warnings (for the log).
 * True when there is no error.
 */
bool config_reload_allowed(const struct config *now, const struct config *next,
                           const struct feature_table *features, struct report *report);
