#include "app/crossing.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/writer.h"
#include "http/path_pattern.h"
#include "relay/route.h"

enum {
    NAME_MAX_SIZE = 512,
    REQUEST_MAX = PATH_PATTERN_SHARED_MAX + 4096, /* Of a path that is tried. */
};

/* No pattern can have this byte, so only a `*` matches it. */
static const char NO_NAME[] = "\x01";

struct crossing {
    const struct site *before;
    const struct site *after;
    bool case_differs; /* One ignores the case and the other does not. */
    size_t depth_max;  /* Segments of the longest pattern. */
    size_t host_count;
    char (*hosts)[NAME_MAX_SIZE];
};

/* What both routes take. */
struct common_part {
    struct path_pattern path;
    const char *host; /* NULL: any. */
    char text[PATH_PATTERN_SHARED_MAX];
};

static size_t depth_of(struct span path)
{
    size_t depth = 0;

    for (size_t i = 0; i < path.len; i++) {
        depth += path.ptr[i] == '/' ? 1 : 0;
    }
    return depth;
}

static bool ignores_case(const struct site *site)
{
    return site->route_count > 0 && site->routes[0].path->ignore_case;
}

/* A name that the pattern matches, and no other one that it need not. */
static void add_host(struct crossing *self, const char *pattern)
{
    bool wild = pattern[0] == '*';

    (void)snprintf(self->hosts[self->host_count++], NAME_MAX_SIZE, "%s%s",
                   wild ? NO_NAME : "", pattern + (wild ? 1 : 0));
}

static void add_site(struct crossing *self, const struct site *site)
{
    for (size_t i = 0; i < site->host_count; i++) {
        add_host(self, site->hosts[i]);
    }
    for (size_t i = 0; i < site->route_count; i++) {
        const struct route *route = &site->routes[i];
        size_t depth = depth_of(route->path->text);
        self->depth_max = depth > self->depth_max ? depth : self->depth_max;
        if (route->host != NULL) {
            add_host(self, route->host);
        }
    }
}

struct crossing *crossing_new(const struct site *before, const struct site *after)
{
    struct crossing *self = calloc(1, sizeof(*self));
    size_t count = 1 + before->host_count + before->route_count + after->host_count +
                   after->route_count;

    if (self == NULL) {
        return NULL;
    }
    self->before = before;
    self->after = after;
    self->case_differs = ignores_case(before) != ignores_case(after);
    self->hosts = calloc(count, sizeof(self->hosts[0]));
    if (self->hosts == NULL) {
        crossing_free(&self);
        return NULL;
    }
    add_host(self, NO_NAME);
    add_site(self, before);
    add_site(self, after);
    return self;
}

void crossing_free(struct crossing **self_p)
{
    if (*self_p != NULL) {
        free((*self_p)->hosts);
    }
    free(*self_p);
    *self_p = NULL;
}

/* A pattern of hosts is a name, too: `*.a.example` is below `*.example`. */
static bool takes_host(const char *pattern, const char *host)
{
    return pattern == NULL ||
           (host != NULL && host_matches(span_of(pattern), span_of(host)));
}

static bool share(const struct route *from, const struct route *to,
                  struct common_part *out)
{
    if (takes_host(from->host, to->host)) {
        out->host = to->host;
    } else if (takes_host(to->host, from->host)) {
        out->host = from->host;
    } else {
        return false;
    }
    return path_pattern_shared(from->path, to->path, out->text, &out->path);
}

/* A route before this one takes all of it: there is nothing to try. */
static bool is_taken(const struct site *site, const struct route *route,
                     const struct common_part *part)
{
    for (const struct route *it = site->routes; it < route; it++) {
        if (takes_host(it->host, part->host) &&
            path_pattern_covers(it->path, &part->path)) {
            return true;
        }
    }
    return false;
}

static uint8_t other_case(uint8_t byte)
{
    bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');

    return letter ? byte ^ 0x20 : byte;
}

/* A path of the pattern with names that nothing else has, `depth` segments long. */
static struct span make_path(const struct path_pattern *pattern, size_t depth,
                             bool turn_case, uint8_t *path_out)
{
    struct writer out = writer_of(path_out, REQUEST_MAX);
    struct span rest = pattern->text;
    struct span segment;

    (void)span_next(&rest, '/', &segment);
    while (span_next(&rest, '/', &segment)) {
        writer_text(&out, "/");
        writer_put(&out, span_equal(segment, SPAN("*")) ? span_of(NO_NAME) : segment);
    }
    for (size_t i = depth_of(pattern->text); i < depth; i++) {
        writer_text(&out, "/");
        writer_text(&out, NO_NAME);
    }
    if (out.len == 0) {
        writer_text(&out, "/");
    }
    for (size_t i = 0; turn_case && i < out.len; i++) {
        path_out[i] = other_case(path_out[i]);
    }
    return writer_span(&out);
}

static bool goes(const struct crossing *self, const struct route *from,
                 const struct route *to, struct span path)
{
    for (size_t i = 0; i < self->host_count; i++) {
        struct span host = span_of(self->hosts[i]);
        if (takes_host(from->host, self->hosts[i]) &&
            route_first(self->before, host, path) == from &&
            route_first(self->after, host, path) == to) {
            return true;
        }
    }
    return false;
}

static bool any_goes(const struct crossing *self, const struct route *from,
                     const struct route *to, const struct common_part *part)
{
    size_t first = depth_of(part->path.text);
    size_t last = part->path.below ? self->depth_max + 1 : first;
    uint8_t path[REQUEST_MAX];

    for (size_t depth = first; depth <= last; depth++) {
        if (goes(self, from, to, make_path(&part->path, depth, false, path)) ||
            (self->case_differs &&
             goes(self, from, to, make_path(&part->path, depth, true, path)))) {
            return true;
        }
    }
    return false;
}

bool crossing_find(const struct crossing *self, const struct route *from,
                   const struct route *to, char *text_out)
{
    struct common_part part;

    if (!share(from, to, &part) || is_taken(self->before, from, &part) ||
        is_taken(self->after, to, &part) || !any_goes(self, from, to, &part)) {
        return false;
    }
    bool root = part.path.text.len == 0 && !part.path.below;
    (void)snprintf(
        text_out, CROSSING_TEXT_MAX, "%s%.*s%s", part.host != NULL ? part.host : "",
        SPAN_ARGS(root ? SPAN("/") : part.path.text), part.path.below ? "/**" : "");
    return true;
}
