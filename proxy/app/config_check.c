/* What single values cannot tell: names, contradictions, what is missing (loader.h). */
#include <string.h>

#include "app/config_grants.h"
#include "app/cover.h"
#include "app/loader.h"
#include "http/path_pattern.h"

const struct node *loader_item(const struct node *list, size_t index)
{
    const struct node *item = list != NULL ? list->first : NULL;

    while (item != NULL && index-- > 0) {
        item = item->next;
    }
    return item;
}

struct place loader_place(const struct loader *loader, const struct node *map,
                          const char *key)
{
    const struct node *value = node_find(map, span_of(key));

    if (value != NULL) {
        return value->place;
    }
    CHECK(loader->root != NULL);
    return map != NULL ? map->place : loader->root->place;
}

static void check_unique(struct loader *loader, const char *what, const struct node *list)
{
    for (const struct node *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        const struct node *name = node_find(item, SPAN("name"));
        const struct node *other = list->first;
        while (name != NULL && other != item) {
            const struct node *earlier = node_find(other, SPAN("name"));
            if (earlier != NULL && span_equal(earlier->text, name->text)) {
                report_error(loader->report, name->place,
                             "a second %s is called `%.63s`, the first is at line %zu",
                             what, (const char *)name->text.ptr, earlier->place.line);
                break;
            }
            other = other->next;
        }
    }
}

static void check_names(struct loader *loader)
{
    const struct node *root = loader->root;

    check_unique(loader, "upstream", node_find(root, SPAN("upstreams")));
    check_unique(loader, "marker class", node_find(root, SPAN("markers")));
    check_unique(loader, "item of `grants`", node_find(root, SPAN("grants")));
    check_unique(loader, "feature", node_find(root, SPAN("features")));
    check_unique(loader, "alert", node_find(root, SPAN("alerts")));
    check_unique(loader, "token",
                 node_find(node_find(root, SPAN("admin")), SPAN("tokens")));
}

static bool same_address(const char *host, uint16_t port, const char *other_host,
                         uint16_t other_port)
{
    return host != NULL && other_host != NULL && port == other_port &&
           strcmp(host, other_host) == 0;
}

static void report_twice(struct loader *loader, const struct node *again,
                         const struct node *first, const struct listen_settings *listen)
{
    char port[16] = "";

    if (listen->path == NULL) {
        (void)snprintf(port, sizeof(port), " port %u", listen->port);
    }
    report_error(loader->report, loader_place(loader, again, "address"),
                 "address %s%s is already listened on, at line %zu", listen->host, port,
                 loader_place(loader, first, "address").line);
}

static void check_addresses(struct loader *loader)
{
    const struct config *config = &loader->snapshot->config;
    const struct node *list = node_find(loader->root, SPAN("listen"));

    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_settings *listen = &config->listens[i];
        for (size_t j = 0; j < i; j++) {
            const struct listen_settings *other = &config->listens[j];
            if (same_address(listen->host, listen->port, other->host, other->port)) {
                report_twice(loader, loader_item(list, i), loader_item(list, j), listen);
                break;
            }
        }
        if (same_address(listen->host, listen->port, config->admin.host,
                         config->admin.port)) {
            report_error(
                loader->report,
                loader_place(loader, node_find(loader->root, SPAN("admin")), "address"),
                "`admin.address` is also in `listen`");
        }
    }
}

static void check_routes(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("routes"));

    for (size_t i = 0; i < site->route_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (cover_route(&site->routes[j], &site->routes[i])) {
                struct place first = loader_place(loader, loader_item(list, j), "path");
                report_error(loader->report,
                             loader_place(loader, loader_item(list, i), "path"),
                             "route `%s` can never match: `%s` at %s:%zu:%zu comes first",
                             site->routes[i].pattern, site->routes[j].pattern,
                             first.source, first.line, first.column);
                break;
            }
        }
    }
}

static bool has_requester_class(const struct site *site)
{
    for (size_t i = 0; i < site->class_count; i++) {
        if (site->classes[i].must_be == MARKER_RULE_REQUESTER) {
            return true;
        }
    }
    return false;
}

