/**
 * Counts cases and says when a feature must go down.
 *
 * Layer: guard. Shared by all workers behind one lock; no I/O, no clock. A case is a pair
 * of viewer and subject. Strong cases count as they are; weak ones only together with
 * others that have no user in common with them and come from other client networks, so
 * that one abuser cannot take a feature down. A strong case may stand among the weak
 * ones, but one of them is weak. Bounded: past the limit the oldest weak cases are
 * forgotten, then the oldest strong ones. Users are kept as hashes.
 */
#pragma once

#include <stdint.h>

#include "base/span.h"
#include "guard/feature.h"
#include "guard/finding.h"
#include "guard/policy.h"

enum {
    TAKEDOWN_CASES_MAX = 1024, /**< Cases remembered, all features together. */
    TAKEDOWN_ADDRESS_SIZE = 16,
    TAKEDOWN_WEAK_CASES_MAX = 16, /**< Of a policy; options.def allows no more. */
};

/** How the viewer of a case is known, least first. */
enum viewer_kind {
    VIEWER_ADDRESS,
    VIEWER_SESSION,
    VIEWER_USER,
};

/** One finding that counts. Everything is copied or hashed. */
struct takedown_case {
    uint64_t feature_mask; /**< Features it counts for. */
    enum strength strength;
    enum viewer_kind viewer_kind;
    struct span viewer;  /**< User name, fingerprint or address, as `viewer_kind` says. */
    struct span subject; /**< User name; empty: not known. */
    const uint8_t *address; /**< Client address, TAKEDOWN_ADDRESS_SIZE bytes, IPv4 as
                                 v4-mapped. */
    uint64_t now_ms;
};

struct takedown;

/** The caller frees it with takedown_free(), after all threads. NULL: memory. */
struct takedown *takedown_new(struct heap *heap);

/** As registry_layout(). */
uint64_t takedown_layout(uint64_t layout);

void takedown_free(struct takedown **self_p);

/**
 * Notes a case and returns the features of its mask that must go down now, whether or not
 * they are. `policies`: FEATURE_COUNT_MAX of them, by slot. Any thread.
 *
 * `cases` 0 counts as 1. With more than two `weak_cases` cases are matched newest first,
 * which may find fewer that fit together than there are.
 */
uint64_t takedown_note(struct takedown *self, const struct takedown_case *noted,
                       const struct take_down_policy *policies);

/** Forgets the cases of these features: when an operator brings them up. Any thread. */
void takedown_forget(struct takedown *self, uint64_t feature_mask);
