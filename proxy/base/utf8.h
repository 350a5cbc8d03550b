/**
 * Is this UTF-8?
 *
 * Layer: base. Pure. Well-formed as in Unicode table 3-7: no surrogates, nothing
 * overlong.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/** Length of the sequence at the front of `text` (not empty), 1 to 4; 0: ill-formed. */
size_t utf8_sequence_len(struct span text);

/** True when all of `text` is well-formed and holds no NUL. */
bool utf8_is_text(struct span text);
