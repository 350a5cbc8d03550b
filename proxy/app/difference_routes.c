#include <string.h>

#include "app/cover.h"
#include "app/difference_private.h"
#include "http/path_pattern.h"
#include "net/address.h"

static const struct feature_settings *find_feature(const struct site *site,
                                                   const char *name)
{
    for (size_t i = 0; i < site->feature_count; i++) {
        if (strcmp(site->features[i].name, name) == 0) {
            return &site->features[i];
        }
    }
    return NULL;
}

static bool has_path(const struct feature_settings *feature,
                     const struct path_pattern *path)
{
    for (size_t i = 0; i < feature->path_count; i++) {
        if (path_pattern_covers(feature->paths[i], path)) {
            return true;
        }
    }
    return false;
}

/* All of `narrow` is in one network of `feature`. */
static bool lets_through(const struct feature_settings *feature,
                         const struct network *narrow)
{
    struct address first = {0};

    memcpy(first.bytes, narrow->address, sizeof(first.bytes));
    for (size_t i = 0; i < feature->trial_count; i++) {
        const struct network *wide = &feature->trial[i];
        if (wide->prefix_len <= narrow->prefix_len &&
            address_in(&first, wide->address, wide->prefix_len)) {
            return true;
        }
    }
    return false;
}

static void compare_trial(struct comparison *self, const struct feature_settings *before,
                          const struct feature_settings *after)
{
    for (size_t i = 0; i < after->trial_count; i++) {
        if (!lets_through(before, &after->trial[i])) {
            difference_say(self, "more clients get through a trial of feature `%s`",
                           "fewer clients get through a trial of feature `%s`",
                           before->name);
            return;
        }
    }
}

static void compare_feature(struct comparison *self,
                            const struct feature_settings *before,
                            const struct feature_settings *after)
{
    const struct take_down_policy *old = &before->take_down;
    const struct take_down_policy *new = &after->take_down;

    for (size_t i = 0; i < before->path_count; i++) {
        const struct path_pattern *path = before->paths[i];
        if (!has_path(after, path)) {
            difference_say(self, "feature `%s` is without `%.*s%s`",
                           "feature `%s` also has `%.*s%s`", before->name,
                           SPAN_ARGS(path->text), path->below ? "/**" : "");
        }
    }
    if (new->cases > old->cases || new->within_ms < old->within_ms ||
        (old->weak_cases != 0 &&
         (new->weak_cases == 0 || new->weak_cases > old->weak_cases))) {
        difference_say(self, "feature `%s` is taken down later",
                       "feature `%s` is taken down earlier", before->name);
    }
    compare_trial(self, before, after);
}

static void compare_features(struct comparison *self)
{
    const struct site *before = self->before->site;

    for (size_t i = 0; i < before->feature_count; i++) {
        const struct feature_settings *feature = &before->features[i];
        const struct feature_settings *other =
            find_feature(self->after->site, feature->name);
        if (other != NULL) {
            compare_feature(self, feature, other);
        } else {
            difference_say(self, "feature `%s` is gone", "feature `%s` is new",
                           feature->name);
        }
    }
}

/* The classes that `before` asks for by name and `after` does not. */
static void compare_required(struct comparison *self, const struct requirement *before,
                             const struct requirement *after, const char *where)
{
    const struct site *site = self->before->site;

    for (size_t i = 0; i < site->class_count; i++) {
        struct span name = site->classes[i].name;
        size_t index = 0;
        bool asked = (before->require_mask >> i & 1U) != 0;
        bool asks = difference_find_class(self->after->site, name, &index) != NULL &&
                    (after->require_mask >> index & 1U) != 0;
        if (asked && !asks) {
            difference_say(self, "marker `%.*s` is not required on `%s`",
                           "marker `%.*s` is required on `%s`", SPAN_ARGS(name), where);
        }
    }
}

static void compare_demands(struct comparison *self, const struct route *before,
                            const struct route *after, const char *where)
{
    const struct requirement *old = &before->requirement;
    const struct requirement *new = &after->requirement;

    compare_required(self, old, new, where);
    if (old->require_mask != 0 && old->unmarked == UNMARKED_REFUSE &&
        new->unmarked == UNMARKED_RELEASE) {
        difference_say(self, "unmarked responses are released on `%s`",
                       "unmarked responses are refused on `%s`", where);
    }
    if (old->echo_expected && !new->echo_expected) {
        difference_say(self, "the echo is not expected on `%s`",
                       "the echo is expected on `%s`", where);
    }
    if (!before->websocket && after->websocket) {
        difference_say(self, "WebSockets are forwarded on `%s`",
                       "WebSockets are not forwarded on `%s`", where);
    }
    if (before->over_limit == OVER_LIMIT_REFUSE &&
        after->over_limit != OVER_LIMIT_REFUSE) {
        difference_say(self, "what is over `hold_max` is sent on `%s`",
                       "what is over `hold_max` is refused on `%s`", where);
    }
}

/* `before` handled what `after` handles now. */
static void compare_route(struct comparison *self, const struct route *before,
                          const struct route *after, const char *where)
{
    bool mode_told = self->after->site->observe && !self->before->site->observe;

    if (before->requirement.observe) {
        return; /* Nothing was withheld there. */
    }
    if (!after->requirement.observe) {
        compare_demands(self, before, after, where);
    } else if (!mode_told) {
        difference_say(self, "`%s` is only observed", "`%s` is enforced", where);
    }
}

static bool has_route(const struct site *site, const struct route *route)
{
    for (size_t i = 0; i < site->route_count; i++) {
        if (strcmp(site->routes[i].pattern, route->pattern) == 0 &&
            difference_same_text(site->routes[i].host, route->host)) {
            return true;
        }
    }
    return false;
}

void difference_routes(struct comparison *self)
{
    const struct site *before = self->before->site;
    const struct site *after = self->after->site;

    compare_features(self);
    for (size_t i = 0; i < before->route_count; i++) {
        const struct route *route = &before->routes[i];
        const struct route *now = cover_find(after, route);
        if (now != NULL) {
            compare_route(self, route, now, route->pattern);
        }
    }
    for (size_t i = 0; i < after->route_count; i++) {
        const struct route *route = &after->routes[i];
        const struct route *then = cover_find(before, route);
        if (then != NULL && !has_route(before, route)) {
            compare_route(self, then, route, route->pattern);
        }
    }
}
