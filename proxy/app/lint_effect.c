/* Lints of keys that are without effect beside another one. */
#include <string.h>

#include "app/lint.h"

static bool same_selector(const struct selector *a, const struct selector *b)
{
    return a->kind == b->kind && span_equal(selector_argument(a), selector_argument(b));
}

static void lint_selectors(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("markers"));

    for (size_t i = 0; i < site->class_count; i++) {
        const struct marker_class *class = &site->classes[i];
        const struct node *find = node_find(loader_item(list, i), SPAN("find"));
        for (size_t k = 1; k < class->selector_count; k++) {
            const struct node *item = loader_item(find, k);
            size_t first = 0;
            while (!same_selector(&class->selectors[first], &class->selectors[k])) {
                first++;
            }
            if (first < k && item != NULL) {
                report_warning(
                    loader->report, item->place,
                    "`%.200s` is twice in `find`: the second one finds nothing "
                    "more; remove it, or write the other place",
                    (const char *)item->text.ptr);
            }
        }
    }
}

/* An exception counts wherever it stands. */
static void lint_cookies(struct loader *loader, const char *key)
{
    const struct node *session = node_find(loader->root, SPAN("session"));
    const struct node *list = node_find(session, span_of(key));

    for (const struct node *item = list != NULL ? list->first : NULL; item != NULL;
         item = item->next) {
        for (const struct node *other = list->first; other != NULL; other = other->next) {
            if (span_starts(other->text, SPAN("!")) &&
                span_equal(span_from(other->text, 1), item->text)) {
                report_warning(loader->report, item->place,
                               "`%.64s` is without effect: `!%.64s` leaves this cookie "
                               "out; remove one of the two",
                               (const char *)item->text.ptr,
                               (const char *)item->text.ptr);
                break;
            }
        }
    }
}

/* Single sign-on that begins and ends at one path may name it so; one of them is enough.
 */
static void lint_callbacks(struct loader *loader)
{
    const struct login_policy *policy = &loader->snapshot->site.login;
    const struct node *list =
        node_find(node_find(loader->root, SPAN("login")), SPAN("callback"));

    for (size_t i = 0; i < policy->callback.count; i++) {
        const struct node *item = loader_item(list, i);
        for (size_t k = 0; item != NULL && k < policy->request.count; k++) {
            if (loader_same_request(&policy->callback.items[i],
                                    &policy->request.items[k])) {
                report_warning(loader->report, item->place,
                               "`%.200s` is also in `login.request`, which is more: the "
                               "callback is without effect; remove it",
                               (const char *)item->text.ptr);
            }
        }
    }
}

static void lint_servers(struct loader *loader, const struct upstream_settings *upstream,
                         const struct node *map)
{
    const struct node *list = node_find(map, SPAN("servers"));

    for (size_t i = 1; i < upstream->server_count; i++) {
        const struct node *item = loader_item(list, i);
        size_t first = 0;
        while (strcmp(upstream->servers[first].text, upstream->servers[i].text) != 0) {
            first++;
        }
        if (first < i && item != NULL) {
            report_warning(loader->report, item->place,
                           "server `%.200s` is named twice: it counts as two and takes "
                           "two shares; remove it, or write the other server",
                           upstream->servers[i].text);
        }
    }
}

static void lint_upstreams(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("upstreams"));

    for (size_t i = 0; i < site->upstream_count; i++) {
        const struct upstream_settings *upstream = &site->upstreams[i];
        const struct node *map = loader_item(list, i);
        const struct node *health = node_find(map, SPAN("health"));
        lint_servers(loader, upstream, map);
        if (upstream->on_finding == ON_FINDING_KEEP &&
            node_find(map, SPAN("drain_for")) != NULL) {
            report_warning(loader->report, loader_place(loader, map, "drain_for"),
                           "`drain_for` is without effect: a server is kept in use after "
                           "a finding; set `on_finding: drain`, or remove it");
        }
        if (upstream->health.host != NULL && upstream->health.path == NULL) {
            report_warning(
                loader->report, loader_place(loader, health, "host"),
                "`health.host` is without effect: no requests are made to find "
                "out; name their `path`, or remove it");
        }
    }
}

static void lint_tokens(struct loader *loader)
{
    const struct admin_settings *admin = &loader->snapshot->config.admin;

    if (admin->token_count > 0 && admin->host == NULL) {
        report_warning(
            loader->report,
            loader_place(loader, node_find(loader->root, SPAN("admin")), "tokens"),
            "`tokens` is without effect: at the socket the system says who it is; give "
            "`address`, or remove them");
    }
}

void lint_effect(struct loader *loader)
{
    lint_selectors(loader);
    lint_cookies(loader, "cookies");
    lint_cookies(loader, "remember");
    lint_callbacks(loader);
    lint_upstreams(loader);
    lint_tokens(loader);
}
