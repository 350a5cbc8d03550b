/**
 * The state directory: who may enter it, that only one process uses it, and its key.
 *
 * Layer: record. Made by main, outlives every thread. Opening it takes the lock that
 * keeps a second process out, makes the directory with mode 0700 when it is new, gives
 * it that mode when it is empty, and turns core dumps off, because the key lives in
 * memory from then on (I7).
 */
#pragma once

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "guard/fingerprint.h"
#include "record/fault.h"

enum {
    STATE_DIR_PATH_MAX = 1024, /**< Bytes of the directory's path, with the NUL. */
};

struct state_dir;

/**
 * Opens or makes the directory `path` (its parent must exist).
 *
 * Owns:   the caller ends it with state_dir_close().
 * Errors: ERR_STORAGE with `fault_out` saying what to do: in use by another process, not
 *         ours, readable by others and not empty, a key file of the wrong size or mode.
 */
MUST_USE enum err state_dir_open(const char *path, struct state_dir **self_out,
                                 struct fault *fault_out);

/**
 * The same for a process that was handed the lock (`lock_fd`, taken): the process before
 * it goes on using the directory until it ends. ERR_STORAGE also when it is the lock of
 * another directory.
 */
MUST_USE enum err state_dir_join(const char *path, int lock_fd,
                                 struct state_dir **self_out, struct fault *fault_out);

/** True when a ledger was in it already: this is not the first run. */
bool state_dir_used(const struct state_dir *self);

/** The lock, to hand it on; lent. */
int state_dir_lock(const struct state_dir *self);

/** Gives the lock back and wipes the key. */
void state_dir_close(struct state_dir **self_p);

/** The key of fingerprints, FINGERPRINT_KEY_SIZE bytes, lent. */
const uint8_t *state_dir_key(const struct state_dir *self);

/** The key of pseudonyms, FINGERPRINT_KEY_SIZE bytes, lent; derived from the first. */
const uint8_t *state_dir_pseudonym_key(const struct state_dir *self);

/**
 * Reads the key of pseudonyms of a directory that another process may be using.
 * `key_out`: FINGERPRINT_KEY_SIZE bytes, to be wiped. Errors: ERR_STORAGE: no readable
 * key.
 */
MUST_USE enum err state_dir_peek(const char *path, uint8_t *key_out);

/** The directory as a path, lent. */
const char *state_dir_path(const struct state_dir *self);

/** Writes `DIRECTORY/name` to `path_out` of STATE_DIR_PATH_MAX + 64 bytes. */
void state_dir_file(const struct state_dir *self, const char *name, char *path_out);
