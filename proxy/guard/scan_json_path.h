/**
 * Which JSON pointers fit the way to a value (RFC 6901), as sets of rows.
 *
 * Layer: guard, for guard/scan*.c only. Pure. Depth 0 is the outermost value.
 */
#pragma once

#include "guard/scan_markers.h"

/** Of `rows`, those that fit down to `depth`, the ones whose next segment names `key`. */
uint64_t json_path_below(const struct markers *markers, uint64_t rows, size_t depth,
                         struct span key);

/** Of `rows`, those that fit down to `depth`, the ones that have no further segment. */
uint64_t json_path_ends(const struct markers *markers, uint64_t rows, size_t depth);

/** A number of RFC 8259 section 6. */
bool json_path_is_number(struct span text);
