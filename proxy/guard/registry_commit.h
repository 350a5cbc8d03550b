/**
 * How an entry is made: shared by registry_commit() and registry_restore().
 *
 * Layer: guard. A room of registry.c.
 */
#pragma once

#include "guard/registry_room.h"

/** Tokens of one entry, newest first. */
struct token_list {
    unsigned count;
    struct fingerprint items[REGISTRY_TOKENS_MAX];
};

/**
 * Makes a live entry in the shard of `first`, whose lock is held and for which room was
 * reserved. `used_at_ms` is inside time. On REGISTRY_STORED its number is in `id_out`.
 */
MUST_USE enum registry_outcome registry_commit_make(struct registry *self,
                                                    const struct session *session,
                                                    const struct token_list *tokens,
                                                    uint64_t used_at_ms,
                                                    uint64_t *id_out);
