#include "net/timer.h"

#include "base/check.h"

static size_t slot_of(uint64_t time_ms)
{
    return (size_t)(time_ms / WHEEL_TICK_MS) % WHEEL_SLOTS;
}

void wheel_init(struct wheel *self, uint64_t now_ms)
{
    self->now_ms = now_ms - now_ms % WHEEL_TICK_MS;
    for (size_t i = 0; i < WHEEL_SLOTS; i++) {
        list_init(&self->slots[i]);
    }
}

/* Files `deadline` under the first tick at or after its time, at most one turn ahead. */
static void file(struct wheel *self, struct deadline *deadline)
{
    uint64_t furthest = self->now_ms + (WHEEL_SLOTS - 1) * (uint64_t)WHEEL_TICK_MS;
    uint64_t at = deadline->due_ms + WHEEL_TICK_MS - 1;
    uint64_t nearest = self->now_ms + WHEEL_TICK_MS;

    at = at < nearest ? nearest : at;
    deadline->slot_ms = at > furthest ? furthest : at;
    list_push_back(&self->slots[slot_of(deadline->slot_ms)], &deadline->link);
}

void deadline_set(struct deadline *deadline, struct wheel *wheel, uint64_t due_ms)
{
    CHECK(due_ms > 0);

    deadline->due_ms = due_ms;
    if (list_linked(&deadline->link)) {
        if (due_ms >= deadline->slot_ms - WHEEL_TICK_MS) {
            return;
        }
        list_remove(&deadline->link);
    }
    file(wheel, deadline);
}

void deadline_remove(struct deadline *deadline)
{
    deadline->due_ms = 0;
    list_remove(&deadline->link);
}

/* Empties one slot: fires what is due, files again what was moved to later, which is
 * never under the slot that is looked at. False: `*due_max_p` have fired, and one more is
 * due. */
static bool empty_slot(struct wheel *self, struct list *slot, uint64_t now_ms,
                       unsigned *due_max_p)
{
    for (struct list_link *link = list_first(slot); link != NULL;
         link = list_first(slot)) {
        struct deadline *deadline = LIST_ENTRY(link, struct deadline, link);
        bool due = deadline->due_ms > 0 && deadline->due_ms <= now_ms;
        if (due && *due_max_p == 0) {
            return false;
        }
        list_remove(link);
        if (due) {
            *due_max_p -= 1;
            deadline->due_ms = 0;
            deadline->on_due(deadline);
        } else if (deadline->due_ms > 0) {
            file(self, deadline);
        }
    }
    return true;
}

bool wheel_turn(struct wheel *self, uint64_t now_ms, unsigned due_max)
{
    const uint64_t turn_ms = WHEEL_SLOTS * (uint64_t)WHEEL_TICK_MS;

    CHECK(due_max > 0);
    /* After a long stop one whole turn up to now sees every deadline; what is filed again
     * meanwhile then lies ahead of now and not up to a turn behind it. */
    if (now_ms >= self->now_ms + turn_ms) {
        self->now_ms = now_ms - now_ms % WHEEL_TICK_MS - turn_ms;
    }
    /* The slot of `self->now_ms` has something only where the last call had to leave it.
     */
    while (empty_slot(self, &self->slots[slot_of(self->now_ms)], now_ms, &due_max)) {
        if (self->now_ms + WHEEL_TICK_MS > now_ms) {
            return true;
        }
        self->now_ms += WHEEL_TICK_MS;
    }
    return false;
}
