#include "app/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/difference.h"
#include "app/file.h"
#include "base/json_write.h"

enum {
    PATH_MAX_SIZE = 2048,
    MEMORY_MAX = 64 * 1024 * 1024,
    URL_SIZE_MAX = 1280, /* The table of options allows 1023. */
};

static const char VERSION_KEPT[] = "1";

/* Where in `url` the authority begins; its length when there is none. */
static size_t authority_of(struct span url)
{
    for (size_t i = 0; i + 3 <= url.len; i++) {
        if (memcmp(url.ptr + i, "://", 3) == 0) {
            return i + 3;
        }
    }
    return url.len;
}

/* Of a webhook the path is a secret; of Alertmanager it says which API. */
static struct span path_kept(struct span path, bool webhook)
{
    struct span api = SPAN("/api/v2/alerts");

    if (!webhook) {
        return path;
    }
    return path.len >= api.len && span_equal(span_from(path, path.len - api.len), api)
               ? api
               : SPAN("/");
}

/* Scheme, host and path. User, password and query may be secrets: everything up to the
 * last `@`, which a password may have too, and all from the query on. */
static void write_url(struct json_write *out, struct span url, bool webhook)
{
    size_t start = authority_of(url);
    struct span rest = span_from(url, start);
    char text[URL_SIZE_MAX];

    for (size_t at = span_find(rest, '@'); at < rest.len; at = span_find(rest, '@')) {
        rest = span_from(rest, at + 1);
    }
    rest = span_first(rest, span_find(rest, '?'));
    rest = span_first(rest, span_find(rest, '#'));
    struct span host = span_first(rest, span_find(rest, '/'));
    struct span path = path_kept(span_from(rest, host.len), webhook);
    int len = snprintf(text, sizeof(text), "%.*s%.*s%.*s", (int)start,
                       (const char *)url.ptr, SPAN_ARGS(host), SPAN_ARGS(path));
    json_write_text(out,
                    len > 0 && (size_t)len < sizeof(text) ? span_of(text) : SPAN(""));
}

/* Numbers and words keep being without quotes: with them they would be texts. */
static bool is_word(const struct node *node)
{
    for (size_t i = 0; i < node->text.len; i++) {
        uint8_t byte = node->text.ptr[i];
        bool word = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                    (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '_';
        if (!word) {
            return false;
        }
    }
    return node->plain;
}

static void write_scalar(struct json_write *out, const struct node *node)
{
    if (node_is_null(node)) {
        json_write_null(out);
    } else if (span_equal(node->name, SPAN("webhook"))) {
        write_url(out, node->text, true);
    } else if (span_equal(node->name, SPAN("http")) ||
               span_equal(node->name, SPAN("redis"))) {
        write_url(out, node->text, false);
    } else if (is_word(node)) {
        json_write_raw(out, node->text);
    } else {
        json_write_text(out, node->text);
    }
}

/* As deep as NODE_DEPTH_MAX. */
// NOLINTBEGIN(misc-no-recursion)
static void write_node(struct json_write *out, const struct node *node)
{
    if (node->kind == NODE_SCALAR) {
        write_scalar(out, node);
        return;
    }
    bool map = node->kind == NODE_MAP;
    (map ? json_write_begin_object : json_write_begin_array)(out);
    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (map) {
            json_write_key(out, (const char *)child->name.ptr);
        }
        write_node(out, child);
    }
    (map ? json_write_end_object : json_write_end_array)(out);
}
// NOLINTEND(misc-no-recursion)

struct span kept_text(const struct node *root, const char *folder, const char *hash,
                      struct arena *arena)
{
    struct json_write out;
    struct span kept = {0};

    json_write_init(&out, KEPT_SIZE_MAX - 1);
    json_write_begin_object(&out);
    json_write_member(&out, "version", span_of(VERSION_KEPT));
    json_write_member(&out, "hash", span_of(hash));
    json_write_member(&out, "folder", span_of(folder));
    json_write_key(&out, "configuration");
    write_node(&out, root);
    json_write_end_object(&out);
    struct span text = json_write_result(&out);
    char *copy = text.len > 0 ? arena_copy(arena, text) : NULL;
    if (copy != NULL) {
        kept = (struct span){.ptr = (const uint8_t *)copy, .len = text.len};
    }
    json_write_free(&out);
    return kept;
}

