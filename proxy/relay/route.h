/**
 * Where a request belongs: route, features, login role.
 *
 * Layer: relay. Pure look-up in the site. Where a path has two readings (an encoded
 * slash), the route of the first one, as received, says whether that may be; gate and
 * requirements of both apply.
 */
#pragma once

#include "guard/evidence.h"
#include "http/head.h"
#include "http/path.h"
#include "relay/site.h"

enum route_outcome {
    ROUTE_BAD_PATH, /**< Two readings, and the first's route does not say `keep`. */
    ROUTE_UNKNOWN_HOST,
    ROUTE_FOUND,
};

struct routed {
    const struct route *route;
    unsigned index;
    unsigned other;                 /**< Of the other reading; `index` without one. */
    uint64_t features;              /**< Slots of the features that the path is in. */
    struct requirement requirement; /**< Of both readings. */
    enum asker_role role;           /**< By either reading. */
    bool logout_only;               /**< A logout by both. */
};

/** `host`: without port; `path` normalised. `out` is filled with ROUTE_FOUND. */
enum route_outcome route_find(const struct site *site, struct span host,
                              const struct head *request, const struct path *path,
                              struct routed *out);

/** True when a finding closed the route of either reading (`closed` of struct route). */
bool route_closed(const struct site *site, const struct routed *routed);

/** The routes of both readings are no longer closed. */
void route_open_again(const struct site *site, const struct routed *routed);

/** `websocket: allow` and `over_limit: stream` hold where both readings' routes say so.
 */
bool route_has_sockets(const struct site *site, const struct routed *routed);
bool route_may_stream(const struct site *site, const struct routed *routed);

/** The route of one reading of a path; NULL: the host is not known. */
const struct route *route_first(const struct site *site, struct span host,
                                struct span path);

/** The settings of the first feature in `mask`; NULL when none is configured. */
const struct feature_settings *route_feature(const struct site *site, uint64_t mask);
