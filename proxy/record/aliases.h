/**
 * `aliases.db`: which login names stand for which markers, as keyed hashes.
 *
 * Layer: record. Owned by the recorder's thread. As `sessions.db`: a file of its own,
 * written in batches at most a second old and without waiting for the disk. What was not
 * used for the memo's idle time is removed at start.
 */
#pragma once

#include "base/err.h"
#include "guard/memo.h"
#include "record/fault.h"
#include "record/state_dir.h"

struct aliases;

/** Opens or makes the file. Errors: ERR_STORAGE and a fault with what to do. */
MUST_USE enum err aliases_open(const struct state_dir *directory,
                               struct aliases **self_out, struct fault *fault_out);

void aliases_close(struct aliases **self_p);

/** Puts all stored aliases into `memo`; `wall_ms` tells their age. Returns how many. */
uint64_t aliases_load(struct aliases *self, struct memo *memo, uint64_t now_ms,
                      uint64_t wall_ms);

/** Writes what changed. `more_out`: there may be more. ERR_STORAGE: kept for later. */
MUST_USE enum err aliases_save(struct aliases *self, struct memo *memo, uint64_t now_ms,
                               uint64_t wall_ms, bool *more_out);
