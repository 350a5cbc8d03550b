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
#define DETECTOR(id, name, function, down, actions) DETECTOR_##id,
#define WIRE(id, name)                              DETECTOR_##id,
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
    FINDING_REDACT,  /**< Released without what it is about. */
    FINDING_ACTION_COUNT
};

/** What a detector's findings may take down: a column of detector.def. */
enum detector_down {
    DOWN_NEVER,
    DOWN_ROUTE,    /**< The features of the route, never `login`. */
    DOWN_IDENTITY, /**< `login`, and the features of the route with it. */
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
    FINDINGS_SHOWN_MAX = 1024, /**< As many as one scan observes. */
};

/** One of many subjects: each is a row of the record and a case of its own. */
struct shown {
    uint16_t observation; /**< Index in the answer's observations. */
    bool counts;
    enum detector detector;
    enum strength strength;
};

/** The findings of one exchange; past FINDINGS_MAX only the count goes on. */
struct findings {
    unsigned count;
    unsigned shown_count; /**< Granted subjects all, of other findings further ones. */
    struct finding items[FINDINGS_MAX];
    struct shown shown[FINDINGS_SHOWN_MAX];
};

/** `owner-marker` and so on. Static storage. */
const char *detector_name(enum detector detector);

/** `refuse`, `record`, `correct`, `close`, `redact`. Static storage. */
const char *finding_action_name(enum finding_action action);

/** The first finding with this action, or NULL. */
const struct finding *findings_with(const struct findings *self,
                                    enum finding_action action);

/** True when the findings refuse, or when there are more than were kept. */
bool findings_refuse(const struct findings *self);

enum detector_down detector_down(enum detector detector);

/** May findings of this detector do that? The last column of detector.def. */
bool detector_acts(enum detector detector, enum finding_action action);
