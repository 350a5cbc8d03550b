/**
 * Which alerts a receiver wants, where they lead, and how grave each type is.
 *
 * Layer: record. Pure. The types are the rows of alert_kind.def; one that has no row
 * there counts as a warning, so that nothing new is lost.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum {
    ALERT_NAME_SIZE_MAX = 64,                          /**< With the NUL. */
    ALERT_TYPES_MAX = 16,                              /**< Patterns of one receiver. */
    ALERT_TYPE_SIZE_MAX = 64,                          /**< With the NUL. */
    ALERT_CONSOLE_SIZE_MAX = 256,                      /**< With the NUL. */
    ALERT_LINK_SIZE_MAX = ALERT_CONSOLE_SIZE_MAX + 48, /**< With the NUL. */
};

enum alert_severity {
    ALERT_INFO, /**< Zero: a receiver that says nothing gets everything. */
    ALERT_WARNING,
    ALERT_CRITICAL,
};

/** One receiver, as far as the ledger has to know it. */
struct alert_route {
    char name[ALERT_NAME_SIZE_MAX];
    char console[ALERT_CONSOLE_SIZE_MAX]; /**< Its URL, where alerts lead; "": nowhere. */
    enum alert_severity severity_min;
    unsigned type_count;                              /**< 0: all types. */
    char types[ALERT_TYPES_MAX][ALERT_TYPE_SIZE_MAX]; /**< `feature.down`, `incident.*` */
};

struct alert_kind {
    struct span type;
    enum alert_severity severity;
    const char *name;
    const char *title;
};

/** The row of `type`; one that stands for all others when there is none. */
const struct alert_kind *alert_kind_of(struct span type);

/** True when the receiver gets alerts of this type. */
bool alert_route_takes(const struct alert_route *self, struct span type);

/** True for a type that exists and for `PREFIX.*` that fits at least one. */
bool alert_type_valid(struct span pattern);

/** The page of `incident` (0: the first page) in the console at `console`; "" for "". */
void alert_link(const char *console, uint64_t incident, char *link_out);

/** `info`, `warning`, `critical`. Static storage. */
const char *alert_severity_name(enum alert_severity severity);
