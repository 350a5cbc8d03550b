#include "app/difference.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/difference_private.h"
#include "app/option.h"
#include "guard/finding.h"

enum { EFFECT_COUNT = EFFECT_NEUTRAL + 1 };

struct lines {
    size_t count;
    char text[DIFFERENCE_LINES_MAX][DIFFERENCE_TEXT_MAX];
};

struct difference {
    struct lines effects[EFFECT_COUNT];
};

/* The next line of `effect`; NULL: it is only counted. */
static char *next_line(struct difference *self, enum effect effect)
{
    struct lines *lines = &self->effects[effect];
    size_t index = lines->count++;

    return index < DIFFERENCE_LINES_MAX ? lines->text[index] : NULL;
}

void difference_say(struct comparison *self, const char *lost, const char *gained, ...)
{
    enum effect effect = self->backward ? EFFECT_STRONGER : EFFECT_WEAKER;
    char *line = next_line(self->result, effect);
    va_list arguments;

    if (line == NULL) {
        return;
    }
    va_start(arguments, gained);
    // NOLINTBEGIN(clang-analyzer-valist.Uninitialized): va_start is the line above.
    (void)vsnprintf(line, DIFFERENCE_TEXT_MAX, self->backward ? gained : lost, arguments);
    // NOLINTEND(clang-analyzer-valist.Uninitialized)
    va_end(arguments);
}

void difference_say_once(struct comparison *self, const char *format, ...)
{
    char *line = self->backward ? NULL : next_line(self->result, EFFECT_WEAKER);
    va_list arguments;

    if (line == NULL) {
        return;
    }
    va_start(arguments, format);
    // NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): va_start is the line above.
    (void)vsnprintf(line, DIFFERENCE_TEXT_MAX, format, arguments);
    va_end(arguments);
}

bool difference_same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

const struct marker_class *difference_find_class(const struct site *site,
                                                 struct span name, size_t *index_out)
{
    for (size_t i = 0; i < site->class_count; i++) {
        if (span_equal(site->classes[i].name, name)) {
            *index_out = i;
            return &site->classes[i];
        }
    }
    return NULL;
}

/* Who may see anybody: a rule that was not there as it is. */
static void compare_staff(struct comparison *self)
{
    const struct site *before = self->before->site;
    const struct site *after = self->after->site;

    for (size_t i = 0; i < after->staff_count; i++) {
        bool known = false;
        for (size_t k = 0; k < before->staff_count; k++) {
            known = known || staff_same(&before->staff[k], &after->staff[i]);
        }
        if (!known) {
            difference_say(self, "rule %zu of `staff` is new or other people's",
                           "rule %zu of `staff` is gone or other people's", i + 1);
        }
    }
}

static void compare_detectors(struct comparison *self)
{
    uint32_t gone = self->after->site->detectors_off & ~self->before->site->detectors_off;

    for (unsigned i = 1; i < DETECTOR_COUNT; i++) {
        if ((gone >> i & 1U) != 0) {
            difference_say(self, "the detector `%s` is switched off",
                           "the detector `%s` is on", detector_name((enum detector)i));
        }
    }
}

/* `hold_max` is not among them: past it only what has verified is sent before its end. */
static void compare_limits(struct comparison *self)
{
    const struct site *before = self->before->site;
    const struct site *after = self->after->site;

    if (after->limits.login_body_max < before->limits.login_body_max &&
        before->login.user_field != NULL) {
        difference_say(
            self, "less of a login is searched for its name (`limits.login_body_max`)",
            "more of a login is searched for its name (`limits.login_body_max`)");
    }
}

static void compare_rest(struct comparison *self)
{
    const struct config *before = self->before;
    const struct config *after = self->after;

    if (after->site->quarantine < before->site->quarantine) {
        difference_say(self, "fewer sessions have to log in again after a finding",
                       "more sessions have to log in again after a finding");
    }
    if (after->ledger_max < before->ledger_max) {
        difference_say(self, "the ledger keeps less access evidence (`ledger_max`)",
                       "the ledger keeps more access evidence (`ledger_max`)");
    }
    if (after->retention_ms < before->retention_ms) {
        difference_say(self, "closed incidents lose their people earlier (`retention`)",
                       "closed incidents keep their people longer (`retention`)");
    }
}

