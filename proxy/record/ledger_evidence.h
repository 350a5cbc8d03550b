/**
 * Responses that left without being verified, as the ledger keeps them.
 *
 * Layer: record. Part of ledger.h. An edge is a time at which an incident began or ended;
 * no row reaches over one but those that came so, which are of a second at most.
 */
#pragma once

#include "record/ledger.h"

enum {
    LEDGER_DOUBT_SLOT_MS = 600000, /**< Doubts of a slot are added up between edges. */
    LEDGER_ROW_MS_MAX = 3600000,   /**< A row's length: an older version's hours. */
    LEDGER_FORGET_MAX = 1000,      /**< Rows of each kind that go at once. */
};

/** Adds responses that nobody verified; `features` are the names between commas, with one
 * at either end: ",a,b,", or "" for none. */
void ledger_add_doubt(struct ledger *self, const struct journal_doubt *doubt,
                      const char *features);
