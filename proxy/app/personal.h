/**
 * Whether a path looks like a page that shows somebody his own data.
 *
 * Layer: app. Pure. By words that sites use, as whole segments; for advice alone, never
 * for a verdict.
 */
#pragma once

#include "base/span.h"

/** `path`: a path or a pattern of one. */
bool personal_path(struct span path);
