/* What must hold between grants, marker classes and features (loader.h). */
#include "app/config_grants.h"

#include <string.h>

#include "sources/source.h"

static struct place place_of(const struct node *item, const char *key)
{
    const struct node *value = node_find(item, span_of(key));

    return value != NULL ? value->place : item->place;
}

static const char *name_of(const struct marker_class *class)
{
    return (const char *)class->name.ptr;
}

static void check_class(struct loader *loader, const struct marker_class *class,
                        const struct node *item)
{
    bool granted = class->must_be == MARKER_RULE_GRANTED;
    bool named = node_find(item, SPAN("grants")) != NULL;

    if (granted && !named) {
        report_error(loader->report, item->place,
                     "marker class `%.63s` has `must_be: granted` and no `grants`: who "
                     "says whom the requester may see?",
                     name_of(class));
    }
    if (!granted && named) {
        report_error(loader->report, place_of(item, "grants"),
                     "`grants` needs `must_be: granted`");
    }
    if (!granted && class->redact) {
        report_error(loader->report, place_of(item, "action"),
                     "`action: redact` needs `must_be: granted`");
    }
    if (class->redact_element != NULL && !class->redact) {
        report_error(loader->report, place_of(item, "redact_element"),
                     "`redact_element` needs `action: redact`");
    }
}

/* Exactly one place to ask, with what it needs and nothing else. */
static bool check_form(struct loader *loader, const struct grant_settings *grant,
                       const struct node *item)
{
    int count = (grant->sqlite != NULL) + (grant->csv != NULL) + (grant->http != NULL) +
                (grant->redis != NULL);
    size_t before = report_error_count(loader->report);

    if (count != 1) {
        report_error(loader->report, item->place,
                     "grants `%s` must have one of `sqlite`, `csv`, `http` and `redis`",
                     grant->name);
        return false;
    }
    if (grant->sqlite != NULL && grant->query == NULL) {
        report_error(loader->report, place_of(item, "sqlite"),
                     "`sqlite` needs `query`: a SELECT with `:requester`");
    }
    if (grant->sqlite == NULL && grant->query != NULL) {
        report_error(loader->report, place_of(item, "query"), "`query` needs `sqlite`");
    }
    if (grant->redis == NULL && node_find(item, SPAN("key")) != NULL) {
        report_error(loader->report, place_of(item, "key"), "`key` needs `redis`");
    }
    return report_error_count(loader->report) == before;
}

static void check_source(struct loader *loader, const struct grant_settings *grant,
                         const struct node *item)
{
    static const char *const KEYS[] = {
        [GRANT_SOURCE_NONE] = "name",   [GRANT_SOURCE_SQLITE] = "query",
        [GRANT_SOURCE_CSV] = "csv",     [GRANT_SOURCE_HTTP] = "http",
        [GRANT_SOURCE_REDIS] = "redis",
    };
    char error[GRANT_ERROR_SIZE];
    struct place place = place_of(item, KEYS[grant_settings_kind(grant)]);

    switch (grant_settings_check(grant, error)) {
    case GRANT_CHECK_GOOD:
        return;
    case GRANT_CHECK_BAD:
        report_error(loader->report, place, "grants `%s`: %s", grant->name, error);
        return;
    case GRANT_CHECK_UNREACHABLE:
        report_warning(loader->report, place,
                       "grants `%s`: %s; until it can be asked every page with such a "
                       "marker is refused",
                       grant->name, error);
        return;
    }
    UNREACHABLE();
}

static void check_used(struct loader *loader, size_t index, const struct node *item)
{
    const struct site *site = &loader->snapshot->site;

    for (size_t i = 0; i < site->class_count; i++) {
        if (site->classes[i].grant == index + 1) {
            return;
        }
    }
    report_warning(loader->report, item->place, "no marker class uses grants `%s`",
                   site->grants[index].name);
}

void config_grants_check(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *classes = node_find(loader->root, SPAN("markers"));
    const struct node *grants = node_find(loader->root, SPAN("grants"));

    for (size_t i = 0; i < site->class_count; i++) {
        if (site->classes[i].name.len > 0) {
            check_class(loader, &site->classes[i], loader_item(classes, i));
        }
    }
    for (size_t i = 0; i < site->grant_count; i++) {
        const struct node *item = loader_item(grants, i);
        if (site->grants[i].name != NULL && check_form(loader, &site->grants[i], item)) {
            check_source(loader, &site->grants[i], item);
        }
    }
    for (size_t i = 0; i < site->grant_count && report_error_count(loader->report) == 0;
         i++) {
        check_used(loader, i, loader_item(grants, i));
    }
}
