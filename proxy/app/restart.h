/**
 * What a reload cannot change: it is said, not left out silently.
 *
 * Layer: app. Sockets, threads and what is made once for all workers stay as they were at
 * the start of the process.
 */
#pragma once

#include "app/config.h"

/** Adds a warning to `report` for each key whose value at the start, `first`, stays. */
void restart_check(const struct config *first, const struct config *next,
                   struct report *report);
