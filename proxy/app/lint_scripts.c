#include "app/lint.h"
#include "http/path_pattern.h"

/* What a web server gives to the script `/x.php` when `/x.php/more` is asked for. */
static bool is_script(const struct path_pattern *path)
{
    static const char *const ENDINGS[] = {".php", ".cgi", ".pl", ".jsp", ".asp", ".aspx"};

    for (size_t i = 0; i < sizeof(ENDINGS) / sizeof(ENDINGS[0]); i++) {
        struct span ending = span_of(ENDINGS[i]);
        if (path->text.len > ending.len &&
            span_equal_nocase(span_from(path->text, path->text.len - ending.len),
                              ending)) {
            return true;
        }
    }
    return false;
}

/* Whoever writes a path below the script knows of them, and has chosen. */
static bool is_below(const struct path_pattern *path, const struct path_pattern *script)
{
    if (!span_starts(path->text, script->text)) {
        return false;
    }
    struct span rest = span_from(path->text, script->text.len);
    return rest.len > 0 ? rest.ptr[0] == '/' : path->below;
}

static bool is_below_any(const struct request_patterns *paths,
                         const struct path_pattern *script)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (is_below(paths->items[i].path, script)) {
            return true;
        }
    }
    return false;
}

static struct place place_of(const struct node *list, size_t index, struct place whole)
{
    const struct node *item = loader_item(list, index);

    return item != NULL ? item->place : whole;
}

static void lint_feature(struct loader *loader, const struct feature_settings *feature,
                         const struct node *item)
{
    const struct node *list = item != NULL ? node_find(item, SPAN("paths")) : NULL;

    for (size_t i = 0; i < feature->path_count; i++) {
        const struct path_pattern *path = feature->paths[i];
        bool chosen = !is_script(path);
        for (size_t k = 0; k < feature->path_count; k++) {
            chosen = chosen || is_below(feature->paths[k], path);
        }
        if (!chosen) {
            report_warning(loader->report,
                           place_of(list, i, loader_place(loader, item, "paths")),
                           "servers give `%.*s/x` to the same script, and that path "
                           "stays up while `%s` is down; write `%.*s/**`",
                           SPAN_ARGS(path->text), feature->name, SPAN_ARGS(path->text));
        }
    }
}

static void lint_login(struct loader *loader)
{
    const struct login_policy *login = &loader->snapshot->site.login;
    const struct node *map = node_find(loader->root, SPAN("login"));
    const struct node *list = map != NULL ? node_find(map, SPAN("request")) : NULL;

    for (size_t i = 0; i < login->request.count; i++) {
        const struct path_pattern *path = login->request.items[i].path;
        if (is_script(path) && !is_below_any(&login->request, path) &&
            !is_below_any(&login->callback, path)) {
            report_warning(loader->report,
                           place_of(list, i, loader_place(loader, map, "request")),
                           "servers give `%.*s/x` to the same script, and a login there "
                           "is not seen; write `%.*s/**`",
                           SPAN_ARGS(path->text), SPAN_ARGS(path->text));
        }
    }
}

void lint_scripts(struct loader *loader)
{
    const struct site *site = &loader->snapshot->site;
    const struct node *list = node_find(loader->root, SPAN("features"));

    for (size_t i = 0; i < site->feature_count; i++) {
        lint_feature(loader, &site->features[i], loader_item(list, i));
    }
    lint_login(loader);
}
