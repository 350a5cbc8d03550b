/**
 * Two processes and one ledger: how a process and its successor share what is on disk.
 *
 * Layer: record. For an upgrade of the binary. Features, registry and aliases lie in
 * memory that both have mapped (base/heap.h); both recorders write the ledger, each
 * commit on top of what it finds (BEGIN IMMEDIATE), and features.state, which is locked
 * meanwhile. The one that `joins` reads nothing at its start: memory is newer than the
 * files. Only one keeps the house: writes sessions and aliases, whose changes are handed
 * out once, and keeps the ledger within its bounds.
 */
#pragma once

#include "record/recorder.h"

/** What two programs must agree in to write one ledger; mixed into `layout`. */
uint64_t recorder_layout(uint64_t layout);

/** What features.state says may be another process's from now on, or not. Any thread. */
void recorder_share(struct recorder *self, bool shared);

/**
 * Does this process keep the house? One that `joins` does not until told. Answered when
 * what was under way has ended; `ticket` may be NULL. False: the queue is full.
 */
MUST_USE bool recorder_keep_house(struct recorder *self, bool keeps,
                                  struct control_ticket *ticket);
