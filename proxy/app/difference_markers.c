#include "app/difference_private.h"

static bool has_selector(const struct marker_class *class,
                         const struct selector *selector)
{
    for (size_t i = 0; i < class->selector_count; i++) {
        const struct selector *other = &class->selectors[i];
        if (other->kind == selector->kind &&
            span_equal(selector_argument(other), selector_argument(selector))) {
            return true;
        }
    }
    return false;
}

static const struct grant_settings *grants_of(const struct site *site,
                                              const struct marker_class *class)
{
    return class->grant > 0 ? &site->grants[class->grant - 1] : NULL;
}

/* Another rule may be a wider one: nobody but its author can tell. */
static void compare_grants(struct comparison *self, struct span name,
                           const struct grant_settings *before,
                           const struct grant_settings *after)
{
    if (before == NULL || after == NULL) {
        return; /* Another `must_be`. */
    }
    if (!difference_same_text(before->sqlite, after->sqlite) ||
        !difference_same_text(before->query, after->query) ||
        !difference_same_text(before->csv, after->csv) ||
        !difference_same_text(before->http, after->http) ||
        !difference_same_text(before->redis, after->redis) ||
        !difference_same_text(before->key, after->key)) {
        difference_say_once(self, "marker `%.*s` has another rule in `grants`",
                            SPAN_ARGS(name));
    }
    if (after->cache_ms > before->cache_ms) {
        difference_say(self, "a grant for marker `%.*s` is valid for longer",
                       "a grant for marker `%.*s` is valid for less long",
                       SPAN_ARGS(name));
    }
    if (after->lag_ms > before->lag_ms) {
        difference_say(self, "findings about marker `%.*s` count later",
                       "findings about marker `%.*s` count earlier", SPAN_ARGS(name));
    }
}

static void compare_redaction(struct comparison *self, const struct marker_class *before,
                              const struct marker_class *after)
{
    struct span name = before->name;

    if (!before->redact && after->redact) {
        difference_say(self,
                       "pages with a forbidden `%.*s` are redacted instead of refused",
                       "pages with a forbidden `%.*s` are refused instead of redacted",
                       SPAN_ARGS(name));
    }
    if (before->redact && after->redact &&
        !difference_same_text(before->redact_element, after->redact_element)) {
        difference_say_once(self,
                            "another element is taken out around a forbidden `%.*s`",
                            SPAN_ARGS(name));
    }
}

static void compare_class(struct comparison *self, const struct marker_class *before,
                          const struct marker_class *after)
{
    struct span name = before->name;

    if (before->must_be != after->must_be) {
        difference_say_once(self, "marker `%.*s` has another `must_be`", SPAN_ARGS(name));
    }
    if (before->trusted && !after->trusted) {
        difference_say(self, "marker `%.*s` is not trusted", "marker `%.*s` is trusted",
                       SPAN_ARGS(name));
    }
    compare_redaction(self, before, after);
    compare_grants(self, name, grants_of(self->before->site, before),
                   grants_of(self->after->site, after));
    if (before->signature.mac != NULL && after->signature.mac == NULL) {
        difference_say(self, "marker `%.*s` is not signed", "marker `%.*s` is signed",
                       SPAN_ARGS(name));
    }
    if (before->signature.bound && !after->signature.bound) {
        difference_say(self, "marker `%.*s` is not bound to its request",
                       "marker `%.*s` is bound to its request", SPAN_ARGS(name));
    }
    for (size_t i = 0; i < before->selector_count; i++) {
        const struct selector *selector = &before->selectors[i];
        if (!has_selector(after, selector)) {
            difference_say(self, "marker `%.*s` is not looked for in `%s:%s`",
                           "marker `%.*s` is also looked for in `%s:%s`", SPAN_ARGS(name),
                           selector_kind_name(selector->kind), selector->argument);
        }
    }
    for (size_t i = 0; i < after->nobody_count; i++) {
        if (!marker_names_nobody(before, after->nobody[i])) {
            difference_say(self, "marker `%.*s` has a new value for nobody",
                           "marker `%.*s` has one value less for nobody",
                           SPAN_ARGS(name));
        }
    }
}

void difference_markers(struct comparison *self)
{
    const struct site *old = self->before->site;

    for (size_t i = 0; i < old->class_count; i++) {
        const struct marker_class *before = &old->classes[i];
        size_t index = 0;
        const struct marker_class *after =
            difference_find_class(self->after->site, before->name, &index);
        if (after == NULL) {
            difference_say(self, "marker `%.*s` is gone", "marker `%.*s` is new",
                           SPAN_ARGS(before->name));
        } else {
            compare_class(self, before, after);
        }
    }
}
