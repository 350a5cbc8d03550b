/**
 * Requesters who may see anybody on named routes.
 *
 * Layer: guard. Immutable once read; part of the configuration snapshot, whose memory it
 * lives in. Names are compared with the requester as the identity class spells it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

enum {
    STAFF_RULES_MAX = 32, /**< A set of rules is one uint32_t. */
};

struct path_pattern;

enum staff_kind {
    STAFF_NOBODY,
    STAFF_EXACT,
    STAFF_PREFIX, /**< `help-*` */
    STAFF_REGEX,  /**< `regex:...`, which has to match the whole name. */
};

struct staff_name {
    enum staff_kind kind;
    struct span text; /**< Without `*` and `regex:`. */
    void *regex;      /**< Compiled. */
};

/** One item of `staff:` */
struct staff_rule {
    struct staff_name *names;
    size_t name_count;
    struct path_pattern **paths;
    size_t path_count;
};

/** Where memory for patterns comes from, which is never given back. */
struct staff_lender {
    void *(*alloc)(void *owner, size_t size);
    void *owner;
};

/**
 * Reads one name; `text` is kept. False: one sentence for the operator is in `error`.
 */
bool staff_name_parse(struct span text, const struct staff_lender *lender,
                      struct staff_name *out, char *error, size_t error_size);

/** True when the name is one of a rule in `rule_mask`. Any thread. */
bool staff_has(const struct staff_rule *rules, size_t count, uint32_t rule_mask,
               struct span requester);

/** True when both say the same of the same paths. */
bool staff_same(const struct staff_rule *a, const struct staff_rule *b);
