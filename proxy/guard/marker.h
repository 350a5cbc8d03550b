/**
 * A class of markers: its name, its selectors and its one rule.
 *
 * Layer: guard. Pure data. Classes are numbered in the order of the configuration, and a
 * set of classes is a bit mask of these numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "guard/selector.h"
#include "guard/signature.h"

enum {
    MARKER_CLASSES_MAX = 32,   /**< A set of classes is one uint32_t. */
    MARKER_SELECTORS_MAX = 64, /**< Of all classes together. */
    MARKER_VALUE_MAX = 256,    /**< Default of `marker_max`, bytes. */
};

/** Whom a marker of the class must name. Zero is the strictest: nobody may see one. */
enum marker_rule {
    MARKER_RULE_NOBODY = 0, /**< A planted account: any sight of it is a finding. */
    MARKER_RULE_REQUESTER,  /**< The requester's own identity. */
    MARKER_RULE_SESSION,    /**< The fingerprint that we sent. */
    MARKER_RULE_OWN,        /**< Belongs to one session, whatever it is. */
    MARKER_RULE_GRANTED,    /**< A subject the requester has a grant for. */
};

/** One class as configured. The owner of the configuration owns all it points to. */
struct marker_class {
    struct span name;
    const struct selector *selectors;
    size_t selector_count;
    enum marker_rule must_be;
    bool trusted;                      /**< No visitor's text can match its `regex:`. */
    struct marker_signature signature; /**< `signed:` */
    const struct span *nobody;         /**< Values that name no user. */
    size_t nobody_count;
    unsigned grant;       /**< GRANTED: 1 + index of the site's grants; 0: none. */
    bool redact;          /**< GRANTED: take the element out instead of the page. */
    char *redact_element; /**< That HTML element; NULL: option, tr or li. */
};

/** True when no visitor can have typed a marker of the class, not even for `regex:`. */
static inline bool marker_is_trusted(const struct marker_class *self)
{
    return self->trusted || self->signature.mac != NULL;
}

/** True when `value` is one of the class's `nobody` values. */
static inline bool marker_names_nobody(const struct marker_class *self, struct span value)
{
    for (size_t i = 0; i < self->nobody_count; i++) {
        if (span_equal(self->nobody[i], value)) {
            return true;
        }
    }
    return false;
}
