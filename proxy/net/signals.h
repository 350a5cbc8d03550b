/**
 * Signals as events of one loop.
 *
 * Layer: net. Owned by the control thread.
 */
#pragma once

#include "net/loop.h"

enum {
    SIGNALS_MAX = 8,
};

struct signals;

typedef void signals_fn(void *owner, int number);

/** Hears `numbers` (at most SIGNALS_MAX) from now on. NULL: memory. */
struct signals *signals_new(struct loop *loop, const int *numbers, size_t count,
                            signals_fn *on_signal, void *owner);

/** Sets NULL. NULL is fine. */
void signals_free(struct signals **self_p);
