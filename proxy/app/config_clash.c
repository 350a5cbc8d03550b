/* Two keys that cannot both be meant (loader.h). */
#include <string.h>

#include "app/loader.h"
#include "http/path_pattern.h"

/* A planted account cannot be what a page has to carry. */
static void check_required(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("routes"));

    for (size_t i = 0; i < site->route_count; i++) {
        for (size_t k = 0; k < site->class_count; k++) {
            const struct marker_class *class = &site->classes[k];
            bool required = (site->routes[i].requirement.require_mask >> k & 1U) != 0;
            if (required && class->must_be == MARKER_RULE_NOBODY) {
                report_error(loader->report,
                             loader_place(loader, loader_item(list, i), "require"),
                             "`%.63s` has `must_be: nobody`: no page can be required to "
                             "carry it",
                             (const char *)class->name.ptr);
            }
        }
    }
}

/* The first selector of `other` that is `selector`; SIZE_MAX: none. */
static size_t find_selector(const struct marker_class *other,
                            const struct selector *selector)
{
    for (size_t i = 0; i < other->selector_count; i++) {
        if (other->selectors[i].kind == selector->kind &&
            span_equal(selector_argument(&other->selectors[i]),
                       selector_argument(selector))) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Where selector `nth` of class `of_class` is written. */
static struct place place_of(const struct loader *loader, size_t of_class, size_t nth)
{
    const struct node *list = node_find(loader->root, SPAN("markers"));
    const struct node *class = loader_item(list, of_class);
    const struct node *find = class != NULL ? node_find(class, SPAN("find")) : NULL;
    const struct node *item = loader_item(find, nth);

    return item != NULL ? item->place : loader_place(loader, class, "find");
}

/* What every user's page carries is no planted account's value. */
static void check_planted(struct loader *loader, size_t planted_index, size_t other_index)
{
    const struct site *site = &loader->snapshot->site;
    const struct marker_class *planted = &site->classes[planted_index];
    const struct marker_class *other = &site->classes[other_index];

    for (size_t i = 0; i < planted->selector_count; i++) {
        const struct selector *selector = &planted->selectors[i];
        size_t same =
            selector->kind != SELECTOR_NONE ? find_selector(other, selector) : SIZE_MAX;
        if (same != SIZE_MAX) {
            report_error(loader->report, place_of(loader, planted_index, i),
                         "`%.63s` finds the same, at line %zu: with `must_be: nobody` "
                         "every page that carries it would be refused",
                         (const char *)other->name.ptr,
                         place_of(loader, other_index, same).line);
        }
    }
}

static void check_selectors(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;

    for (size_t i = 0; i < site->class_count; i++) {
        for (size_t k = 0; k < site->class_count; k++) {
            if (site->classes[i].must_be == MARKER_RULE_NOBODY &&
                site->classes[k].must_be != MARKER_RULE_NOBODY) {
                check_planted(loader, i, k);
            }
        }
    }
}

bool loader_same_request(const struct request_pattern *a, const struct request_pattern *b)
{
    bool same_method = a->method == NULL || b->method == NULL
                           ? a->method == b->method
                           : strcmp(a->method, b->method) == 0;

    return same_method && a->path != NULL && b->path != NULL &&
           path_pattern_covers(a->path, b->path) && path_pattern_covers(b->path, a->path);
}

static void check_logout(struct loader *loader, const char *key,
                         const struct request_patterns *list)
{
    const struct login_policy *policy = &loader->snapshot->site.login;
    const struct node *login = node_find(loader->root, SPAN("login"));

    for (size_t i = 0; i < policy->logout.count; i++) {
        const struct node *item = loader_item(node_find(login, SPAN("logout")), i);
        for (size_t k = 0; item != NULL && k < list->count; k++) {
            if (loader_same_request(&policy->logout.items[i], &list->items[k])) {
                report_error(
                    loader->report, item->place,
                    "`%.200s` is also in `%s`: one request cannot log in and out",
                    (const char *)item->text.ptr, key);
                break;
            }
        }
    }
}

/* Who did it, with which role? */
static void check_tokens(struct loader *loader)
{
    const struct admin_settings *admin = &loader->snapshot->config.admin;
    const struct node *list =
        node_find(node_find(loader->root, SPAN("admin")), SPAN("tokens"));
    static const uint8_t UNREAD[ADMIN_TOKEN_HASH_SIZE];

    for (size_t i = 0; i < admin->token_count; i++) {
        const uint8_t *hash = admin->tokens[i].hash;
        size_t first = 0;
        while (memcmp(admin->tokens[first].hash, hash, ADMIN_TOKEN_HASH_SIZE) != 0) {
            first++;
        }
        if (first < i && memcmp(hash, UNREAD, ADMIN_TOKEN_HASH_SIZE) != 0) {
            const char *name = admin->tokens[first].name;
            report_error(loader->report,
                         loader_place(loader, loader_item(list, i), "token_file"),
                         "token `%.63s` is the same: give each a token of its own, so "
                         "that it is known who acted",
                         name != NULL ? name : "");
        }
    }
}

void loader_check_clashes(struct loader *self)
{
    const struct login_policy *login = &self->snapshot->site.login;

    check_required(self);
    check_selectors(self);
    check_logout(self, "login.request", &login->request);
    check_logout(self, "login.callback", &login->callback);
    check_tokens(self);
}
