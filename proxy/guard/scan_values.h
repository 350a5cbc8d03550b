/**
 * The markers seen so far in one response: distinct, bounded, owned here.
 *
 * Layer: guard, for guard/scan*.c only. Embedded in a scan; values_clear() makes it ready
 * for the next one and keeps its memory.
 */
#pragma once

#include "base/check.h"
#include "guard/scan.h"
#include "guard/scan_markers.h"

struct values_chunk;

struct values {
    const struct markers *markers;
    struct observation *items;
    uint16_t *table; /**< Hash of (class, value) to index + 1; NULL while few. */
    struct values_chunk *chunks;
    struct values_chunk *chunk_now;
    size_t count;
    size_t capacity;
    size_t matches;
    uint32_t seen;
    uint32_t forged; /**< Classes with a marker whose signature is wrong. */
    uint8_t request_len;
    uint8_t request[SCAN_REQUEST_MAX]; /**< What a signature may be bound to. */
    enum scan_reason reason;           /**< Latched. */
};

/** Latches `reason` unless an earlier one is. */
COLD void values_fail(struct values *self, enum scan_reason reason);

/** Takes an unescaped value found by row `row_index` and trims it. Copied. */
void values_add(struct values *self, size_t row_index, struct span value,
                uint64_t offset);

/** As values_add(), for an unescaped value of which at most `size` bytes are there. */
void values_add_cut(struct values *self, size_t row_index, struct span value, size_t size,
                    uint64_t offset);

/** Forgets and wipes the observations; `reason` and the count of matches stay. */
void values_forget(struct values *self);

/** Everything anew. */
void values_clear(struct values *self);

void values_free(struct values *self);
