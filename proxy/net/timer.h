/**
 * Coarse deadlines: one wheel for all connections of a loop.
 *
 * Layer: net. Pure data structure driven by wheel_turn(). A deadline lives in the object
 * it guards; moving it to a later time costs one store, because the wheel looks at the
 * real time only when its slot comes up. Fires up to one tick late, never early.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

enum {
    WHEEL_TICK_MS = 64,
    WHEEL_SLOTS = 512,
};

struct deadline {
    struct list_link link;
    uint64_t due_ms;  /**< 0: not set. */
    uint64_t slot_ms; /**< When the wheel looks at it next. */
    void (*on_due)(struct deadline *self);
};

struct wheel {
    uint64_t now_ms;
    struct list slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *self, uint64_t now_ms);

/**
 * Fires what is due until `now_ms`, `due_max` (> 0) of them at most, those of earlier
 * ticks first. A callback may set or clear any deadline. False: more are due, so call it
 * again.
 */
bool wheel_turn(struct wheel *self, uint64_t now_ms, unsigned due_max);

/** Sets or moves `deadline` to fire at `due_ms`. */
void deadline_set(struct deadline *deadline, struct wheel *wheel, uint64_t due_ms);

/** Not due any more; costs nothing when it stays in its slot. */
static inline void deadline_clear(struct deadline *deadline)
{
    deadline->due_ms = 0;
}

/** Takes it out of the wheel, before its memory goes. */
void deadline_remove(struct deadline *deadline);
