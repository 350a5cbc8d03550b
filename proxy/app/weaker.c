#include "app/weaker.h"

#include <string.h>

struct comparison {
    const struct config *in_force;
    const struct config *next;
    struct report *report;
    struct place place;
    bool weaker_allowed;
    bool refused;
};

static void weaker(struct comparison *self, const char *what, const char *name)
{
    if (self->weaker_allowed) {
        report_warning(self->report, self->place, "weaker: %s%s", what, name);
        return;
    }
    report_error(self->report, self->place,
                 "weaker than the configuration in force: %s%s; use `countermark reload` "
                 "if it is meant",
                 what, name);
    self->refused = true;
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

static void compare_features(struct comparison *self,
                             const struct feature_table *features)
{
    const struct site *old = self->in_force->site;

    for (size_t i = 0; i < old->feature_count; i++) {
        const struct feature_settings *before = &old->features[i];
        const struct feature_settings *after =
            find_feature(self->next->site, before->name);
        if (after == NULL && feature_table_state(features, before->slot) != FEATURE_UP) {
            report_error(
                self->report, self->place,
                "feature `%s` is down and cannot be removed or renamed: bring it "
                "up first",
                before->name);
            self->refused = true;
        } else if (after == NULL) {
            weaker(self, "feature removed: ", before->name);
        } else if (after->path_count < before->path_count) {
            weaker(self, "fewer paths in feature ", before->name);
        }
    }
}

static const struct route *find_route(const struct site *site, const char *pattern)
{
    for (size_t i = 0; i < site->route_count; i++) {
        if (strcmp(site->routes[i].pattern, pattern) == 0) {
            return &site->routes[i];
        }
    }
    return NULL;
}

static unsigned count_bits(uint32_t mask)
{
    return (unsigned)__builtin_popcount(mask);
}

static void compare_routes(struct comparison *self)
{
    const struct site *old = self->in_force->site;

    for (size_t i = 0; i < old->route_count; i++) {
        const struct route *before = &old->routes[i];
        const struct route *after = find_route(self->next->site, before->pattern);
        if (before->requirement.require_mask == 0) {
            continue;
        }
        if (after == NULL) {
            weaker(self, "route removed: ", before->pattern);
        } else if (count_bits(after->requirement.require_mask) <
                   count_bits(before->requirement.require_mask)) {
            weaker(self, "fewer markers required on ", before->pattern);
        } else if (after->requirement.observe && !before->requirement.observe) {
            weaker(self, "only observed: ", before->pattern);
        } else if (after->requirement.unmarked == UNMARKED_RELEASE &&
                   before->requirement.unmarked == UNMARKED_REFUSE) {
            weaker(self, "unmarked responses released on ", before->pattern);
        }
    }
}

static void compare_markers(struct comparison *self)
{
    const struct site *old = self->in_force->site;
    const struct site *next = self->next->site;

    if (next->class_count < old->class_count) {
        weaker(self, "fewer marker classes", "");
    }
    size_t before = old->session.cookies != NULL ? old->session.cookies->count : 0;
    size_t after = next->session.cookies != NULL ? next->session.cookies->count : 0;
    if (after < before) {
        weaker(self, "fewer session cookies", "");
    }
}

static bool same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* What only a restart changes is said, not done silently. */
static void compare_fixed(struct comparison *self)
{
    const struct config *old = self->in_force;
    const struct config *next = self->next;
    bool same = old->listen_count == next->listen_count;

    for (size_t i = 0; same && i < old->listen_count; i++) {
        same = same_text(old->listens[i].host, next->listens[i].host) &&
               old->listens[i].port == next->listens[i].port;
    }
    if (!same) {
        report_warning(self->report, self->place,
                       "`listen` changes only with a restart; the old addresses stay");
    }
    if (!same_text(old->state, next->state)) {
        report_warning(self->report, self->place,
                       "`state` changes only with a restart; the old directory stays");
    }
    if (!same_text(old->admin.socket, next->admin.socket) ||
        !same_text(old->admin.host, next->admin.host) ||
        old->admin.port != next->admin.port) {
        report_warning(self->report, self->place,
                       "the address and socket of `admin` change only with a restart");
    }
    if (old->workers != next->workers) {
        report_warning(self->report, self->place,
                       "`workers` changes only with a restart");
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
        weaker(&self, "mode is observe", "");
    }
    compare_features(&self, features);
    compare_routes(&self);
    compare_markers(&self);
    compare_fixed(&self);
    return !self.refused;
}