static struct node *parse(struct span text, struct arena *arena, struct report *report)
{
    struct node *whole = node_parse(arena, "configuration last in force", text, report);
    const struct node *version = node_find(whole, SPAN("version"));

    if (whole == NULL || version == NULL ||
        !span_equal(version->text, span_of(VERSION_KEPT))) {
        report_error(report, (struct place){.source = "configuration last in force"},
                     "it was kept by another version");
        return NULL;
    }
    return whole;
}

struct node *kept_tree(struct span text, struct arena *arena, struct report *report,
                       const char **folder_out)
{
    struct node *whole = parse(text, arena, report);
    const struct node *folder = node_find(whole, SPAN("folder"));
    struct node *child = whole != NULL ? whole->first : NULL;

    *folder_out = folder != NULL ? (const char *)folder->text.ptr : "";
    while (child != NULL && !span_equal(child->name, SPAN("configuration"))) {
        child = child->next;
    }
    return child;
}

const char *kept_hash(struct span text, struct arena *arena)
{
    struct report *report = report_new();
    const struct node *whole = report != NULL ? parse(text, arena, report) : NULL;
    const struct node *hash = node_find(whole, SPAN("hash"));

    report_free(&report);
    return hash != NULL ? (const char *)hash->text.ptr : "";
}

static bool write_all(int fd, struct span text)
{
    while (text.len > 0) {
        ssize_t written = write(fd, text.ptr, text.len);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        text = span_from(text, written > 0 ? (size_t)written : 0);
    }
    return fsync(fd) == 0;
}

const char *kept_store(const char *path, struct span text)
{
    char partial[PATH_MAX_SIZE];
    int len = snprintf(partial, sizeof(partial), "%s.new", path);

    if (len < 0 || (size_t)len >= sizeof(partial)) {
        return "its path is too long";
    }
    (void)unlink(partial);
    int fd = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return "it cannot be made";
    }
    bool written = write_all(fd, text);
    if (close(fd) != 0 || !written || rename(partial, path) != 0) {
        (void)unlink(partial);
        return "it cannot be written";
    }
    return NULL;
}

/* A configuration as kept, with slots of its own. */
static struct config *load_kept(struct span text, struct report *report)
{
    struct feature_table features = {0};
    struct config_source source = {.kept = text, .state_default = "/"};

    feature_table_init(&features, NULL);
    return config_load(&source, &features, report);
}

static bool tell(const struct difference *difference, struct report *report,
                 struct place place)
{
    size_t count = difference_count(difference, EFFECT_WEAKER);

    for (size_t i = 0; i < count; i++) {
        const char *text = difference_text(difference, EFFECT_WEAKER, i);
        report_warning(report, place, "%s", text != NULL ? text : "one more");
    }
    return count == 0;
}

static struct place place_of(const struct config *next)
{
    return (struct place){.source = next->path != NULL ? next->path : "flags"};
}

static void tell_unread(const struct config *next, const char *why, struct report *report)
{
    report_warning(report, place_of(next),
                   "it cannot be compared with the configuration last in force: %s",
                   why != NULL ? why : "out of memory");
}

bool kept_compare(struct span text, const struct config *next, struct report *report)
{
    struct report *problems = report_new();
    struct config *old = problems != NULL ? load_kept(text, problems) : NULL;
    struct config *now = old != NULL ? load_kept(next->kept, problems) : NULL;
    struct difference *difference =
        now != NULL ? difference_new(old, now, TAKEN_BY_START) : NULL;
    bool good = false;

    if (difference != NULL) {
        good = tell(difference, report, place_of(next));
    } else {
        tell_unread(next, problems != NULL ? report_text(problems, 0) : NULL, report);
    }
    difference_free(&difference);
    config_free(&now);
    config_free(&old);
    report_free(&problems);
    return good;
}

bool kept_check(const char *path, bool expected, const struct config *next,
                struct report *report)
{
    struct arena *arena = arena_new(MEMORY_MAX);
    struct span text = {0};
    const char *error =
        arena != NULL ? file_read(arena, path, KEPT_SIZE_MAX, &text) : "out of memory";
    bool good = true;

    if (error == NULL) {
        good = strcmp(kept_hash(text, arena), next->hash) == 0 ||
               kept_compare(text, next, report);
    } else if (expected || access(path, F_OK) == 0) {
        tell_unread(next, error, report);
        good = false;
    }
    arena_free(&arena);
    return good;
}
