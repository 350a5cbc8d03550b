/* Readers of patterns, selectors and names of other items (loader.h). */
#include <string.h>

#include "app/loader.h"
#include "app/nearest.h"
#include "base/parse.h"
#include "guard/finding.h"
#include "guard/selector.h"
#include "http/cookie.h"
#include "http/path_pattern.h"

enum { UPSTREAMS_MAX = 64 }; /* As options.def has it. */

/* Names of what an item may refer to; empty for one that has none. */
struct names {
    const struct span *items;
    size_t count;
};

struct path_pattern *loader_path(struct loader *self, const struct node *node,
                                 struct span text)
{
    struct path_pattern *pattern = loader_alloc(self, sizeof(*pattern));
    const char *copy = loader_copy(self, text);

    if (pattern == NULL || copy == NULL) {
        return NULL;
    }
    const char *error =
        path_pattern_parse((struct span){.ptr = (const uint8_t *)copy, .len = text.len},
                           self->snapshot->ignore_case, pattern);
    if (error != NULL) {
        report_error(self->report, node->place, "path `%.80s`: %s", copy, error);
        return NULL;
    }
    return pattern;
}

bool option_read_PATH(struct loader *loader, const struct option *option,
                      const struct node *node, struct target target)
{
    struct path_pattern *pattern = loader_path(loader, node, node->text);

    memcpy(target.field, &pattern, sizeof(struct path_pattern *));
    loader_note(loader, option, node->text);
    return pattern != NULL;
}

bool option_read_ROUTE_PATH(struct loader *loader, const struct option *option,
                            const struct node *node, struct target target)
{
    struct route *route = target.base;

    route->pattern = loader_copy(loader, node->text);
    return loader_length(loader, option, node) &&
           option_read_PATH(loader, option, node, target);
}

static bool is_method(struct span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < 'A' || text.ptr[i] > 'Z') {
            return false;
        }
    }
    return text.len > 0;
}

bool option_read_REQUEST(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    struct request_pattern *pattern = target.field;
    size_t space = span_find(node->text, ' ');
    struct span path = node->text;

    if (space < node->text.len) {
        struct span method = span_first(node->text, space);
        path = span_trim(span_from(node->text, space));
        if (!is_method(method)) {
            return loader_wrong(loader, option, node);
        }
        pattern->method = loader_copy(loader, method);
    }
    pattern->path = loader_path(loader, node, path);
    loader_note(loader, option, node->text);
    return pattern->path != NULL;
}

static bool read_header_rule(struct loader *loader, struct span text,
                             struct success_rule *rule)
{
    size_t equals = span_find(text, '=');

    rule->kind = SUCCESS_HEADER;
    rule->name = loader_copy(loader, span_trim(span_first(text, equals)));
    if (equals < text.len) {
        rule->value = loader_copy(loader, span_trim(span_from(text, equals + 1)));
    }
    return rule->name != NULL && rule->name[0] != '\0';
}

static bool read_status_rule(struct span text, struct success_rule *rule)
{
    uint64_t status = 0;

    rule->kind = SUCCESS_STATUS;
    if (parse_u64(text, &status) != ERR_NONE || status < 200 || status > 599) {
        return false;
    }
    rule->status = (unsigned)status;
    return true;
}

bool option_read_SUCCESS(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    struct success_rule *rule = target.field;
    size_t colon = span_find(node->text, ':');
    struct span kind = span_first(node->text, colon);
    struct span rest = span_from(node->text, colon + 1);
    bool good = false;

    loader_note(loader, option, node->text);
    if (span_equal(kind, SPAN("location"))) {
        rule->kind = SUCCESS_LOCATION;
        rule->location = loader_path(loader, node, rest);
        return rule->location != NULL;
    }
    if (span_equal(kind, SPAN("status"))) {
        good = read_status_rule(rest, rule);
    } else if (span_equal(kind, SPAN("header"))) {
        good = read_header_rule(loader, rest, rule);
    } else if (span_equal(kind, SPAN("marker"))) {
        rule->kind = SUCCESS_MARKER;
        rule->name = loader_copy(loader, rest);
        good = rest.len > 0;
    }
    return good || loader_wrong(loader, option, node);
}

bool option_read_SELECTOR(struct loader *loader, const struct option *option,
                          const struct node *node, struct target target)
{
    char error[256];

    if (selector_parse(node->text, target.field, error, sizeof(error)) != ERR_NONE) {
        report_error(loader->report, node->place, "%s", error);
        return false;
    }
    loader_note(loader, option, node->text);
    return true;
}

bool option_read_JWT_CLAIM(struct loader *loader, const struct option *option,
                           const struct node *node, struct target target)
{
    struct pointer *pointer = loader_alloc(loader, sizeof(*pointer));
    char text[POINTER_SIZE_MAX + 2] = "/";
    bool is_pointer = node->text.len > 0 && node->text.ptr[0] == '/';
    size_t at = is_pointer ? 0 : 1;

    if (pointer == NULL || !loader_length(loader, option, node)) {
        return false;
    }
    size_t len = at + span_copy(node->text, text + at, sizeof(text) - at);
    const char *error =
        pointer_parse((struct span){.ptr = (const uint8_t *)text, .len = len}, pointer);
    if (error != NULL) {
        report_error(loader->report, node->place, "`claim` `%.80s`: %s", text, error);
        return false;
    }
    memcpy(target.field, &pointer, sizeof(struct pointer *));
    loader_note(loader, option, node->text);
    return true;
}

static void *staff_memory(void *owner, size_t size)
{
    return loader_alloc(owner, size);
}

