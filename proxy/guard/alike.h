/**
 * Two names that differ: may they be spellings of one?
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation. Who types his name in another way
 * than the site marks it must not look like somebody else.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/**
 * True when both may be spellings of one name, or when the two can not be compared:
 *
 * - case and punctuation apart they are equal, or one is a whole part of the other
 *   (`aoki` of `CORP\aoki` or of `aoki@example.com`; not `user1` of `user12`);
 * - numbers: equal but for leading zeros;
 * - beyond ASCII: the ideographs of one are a part of the other's, or one has none.
 *   Other letters have case, width and accents that sites compare in their own ways;
 * - a mail address, a number and a word are different kinds of names.
 */
bool alike_names(struct span a, struct span b);
