/**
 * A point in time as people write it in a query: `2026-03-22`, `2026-03-22T17:00`,
 * `2026-03-22T17:00:05Z`, `2026-03-22T17:00:05+09:00`.
 *
 * Layer: admin. Without a zone it is the machine's own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

/** False: not a time, or before 1970. */
MUST_USE bool moment_parse(struct span text, uint64_t *unix_ms_out);
