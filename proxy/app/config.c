#include "app/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/config_flags.h"
#include "app/file.h"
#include "app/kept.h"
#include "app/lint.h"
#include "app/loader.h"
#include "base/parse.h"
#include "guard/markers.h"
#include "http/path_pattern.h"

enum {
    SCRATCH_SIZE_MAX = 64 * 1024 * 1024,
    SNAPSHOT_SIZE_MAX = 128 * 1024 * 1024,
    SOCKET_PATH_MAX = 107,
};

static void end_arena(void *arena)
{
    struct arena *self = arena;
    arena_free(&self);
}

static void end_markers(void *object)
{
    struct markers *markers = object;
    markers_free(&markers);
}

/* An empty snapshot with one holder, or NULL. */
static struct snapshot *snapshot_new(void)
{
    struct arena *arena = arena_new(SNAPSHOT_SIZE_MAX);
    if (arena == NULL) {
        return NULL;
    }
    struct snapshot *self = arena_alloc(arena, sizeof(*self));
    if (self == NULL) {
        arena_free(&arena);
        return NULL;
    }
    self->arena = arena;
    self->site.arena = arena;
    self->site.free_arena = end_arena;
    atomic_init(&self->site.references, 1);
    self->config.site = &self->site;
    return self;
}

/* The tree of file and flags; NULL: reported. */
static struct node *read_tree(const struct config_source *source, struct arena *scratch,
                              struct report *report)
{
    struct place place = {.source =
                              source->path != NULL ? source->path : "the command line"};
    struct node *root = NULL;
    struct span text;

    if (source->path == NULL) {
        root = node_new(scratch, NODE_MAP, place);
    } else {
        const char *error =
            file_read(scratch, source->path, NODE_DOCUMENT_SIZE_MAX, &text);
        if (error != NULL) {
            report_error(report, place, "cannot read it: %s", error);
            return NULL;
        }
        root = node_parse(scratch, source->path, text, report);
    }
    if (root != NULL) {
        config_flags_apply(source->flags, source->flag_count, scratch, root, report);
    }
    return root;
}

static bool set_paths(struct loader *loader, const char *path)
{
    struct config *config = &loader->snapshot->config;

    if (path != NULL) {
        config->path = loader_copy(loader, span_of(path));
    }
    if (config->state == NULL && loader->state_default != NULL) {
        config->state = loader_copy(loader, span_of(loader->state_default));
    }
    if (config->state == NULL) {
        report_error(loader->report, loader->root->place, "`state` has no value");
        return false;
    }
    if (config->admin.socket == NULL) {
        size_t size = strlen(config->state) + sizeof("/admin.sock");
        config->admin.socket = loader_alloc(loader, size);
        if (config->admin.socket == NULL) {
            return false;
        }
        (void)snprintf(config->admin.socket, size, "%s/admin.sock", config->state);
    }
    if (strlen(config->admin.socket) > SOCKET_PATH_MAX) {
        report_error(loader->report, loader->root->place,
                     "the admin socket's path `%s` is longer than %d bytes; set "
                     "`admin.socket`",
                     config->admin.socket, SOCKET_PATH_MAX);
    }
    return true;
}

/* The label of a route with a host: `host/path`. */
static void set_label(struct loader *loader, struct route *route)
{
    if (route->host == NULL || route->pattern == NULL) {
        return;
    }
    size_t size = strlen(route->host) + strlen(route->pattern) + 1;
    char *label = loader_alloc(loader, size);
    if (label != NULL) {
        (void)snprintf(label, size, "%s%s", route->host, route->pattern);
        route->pattern = label;
    }
}

static bool ends_with_everything(const struct site *site)
{
    const struct route *last = &site->routes[site->route_count - 1];

    return last->host == NULL && strcmp(last->pattern, "/**") == 0;
}

/* The route that is implied: everything, of which nothing is required. */
static bool add_last_route(struct loader *loader, struct site *site)
{
    struct route *last = &site->routes[site->route_count++];

    *last = (struct route){
        .pattern = loader_copy(loader, SPAN("/**")),
        .requirement = {.unmarked = UNMARKED_RELEASE, .observe = site->observe},
        .over_limit = OVER_LIMIT_STREAM,
        .path = loader_path(loader, loader->root, SPAN("/**")),
    };
    return last->path != NULL;
}

/* Adds what is implied: `/ **` at the end, empty texts, the mode. */
static bool complete_routes(struct loader *loader)
{
    struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("routes"));
    const struct node *item = list != NULL ? list->first : NULL;
    struct route *routes =
        loader_alloc(loader, (site->route_count + 1) * sizeof(*routes));

    if (routes == NULL) {
        return false;
    }
    for (size_t i = 0; i < site->route_count; i++, item = item->next) {
        CHECK(item != NULL);
        routes[i] = site->routes[i];
        set_label(loader, &routes[i]);
        if (node_find(item, SPAN("mode")) == NULL) {
            routes[i].requirement.observe = site->observe;
        }
    }
    site->routes = routes;
    if ((site->route_count == 0 || !ends_with_everything(site)) &&
        !add_last_route(loader, site)) {
        return false;
    }
    for (size_t i = 0; i < site->route_count; i++) {
        routes[i].screen = routes[i].screen != NULL ? routes[i].screen : "";
        routes[i].shows = routes[i].shows != NULL ? routes[i].shows : "";
    }
    return true;
}

