/**
 * Who asked a proxy, as it says in `Forwarded` or `X-Forwarded-For`: from the end,
 * because only what the nearest proxies wrote can be believed.
 *
 * Layer: http. Pure. RFC 7239.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/**
 * Takes the last item off a list of hops. False: nothing is left.
 *
 * `hop_out`: its address without port and brackets, empty where it names none.
 */
bool forwarded_last(struct span *hops_p, struct span *hop_out);

/** The same for `X-Forwarded-For`, whose items are addresses and nothing else. */
bool forwarded_last_plain(struct span *hops_p, struct span *hop_out);
