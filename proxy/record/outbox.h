/**
 * Reads the alerts that wait for delivery.
 *
 * Layer: record. For the notifier's thread; a read-only connection of its own. Results
 * are written by the recorder alone (recorder_finish_delivery).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "record/fault.h"
#include "record/state_dir.h"

enum {
    OUTBOX_MESSAGE_SIZE_MAX = 64,
    OUTBOX_BODY_SIZE_MAX = 65537, /**< With the NUL. */
};

struct outbox;

/** One delivery that is due. */
struct outbox_item {
    uint64_t id;
    unsigned tries; /**< Made so far. */
    uint64_t created_at_ms;
    char message[OUTBOX_MESSAGE_SIZE_MAX]; /**< webhook-id. */
    size_t body_len;
    char body[OUTBOX_BODY_SIZE_MAX];
};

/** The ledger must exist. The caller ends it with outbox_close(). */
MUST_USE enum err outbox_open(const struct state_dir *directory, struct outbox **self_out,
                              struct fault *fault_out);

void outbox_close(struct outbox **self_p);

/** Is delivery `id` (with `tries` made) not to be taken now? */
typedef bool outbox_skip_fn(void *context, uint64_t id, unsigned tries);

/** Which delivery is wanted. */
struct outbox_filter {
    const char *alert;
    uint64_t now_ms;
    outbox_skip_fn *skip;
    void *context; /**< Of `skip`. */
};

/** The oldest delivery of the alert that is due and that `skip` lets pass. False: none.
 */
bool outbox_next(struct outbox *self, const struct outbox_filter *filter,
                 struct outbox_item *item_out);

/** What is open now. Spans are valid during the call. */
struct outbox_open {
    struct span incident; /**< Its number; empty: a feature that is not up. */
    struct span feature;
    struct span detector;
    struct span reason;
    struct span displays;
    uint64_t at_ms; /**< Since when. */
    bool drill;
    bool trial; /**< The feature is open for a trial. */
};

/** False: no more. */
typedef bool outbox_open_fn(void *context, const struct outbox_open *open);

/** Calls `each` for every open incident, then for every feature that is not up. */
void outbox_each_open(struct outbox *self, outbox_open_fn *each, void *context);

/** When the next delivery of any alert is due; UINT64_MAX: nothing waits. */
uint64_t outbox_due_at(struct outbox *self, uint64_t after_ms);

/** Deliveries that wait, of all alerts. */
uint64_t outbox_count(struct outbox *self);
