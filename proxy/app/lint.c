#include "app/lint.h"

#include <string.h>

static void lint_logins(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *login = node_find(loader->root, SPAN("login"));
    bool stateless = site->session.basic || site->session.jwt.cookie != NULL ||
                     site->session.jwt.header != NULL ||
                     site->session.certificate != CERTIFICATE_OFF;
    bool judged = false;

    for (size_t i = 0; i < site->class_count; i++) {
        enum marker_rule rule = site->classes[i].must_be;
        judged = judged || rule == MARKER_RULE_REQUESTER || rule == MARKER_RULE_SESSION ||
                 rule == MARKER_RULE_OWN;
    }
    if (site->login.request.count > 0 && !judged) {
        report_warning(loader->report, loader_place(loader, login, "request"),
                       "there is a login but no marker that says whose page it is: "
                       "nothing is compared; add a class with `must_be: requester`");
    }
    if (site->login.request.count > 0 && site->login.logout.count == 0) {
        report_warning(loader->report, login->place,
                       "no `logout`: the next user of a session looks like a mix-up; "
                       "name the requests that log out");
    }
    if (site->login.request.count == 0 && !stateless && judged) {
        report_warning(loader->report, loader_place(loader, loader->root, "login"),
                       "no `login.request`: users are known by the first marker of their "
                       "session alone, so that what is found counts as weak; name the "
                       "request that logs in and its `user_field`");
    }
    if (site->session.unknown_renew && site->login.request.count == 0) {
        report_warning(
            loader->report,
            loader_place(loader, node_find(loader->root, SPAN("session")), "unknown"),
            "`unknown: renew` without `login.request`: who is sent to log in "
            "again is not seen doing it; name the request");
    }
}

static void lint_sessions(struct loader *loader)
{
    const struct session_policy *session = &loader->snapshot->site.session;
    const struct node *map = node_find(loader->root, SPAN("session"));

    if (session->jwt.key == NULL &&
        (session->jwt.cookie != NULL || session->jwt.header != NULL)) {
        report_warning(loader->report, loader_place(loader, map, "jwt"),
                       "`jwt` without `key_file`: whoever writes a token himself is "
                       "taken for anybody; give the key that signs it");
    }
}

static bool is_open_regex(const struct marker_class *class)
{
    for (size_t i = 0; i < class->selector_count; i++) {
        if (class->selectors[i].kind != SELECTOR_REGEX) {
            return false;
        }
    }
    return !marker_is_trusted(class);
}

/* How many independent weak cases take something down; 0: none do. */
static unsigned weak_cases_min(const struct site *site)
{
    unsigned least = 0;

    for (size_t i = 0; i < site->feature_count; i++) {
        unsigned cases = site->features[i].take_down.weak_cases;
        least = cases != 0 && (least == 0 || cases < least) ? cases : least;
    }
    return least;
}

static void lint_markers(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("markers"));
    unsigned least = weak_cases_min(site);

    for (size_t i = 0; i < site->class_count; i++) {
        const struct marker_class *class = &site->classes[i];
        struct place place = loader_place(loader, loader_item(list, i), "find");
        if (!is_open_regex(class)) {
            continue;
        }
        if (least == 1) {
            report_warning(loader->report, place,
                           "marker `%.63s` is found by an unsigned `regex:` alone and "
                           "`weak_cases` is 1: one visitor's text can take the site "
                           "down; use `meta:` or `attr:`, sign it, or set `weak_cases` "
                           "to 2",
                           (const char *)class->name.ptr);
        } else {
            report_warning(loader->report, place,
                           "marker `%.63s` is found by an unsigned `regex:` alone: text "
                           "that a visitor types may match it, so it counts as weak; "
                           "use `meta:` or `attr:`, or sign it",
                           (const char *)class->name.ptr);
        }
    }
}

static void lint_take_down(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("features"));

    for (size_t i = 0; i < site->feature_count; i++) {
        const struct take_down_policy *policy = &site->features[i].take_down;
        const struct node *map = node_find(loader_item(list, i), SPAN("take_down"));
        if (policy->weak_cases == 0) {
            report_warning(loader->report, loader_place(loader, map, "weak_cases"),
                           "`weak_cases: 0`: a mix-up among users who are not confirmed "
                           "never takes `%s` down; leave it at 2",
                           site->features[i].name);
        }
        if (policy->cases > 1) {
            report_warning(loader->report, loader_place(loader, map, "cases"),
                           "`cases: %u`: `%s` stays up after %u certain mix-ups; leave "
                           "it at 1",
                           policy->cases, site->features[i].name, policy->cases - 1);
        }
    }
}

static void lint_alerts(struct loader *loader)
{
    const struct config *config = &loader->snapshot->config;
    const struct node *admin = node_find(loader->root, SPAN("admin"));
    bool critical = false;
    bool operator= false;

    for (size_t i = 0; i < config->alert_count; i++) {
        critical = critical || config->alerts[i].type_count == 0;
        for (size_t k = 0; k < config->alerts[i].type_count; k++) {
            struct span type = span_of(config->alerts[i].types[k]);
            critical = critical || span_equal(type, SPAN("incident.opened")) ||
                       span_equal(type, SPAN("incident.*"));
        }
    }
    for (size_t i = 0; i < config->admin.token_count; i++) {
        operator= operator|| config->admin.tokens[i].role == ADMIN_OPERATOR;
    }
    if (!critical) {
        report_warning(loader->report, loader_place(loader, loader->root, "alerts"),
                       "no receiver in `alerts` gets `incident.opened`: what is withheld "
                       "is recorded, and nobody is told; add a `webhook` or `syslog`");
    }
    if (config->admin.host != NULL && !operator) {
        report_warning(loader->report, loader_place(loader, admin, "address"),
                       "`admin.tokens` has no operator: at `admin.address` nobody can "
                       "take down, bring up or reload; add one, or use the socket alone");
    }
}

static bool is_everybody(const struct network *network)
{
    static const uint8_t MAPPED[12] = {[10] = 0xff, [11] = 0xff};

    return network->prefix_len == 0 ||
           (network->prefix_len <= 96 &&
            memcmp(network->address, MAPPED, network->prefix_len / 8) == 0);
}

static void lint_listens(struct loader *loader)
{
    const struct config *config = &loader->snapshot->config;
    const struct node *list = node_find(loader->root, SPAN("listen"));

    for (size_t i = 0; i < config->listen_count; i++) {
        const struct listen_settings *listen = &config->listens[i];
        for (size_t k = 0; k < listen->trusted_proxy_count; k++) {
            if (is_everybody(&listen->trusted_proxies[k])) {
                report_warning(
                    loader->report,
                    loader_place(loader, loader_item(list, i), "trusted_proxies"),
                    "`trusted_proxies` has every address: a client says itself "
                    "where it comes from; name the proxies in front");
            }
        }
    }
    if (config->access_log.kind == ACCESS_LOG_OFF) {
        report_warning(loader->report, loader_place(loader, loader->root, "access_log"),
                       "`access_log: off`: who saw what before an incident cannot be "
                       "looked up; write it to a file");
    }
    if (config->site->observe) {
        report_warning(loader->report, loader_place(loader, loader->root, "mode"),
                       "`mode: observe`: what is found is delivered all the same; set "
                       "`enforce` once coverage is 1");
    }
}

void lint_config(struct loader *loader)
{
    lint_listens(loader);
    lint_sockets(loader);
    lint_sessions(loader);
    lint_logins(loader);
    lint_markers(loader);
    lint_take_down(loader);
    lint_routes(loader);
    lint_scripts(loader);
    lint_alerts(loader);
    lint_effect(loader);
}
