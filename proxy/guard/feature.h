/**
 * Features and whether they are up: read by every worker without a lock.
 *
 * Layer: guard. One table for the life of the process, shared by all threads. A feature
 * keeps its slot by name over reloads; a set of features is a bit mask. Taking down is
 * one atomic OR, so from that instruction on no worker starts to release a response of
 * that feature (I3). Writers alone share a lock: what opens a feature does so only if
 * nobody asked to close it since that was decided.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/heap.h"
#include "base/span.h"

enum {
    FEATURE_COUNT_MAX = 64,
    FEATURE_NAME_SIZE_MAX = 64, /**< Bytes with the NUL. */
    FEATURE_LOGIN = 0,          /**< The slot of the reserved feature `login`. */
};

#define FEATURE_LOGIN_BIT (UINT64_C(1) << FEATURE_LOGIN)

enum feature_state {
    FEATURE_DOWN, /**< Zero: closed. */
    FEATURE_TRIAL,
    FEATURE_UP,
};

/** Zeroed is empty; every slot made is up until told otherwise. */
struct feature_table {
    _Atomic(uint64_t) down_mask;  /**< Down or on trial: what the gate reads. */
    _Atomic(uint64_t) trial_mask; /**< Of these, on trial. */
    _Atomic(unsigned)
        unsettled; /**< Take-downs that are not on disk yet: while it is
                        not 0 no client may be told that a feature is down. */
    _Atomic(uint64_t) observe_until_ms; /**< Of the loops' clock: break-glass; nothing is
                                             enforced until then. */
    _Atomic(unsigned) count;
    pthread_mutex_t lock;              /**< Of writers; guards `asked`. */
    uint64_t asked[FEATURE_COUNT_MAX]; /**< How often each was to be taken down. */
    char names[FEATURE_COUNT_MAX][FEATURE_NAME_SIZE_MAX];
};

/** Makes slot FEATURE_LOGIN for `login`. `heap`: where it lies; NULL: of this process. */
void feature_table_init(struct feature_table *self, const struct heap *heap);

/**
 * The slot of `name`, made (up) when new. Only the control thread. ERR_LIMIT: too many or
 * too long. ERR_SYNTAX: empty, or with a NUL.
 */
MUST_USE enum err feature_table_slot(struct feature_table *self, struct span name,
                                     unsigned *slot_out);

/** The slot of an existing name. False: unknown. Any thread. */
bool feature_table_find(const struct feature_table *self, struct span name,
                        unsigned *slot_out);

/** The features of `mask` that are down or on trial. Any thread. */
static inline uint64_t feature_table_down(const struct feature_table *self, uint64_t mask)
{
    return atomic_load_explicit(&self->down_mask, memory_order_acquire) & mask;
}

/**
 * The same for a client that may pass the trials of `trial_pass`. What is taken down
 * while it is on trial is down for everybody from that instruction on. Any thread.
 */
static inline uint64_t feature_table_down_for(const struct feature_table *self,
                                              uint64_t mask, uint64_t trial_pass)
{
    uint64_t down = feature_table_down(self, mask);

    if ((down & trial_pass) == 0) {
        return down;
    }
    uint64_t trial = atomic_load_explicit(&self->trial_mask, memory_order_acquire);
    return down & ~(trial & trial_pass);
}

/** True while some feature is on trial. Any thread. */
static inline bool feature_table_has_trial(const struct feature_table *self)
{
    return atomic_load_explicit(&self->trial_mask, memory_order_relaxed) != 0;
}

/** Takes every feature of `mask` down; returns those that were up or on trial before. */
uint64_t feature_table_take_down(struct feature_table *self, uint64_t mask);

/** How often `slot` was to be taken down so far. Any thread. */
uint64_t feature_table_asked(struct feature_table *self, unsigned slot);

/**
 * Opens a feature to `state`, FEATURE_UP or FEATURE_TRIAL, unless it was to be taken down
 * since feature_table_asked() said `asked`. False: its state is as it was.
 */
MUST_USE bool feature_table_open(struct feature_table *self, unsigned slot,
                                 enum feature_state state, uint64_t asked);

/** Sets one feature's state, whatever was asked; does not count. Any thread. */
void feature_table_set(struct feature_table *self, unsigned slot,
                       enum feature_state state);

enum feature_state feature_table_state(const struct feature_table *self, unsigned slot);

const char *feature_state_name(enum feature_state state);
