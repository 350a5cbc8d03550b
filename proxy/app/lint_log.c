#include "app/lint_log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/personal.h"
#include "base/parse.h"

enum {
    LINE_SIZE_MAX = 8192, /* Twice the longest that is written. */
    EXAMPLE_SIZE_MAX = 128,
};

struct seen {
    uint64_t requests;
    uint64_t marked;
    uint64_t unmarked;
    uint64_t personal; /* With a session, 200, where nothing is required. */
    char unmarked_at[EXAMPLE_SIZE_MAX]; /* The first path of each. */
    char personal_at[EXAMPLE_SIZE_MAX];
};

struct reading {
    const struct config *config;
    struct seen *routes;
    uint64_t lines;
    uint64_t foreign; /* Of no route of this configuration. */
    uint64_t broken;
};

/* The value of a member. Our own lines have no `"` and no `\` within texts. */
static bool member(struct span line, const char *name, struct span *value_out)
{
    char key[32];
    int len = snprintf(key, sizeof(key), ",\"%s\":", name);
    const uint8_t *at = memmem(line.ptr, line.len, key, (size_t)len);

    if (at == NULL) {
        return false;
    }
    struct span rest = span_from(line, (size_t)(at - line.ptr) + (size_t)len);
    if (span_starts(rest, SPAN("\""))) {
        rest = span_from(rest, 1);
        *value_out = span_first(rest, span_find(rest, '"'));
    } else {
        size_t comma = span_find(rest, ',');
        size_t brace = span_find(rest, '}');
        *value_out = span_first(rest, comma < brace ? comma : brace);
    }
    return true;
}

/* The log has at most this of a route's name, and `?` for what is not plain. */
static bool same_route(const char *pattern, struct span logged)
{
    size_t len = strlen(pattern);

    if (len < logged.len) {
        return false;
    }
    for (size_t i = 0; i < logged.len; i++) {
        if ((uint8_t)pattern[i] != logged.ptr[i] && logged.ptr[i] != '?') {
            return false;
        }
    }
    return len == logged.len || logged.len >= 512;
}

static struct seen *find_route(struct reading *self, struct span logged,
                               size_t *index_out)
{
    const struct site *site = self->config->site;

    for (size_t i = 0; i < site->route_count; i++) {
        if (same_route(site->routes[i].pattern, logged)) {
            *index_out = i;
            return &self->routes[i];
        }
    }
    return NULL;
}

static void note_example(char *example, struct span path)
{
    if (example[0] == '\0') {
        (void)span_copy(span_first(path, EXAMPLE_SIZE_MAX - 1), example,
                        EXAMPLE_SIZE_MAX);
    }
}

static void read_line(struct reading *self, struct span line)
{
    struct span route;
    struct span path;
    struct span status;
    struct span value;
    size_t index = 0;

    self->lines++;
    if (!span_starts(line, SPAN("{\"time\":\"")) || !member(line, "route", &route) ||
        !member(line, "path", &path) || !member(line, "status", &status)) {
        self->broken++;
        return;
    }
    struct seen *seen = find_route(self, route, &index);
    if (seen == NULL) {
        self->foreign++;
        return;
    }
    seen->requests++;
    if (member(line, "marked", &value)) {
        bool marked = span_equal(value, SPAN("true"));
        seen->marked += marked ? 1 : 0;
        seen->unmarked += marked ? 0 : 1;
        if (!marked) {
            note_example(seen->unmarked_at, path);
        }
    }
    bool required = self->config->site->routes[index].requirement.require_mask != 0;
    if (!required && span_equal(status, SPAN("200")) && member(line, "session", &value) &&
        personal_path(path)) {
        seen->personal++;
        note_example(seen->personal_at, path);
    }
}

static void read_lines(struct reading *self, FILE *file)
{
    static char line[LINE_SIZE_MAX]; /* Large, and there is one check in a process. */

    while (fgets(line, sizeof(line), file) != NULL) {
        read_line(self, span_of(line));
    }
}

static void tell_required(const struct route *route, const struct seen *seen,
                          struct report *report, struct place place)
{
    uint64_t pages = seen->marked + seen->unmarked;

    if (seen->requests == 0) {
        report_warning(report, place,
                       "no request for `%s`, which requires a marker: it has never been "
                       "seen there; look whether the path is right",
                       route->pattern);
    } else if (pages > 0 && seen->marked == 0) {
        report_warning(report, place,
                       "none of %" PRIu64 " pages of `%s` carried its marker, such as "
                       "`%s`: look whether `find` is right",
                       pages, route->pattern, seen->unmarked_at);
    } else if (seen->unmarked > 0) {
        report_warning(report, place,
                       "%" PRIu64 " of %" PRIu64 " pages of `%s` lacked their marker, "
                       "such as `%s`: give it to them, or a route of their own",
                       seen->unmarked, pages, route->pattern, seen->unmarked_at);
    }
}

static void tell(const struct reading *self, struct report *report, struct place place)
{
    const struct site *site = self->config->site;

    if (self->broken > 0) {
        report_warning(report, place,
                       "%" PRIu64 " of %" PRIu64 " lines are not of an access log of "
                       "Countermark",
                       self->broken, self->lines);
    }
    if (self->foreign > 0) {
        report_warning(report, place,
                       "%" PRIu64 " of %" PRIu64 " requests were for routes that this "
                       "configuration does not have",
                       self->foreign, self->lines);
    }
    for (size_t i = 0; i < site->route_count; i++) {
        const struct seen *seen = &self->routes[i];
        if (site->routes[i].requirement.require_mask != 0) {
            tell_required(&site->routes[i], seen, report, place);
        }
        if (seen->personal > 0) {
            report_warning(report, place,
                           "%" PRIu64 " requests of sessions for `%s`, which looks "
                           "personal, were for route `%s`, which requires nothing: add "
                           "a route with `require`",
                           seen->personal, seen->personal_at, site->routes[i].pattern);
        }
    }
}

void lint_log(const struct config *config, FILE *file, const char *source,
              struct report *report)
{
    struct place place = {.source = source};
    struct reading reading = {.config = config};

    reading.routes = calloc(config->site->route_count, sizeof(*reading.routes));
    if (reading.routes == NULL) {
        report_warning(report, place, "out of memory");
        return;
    }
    read_lines(&reading, file);
    tell(&reading, report, place);
    free(reading.routes);
}