static void check_login(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *login = node_find(loader->root, SPAN("login"));
    const struct node *rules = node_find(login, SPAN("success"));

    if (site->login.user_field != NULL && !has_requester_class(site)) {
        report_error(loader->report, loader_place(loader, login, "user_field"),
                     "`user_is: %s` needs a marker class with `must_be: requester`",
                     site->login.user_is_alias ? "alias" : "marker");
    }
    if (site->login.user_is_alias && site->login.user_field == NULL) {
        report_error(loader->report, loader_place(loader, login, "user_is"),
                     "`user_is: alias` needs `user_field`: where the login's name is");
    }
    if (site->login.user_field != NULL && site->login.request.count == 0) {
        report_error(loader->report, loader_place(loader, login, "user_field"),
                     "`user_field` needs `request`: which requests log in");
    }
    for (size_t i = 0; i < site->login.success_count; i++) {
        const struct success_rule *rule = &site->login.success[i];
        unsigned index = 0;
        if (rule->kind == SUCCESS_MARKER && rule->name != NULL) {
            (void)loader_class(loader, loader_item(rules, i), span_of(rule->name),
                               &index);
        }
    }
}

static bool has_login_feature(const struct site *site)
{
    for (size_t i = 0; i < site->feature_count; i++) {
        if (span_equal(span_of(site->features[i].name), SPAN("login"))) {
            return true;
        }
    }
    return false;
}

/* The first route that is enforced although the rest is only observed, or NULL. */
static const struct node *enforced_item(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("routes"));

    for (size_t i = 0; i < site->route_count; i++) {
        const struct node *item = loader_item(list, i);
        if (!site->routes[i].requirement.observe &&
            node_find(item, SPAN("mode")) != NULL) {
            return item;
        }
    }
    return NULL;
}

static void check_features(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;

    if (has_login_feature(site)) {
        return;
    }
    if (!site->observe) {
        report_error(loader->report, loader_place(loader, loader->root, "features"),
                     "no feature is called `login`, the one that findings take down; "
                     "name its paths in `features`, or set `mode: observe`");
        return;
    }
    const struct node *enforced = enforced_item(loader);
    if (enforced != NULL) {
        report_error(loader->report, loader_place(loader, enforced, "mode"),
                     "`mode: enforce` on a route needs a feature called `login`, the one "
                     "that findings take down");
    }
}

static void check_limits(struct loader *loader)
{
    const struct limits *limits = &loader->snapshot->site.limits;

    if (limits->hold_max > limits->hold_total_max) {
        report_error(loader->report, loader_place(loader, loader->root, "hold_max"),
                     "`hold_max` is more than `hold_total_max`");
    }
    if (limits->connections_per_address_max > limits->connections_max &&
        node_find(node_find(loader->root, SPAN("limits")),
                  SPAN("connections_per_address_max")) != NULL) {
        report_error(loader->report,
                     loader_place(loader, node_find(loader->root, SPAN("limits")),
                                  "connections_per_address_max"),
                     "`connections_per_address_max` is more than `connections_max`");
    }
}

/* A token that nothing carries, and two meanings of one field. */
static void check_credentials(struct loader *loader)
{
    const struct session_policy *session = &loader->snapshot->site.session;
    const struct node *map = node_find(loader->root, SPAN("session"));
    const struct node *jwt = node_find(map, SPAN("jwt"));

    if (jwt != NULL && session->jwt.cookie == NULL && session->jwt.header == NULL) {
        report_error(loader->report, jwt->place,
                     "`jwt` needs `cookie` or `header`: where the token is");
    }
    if (session->header != NULL && session->jwt.header != NULL &&
        span_equal_nocase(span_of(session->header), span_of(session->jwt.header))) {
        report_error(loader->report, loader_place(loader, jwt, "header"),
                     "`%s` is also `session.header`: a field carries a session's token "
                     "or a JWT, not both",
                     session->jwt.header);
    }
    if (session->jwt.cookie != NULL && session->cookies != NULL &&
        cookie_names_rank(session->cookies, span_of(session->jwt.cookie)) >= 0) {
        report_error(loader->report, loader_place(loader, jwt, "cookie"),
                     "`%s` is also in `session.cookies`: a cookie carries a session's "
                     "token or a JWT, not both",
                     session->jwt.cookie);
    }
}

