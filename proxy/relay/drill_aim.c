#include "relay/drill_aim.h"

#include <string.h>

#include "http/path_pattern.h"
#include "relay/route.h"

/* What stands for a `*`. */
#define FILLING "drill"

enum {
    PATH_BUFFER = PATH_BUFFER_SIZE(DRILL_TEXT_MAX),
};

/* How well a path suits; more is better. */
enum fit {
    FIT_NONE,
    FIT_JUDGED,   /* Its answers are judged. */
    FIT_REQUIRED, /* And have to carry the marker. */
};

static bool end_text(struct writer *out)
{
    writer_byte(out, '\0');
    return !out->full;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || strchr("/-._~", byte) != NULL;
}

static void put_encoded(struct writer *out, struct span text)
{
    static const char DIGITS[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        if (byte != '\0' && is_plain(byte)) {
            writer_byte(out, (char)byte);
        } else {
            writer_byte(out, '%');
            writer_byte(out, DIGITS[byte >> 4]);
            writer_byte(out, DIGITS[byte & 15]);
        }
    }
}

/* A path that the pattern matches. False: too long. */
static bool fill_path(const struct path_pattern *pattern, char *target_out)
{
    struct writer out = writer_of(target_out, DRILL_TEXT_MAX);
    struct span rest = span_from(pattern->text, 1);
    struct span segment;

    while (span_next(&rest, '/', &segment)) {
        writer_byte(&out, '/');
        put_encoded(&out, span_equal(segment, SPAN("*")) ? SPAN(FILLING) : segment);
    }
    if (pattern->below) {
        writer_text(&out, "/" FILLING);
    }
    if (out.len == 0) {
        writer_byte(&out, '/');
    }
    return end_text(&out);
}

static void fill_host(const char *pattern, char *host_out)
{
    struct writer out = writer_of(host_out, DRILL_TEXT_MAX);

    if (pattern[0] == '*') {
        writer_text(&out, FILLING);
        pattern++;
    }
    writer_text(&out, pattern);
    if (!end_text(&out)) {
        host_out[0] = '\0';
    }
}

/* Where the target leads when it is asked of the host. */
static enum fit fit_of(const struct site *site, const struct drill_aim *aim,
                       struct routed *routed_out)
{
    uint8_t buffer[PATH_BUFFER];
    struct path path;
    const struct head head = {.method_text = SPAN("GET")};

    if (path_normalize(span_of(aim->target), buffer, &path) != PATH_ERROR_NONE ||
        route_find(site, span_of(aim->host), &head, &path, routed_out) != ROUTE_FOUND) {
        return FIT_NONE;
    }
    /* What a session asks for is never outside of `login`. */
    uint64_t features = routed_out->features | FEATURE_LOGIN_BIT;
    if ((features >> aim->slot & 1) == 0 || routed_out->role != ROLE_NONE ||
        routed_out->requirement.observe) {
        return FIT_NONE;
    }
    bool required = (routed_out->requirement.require_mask >> aim->class_index & 1) != 0;
    return required ? FIT_REQUIRED : FIT_JUDGED;
}

/* Takes the target and host of `from` if they suit better than what there is. */
static void try_one(const struct site *site, const struct drill_aim *from,
                    enum fit *best_p, struct drill_aim *aim_out)
{
    struct routed routed;
    enum fit fit = fit_of(site, from, &routed);

    if (fit > *best_p) {
        *best_p = fit;
        *aim_out = *from;
        (void)span_copy(span_of(routed.route->pattern), aim_out->route,
                        sizeof(aim_out->route));
    }
}

static void try_pattern(const struct site *site, const struct path_pattern *pattern,
                        struct drill_aim *from, enum fit *best_p,
                        struct drill_aim *aim_out)
{
    if (fill_path(pattern, from->target)) {
        try_one(site, from, best_p, aim_out);
    }
}

static void try_routes(const struct site *site, struct drill_aim *from, enum fit *best_p,
                       struct drill_aim *aim_out)
{
    char any_host[DRILL_TEXT_MAX];

    memcpy(any_host, from->host, sizeof(any_host));
    for (size_t i = 0; i < site->route_count; i++) {
        if (site->routes[i].host != NULL) {
            fill_host(site->routes[i].host, from->host);
        }
        try_pattern(site, site->routes[i].path, from, best_p, aim_out);
        memcpy(from->host, any_host, sizeof(any_host));
    }
}

/* The path that the operator named, of any host that leads somewhere. */
static void try_named(const struct site *site, struct drill_aim *from, enum fit *best_p,
                      struct drill_aim *aim_out)
{
    try_one(site, from, best_p, aim_out);
    for (size_t i = 0; i < site->route_count; i++) {
        if (site->routes[i].host != NULL) {
            fill_host(site->routes[i].host, from->host);
            try_one(site, from, best_p, aim_out);
        }
    }
}

static const struct feature_settings *feature_of(const struct site *site, unsigned slot)
{
    for (size_t i = 0; i < site->feature_count; i++) {
        if (site->features[i].slot == slot) {
            return &site->features[i];
        }
    }
    return NULL;
}

