#include <stdarg.h>
#include <string.h>

#include "app/cover.h"
#include "app/weaker_private.h"
#include "guard/finding.h"
#include "http/path_pattern.h"
#include "notify/alert.h"

void weaker_say(struct comparison *self, const char *format, ...)
{
    char what[REPORT_TEXT_MAX];
    va_list arguments;

    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is the line above.
    (void)vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    if (self->weaker_allowed) {
        report_warning(self->report, self->place, "weaker: %s", what);
        return;
    }
    report_error(self->report, self->place,
                 "weaker than the configuration in force: %s; use `countermark reload` "
                 "if it is meant",
                 what);
    self->refused = true;
}

bool weaker_same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

const struct marker_class *weaker_find_class(const struct site *site, struct span name,
                                             size_t *index_out)
{
    for (size_t i = 0; i < site->class_count; i++) {
        if (span_equal(site->classes[i].name, name)) {
            *index_out = i;
            return &site->classes[i];
        }
    }
    return NULL;
}

static const struct feature_settings *find_feature(const struct site *site,
                                                   const char *name)
{
    for (size_t i = 0; i < site->feature_count; i++) {
        if (strcmp(site->features[i].name, name) == 0) {
            return &site->features[i];
        }
    }
    return NULL;
}

static bool has_path(const struct feature_settings *feature,
                     const struct path_pattern *path)
{
    for (size_t i = 0; i < feature->path_count; i++) {
        if (path_pattern_covers(feature->paths[i], path)) {
            return true;
        }
    }
    return false;
}

static void compare_feature(struct comparison *self,
                            const struct feature_settings *before,
                            const struct feature_settings *after)
{
    const struct take_down_policy *old = &before->take_down;
    const struct take_down_policy *new = &after->take_down;

    for (size_t i = 0; i < before->path_count; i++) {
        const struct path_pattern *path = before->paths[i];
        if (!has_path(after, path)) {
            weaker_say(self, "feature `%s` is without `%.*s%s`", before->name,
                       SPAN_ARGS(path->text), path->below ? "/**" : "");
        }
    }
    if (new->cases > old->cases || new->within_ms < old->within_ms ||
        (old->weak_cases != 0 &&
         (new->weak_cases == 0 || new->weak_cases > old->weak_cases))) {
        weaker_say(self, "feature `%s` is taken down later", before->name);
    }
}

static void compare_features(struct comparison *self,
                             const struct feature_table *features)
{
    const struct site *old = self->in_force->site;

    for (size_t i = 0; i < old->feature_count; i++) {
        const struct feature_settings *before = &old->features[i];
        const struct feature_settings *after =
            find_feature(self->next->site, before->name);
        if (after != NULL) {
            compare_feature(self, before, after);
        } else if (feature_table_state(features, before->slot) == FEATURE_UP) {
            weaker_say(self, "feature `%s` is gone", before->name);
        } else {
            report_error(self->report, self->place,
                         "feature `%s` is down and cannot be removed or renamed: bring "
                         "it up first",
                         before->name);
            self->refused = true;
        }
    }
}

/* The first class that `before` asks for by name and `after` does not; or none. */
static struct span class_lost(const struct comparison *self,
                              const struct requirement *before,
                              const struct requirement *after)
{
    const struct site *old = self->in_force->site;

    for (size_t i = 0; i < old->class_count; i++) {
        struct span name = old->classes[i].name;
        size_t index = 0;
        bool asked = (before->require_mask >> i & 1U) != 0;
        bool asks = weaker_find_class(self->next->site, name, &index) != NULL &&
                    (after->require_mask >> index & 1U) != 0;
        if (asked && !asks) {
            return name;
        }
    }
    return (struct span){0};
}

/* `before` handled what `after` handles now. */
static void compare_route(struct comparison *self, const struct route *before,
                          const struct route *after, const char *where)
{
    const struct requirement *old = &before->requirement;
    const struct requirement *new = &after->requirement;
    bool mode_told = self->next->site->observe && !self->in_force->site->observe;

    if (old->observe) {
        return; /* Nothing was withheld there. */
    }
    if (new->observe) {
        if (!mode_told) {
            weaker_say(self, "`%s` is only observed", where);
        }
        return;
    }
    struct span lost = class_lost(self, old, new);
    if (lost.len > 0) {
        weaker_say(self, "marker `%.*s` is not required on `%s`", SPAN_ARGS(lost), where);
    }
    if (old->require_mask != 0 && old->unmarked == UNMARKED_REFUSE &&
        new->unmarked == UNMARKED_RELEASE) {
        weaker_say(self, "unmarked responses are released on `%s`", where);
    }
    if (old->echo_expected && !new->echo_expected) {
        weaker_say(self, "the echo is not expected on `%s`", where);
    }
    if (!before->websocket && after->websocket) {
        weaker_say(self, "WebSockets are forwarded on `%s`", where);
    }
    if (before->over_limit == OVER_LIMIT_REFUSE &&
        after->over_limit != OVER_LIMIT_REFUSE) {
        weaker_say(self, "what is over `hold_max` is sent on `%s`", where);
    }
}

static bool has_route(const struct site *site, const struct route *route)
{
    for (size_t i = 0; i < site->route_count; i++) {
        if (strcmp(site->routes[i].pattern, route->pattern) == 0 &&
            weaker_same_text(site->routes[i].host, route->host)) {
            return true;
        }
    }
    return false;
}