/* Nobody is staff whom no login can confirm. */
static void check_staff(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    bool checked =
        site->session.jwt.key != NULL || site->session.certificate != CERTIFICATE_OFF;

    if (site->staff_count > 0 && site->login.user_field == NULL && !checked) {
        report_error(loader->report, loader_place(loader, loader->root, "staff"),
                     "`staff` needs `login.user_field`: who is known by first markers "
                     "alone is not staff");
    }
}

static bool has_session(const struct session_policy *session)
{
    return session->cookies != NULL || session->path_parameter != NULL ||
           session->header != NULL || session->basic || session->jwt.cookie != NULL ||
           session->jwt.header != NULL || session->certificate != CERTIFICATE_OFF;
}

static bool has_regex(const struct marker_class *class)
{
    for (size_t i = 0; i < class->selector_count; i++) {
        if (class->selectors[i].kind == SELECTOR_REGEX) {
            return true;
        }
    }
    return false;
}

static void check_signed(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("markers"));

    for (size_t i = 0; i < site->class_count; i++) {
        const struct marker_class *class = &site->classes[i];
        const struct node *node = loader_item(list, i);
        const struct node *given = node != NULL ? node_find(node, SPAN("signed")) : NULL;
        if (given == NULL) {
            continue;
        }
        if (node_find(given, SPAN("key_file")) == NULL) {
            report_error(loader->report, given->place,
                         "`signed` has no `key_file`: the key is the one that the site "
                         "signs with");
        } else if (!class->signature.bound && !class->trusted && has_regex(class)) {
            report_warning(loader->report, given->place,
                           "a visitor can copy a signed value of his own into a text "
                           "that `regex:` finds: set `bound: true`");
        }
    }
}

static void warn_classes(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("markers"));

    for (size_t i = 0; i < site->class_count; i++) {
        const struct marker_class *class = &site->classes[i];
        if (class->trusted && class->name.len > 0) {
            report_warning(
                loader->report, loader_place(loader, loader_item(list, i), "trusted"),
                "`trusted: true` on `%.63s`: why can no visitor's text match it? "
                "If some can, that visitor takes the site down",
                (const char *)class->name.ptr);
        }
    }
}

static void warn(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("upstreams"));

    warn_classes(loader);
    if (site->detectors_off != 0) {
        report_warning(loader->report,
                       loader_place(loader, loader->root, "detectors_off"),
                       "`detectors_off` switches detectors off: what they would see is "
                       "delivered unseen. Not for a site that people use");
    }
    if (!has_session(&site->session)) {
        report_warning(loader->report, loader_place(loader, loader->root, "session"),
                       "`session` names no cookie, path parameter or header: nobody's "
                       "session is known");
    }
    if (site->class_count == 0) {
        report_warning(loader->report, loader->root->place,
                       "there are no `markers`: no response says whose data it carries");
    }
    for (size_t i = 0; i < site->upstream_count; i++) {
        if (site->upstreams[i].connections == CONNECTIONS_SHARED) {
            report_warning(loader->report,
                           loader_place(loader, loader_item(list, i), "connections"),
                           "`connections: shared` lets one connection carry requests of "
                           "several users");
        }
    }
}

void loader_check(struct loader *self)
{
    check_names(self);
    check_addresses(self);
    check_routes(self);
    check_login(self);
    check_features(self);
    check_limits(self);
    config_grants_check(self);
    loader_check_clashes(self);
    loader_check_alerts(self);
    check_signed(self);
    check_staff(self);
    check_credentials(self);
    loader_check_certificate(self);
    if (report_error_count(self->report) == 0) {
        warn(self);
    }
}
