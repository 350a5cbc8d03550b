/**
 * `sessions.db`: which sessions belong to whom, so that a restart does not forget it.
 *
 * Layer: record. Owned by the recorder's thread. A file of its own, written in batches at
 * most a second old and without waiting for the disk: losing the last second weakens
 * nothing, a session then counts as unknown. What could not be written is kept and
 * written first the next time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "guard/registry.h"
#include "record/fault.h"
#include "record/state_dir.h"

struct bindings;

/** Opens or makes the file. Errors: ERR_STORAGE and a fault with what to do. */
MUST_USE enum err bindings_open(const struct state_dir *directory,
                                struct bindings **self_out, struct fault *fault_out);

void bindings_close(struct bindings **self_p);

/** Puts all stored sessions into `registry`; `wall_ms` tells their age. Returns how many
 * it took. */
uint64_t bindings_load(struct bindings *self, struct registry *registry, uint64_t now_ms,
                       uint64_t wall_ms);

/**
 * Writes some of what changed. `more_out`: there may be more to write now.
 * ERR_STORAGE: kept for the next time.
 */
MUST_USE enum err bindings_save(struct bindings *self, struct registry *registry,
                                uint64_t now_ms, uint64_t wall_ms, bool *more_out);
