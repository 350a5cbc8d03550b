/**
 * Checks of the configuration's grants.
 *
 * Layer: app. Inside of loader_check().
 */
#pragma once

#include "app/loader.h"

/** Reports contradictions, and what is wrong with a source as it is now. */
void config_grants_check(struct loader *loader);
