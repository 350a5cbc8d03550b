/**
 * Names for people outside the ledger: keyed hashes (I7).
 *
 * Layer: record. Pure. The same person has the same name as viewer and as subject, in one
 * state directory. The ledger stores all 32 digits, others see `u-` and twelve of them.
 */
#pragma once

#include "base/secret.h"
#include "base/span.h"
#include "relay/journal.h"

enum pseudonym_kind {
    PSEUDONYM_USER,
    PSEUDONYM_SESSION, /**< A viewer without a known user, by session. */
    PSEUDONYM_ADDRESS, /**< ... or by address. */
};

enum {
    PSEUDONYM_DIGITS = 32,
    PSEUDONYM_SHORT_SIZE = 15, /**< `u-` and 12 digits, with the NUL. */
};

/** The word in the ledger: `user`, `session`, `address`. */
const char *pseudonym_kind_name(enum pseudonym_kind kind);

/** Writes PSEUDONYM_DIGITS digits and a NUL; "" for an empty `value`. */
void pseudonym_of(const struct secret_mac *key, enum pseudonym_kind kind,
                  struct span value, char *digits_out);

/** Writes `u-1a2b3c4d5e6f` (`s-`, `a-`) with a NUL to PSEUDONYM_SHORT_SIZE bytes; "" for
 * an empty name. `kind`: the word in the ledger. */
void pseudonym_short(struct span kind, struct span digits, char *short_out);
