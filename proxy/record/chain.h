/**
 * The hash chain: every row of displays, incidents, closings, feature changes and
 * erasures carries the hash of the one before.
 *
 * Layer: record. A row's hash is SHA-256 over the former hash, the table's name and the
 * row's chained columns, each with its type and length. People are in it by their keyed
 * hashes, so that the values can be erased after `retention` and the chain still holds.
 * Counts and closing times of a row change later and are not chained: ledger_cross.h
 * compares them.
 */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "record/db.h"
#include "record/fault.h"

enum chain_table {
    CHAIN_INCIDENTS,
    CHAIN_DISPLAYS,
    CHAIN_CLOSINGS,
    CHAIN_CHANGES,
    CHAIN_ERASURES,
    CHAIN_TABLE_COUNT,
};

enum {
    CHAIN_HASH_DIGITS = 64,
};

/** The newest row. */
struct chain {
    uint64_t seq; /**< 0: no row yet. */
    char head[CHAIN_HASH_DIGITS + 1];
};

/** Reads the newest row's number and hash. Errors latch in `db`. */
void chain_load(struct chain *self, struct db *db);

/** A row to be: borrowed values. */
struct chain_row {
    enum chain_table table;
    const struct db_value *chained; /**< The chained columns in order. */
    size_t chained_count;
    const struct db_value *more; /**< The others that the insert names. */
    size_t more_count;
};

/** Inserts a row. Errors latch in `db`. */
void chain_insert(struct chain *self, struct db *db, const struct chain_row *row);

/** How far a walk is: percent of the rows, from 0 on and each once. */
typedef void chain_progress(unsigned percent);

/**
 * Walks all rows. `progress` may be NULL. `verified_out`: the last one that was right.
 * ERR_SYNTAX and the fault: a row was changed, taken out or added; ERR_STORAGE: not
 * readable.
 */
MUST_USE enum err chain_verify(struct db *db, chain_progress *progress,
                               struct chain *verified_out, struct fault *fault_out);
