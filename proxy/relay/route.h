/**
 * Where a request belongs: route, features, login role.
 *
 * Layer: relay. Pure look-up in the site. Where a path has two readings (an encoded
 * slash), gate and requirements of both apply.
 */
#pragma once

#include "guard/evidence.h"
#include "http/head.h"
#include "http/path.h"
#include "relay/site.h"

enum route_outcome {
    ROUTE_BAD_PATH, /**< Two readings, and the route does not say encoded_slash: keep. */
    ROUTE_UNKNOWN_HOST,
    ROUTE_FOUND,
};

struct routed {
    const struct route *route;
    unsigned index;
    uint64_t features;              /**< Slots of the features that the path is in. */
    struct requirement requirement; /**< Of both readings. */
    enum asker_role role;
};

/** `host`: without port; `path` normalised. `out` is filled with ROUTE_FOUND. */
enum route_outcome route_find(const struct site *site, struct span host,
                              const struct head *request, const struct path *path,
                              struct routed *out);

/** The route of one reading of a path; NULL: the host is not known. */
const struct route *route_first(const struct site *site, struct span host,
                                struct span path);

/** The settings of the first feature in `mask`; NULL when none is configured. */
const struct feature_settings *route_feature(const struct site *site, uint64_t mask);
