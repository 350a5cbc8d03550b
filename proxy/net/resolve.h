/**
 * A name's addresses, looked up off the loop.
 *
 * Layer: net. Owned by the asker; freeing it forgets the question.
 */
#pragma once

#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"

enum {
    RESOLVE_ADDRESSES_MAX = 16,
};

struct resolve;

/** `count` addresses with ERR_NONE, or why not. The resolve may be freed here. */
typedef void resolve_fn(void *owner, enum err err, const struct address *addresses,
                        size_t count);

/** Asks for `host` once; the answer's addresses carry `port`. NULL: memory. */
struct resolve *resolve_new(struct loop *loop, const char *host, uint16_t port,
                            resolve_fn *on_resolved, void *owner);

/** No answer comes after this. Sets NULL. NULL is fine. */
void resolve_free(struct resolve **self_p);
