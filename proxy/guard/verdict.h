/**
 * Findings to hold, release or refuse: the one place where that is decided.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation.
 */
#pragma once

#include "guard/finding.h"

enum verdict {
    VERDICT_HOLD,    /**< Zero: undecided, nothing leaves. */
    VERDICT_RELEASE, /**< The response may leave. */
    VERDICT_REFUSE,  /**< No byte of it may leave (any more). */
};

/** Facts beside the findings. */
struct verdict_facts {
    bool complete; /**< The whole response was scanned. */
    bool doubtful; /**< Some of it could not be judged. */
    bool required; /**< The route requires a marker. */
};

/** The decision. An observing route gets the same: it is the relay that lets it pass. */
enum verdict verdict_of(const struct findings *findings, struct verdict_facts facts);
