#include "app/config_reload.h"

#include <string.h>

static const struct place RELOAD = {.source = "reload"};

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

static bool check_features(const struct config *now, const struct config *next,
                           const struct feature_table *features, struct report *report)
{
    bool good = true;

    for (size_t i = 0; i < now->site->feature_count; i++) {
        const struct feature_settings *feature = &now->site->features[i];
        if (find_feature(next->site, feature->name) != NULL) {
            continue;
        }
        if (feature_table_state(features, feature->slot) != FEATURE_UP) {
            report_error(
                report, RELOAD,
                "feature `%s` is down and cannot be removed or renamed; bring it "
                "up first",
                feature->name);
            good = false;
        } else {
            report_warning(report, RELOAD, "feature `%s` is gone", feature->name);
        }
    }
    return good;
}

static bool has_class(const struct site *site, struct span name)
{
    for (size_t i = 0; i < site->class_count; i++) {
        if (span_equal(site->classes[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void warn_classes(const struct site *now, const struct site *next,
                         struct report *report)
{
    for (size_t i = 0; i < now->class_count; i++) {
        if (!has_class(next, now->classes[i].name)) {
            report_warning(report, RELOAD, "marker class `%.*s` is gone",
                           SPAN_ARGS(now->classes[i].name));
        }
    }
}

static const struct route *find_route(const struct site *site, const char *pattern)
{
    for (size_t i = 0; i < site->route_count; i++) {
        if (strcmp(site->routes[i].pattern, pattern) == 0) {
            return &site->routes[i];
        }
    }
    return NULL;
}

static void warn_routes(const struct site *now, const struct site *next,
                        struct report *report)
{
    for (size_t i = 0; i < now->route_count; i++) {
        const struct route *route = &now->routes[i];
        const struct route *other = find_route(next, route->pattern);
        bool required = route->requirement.require_mask != 0;
        if (required && (other == NULL || other->requirement.require_mask == 0 ||
                         (route->requirement.unmarked == UNMARKED_REFUSE &&
                          other->requirement.unmarked != UNMARKED_REFUSE))) {
            report_warning(report, RELOAD, "route `%s` asks for less than before",
                           route->pattern);
        }
        if (other != NULL && !route->requirement.observe && other->requirement.observe &&
            now->observe == next->observe) {
            report_warning(report, RELOAD, "route `%s` is only observed now",
                           route->pattern);
        }
    }
}

bool config_reload_allowed(const struct config *now, const struct config *next,
                           const struct feature_table *features, struct report *report)
{
    if (!now->site->observe && next->site->observe) {
        report_warning(report, RELOAD, "the mode is now observe: nothing is withheld");
    }
    warn_classes(now->site, next->site, report);
    warn_routes(now->site, next->site, report);
    return check_features(now, next, features, report);
}
