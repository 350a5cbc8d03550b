/**
 * A part of the registry's entries under one lock: where they lie, in which order they
 * were used, and which changed since they were last handed out.
 *
 * Layer: guard. A room of registry.c. Every call wants the shard's lock held, except
 * registry_shard_stamp(), registry_shard_oldest() and those that make and free it. Slots
 * lie in chunks that neither move nor go away, so that an entry's stamp can be read
 * without the lock. A slot's epoch changes when its entry is removed, so that an old
 * number never leads to a new entry. Slot 0 stands for none.
 */
#pragma once

#include <pthread.h>

#include "guard/registry_entry.h"

enum {
    REGISTRY_SHARD_COUNT = 64,
    REGISTRY_CHUNK_SLOTS = 256,
};

/** The two lists in the order of use. */
enum use_list {
    USE_UNBOUND,
    USE_BOUND,
    USE_LIST_COUNT,
};

struct registry_chunk {
    struct entry slots[REGISTRY_CHUNK_SLOTS];
};

/** Fields are private to registry_shard.c but for `lock` and `heap`. */
struct registry_shard {
    _Alignas(64) pthread_mutex_t lock;
    struct heap *heap;
    unsigned number;
    uint32_t chunk_count_max;
    _Atomic(struct registry_chunk *) *chunks;
    uint32_t slot_count; /**< Slots that were ever used. */
    uint32_t free_first;
    uint32_t newest[USE_LIST_COUNT];
    uint32_t oldest[USE_LIST_COUNT];
    uint32_t changed_first;
    uint32_t changed_last;
    _Atomic(uint64_t) oldest_at_ms[USE_LIST_COUNT];
};

/** `slot_count_max`: slots in this shard at most. False: memory. */
bool registry_shard_init(struct registry_shard *self, struct heap *heap, unsigned number,
                         uint64_t slot_count_max);

void registry_shard_end(struct registry_shard *self);

/** The number of the shard that entry `id` lies in. */
unsigned registry_shard_number(uint64_t id);

/** The live entry `id`, or NULL. */
struct entry *registry_shard_entry(struct registry_shard *self, uint64_t id);

/** The live entry in `slot`, from 1 to `slot_count`, and its number; or NULL. */
struct entry *registry_shard_live(struct registry_shard *self, uint32_t slot,
                                  uint64_t *id_out);

/** The stamp of entry `id`'s slot now; 0 when there is no such slot. No lock. */
uint64_t registry_shard_stamp(struct registry_shard *self, uint64_t id);

/** When the entry idle longest of that list was used; UINT64_MAX: empty. No lock. */
uint64_t registry_shard_oldest(struct registry_shard *self, enum use_list list);

/** The number of the entry idle longest, or 0. */
uint64_t registry_shard_oldest_id(struct registry_shard *self, enum use_list list);

/** An empty slot for an entry; 0: no slot or no memory. Then give() or enlist(). */
uint64_t registry_shard_take(struct registry_shard *self, struct entry **entry_out);

/** Gives back a slot that was taken and not enlisted, or whose removal was handed out. */
void registry_shard_give(struct registry_shard *self, uint64_t id);

/** The taken entry becomes live, version 1, newest of its list. */
void registry_shard_enlist(struct registry_shard *self, uint64_t id);

/** Out of its list of use before its flags change; enlist_again() behind. */
void registry_shard_unlist(struct registry_shard *self, uint64_t id);

/** Newest of the list that its flags say. */
void registry_shard_enlist_again(struct registry_shard *self, uint64_t id);

/** The live entry's contents are in place: its next version, returned. */
uint32_t registry_shard_next_version(struct registry_shard *self, uint64_t id);

/** Appends the entry to the changes unless it is among them. */
void registry_shard_change(struct registry_shard *self, uint64_t id);

/**
 * Removes a live entry: its names and tokens are freed, its number is void. A stored one
 * keeps its slot until its removal was handed out.
 */
void registry_shard_remove(struct registry_shard *self, uint64_t id);

/**
 * Takes the oldest change: NULL when there is none. An entry that is not live was removed
 * and is to be ended with registry_shard_give().
 */
struct entry *registry_shard_next_change(struct registry_shard *self, uint64_t *id_out);
