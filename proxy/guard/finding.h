/**
 * What a detector saw in one exchange.
 *
 * Layer: guard. Plain values. The names of the detectors come from detector.def.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "guard/session.h"

enum detector {
    DETECTOR_NONE,
#define DETECTOR(id, name, function, down) DETECTOR_##id,
#define WIRE(id, name)                     DETECTOR_##id,
#include "guard/detector.def"
#undef DETECTOR
    DETECTOR_COUNT
};

enum strength {
    STRENGTH_NONE, /**< Says nothing about identity: refuses, never counts. */
    STRENGTH_WEAK,
    STRENGTH_STRONG,
};

enum finding_action {
    FINDING_REFUSE,  /**< Zero: the safe one. */
    FINDING_RECORD,  /**< Released, but kept in the ledger. */
    FINDING_CORRECT, /**< Released with other fields for caches; counted. */
    FINDING_CLOSE,   /**< Released, the upstream connection closed; counted. */
};

struct finding {
    enum detector detector;
    enum strength strength;
    enum finding_action action;
    bool counts;           /**< Counts in take_down's cases. */
    bool one_of_two;       /**< "one of A, B": for the upper bound only. */
    const char *reason;    /**< One word, static: `other-owner`, `two-owners`, ... */
    unsigned marker_class; /**< Index of the class whose marker it is about. */
    struct user subject;   /**< Whose data it was, or nobody. */
};

enum {
    FINDINGS_MAX = 8,
};

/** The findings of one exchange; past FINDINGS_MAX only the count goes on. */
struct findings {
    unsigned count;
    struct finding items[FINDINGS_MAX];
};

/** `owner-marker` and so on. Static storage. */
const char *detector_name(enum detector detector);

/** `refuse`, `record`, `correct`, `close`. Static storage. */
const char *finding_action_name(enum finding_action action);

/** The first finding with this action, or NULL. */
const struct finding *findings_with(const struct findings *self,
                                    enum finding_action action);

/** True when the findings refuse, or when there are more than were kept. */
bool findings_refuse(const struct findings *self);