bool option_read_STAFF(struct loader *loader, const struct option *option,
                       const struct node *node, struct target target)
{
    const struct staff_lender lender = {.alloc = staff_memory, .owner = loader};
    char error[256];
    const char *copy = loader_copy(loader, node->text);

    if (copy == NULL) {
        return false;
    }
    struct span text = {.ptr = (const uint8_t *)copy, .len = node->text.len};
    if (!staff_name_parse(text, &lender, target.field, error, sizeof(error))) {
        report_error(loader->report, node->place, "%s", error);
        return false;
    }
    loader_note(loader, option, node->text);
    return true;
}

bool option_read_COOKIES(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    struct cookie_names *names = loader_alloc(loader, sizeof(*names));
    struct span *patterns = loader_alloc(loader, (node->count + 1) * sizeof(*patterns));
    bool good = true;

    if (names == NULL || patterns == NULL) {
        return false;
    }
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        const char *copy = loader_copy(loader, item->text);
        patterns[names->count++] =
            (struct span){.ptr = (const uint8_t *)copy, .len = item->text.len};
        if (!cookie_pattern_valid(item->text)) {
            good = loader_wrong(loader, option, item);
        }
        loader_note(loader, option, item->text);
    }
    names->patterns = patterns;
    memcpy(target.field, &names, sizeof(struct cookie_names *));
    return good;
}

/* Index among `names` of what `text` says, or -1 and a report with the nearest one. */
static int find_name(struct loader *loader, const char *what, struct place place,
                     struct span text, const struct names *names)
{
    struct span best = {0};
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < names->count; i++) {
        size_t distance = nearest_distance(text, names->items[i]);
        if (span_equal(names->items[i], text)) {
            return (int)i;
        }
        if (distance < best_distance && names->items[i].len > 0) {
            best_distance = distance;
            best = names->items[i];
        }
    }
    if (best.len > 0) {
        report_error(loader->report, place,
                     "unknown %s `%.*s`; the nearest one is `%.*s`", what,
                     SPAN_ARGS(span_first(text, 63)), SPAN_ARGS(best));
    } else {
        report_error(loader->report, place, "unknown %s `%.*s`; there is none", what,
                     SPAN_ARGS(span_first(text, 63)));
    }
    return -1;
}

bool option_read_UPSTREAM(struct loader *loader, const struct option *option,
                          const struct node *node, struct target target)
{
    const struct site *site = &loader->snapshot->site;
    struct span items[UPSTREAMS_MAX];
    struct names names = {.items = items, .count = site->upstream_count};

    CHECK(site->upstream_count <= UPSTREAMS_MAX);
    for (size_t i = 0; i < site->upstream_count; i++) {
        items[i] = span_of(site->upstreams[i].name);
    }
    int index = find_name(loader, "upstream", node->place, node->text, &names);
    if (index < 0) {
        return false;
    }
    unsigned number = (unsigned)index;
    memcpy(target.field, &number, sizeof(number));
    loader_note(loader, option, node->text);
    return true;
}

bool option_read_GRANT(struct loader *loader, const struct option *option,
                       const struct node *node, struct target target)
{
    const struct site *site = &loader->snapshot->site;
    struct span items[GRANTS_MAX];
    struct names names = {.items = items, .count = site->grant_count};

    CHECK(site->grant_count <= GRANTS_MAX);
    for (size_t i = 0; i < site->grant_count; i++) {
        items[i] = span_of(site->grants[i].name);
    }
    int index = find_name(loader, "grants", node->place, node->text, &names);
    unsigned number = index < 0 ? 0 : (unsigned)index + 1;
    memcpy(target.field, &number, sizeof(number));
    loader_note(loader, option, node->text);
    return index >= 0;
}

bool loader_class(struct loader *self, const struct node *node, struct span name,
                  unsigned *index_out)
{
    const struct site *site = &self->snapshot->site;
    struct span items[MARKER_CLASSES_MAX];
    struct names names = {.items = items, .count = site->class_count};

    CHECK(site->class_count <= MARKER_CLASSES_MAX);
    for (size_t i = 0; i < site->class_count; i++) {
        items[i] = site->classes[i].name;
    }
    int index = find_name(self, "marker class", node->place, name, &names);
    *index_out = index < 0 ? 0 : (unsigned)index;
    return index >= 0;
}

bool option_read_CLASSES(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    uint32_t mask = 0;
    bool good = true;

    for (const struct node *item = node->first; item != NULL; item = item->next) {
        unsigned index = 0;
        if (loader_class(loader, item, item->text, &index)) {
            mask |= UINT32_C(1) << index;
        } else {
            good = false;
        }
        loader_note(loader, option, item->text);
    }
    memcpy(target.field, &mask, sizeof(mask));
    return good;
}

bool option_read_DETECTORS(struct loader *loader, const struct option *option,
                           const struct node *node, struct target target)
{
    struct span items[DETECTOR_COUNT];
    struct names names = {.items = items, .count = DETECTOR_COUNT - 1};
    uint32_t mask = 0;
    bool good = true;

    for (unsigned i = 1; i < DETECTOR_COUNT; i++) {
        items[i - 1] = span_of(detector_name((enum detector)i));
    }
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        int index = find_name(loader, "detector", item->place, item->text, &names);
        if (index >= 0) {
            mask |= UINT32_C(1) << (index + 1);
        }
        good = good && index >= 0;
        loader_note(loader, option, item->text);
    }
    memcpy(target.field, &mask, sizeof(mask));
    return good;
}
