#include <string.h>

#include "app/difference_private.h"
#include "http/path_pattern.h"

enum {
    REQUEST_TEXT_MAX = 160, /* Of a pattern in a line; longer is cut. */
};

static const char *request_text(const struct request_pattern *request, char *text_out)
{
    const struct path_pattern *path = request->path;
    bool root = path->text.len == 0 && !path->below;

    (void)snprintf(text_out, REQUEST_TEXT_MAX, "%s%s%.*s%s",
                   request->method != NULL ? request->method : "",
                   request->method != NULL ? " " : "",
                   SPAN_ARGS(root ? SPAN("/") : path->text), path->below ? "/**" : "");
    return text_out;
}

static bool has_request(const struct request_patterns *patterns,
                        const struct request_pattern *request)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const struct request_pattern *item = &patterns->items[i];
        if ((item->method == NULL ||
             difference_same_text(item->method, request->method)) &&
            path_pattern_covers(item->path, request->path)) {
            return true;
        }
    }
    return false;
}

static bool is_configured(const struct login_policy *login)
{
    return login->request.count > 0 || login->callback.count > 0;
}

static void compare_requests(struct comparison *self, const struct login_policy *before,
                             const struct login_policy *after)
{
    char text[REQUEST_TEXT_MAX];

    if ((before->request.count > 0 && after->request.count == 0) ||
        (is_configured(before) && !is_configured(after))) {
        difference_say(self, "no request is a login", "logins are seen (`login`)");
        return;
    }
    for (size_t i = 0; i < before->request.count; i++) {
        const struct request_pattern *request = &before->request.items[i];
        if (!has_request(&after->request, request)) {
            difference_say(self, "logins by `%s` are not seen", "logins by `%s` are seen",
                           request_text(request, text));
        }
    }
}

/* Where nothing is configured, whatever may change something may be a login. */
static bool is_unsafe(const struct request_pattern *request)
{
    static const char *const SAFE[] = {"GET", "HEAD", "OPTIONS", "TRACE"};

    for (size_t i = 0; i < sizeof(SAFE) / sizeof(SAFE[0]); i++) {
        if (difference_same_text(request->method, SAFE[i])) {
            return false;
        }
    }
    return request->method != NULL;
}

/* Whatever its path's case: that is told by `ignore_case`. */
static bool had_request(const struct request_patterns *patterns,
                        const struct request_pattern *request)
{
    struct path_pattern path = *request->path;
    struct request_pattern same = {.method = request->method, .path = &path};

    path.ignore_case = false;
    return has_request(patterns, &same);
}

/* `request` could begin a session already. */
static bool may_begin(const struct login_policy *login,
                      const struct request_pattern *request)
{
    return is_configured(login) ? had_request(&login->request, request) ||
                                      had_request(&login->callback, request)
                                : is_unsafe(request);
}

/* Logins and callbacks alone may answer nobody with somebody's marker. */
static void compare_exempt(struct comparison *self, const struct login_policy *before,
                           const struct login_policy *after,
                           const struct request_patterns *patterns)
{
    char text[REQUEST_TEXT_MAX];

    for (size_t i = 0; i < patterns->count; i++) {
        const struct request_pattern *request = &patterns->items[i];
        if (is_configured(after) && !may_begin(before, request)) {
            difference_say(self, "`%s` may begin a session with a marked answer",
                           "`%s` may not begin a session with a marked answer",
                           request_text(request, text));
        }
    }
}

/* After a logout the session may be anybody's. */
static void compare_logout(struct comparison *self, const struct login_policy *before,
                           const struct login_policy *after)
{
    char text[REQUEST_TEXT_MAX];

    for (size_t i = 0; i < after->logout.count; i++) {
        const struct request_pattern *request = &after->logout.items[i];
        if (!had_request(&before->logout, request)) {
            difference_say(self, "`%s` counts as a logout", "`%s` is no logout any more",
                           request_text(request, text));
        }
    }
}

/* What `narrow` takes for success, `wide` takes too. */
static bool rule_covers(const struct success_rule *wide,
                        const struct success_rule *narrow)
{
    if (wide->kind != narrow->kind) {
        return false;
    }
    switch (wide->kind) {
    case SUCCESS_STATUS:
        return wide->status == narrow->status;
    case SUCCESS_LOCATION:
        return path_pattern_covers(wide->location, narrow->location);
    case SUCCESS_HEADER:
        return span_equal_nocase(span_of(wide->name), span_of(narrow->name)) &&
               (wide->value == NULL || difference_same_text(wide->value, narrow->value));
    case SUCCESS_MARKER:
        return strcmp(wide->name, narrow->name) == 0;
    }
    return false;
}

static bool has_rule(const struct login_policy *login, const struct success_rule *rule)
{
    for (size_t i = 0; i < login->success_count; i++) {
        if (rule_covers(&login->success[i], rule)) {
            return true;
        }
    }
    return false;
}

/* Without a rule any new token is a success. */
static bool counts_more(const struct login_policy *before,
                        const struct login_policy *after)
{
    bool more = after->success_count == 0;

    for (size_t i = 0; i < after->success_count; i++) {
        more = more || !has_rule(before, &after->success[i]);
    }
    return before->success_count > 0 && more;
}

void difference_login(struct comparison *self)
{
    const struct login_policy *before = &self->before->site->login;
    const struct login_policy *after = &self->after->site->login;

    compare_requests(self, before, after);
    if (is_configured(before)) {
        compare_exempt(self, before, after, &after->request);
    }
    compare_exempt(self, before, after, &after->callback);
    compare_logout(self, before, after);
    if (before->user_field != NULL &&
        !difference_same_text(before->user_field, after->user_field)) {
        difference_say(self, "the name of a login is not read from `%s`",
                       "the name of a login is read from `%s`", before->user_field);
    }
    if (after->ignore_case && !before->ignore_case) {
        difference_say(self, "the names of logins compare without case",
                       "the names of logins compare with case");
    }
    if (counts_more(before, after)) {
        difference_say(self, "more counts as a login that succeeded (`login.success`)",
                       "less counts as a login that succeeded (`login.success`)");
    }
    if (after->user_is_alias && !before->user_is_alias) {
        difference_say(self, "the name of a login need not be the one of its marker",
                       "the name of a login must be the one of its marker");
    }
}
