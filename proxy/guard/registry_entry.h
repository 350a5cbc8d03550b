/**
 * What one entry of the registry holds, in few bytes.
 *
 * Layer: guard. A room of registry.c. Belongs to its shard and is read and written under
 * that shard's lock, except `stamp`. Names and tokens beyond the usual (one short name,
 * one token) live on the heap. An entry with one token and a requester of up to 22 bytes
 * takes no heap memory of its own.
 */
#pragma once

#include <stdatomic.h>

#include "base/heap.h"
#include "guard/registry.h"

enum {
    ENTRY_NAMES_INLINE = 24, /**< Bytes of packed names without heap memory. */
};

/** Bits of `flags`. */
enum {
    ENTRY_LIVE = 1,
    ENTRY_STIRRED = 2,
    ENTRY_BOUND = 4,   /**< Has a requester: in the shard's list of bound entries. */
    ENTRY_CHANGED = 8, /**< In the shard's list of changes. */
    ENTRY_STORED = 16, /**< Was handed out: its removal must be, too. */
    ENTRY_PUBLIC = 32, /**< session.is_public */
    ENTRY_QUARANTINED = 64,
    ENTRY_BY_LOGIN = 128,
};

/** Requester and claims, each two bytes of length and the name; none: no bytes. */
struct entry_names {
    uint16_t len;
    union {
        uint8_t near[ENTRY_NAMES_INLINE];
        uint8_t *far; /**< When `len` > ENTRY_NAMES_INLINE. */
    };
};

/** Tokens, newest first. */
struct entry_tokens {
    uint8_t count;
    struct fingerprint *far; /**< NULL: one token, which is the entry's `first`. */
};

struct entry {
    _Atomic(uint64_t) stamp; /**< Epoch of the slot (32 bits), version (32 bits). */
    struct fingerprint first;
    struct entry_names names;
    struct entry_tokens tokens;
    uint64_t used_at_ms;
    uint64_t reported_at_ms; /**< `used_at_ms` when it was last handed out. */
    uint64_t bound_at_ms;
    uint64_t family;
    uint32_t newer; /**< Neighbours in the order of use; slots. */
    uint32_t older; /**< Of a free slot: the next free one. */
    uint32_t changed_next;
    uint32_t changed_prev;
    uint32_t generation;
    uint8_t binding;
    uint8_t claim_count;
    uint8_t flags;
    uint8_t pending;
};

/** Packs requester and claims of `session`. False: memory. Freed by entry_names_free().
 */
bool entry_names_pack(struct entry_names *self, struct heap *heap,
                      const struct session *session);

void entry_names_free(struct entry_names *self, struct heap *heap);

/** `list`: `count` tokens, newest first, copied. False: memory. */
bool entry_tokens_pack(struct entry_tokens *self, struct heap *heap,
                       const struct fingerprint *first, const struct fingerprint *list,
                       unsigned count);

void entry_tokens_free(struct entry_tokens *self, struct heap *heap);

/** Lends the tokens, `self->tokens.count` of them. */
const struct fingerprint *entry_tokens_of(const struct entry *self);

bool entry_has_token(const struct entry *self, const struct fingerprint *token);

/** Copies the plain values of `session`, not names, tokens or `first`. */
void entry_set(struct entry *self, const struct session *session);

/** The entry as a value; `id` is its number. */
void entry_view(const struct entry *self, uint64_t id, struct session *session_out);

/** A session that is none, without touching the unused bytes of its names. */
void entry_view_none(struct session *session_out);
