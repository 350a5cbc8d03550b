/**
 * Does what is added to a row later fit what the chain holds?
 *
 * Layer: record. Counts, times, closings, erased values and the state of a feature change
 * after their row was chained, so its hash does not cover them. But each of them follows
 * from other rows: a change of one alone is found here, one of all alike is not.
 */
#pragma once

#include "base/check.h"
#include "base/err.h"
#include "record/db.h"
#include "record/fault.h"

/**
 * Compares, in one snapshot, a ledger of any version.
 *
 * Errors: ERR_SYNTAX and the fault: a row does not fit; ERR_STORAGE: not readable.
 */
MUST_USE enum err ledger_cross_verify(struct db *db, struct fault *fault_out);
