/**
 * Marker classes: which values inside a response say whose data it is, and the rule for
 * them.
 *
 * Layer: guard. Plain values of the configuration snapshot, compiled by markers_new().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/selector.h"

enum {
    MARKER_CLASSES_MAX = 32, /**< A set of classes is a uint32_t. */
};

/** `must_be:` */
enum must_be {
    MUST_BE_REQUESTER, /**< Zero: the strictest. */
    MUST_BE_SESSION,
    MUST_BE_OWN,
    MUST_BE_GRANTED,
    MUST_BE_NOBODY,
};

/** `markers:`, one item. */
struct marker_class {
    char *name;
    struct selector *selectors;
    size_t selector_count;
    enum must_be must_be;
    bool trusted;     /**< No visitor's text can match its `regex:`. */
    bool ignore_case; /**< Values are compared without ASCII case. */
    char **nobody;    /**< Values that name no user. */
    size_t nobody_count;
};
