/**
 * The parameters of a field such as Content-Disposition, read strictly.
 *
 * Layer: http. Pure, no allocation. For where another reader must not see others than we
 * do: whatever two readers could take differently is an error. RFC 9110 section 5.6.6.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum parameters_result {
    PARAMETERS_BAD, /**< Not `; token=token` or `; token="text"`. */
    PARAMETERS_NEXT,
    PARAMETERS_END,
};

struct parameter {
    struct span name;
    struct span value; /**< Without its quotes. A `\` in it is as it came. */
};

/**
 * Takes the next parameter off `rest_p`, which begins with its `;`, or is empty. Empty
 * ones are passed over.
 *
 * A quoted value ends at its first `"`, and must not have a `\` right before that: the
 * quote may be meant as a part of it. A value that begins with `'` is no token here.
 */
enum parameters_result parameters_next(struct span *rest_p, struct parameter *out);
