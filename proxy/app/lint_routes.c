#include <string.h>

#include "app/cover.h"
#include "app/lint.h"
#include "app/personal.h"
#include "http/host.h"
#include "http/path_pattern.h"

static bool overlap(const struct path_pattern *a, const struct path_pattern *b)
{
    return path_pattern_covers(a, b) || path_pattern_covers(b, a);
}

/* The routes that were written: `/ **` may be implied at the end. */
static size_t written_count(const struct loader *loader)
{
    const struct node *list = node_find(loader->root, SPAN("routes"));

    return list != NULL ? list->count : 0;
}

static bool is_in_feature(const struct site *site, const struct route *route)
{
    for (size_t i = 0; i < site->feature_count; i++) {
        for (size_t k = 0; k < site->features[i].path_count; k++) {
            if (overlap(site->features[i].paths[k], route->path)) {
                return true;
            }
        }
    }
    return false;
}

static bool host_is_known(const struct site *site, const char *host)
{
    for (size_t i = 0; i < site->host_count; i++) {
        if (host_matches(span_of(site->hosts[i]), span_of(host)) ||
            host_matches(span_of(host), span_of(site->hosts[i]))) {
            return true;
        }
    }
    return site->host_count == 0;
}

static void lint_personal(struct loader *loader, const struct route *route,
                          const struct node *item)
{
    bool shows = route->shows != NULL && route->shows[0] != '\0';

    if (shows) {
        report_warning(loader->report, loader_place(loader, item, "shows"),
                       "`%s` shows personal data and requires no marker: a page of "
                       "somebody else without one passes; add `require`",
                       route->pattern);
    } else if (personal_path(span_of(route->pattern))) {
        report_warning(loader->report, loader_place(loader, item, "path"),
                       "`%s` looks personal and requires no marker: a page of somebody "
                       "else without one passes; add `require`",
                       route->pattern);
    }
}

static void lint_route(struct loader *loader, const struct route *route,
                       const struct node *item)
{
    const struct site *site = &loader->snapshot->site;
    const struct requirement *requirement = &route->requirement;

    if (route->host != NULL && !host_is_known(site, route->host)) {
        report_warning(loader->report, loader_place(loader, item, "host"),
                       "`%s` is not in `hosts`: its requests get 421 and never come to "
                       "this route; add it there",
                       route->host);
    }
    if (requirement->observe && !site->observe) {
        report_warning(loader->report, loader_place(loader, item, "mode"),
                       "`%s` only observes: what is found there is delivered all the "
                       "same; remove `mode: observe` once it is known",
                       route->pattern);
    }
    if (requirement->require_mask == 0) {
        if (requirement->unmarked == UNMARKED_REFUSE) {
            report_warning(loader->report, loader_place(loader, item, "unmarked"),
                           "`unmarked: refuse` is without effect: `%s` requires no "
                           "marker; name it in `require`",
                           route->pattern);
        }
        lint_personal(loader, route, item);
        return;
    }
    if (requirement->unmarked == UNMARKED_RELEASE) {
        report_warning(loader->report, loader_place(loader, item, "require"),
                       "`%s` requires a marker and releases pages without it: those are "
                       "not judged; set `unmarked: refuse` once coverage is 1",
                       route->pattern);
    }
    if (!is_in_feature(site, route)) {
        report_warning(loader->report, loader_place(loader, item, "path"),
                       "`%s` is in no feature: it stays up while `login` is down; add "
                       "it to the paths of one",
                       route->pattern);
    }
}

static bool is_request(const struct request_patterns *patterns,
                       const struct path_pattern *path)
{
    for (size_t i = 0; i < patterns->count; i++) {
        if (overlap(patterns->items[i].path, path)) {
            return true;
        }
    }
    return false;
}

/* A path that goes down with the login is for people who have logged in. */
static void lint_login_path(struct loader *loader, const struct path_pattern *path,
                            struct place place)
{
    const struct site *site = &loader->snapshot->site;

    if (is_request(&site->login.request, path) || is_request(&site->login.logout, path) ||
        is_request(&site->login.callback, path)) {
        return;
    }
    for (size_t i = 0; i < site->route_count; i++) {
        if (site->routes[i].requirement.require_mask != 0 &&
            overlap(site->routes[i].path, path)) {
            return;
        }
    }
    report_warning(loader->report, place,
                   "`%.*s%s` is behind the login and no route there requires a marker: "
                   "a page of somebody else without one passes; add a route with "
                   "`require`",
                   SPAN_ARGS(path->text), path->below ? "/**" : "");
}

static bool is_in_login(const struct site *site, const struct path_pattern *path)
{
    bool known = false;

    for (size_t i = 0; i < site->feature_count; i++) {
        const struct feature_settings *feature = &site->features[i];
        bool login = strcmp(feature->name, "login") == 0;
        known = known || (login && feature->path_count > 0);
        for (size_t k = 0; login && k < feature->path_count; k++) {
            if (overlap(feature->paths[k], path)) {
                return true;
            }
        }
    }
    return !known;
}

/* While `login` is down these get 503 wherever they are, but the form is still shown. */
static void lint_login_requests(struct loader *loader,
                                const struct request_patterns *patterns, struct span name)
{
    const struct node *map = node_find(loader->root, SPAN("login"));
    const struct node *list = map != NULL ? node_find(map, name) : NULL;

    for (size_t i = 0; i < patterns->count; i++) {
        const struct path_pattern *path = patterns->items[i].path;
        if (!is_in_login(&loader->snapshot->site, path)) {
            const struct node *item = loader_item(list, i);
            report_warning(loader->report,
                           item != NULL ? item->place
                                        : loader_place(loader, map, "request"),
                           "`%.*s%s` logs in and is in no path of feature `login`: what "
                           "leads there stays up while `login` is down; add it to them",
                           SPAN_ARGS(path->text), path->below ? "/**" : "");
        }
    }
}

/* Whether some route that was written is about these paths. */
static bool is_reached(const struct loader *loader,
                       const struct feature_settings *feature)
{
    const struct site *site = &loader->snapshot->site;

    for (size_t i = 0; i < written_count(loader); i++) {
        for (size_t k = 0; k < feature->path_count; k++) {
            if (overlap(site->routes[i].path, feature->paths[k])) {
                return true;
            }
        }
    }
    return false;
}

static void lint_features(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("features"));

    for (size_t i = 0; i < site->feature_count; i++) {
        const struct feature_settings *feature = &site->features[i];
        const struct node *item = loader_item(list, i);
        const struct node *paths = item != NULL ? node_find(item, SPAN("paths")) : NULL;
        bool login = strcmp(feature->name, "login") == 0;
        if (!login && !is_reached(loader, feature)) {
            report_warning(loader->report, loader_place(loader, item, "paths"),
                           "no route is within the paths of feature `%s`: nothing found "
                           "there can take it down; name the paths of a route",
                           feature->name);
        }
        for (size_t k = 0; login && k < feature->path_count; k++) {
            const struct node *path = loader_item(paths, k);
            lint_login_path(loader, feature->paths[k],
                            path != NULL ? path->place
                                         : loader_place(loader, item, "paths"));
        }
    }
}

void lint_routes(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("routes"));

    for (size_t i = 0; i < written_count(loader); i++) {
        lint_route(loader, &site->routes[i], loader_item(list, i));
    }
    lint_features(loader);
    lint_login_requests(loader, &loader->snapshot->site.login.request, SPAN("request"));
    lint_login_requests(loader, &loader->snapshot->site.login.callback, SPAN("callback"));
}
