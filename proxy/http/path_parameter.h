/**
 * Tokens that travel in the target: `;jsessionid=...` in a segment, `?name=...` in the
 * query.
 *
 * Layer: http. Pure, no allocation. Names are compared decoded, with case.
 */
#pragma once

#include "base/span.h"
#include "http/cookie.h"

/**
 * Looks for `;name=value` in any segment of the path.
 *
 * `value_out`: the first value, as received. Returns 0 when absent, 1, or 2 when there
 * are two different values.
 */
unsigned path_parameter_find(struct span target, struct span name,
                             struct span *value_out);

/**
 * Copies `target` to `buffer` (room for target.len bytes) without the parameters of the
 * path and of the query whose names `names` has. Returns the bytes written.
 */
size_t path_parameter_remove(struct span target, const struct cookie_names *names,
                             uint8_t *buffer);
