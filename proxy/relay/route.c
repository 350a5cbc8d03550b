#include "relay/route.h"

#include "base/check.h"
#include "guard/claim.h"
#include "http/host.h"
#include "http/path_pattern.h"

static bool host_known(const struct site *site, struct span host)
{
    if (site->host_count == 0) {
        return true;
    }
    for (size_t i = 0; i < site->host_count; i++) {
        if (host_matches(span_of(site->hosts[i]), host)) {
            return true;
        }
    }
    return false;
}

/* Index of the first route that matches; the last one matches everything. */
static unsigned first_route(const struct site *site, struct span host, struct span path)
{
    for (unsigned i = 0; i + 1 < site->route_count; i++) {
        const struct route *route = &site->routes[i];
        if ((route->host == NULL || host_matches(span_of(route->host), host)) &&
            path_pattern_matches(route->path, path)) {
            return i;
        }
    }
    return (unsigned)site->route_count - 1;
}

const struct route *route_first(const struct site *site, struct span host,
                                struct span path)
{
    return host_known(site, host) ? &site->routes[first_route(site, host, path)] : NULL;
}

static uint64_t features_of(const struct site *site, struct span path)
{
    uint64_t mask = 0;

    for (size_t i = 0; i < site->feature_count; i++) {
        const struct feature_settings *feature = &site->features[i];
        for (size_t j = 0; j < feature->path_count; j++) {
            if (path_pattern_matches(feature->paths[j], path)) {
                mask |= UINT64_C(1) << feature->slot;
                break;
            }
        }
    }
    return mask;
}

static uint32_t staff_of(const struct site *site, struct span path)
{
    uint32_t mask = 0;

    for (size_t i = 0; i < site->staff_count && i < STAFF_RULES_MAX; i++) {
        const struct staff_rule *rule = &site->staff[i];
        for (size_t j = 0; j < rule->path_count; j++) {
            mask |= path_pattern_matches(rule->paths[j], path) ? UINT32_C(1) << i : 0;
        }
    }
    return mask;
}

static bool patterns_match(const struct request_patterns *patterns, struct span method,
                           struct span path)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const struct request_pattern *item = &patterns->items[i];
        if ((item->method == NULL || span_equal(span_of(item->method), method)) &&
            path_pattern_matches(item->path, path)) {
            return true;
        }
    }
    return false;
}

static bool path_logs_in(const struct login_policy *policy, struct span path)
{
    for (size_t i = 0; i < policy->request.count; i++) {
        if (path_pattern_matches(policy->request.items[i].path, path)) {
            return true;
        }
    }
    return false;
}

/* Some sites take a login by any method (a servlet's doGet that calls doPost). Not seen,
 * it would look like a mix-up of two users. A query without the name is a form that is
 * shown. */
static bool may_log_in(const struct login_policy *policy, const struct head *request,
                       struct span query)
{
    return request->framing != FRAMING_NONE || claim_in_query(policy->user_field, query);
}

/* `path`: one reading of it. */
static enum asker_role role_of(const struct login_policy *policy,
                               const struct head *request, struct span path,
                               struct span query)
{
    struct span method = request->method_text;

    if (patterns_match(&policy->request, method, path)) {
        return ROLE_LOGIN;
    }
    if (patterns_match(&policy->logout, method, path)) {
        return ROLE_LOGOUT;
    }
    if (patterns_match(&policy->callback, method, path)) {
        return ROLE_CALLBACK;
    }
    return path_logs_in(policy, path) && may_log_in(policy, request, query) ? ROLE_LOGIN
                                                                            : ROLE_NONE;
}

/* The stricter of both, member by member. */
static void add_requirement(struct requirement *self, const struct requirement *other)
{
    self->require_mask |= other->require_mask;
    if (other->unmarked == UNMARKED_REFUSE) {
        self->unmarked = UNMARKED_REFUSE;
    }
    self->echo_expected = self->echo_expected || other->echo_expected;
    self->observe = self->observe && other->observe;
}

/* Which rule is heard where the readings fall under different ones: as in role_of(). */
static enum asker_role either_role(enum asker_role once, enum asker_role full)
{
    if (once == ROLE_NONE || full == ROLE_NONE) {
        return once == ROLE_NONE ? full : once;
    }
    return once < full ? once : full;
}

static void add_reading(const struct site *site, const struct head *request,
                        const struct path *path, struct routed *out)
{
    enum asker_role role = role_of(&site->login, request, path->full, path->query);

    add_requirement(&out->requirement, &site->routes[out->other].requirement);
    out->requirement.staff_mask &= staff_of(site, path->full);
    out->features |= features_of(site, path->full);
    out->role = either_role(out->role, role);
    out->logout_only = out->logout_only && role == ROLE_LOGOUT;
}

enum route_outcome route_find(const struct site *site, struct span host,
                              const struct head *request, const struct path *path,
                              struct routed *out)
{
    CHECK(site->route_count > 0);
    if (!host_known(site, host)) {
        return ROUTE_UNKNOWN_HOST;
    }
    out->index = first_route(site, host, path->once);
    out->route = &site->routes[out->index];
    out->requirement = out->route->requirement;
    out->requirement.staff_mask = staff_of(site, path->once);
    out->features = features_of(site, path->once);
    out->role = role_of(&site->login, request, path->once, path->query);
    out->other = out->index;
    out->logout_only = out->role == ROLE_LOGOUT;
    if (!path->encoded) {
        return ROUTE_FOUND;
    }
    if (!out->route->encoded_slash_keep) {
        return ROUTE_BAD_PATH;
    }
    out->other = first_route(site, host, path->full);
    add_reading(site, request, path, out);
    return ROUTE_FOUND;
}

bool route_closed(const struct site *site, const struct routed *routed)
{
    return atomic_load_explicit(&site->routes[routed->index].closed,
                                memory_order_relaxed) ||
           atomic_load_explicit(&site->routes[routed->other].closed,
                                memory_order_relaxed);
}

void route_open_again(const struct site *site, const struct routed *routed)
{
    atomic_store(&site->routes[routed->index].closed, false);
    atomic_store(&site->routes[routed->other].closed, false);
}

bool route_has_sockets(const struct site *site, const struct routed *routed)
{
    return routed->route->websocket && site->routes[routed->other].websocket;
}

bool route_may_stream(const struct site *site, const struct routed *routed)
{
    return routed->route->over_limit == OVER_LIMIT_STREAM &&
           site->routes[routed->other].over_limit == OVER_LIMIT_STREAM;
}

const struct feature_settings *route_feature(const struct site *site, uint64_t mask)
{
    for (size_t i = 0; i < site->feature_count; i++) {
        if ((mask >> site->features[i].slot & 1) != 0) {
            return &site->features[i];
        }
    }
    return NULL;
}
