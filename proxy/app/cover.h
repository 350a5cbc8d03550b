/**
 * Whether one route takes everything that another one would.
 *
 * Layer: app. Pure. For routes that can never match, and for comparing two lists of
 * routes.
 */
#pragma once

#include "relay/site.h"

/** True when whatever comes to `later` is taken by `earlier`. */
bool cover_route(const struct route *earlier, const struct route *later);

/** The first route of `site` that takes all of `route`; NULL: none does. */
const struct route *cover_find(const struct site *site, const struct route *route);
