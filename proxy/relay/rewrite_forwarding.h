/**
 * The fields of a request that say who asked, through which proxies.
 *
 * Layer: relay. Pure. `X-Forwarded-*` as servers know them, and `Forwarded` (RFC 7239).
 */
#pragma once

#include "relay/rewrite.h"

/** Writes them: those of a trusted peer are kept and added to, any others forgotten. */
void rewrite_forwarding(const struct rewrite_request *self, struct writer *out);
