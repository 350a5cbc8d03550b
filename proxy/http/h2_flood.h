/**
 * How much of what costs us more than the client a connection of HTTP/2 has done.
 *
 * Layer: http. Pure: time is an argument. One leaky count for each row of h2_flood.def:
 * it grows by one for each deed and shrinks by `per_second`; past `burst` the connection
 * is to be ended. Deeds that belong to honest traffic pay for themselves by credit.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum h2_flood_kind {
    H2_FLOOD_NONE,
#define FLOOD(id, word, burst, per_second, sentence) H2_FLOOD_##id,
#include "http/h2_flood.def"
#undef FLOOD
    H2_FLOOD_COUNT
};

struct h2_flood {
    uint64_t shrunk_ms; /**< When the counts last shrank. */
    uint32_t counts[H2_FLOOD_COUNT];
    enum h2_flood_kind over; /**< Latched: what was too much. */
};

/** Starts at `now_ms`. */
void h2_flood_init(struct h2_flood *self, uint64_t now_ms);

/** Lets the counts shrink; before the deeds of a read are noted. */
void h2_flood_pass(struct h2_flood *self, uint64_t now_ms);

/** One more. False: too much, now or before. */
bool h2_flood_note(struct h2_flood *self, enum h2_flood_kind kind);

/** `count` deeds of `kind` are paid for. */
void h2_flood_credit(struct h2_flood *self, enum h2_flood_kind kind, uint32_t count);

/** Static storage; "" for H2_FLOOD_NONE. */
const char *h2_flood_word(enum h2_flood_kind kind);
