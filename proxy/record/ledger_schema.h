/**
 * The tables of the ledger, and whether a file is one.
 *
 * Layer: record. `user_version` numbers the schema; each later version adds one script
 * that leads from the version before.
 */
#pragma once

#include "base/check.h"
#include "base/err.h"
#include "record/db.h"
#include "record/fault.h"

/** The version that this program writes. */
uint64_t ledger_schema_version(void);

/**
 * Makes the tables of an empty file, or checks those that are there.
 *
 * `may_be_new`: false when something else says that there was a ledger; then an empty one
 * has lost what it held and is damaged.
 */
MUST_USE enum err ledger_schema_prepare(struct db *db, const char *path, bool may_be_new,
                                        struct fault *fault_out);

/** The open incident that holds the feature ?1 down. */
#define LEDGER_INCIDENT_OF                                                               \
    "SELECT id FROM incidents WHERE closed_at IS NULL AND drill = 0 AND"                 \
    " (feature = ?1 OR id = (SELECT incident FROM features WHERE name = ?1))"

/** Responses that a row of `displays` counts, by how far they came. `responses` has their
 * sum; what `count` has besides came as far as the chained outcome says. */
#define LEDGER_WITHHELD  "(withheld - (outcome = 'withheld') * (count - responses))"
#define LEDGER_CUT       "(cut - (outcome = 'cut') * (count - responses))"
#define LEDGER_DELIVERED "(delivered - (outcome = 'delivered') * (count - responses))"

/** The column `what` of `accesses`, as anybody may read it: older versions wrote the
 * login names of aliases there. */
#define LEDGER_ACCESSES_WHAT                                                             \
    "CASE WHEN what LIKE 'alias of the login %' THEN 'an alias forgotten' ELSE what END"
