/**
 * Do the values of people, and their addresses, fit their keyed hashes?
 *
 * Layer: record. The chain covers the hashes alone, so that values can be erased; a value
 * that was changed is found here.
 */
#pragma once

#include "base/check.h"
#include "base/err.h"
#include "base/secret.h"
#include "record/db.h"
#include "record/fault.h"

/** ERR_SYNTAX and the fault: a value does not fit. Errors of reading latch in `db`. */
MUST_USE enum err people_verify(struct db *db, const struct secret_mac *key,
                                struct fault *fault_out);
