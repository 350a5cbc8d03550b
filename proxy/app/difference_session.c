#include <string.h>

#include "app/difference_private.h"

static bool has_name(const struct cookie_names *names, struct span pattern)
{
    for (size_t i = 0; names != NULL && i < names->count; i++) {
        if (span_equal(names->patterns[i], pattern)) {
            return true;
        }
    }
    return false;
}

/* A name that is lost, or one that is newly excluded: a session goes unseen. */
static void compare_cookies(struct comparison *self, const char *kind,
                            const struct cookie_names *before,
                            const struct cookie_names *after, bool excluded)
{
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        struct span name = before->patterns[i];
        if (span_starts(name, SPAN("!")) != excluded || has_name(after, name)) {
            continue;
        }
        if (excluded) {
            difference_say(self, "%s cookie `%.*s` is new", "%s cookie `%.*s` is gone",
                           kind, SPAN_ARGS(name));
        } else {
            difference_say(self, "%s cookie `%.*s` is gone", "%s cookie `%.*s` is new",
                           kind, SPAN_ARGS(name));
        }
    }
}

static bool removes(const struct session_policy *session, const char *name)
{
    for (size_t i = 0; i < session->url_name_count; i++) {
        if (strcmp(session->url_names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void compare_url_names(struct comparison *self,
                              const struct session_policy *before,
                              const struct session_policy *after)
{
    for (size_t i = 0; i < before->url_name_count; i++) {
        if (!removes(after, before->url_names[i])) {
            difference_say(self, "`%s=` in URLs is not removed while login is down",
                           "`%s=` in URLs is removed while login is down",
                           before->url_names[i]);
        }
    }
}

static bool lost_text(const char *before, const char *after)
{
    return before != NULL && !difference_same_text(before, after);
}

static bool has_jwt(const struct session_policy *session)
{
    return session->jwt.cookie != NULL || session->jwt.header != NULL;
}

static bool same_pointer(const struct pointer *a, const struct pointer *b)
{
    bool same = a->token_count == b->token_count;

    for (size_t i = 0; same && i < a->token_count; i++) {
        same = span_equal(pointer_token(a, i), pointer_token(b, i));
    }
    return same;
}

static void compare_credentials(struct comparison *self,
                                const struct session_policy *before,
                                const struct session_policy *after)
{
    if (before->jwt.key != NULL && after->jwt.key == NULL) {
        difference_say(self, "signatures of `session.jwt` are not checked",
                       "signatures of `session.jwt` are checked");
    }
    if (has_jwt(before) && has_jwt(after) &&
        !same_pointer(before->jwt.claim, after->jwt.claim)) {
        difference_say_once(self,
                            "requesters are named by another claim of `session.jwt`");
    }
    if (lost_text(before->jwt.cookie, after->jwt.cookie) ||
        lost_text(before->jwt.header, after->jwt.header) ||
        (before->basic && !after->basic)) {
        difference_say(self, "requesters are no longer named by `session.jwt` or `basic`",
                       "requesters are named by `session.jwt` or `basic`");
    }
    if (before->certificate != CERTIFICATE_OFF &&
        (after->certificate != before->certificate ||
         lost_text(before->certificate_field, after->certificate_field))) {
        difference_say(self, "requesters are no longer named by their certificates",
                       "requesters are named by their certificates");
    }
}

void difference_session(struct comparison *self)
{
    const struct session_policy *before = &self->before->site->session;
    const struct session_policy *after = &self->after->site->session;

    compare_cookies(self, "session", before->cookies, after->cookies, false);
    compare_cookies(self, "session", after->cookies, before->cookies, true);
    compare_cookies(self, "remember", before->remember, after->remember, false);
    compare_cookies(self, "remember", after->remember, before->remember, true);
    compare_url_names(self, before, after);
    if (lost_text(before->path_parameter, after->path_parameter)) {
        difference_say(self, "session parameter `%s` is gone",
                       "session parameter `%s` is new", before->path_parameter);
    }
    if (lost_text(before->header, after->header)) {
        difference_say(self, "session header `%s` is gone", "session header `%s` is new",
                       before->header);
    }
    compare_credentials(self, before, after);
    if (before->unknown_renew && !after->unknown_renew) {
        difference_say(self, "unknown sessions are adopted",
                       "unknown sessions have to log in again");
    }
}
