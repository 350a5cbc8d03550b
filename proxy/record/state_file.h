/**
 * `features.state`: what is down, in a small file that can be written on a full disk.
 *
 * Layer: record. Owned by the recorder. The file has its full size from the start and two
 * slots that are overwritten in turn, each with a sequence and a checksum, so that a
 * write cut short leaves the former state readable. What is down at start is the union of
 * this file and the ledger (I2).
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "guard/feature.h"
#include "record/fault.h"

struct state_file;

struct state_file_record {
    char name[FEATURE_NAME_SIZE_MAX];
    enum feature_state state;
};

/** What one write stores; every feature not listed is up. */
struct state_file_image {
    unsigned count;
    struct state_file_record records[FEATURE_COUNT_MAX];
};

/**
 * Opens `path`, or makes it when `create`; the state it holds goes to `image_out`.
 *
 * Owns:   the caller ends it with state_file_close().
 * Errors: ERR_STORAGE and a fault: missing, not ours, both slots damaged.
 */
MUST_USE enum err state_file_open(const char *path, bool create,
                                  struct state_file **self_out,
                                  struct state_file_image *image_out,
                                  struct fault *fault_out);

void state_file_close(struct state_file **self_p);

/**
 * During an upgrade two processes write: what is written is put together and written
 * while the file is locked. The lock is the open file's, and ends with it.
 */
void state_file_lock(struct state_file *self);
void state_file_unlock(struct state_file *self);

/** Overwrites the older slot, of whichever process it is, and waits for the disk. */
MUST_USE enum err state_file_write(struct state_file *self,
                                   const struct state_file_image *image);

/** True while the file at the path is the one that is open. */
bool state_file_present(const struct state_file *self);
