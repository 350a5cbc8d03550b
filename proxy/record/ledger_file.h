/**
 * The ledger as a file: verified, copied, or printed, beside a running proxy or without.
 *
 * Layer: record. For commands; only reads. SQLite lets readers of other processes in
 * while the recorder writes, and neither waits for the other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"
#include "base/err.h"
#include "record/chain.h"
#include "record/fault.h"

/** What a walk over the chain has found. */
struct ledger_file_chain {
    uint64_t rows;
    bool people; /**< Their values were compared too: the key is beside the ledger. */
    char head[CHAIN_HASH_DIGITS + 1];
};

/**
 * Walks the hash chain, compares with it what is added to rows later, and people with
 * their hashes where the key of the state directory is beside. `path`: `ledger.db` or a
 * copy of it. `progress` may be NULL.
 *
 * Errors: ERR_SYNTAX: a row was changed, taken out or added, the fault names the first;
 *         ERR_STORAGE: not readable, or not a ledger.
 */
MUST_USE enum err ledger_file_verify(const char *path, chain_progress *progress,
                                     struct ledger_file_chain *out,
                                     struct fault *fault_out);

/**
 * Copies to `target`, which must not exist and gets mode 0600; a whole ledger of one
 * moment, or nothing. `progress` may be NULL; percent, 0 to 100.
 */
MUST_USE enum err ledger_file_backup(const char *path, const char *target,
                                     void (*progress)(unsigned percent),
                                     struct fault *fault_out);

/**
 * Prints every row as one line of JSON, `{"table": ...}` first. People are in it by
 * their keyed hashes, never by value.
 */
MUST_USE enum err ledger_file_export(const char *path, FILE *file,
                                     struct fault *fault_out);
