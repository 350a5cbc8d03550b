/**
 * Whether a name in a body could be taken for a wanted one by some server.
 *
 * Layer: http. Pure, no allocation. Servers read names differently: Go takes JSON members
 * in any case, PHP cuts leading blanks and what follows a NUL, and makes `_` of a blank,
 * `.` and `[`. Who asks for the one value of a field has to know of all that may be it.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

/**
 * True when `name`, decoded, is `wanted` or is folded to it: ASCII letters in any case
 * (and the two letters outside ASCII that fold to some), leading blanks cut, a blank, `.`
 * and `[` as `_`, ended by a NUL, and by a `[` where `wanted` has none.
 */
bool form_name_alike(struct span name, struct span wanted);