static void compare_routes(struct comparison *self)
{
    const struct site *old = self->in_force->site;
    const struct site *next = self->next->site;

    for (size_t i = 0; i < old->route_count; i++) {
        const struct route *after = cover_find(next, &old->routes[i]);
        if (after != NULL) {
            compare_route(self, &old->routes[i], after, old->routes[i].pattern);
        }
    }
    for (size_t i = 0; i < next->route_count; i++) {
        const struct route *after = &next->routes[i];
        const struct route *before = cover_find(old, after);
        if (before != NULL && !has_route(old, after)) {
            compare_route(self, before, after, after->pattern);
        }
    }
}

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
static void compare_cookies(struct comparison *self, const struct cookie_names *before,
                            const struct cookie_names *after, bool excluded)
{
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        struct span name = before->patterns[i];
        if (span_starts(name, SPAN("!")) == excluded && !has_name(after, name)) {
            weaker_say(self, "session cookie `%.*s` is %s", SPAN_ARGS(name),
                       excluded ? "new" : "gone");
        }
    }
}

static void compare_sessions(struct comparison *self)
{
    const struct session_policy *old = &self->in_force->site->session;
    const struct session_policy *next = &self->next->site->session;

    compare_cookies(self, old->cookies, next->cookies, false);
    compare_cookies(self, next->cookies, old->cookies, true);
    if (old->path_parameter != NULL &&
        !weaker_same_text(old->path_parameter, next->path_parameter)) {
        weaker_say(self, "session parameter `%s` is gone", old->path_parameter);
    }
    if (old->header != NULL && !weaker_same_text(old->header, next->header)) {
        weaker_say(self, "session header `%s` is gone", old->header);
    }
    if (old->jwt.key != NULL && next->jwt.key == NULL) {
        weaker_say(self, "signatures of `session.jwt` are not checked");
    }
    if ((old->jwt.cookie != NULL &&
         !weaker_same_text(old->jwt.cookie, next->jwt.cookie)) ||
        (old->jwt.header != NULL &&
         !weaker_same_text(old->jwt.header, next->jwt.header)) ||
        (old->basic && !next->basic)) {
        weaker_say(self, "requesters are no longer named by `session.jwt` or `basic`");
    }
    if (old->unknown_renew && !next->unknown_renew) {
        weaker_say(self, "unknown sessions are adopted");
    }
    if (self->in_force->site->login.request.count > 0 &&
        self->next->site->login.request.count == 0) {
        weaker_say(self, "no request is a login");
    }
}

/* Who may see anybody: a rule that was not there as it is. */
static void compare_staff(struct comparison *self)
{
    const struct site *old = self->in_force->site;
    const struct site *next = self->next->site;

    for (size_t i = 0; i < next->staff_count; i++) {
        bool known = false;
        for (size_t k = 0; k < old->staff_count; k++) {
            known = known || staff_same(&old->staff[k], &next->staff[i]);
        }
        if (!known) {
            weaker_say(self, "rule %zu of `staff` is new or other people's", i + 1);
        }
    }
}

static bool has_alert(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->alert_count; i++) {
        if (strcmp(config->alerts[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void compare_alerts(struct comparison *self)
{
    for (size_t i = 0; i < self->in_force->alert_count; i++) {
        const char *name = self->in_force->alerts[i].name;
        if (!has_alert(self->next, name)) {
            weaker_say(self, "alert `%s` is gone", name);
        }
    }
}

static void compare_detectors(struct comparison *self)
{
    uint32_t gone =
        self->next->site->detectors_off & ~self->in_force->site->detectors_off;

    for (unsigned i = 1; i < DETECTOR_COUNT; i++) {
        if ((gone >> i & 1U) != 0) {
            weaker_say(self, "the detector `%s` is switched off",
                       detector_name((enum detector)i));
        }
    }
}

bool weaker_check(const struct config *in_force, const struct config *next,
                  const struct feature_table *features, bool weaker_allowed,
                  struct report *report)
{
    struct comparison self = {
        .in_force = in_force,
        .next = next,
        .report = report,
        .place = {.source = next->path != NULL ? next->path : "flags"},
        .weaker_allowed = weaker_allowed,
    };

    if (next->site->observe && !in_force->site->observe) {
        weaker_say(&self, "the mode is observe: nothing is withheld");
    }
    compare_detectors(&self);
    compare_features(&self, features);
    weaker_markers(&self);
    compare_routes(&self);
    compare_sessions(&self);
    compare_alerts(&self);
    compare_staff(&self);
    if (next->site->login.user_is_alias && !in_force->site->login.user_is_alias) {
        weaker_say(&self, "the name of a login need not be the one of its marker");
    }
    weaker_net(&self);
    if (next->site->quarantine < in_force->site->quarantine) {
        weaker_say(&self, "fewer sessions have to log in again after a finding");
    }
    if (next->ledger_max < in_force->ledger_max) {
        weaker_say(&self, "the ledger keeps less access evidence (`ledger_max`)");
    }
    if (next->retention_ms < in_force->retention_ms) {
        weaker_say(&self, "closed incidents lose their people earlier (`retention`)");
    }
    return !self.refused;
}