static void try_all(const struct site *site, struct drill_aim *from, enum fit *best_p,
                    struct drill_aim *aim_out)
{
    const struct feature_settings *feature = feature_of(site, from->slot);

    try_routes(site, from, best_p, aim_out);
    for (size_t i = 0; feature != NULL && i < feature->path_count; i++) {
        try_pattern(site, feature->paths[i], from, best_p, aim_out);
    }
}

static const char *find_class(const struct site *site, unsigned *index_out)
{
    for (unsigned i = 0; i < site->class_count; i++) {
        const struct marker_class *class = &site->classes[i];
        if (class->must_be != MARKER_RULE_REQUESTER) {
            continue;
        }
        *index_out = i;
        for (size_t j = 0; j < class->selector_count; j++) {
            if (class->selectors[j].kind != SELECTOR_REGEX) {
                return NULL;
            }
        }
        return "The identity class has only `regex:` selectors: a drill cannot make a "
               "page that they match.";
    }
    return "No class of markers has `must_be: requester`: there is nothing to mix up.";
}

static bool path_allowed(const char *path)
{
    if (path[0] != '/' || strlen(path) >= DRILL_TEXT_MAX) {
        return false;
    }
    for (const char *at = path; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || strchr("?#;", *at) != NULL) {
            return false;
        }
    }
    return true;
}

const char *drill_aim_find(const struct site *site, unsigned feature, const char *path,
                           struct drill_aim *aim_out)
{
    struct drill_aim from = {.slot = feature};
    enum fit best = FIT_NONE;
    char name[DRILL_TEXT_MAX];

    *aim_out = (struct drill_aim){0};
    const char *error = find_class(site, &from.class_index);
    if (error != NULL) {
        return error;
    }
    if (drill_aim_place(&site->session, name) == DRILL_PLACE_NONE) {
        return "Sessions have no cookie, parameter or field of their own here: a drill "
               "cannot make one up.";
    }
    fill_host(site->host_count > 0 ? site->hosts[0] : "localhost", from.host);
    if (path[0] != '\0') {
        if (!path_allowed(path)) {
            return "`path` must start with / and be written as in a request, without "
                   "query, of at most 255 bytes.";
        }
        (void)span_copy(span_of(path), from.target, sizeof(from.target));
        try_named(site, &from, &best, aim_out);
        return best != FIT_NONE ? NULL
                                : "The path is not one of the feature, is a login or "
                                  "logout, or is only observed.";
    }
    try_all(site, &from, &best, aim_out);
    return best != FIT_NONE ? NULL
                            : "No path of the feature is judged and enforced; name one "
                              "with `path`, or see `countermark check`.";
}

/* The first name of the list that a made-up token may have. */
static bool cookie_name(const struct cookie_names *names, char *name_out)
{
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        struct writer out = writer_of(name_out, DRILL_TEXT_MAX);
        struct span pattern = names->patterns[i];
        bool open = span_ends(pattern, SPAN("*"));
        if (span_starts(pattern, SPAN("!"))) {
            continue;
        }
        writer_put(&out, open ? span_first(pattern, pattern.len - 1) : pattern);
        writer_text(&out, open ? FILLING : "");
        if (end_text(&out) &&
            cookie_names_rank(names, span_of(name_out)) != COOKIE_NO_MATCH) {
            return true;
        }
    }
    return false;
}

enum drill_place drill_aim_place(const struct session_policy *policy, char *name_out)
{
    if (cookie_name(policy->cookies, name_out)) {
        return DRILL_PLACE_COOKIE;
    }
    if (policy->path_parameter != NULL &&
        span_copy(span_of(policy->path_parameter), name_out, DRILL_TEXT_MAX) > 0) {
        return DRILL_PLACE_PARAMETER;
    }
    if (policy->header != NULL &&
        span_copy(span_of(policy->header), name_out, DRILL_TEXT_MAX) > 0) {
        return DRILL_PLACE_HEADER;
    }
    return DRILL_PLACE_NONE;
}

void drill_aim_write(const struct drill_aim *self, const struct session_policy *policy,
                     struct span token, struct writer *out)
{
    char name[DRILL_TEXT_MAX];
    enum drill_place place = drill_aim_place(policy, name);

    writer_text(out, "GET ");
    writer_text(out, self->target);
    if (place == DRILL_PLACE_PARAMETER) {
        writer_text(out, ";");
        writer_text(out, name);
        writer_text(out, "=");
        writer_put(out, token);
    }
    writer_text(out, " HTTP/1.1\r\n");
    writer_field(out, SPAN("Host"), span_of(self->host));
    writer_field(out, SPAN("User-Agent"), SPAN("countermark-drill"));
    writer_field(out, SPAN("Accept"), SPAN("text/html"));
    writer_field(out, SPAN("Connection"), SPAN("close"));
    if (place == DRILL_PLACE_HEADER) {
        writer_field(out, span_of(name), token);
    } else if (place == DRILL_PLACE_COOKIE) {
        writer_text(out, "Cookie: ");
        writer_text(out, name);
        writer_text(out, "=");
        writer_put(out, token);
        writer_text(out, "\r\n");
    }
    writer_text(out, "\r\n");
}