static void compare(struct comparison *self)
{
    if (self->after->site->observe && !self->before->site->observe) {
        difference_say(self, "the mode is observe: nothing is withheld",
                       "the mode is enforce: what is found is withheld");
    }
    compare_detectors(self);
    difference_routes(self);
    difference_markers(self);
    difference_session(self);
    difference_login(self);
    compare_staff(self);
    difference_net(self);
    difference_upstreams(self);
    compare_limits(self);
    compare_rest(self);
}

/* These keys are judged above, whole; a group is not named, so that what is new in it is
 * told. */
static const char *const JUDGED[] = {
    "markers[].name",
    "markers[].find",
    "markers[].must_be",
    "markers[].trusted",
    "markers[].nobody",
    "markers[].grants",
    "markers[].action",
    "markers[].signed.bound",
    "features[].name",
    "features[].paths",
    "features[].take_down.cases",
    "features[].take_down.weak_cases",
    "features[].take_down.within",
    "features[].trial",
    "detectors_off",
    "mode",
    "staff[].requesters",
    "staff[].routes",
    "quarantine",
    "ledger_max",
    "retention",
    "routes[].path",
    "routes[].host",
    "routes[].require",
    "routes[].unmarked",
    "routes[].echo",
    "routes[].over_limit",
    "routes[].websocket",
    "routes[].mode",
    "upstreams[].connections",
    "session.cookies",
    "session.remember",
    "session.url_names",
    "session.path_parameter",
    "session.header",
    "session.jwt.cookie",
    "session.jwt.header",
    "session.jwt.claim",
    "session.basic",
    "session.client_certificate",
    "session.client_certificate_field",
    "session.unknown",
    "login.request",
    "login.logout",
    "login.callback",
    "login.user_field",
    "login.user_is",
    "login.ignore_case",
    "login.success",
    "alerts[].name",
    "alerts[].types",
    "alerts[].severity",
};

static bool is_judged(const char *path)
{
    for (size_t i = 0; i < sizeof(JUDGED) / sizeof(JUDGED[0]); i++) {
        if (strcmp(path, JUDGED[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* What a key file holds is told of whatever else changes: it is compared nowhere else. */
static bool is_key_file(const char *path)
{
    return span_ends(span_of(path), SPAN(".key_file"));
}

/* The row that says which item of a list it is: the first one of the list; else itself.
 */
static size_t identity_of(size_t row)
{
    const char *path = option_at(row)->path;
    const char *item = strstr(path, "[].");
    size_t len = item != NULL ? (size_t)(item - path) + strlen("[].") : 0;
    size_t first = 0;

    while (len > 0 && first < row && strncmp(option_at(first)->path, path, len) != 0) {
        first++;
    }
    return len > 0 ? first : row;
}

/* What is neither more nor less, by its keys. Of a list with other items only that. */
static void compare_keys(struct difference *self, const struct config *old,
                         const struct config *next)
{
    for (size_t i = 0; i < option_count(); i++) {
        const char *path = option_at(i)->path;
        size_t identity = identity_of(i);
        bool listed = identity != i && !is_key_file(path) &&
                      old->notes[identity] != next->notes[identity];
        if (old->notes[i] == next->notes[i] || listed || is_judged(path) ||
            option_at(i)->shape == OPTION_GROUPS) {
            continue;
        }
        char *line = next_line(self, EFFECT_NEUTRAL);
        if (line != NULL) {
            (void)snprintf(line, DIFFERENCE_TEXT_MAX, "`%s` has another value", path);
        }
    }
}

struct difference *difference_new(const struct config *old, const struct config *next,
                                  enum taken taken)
{
    struct difference *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    compare(&(struct comparison){
        .before = old, .after = next, .result = self, .taken = taken});
    compare(&(struct comparison){
        .before = next, .after = old, .result = self, .taken = taken, .backward = true});
    compare_keys(self, old, next);
    return self;
}

void difference_free(struct difference **self_p)
{
    free(*self_p);
    *self_p = NULL;
}

size_t difference_count(const struct difference *self, enum effect effect)
{
    return self->effects[effect].count;
}

const char *difference_text(const struct difference *self, enum effect effect,
                            size_t index)
{
    const struct lines *lines = &self->effects[effect];

    return index < lines->count && index < DIFFERENCE_LINES_MAX ? lines->text[index]
                                                                : NULL;
}

const char *effect_name(enum effect effect)
{
    static const char *const NAMES[] = {"weaker", "stronger", "changed"};

    return NAMES[effect];
}
