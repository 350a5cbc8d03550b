#include <string.h>

#include "app/crossing.h"
#include "app/difference_private.h"
#include "http/path_pattern.h"

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

static void compare_trial(struct comparison *self, const struct feature_settings *before,
                          const struct feature_settings *after)
{
    for (size_t i = 0; i < after->trial_count; i++) {
        if (!difference_has_network(before->trial, before->trial_count,
                                    &after->trial[i])) {
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

static bool demands(const struct route *route)
{
    return route->requirement.require_mask != 0 || route->requirement.echo_expected;
}

/* `before` handled what `after` handles now. */
static void compare_route(struct comparison *self, const struct route *before,
                          const struct route *after, const char *where)
{
    bool mode_told = self->after->site->observe && !self->before->site->observe;

    if (!after->requirement.observe) {
        compare_demands(self, before, after, where);
    } else if (!mode_told) {
        difference_say(self, "`%s` is only observed", "`%s` is enforced", where);
    }
    difference_moved(self, before, after, demands(before), where);
}

/* Of each request that another route handles now, or the same one as it is now. */
static void compare_routes(struct comparison *self, const struct crossing *crossing)
{
    const struct site *before = self->before->site;
    const struct site *after = self->after->site;
    char where[CROSSING_TEXT_MAX];

    for (size_t i = 0; i < before->route_count; i++) {
        const struct route *from = &before->routes[i];
        for (size_t k = 0; !from->requirement.observe && k < after->route_count; k++) {
            const struct route *to = &after->routes[k];
            if (crossing_find(crossing, from, to, where)) {
                compare_route(self, from, to, where);
            }
        }
    }
}

void difference_routes(struct comparison *self)
{
    struct crossing *crossing = crossing_new(self->before->site, self->after->site);

    compare_features(self);
    if (crossing != NULL) {
        compare_routes(self, crossing);
    } else {
        difference_say_once(self, "there is no memory to compare the routes");
    }
    crossing_free(&crossing);
}