/* False: something of them was reported, and what is left would be judged wrongly. */
static bool markers_are_read(const struct site *site)
{
    bool all = site->marker_max > 0;

    for (size_t i = 0; i < site->class_count; i++) {
        const struct marker_class *class = &site->classes[i];
        all = all && class->selector_count > 0;
        for (size_t k = 0; k < class->selector_count; k++) {
            all = all && class->selectors[k].kind != SELECTOR_NONE;
        }
    }
    return all;
}

static void compile_markers(struct loader *loader)
{
    struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("markers"));
    char error[256];

    if (report_error_count(loader->report) > 0 && !markers_are_read(site)) {
        return;
    }
    struct markers *markers = markers_new(site->classes, site->class_count,
                                          site->marker_max, error, sizeof(error));
    if (markers == NULL) {
        report_error(loader->report, (list != NULL ? list : loader->root)->place, "%s",
                     error);
        return;
    }
    if (arena_keep(loader->snapshot->arena, markers, end_markers)) {
        site->markers = markers;
    }
}

/* Gives each feature its slot; nothing is made when not all of them fit. */
static void place_features(struct loader *loader, struct feature_table *table)
{
    struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("features"));
    unsigned count = atomic_load(&table->count);
    unsigned slot = 0;

    for (size_t i = 0; i < site->feature_count; i++) {
        count +=
            feature_table_find(table, span_of(site->features[i].name), &slot) ? 0 : 1;
    }
    if (count > FEATURE_COUNT_MAX) {
        report_error(loader->report, list->place,
                     "with those of earlier configurations there are more than %d "
                     "features; restart to forget the old ones",
                     FEATURE_COUNT_MAX);
        return;
    }
    for (size_t i = 0; i < site->feature_count; i++) {
        struct feature_settings *feature = &site->features[i];
        enum err err = feature_table_slot(table, span_of(feature->name), &feature->slot);
        CHECK(err == ERR_NONE);
    }
}

static void set_hash(struct loader *loader)
{
    struct snapshot *snapshot = loader->snapshot;
    uint8_t digest[SECRET_DIGEST_SIZE];

    secret_hash_end(&loader->hash, digest);
    format_hex(digest, sizeof(digest), snapshot->site.hash);
    memcpy(snapshot->config.hash, snapshot->site.hash, sizeof(snapshot->config.hash));
}

/* False: `loader->report` says why, or memory is exhausted. */
static bool load(struct loader *loader, const struct config_source *source,
                 struct feature_table *features)
{
    bool memory = loader_read(loader);

    if (loader->root->kind != NODE_MAP) {
        return false;
    }
    loader_check(loader);
    loader_make_tls(loader);
    memory = memory && set_paths(loader, source->path);
    if (!memory) {
        return false;
    }
    compile_markers(loader);
    if (report_error_count(loader->report) > 0 || !complete_routes(loader)) {
        return false;
    }
    place_features(loader, features);
    set_hash(loader);
    if (source->lint && report_error_count(loader->report) == 0) {
        lint_config(loader);
    }
    return report_error_count(loader->report) == 0 &&
           !arena_failed(loader->snapshot->arena);
}

/* The folder of `path`, in `scratch`; "" when it is the working directory. */
static const char *folder_of(const char *path, struct arena *scratch)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    char *folder = NULL;

    if (slash != NULL) {
        size_t len = slash == path ? 1 : (size_t)(slash - path);
        folder = arena_copy(scratch, span_first(span_of(path), len));
    }
    return folder != NULL ? folder : "";
}

struct config *config_load(const struct config_source *source,
                           struct feature_table *features, struct report *report)
{
    struct arena *scratch = arena_new(SCRATCH_SIZE_MAX);
    struct snapshot *snapshot = snapshot_new();
    struct config *config = NULL;

    if (scratch != NULL && snapshot != NULL) {
        struct loader loader = {
            .snapshot = snapshot,
            .scratch = scratch,
            .report = report,
            .folder = folder_of(source->path, scratch),
            .state_default = source->state_default,
        };
        loader.root = source->kept.ptr != NULL
                          ? kept_tree(source->kept, scratch, report, &loader.folder)
                          : read_tree(source, scratch, report);
        bool good = loader.root != NULL && load(&loader, source, features);
        if (good) {
            snapshot->config.kept = kept_text(loader.root, loader.folder,
                                              snapshot->config.hash, snapshot->arena);
        }
        config = good ? &snapshot->config : NULL;
    }
    if (config == NULL && report_error_count(report) == 0) {
        report_error(report, (struct place){.source = "configuration"}, "out of memory");
    }
    if (config == NULL && snapshot != NULL) {
        arena_free(&(struct arena *){snapshot->arena});
    }
    arena_free(&scratch);
    report_sort(report);
    return config;
}

void config_free(struct config **self_p)
{
    if (*self_p != NULL) {
        struct site *site = (*self_p)->site;
        *self_p = NULL;
        site_unref(&site);
    }
}
