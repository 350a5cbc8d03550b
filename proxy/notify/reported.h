/**
 * Results that were handed to the recorder and may not be in the ledger yet: what the
 * ledger still shows as waiting is not sent twice.
 *
 * Layer: notify. Pure. A ring inside the notifier; zeroed is empty.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    REPORTED_MAX = 1024,
};

struct reported {
    size_t next;
    struct {
        uint64_t id;
        unsigned tries; /**< Including the one reported. */
    } items[REPORTED_MAX];
};

/** Try number `tries` of delivery `id` was reported. */
void reported_note(struct reported *self, uint64_t id, unsigned tries);

/** True when more than `tries` of it were reported. */
bool reported_past(const struct reported *self, uint64_t id, unsigned tries);
