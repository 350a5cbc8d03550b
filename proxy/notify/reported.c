#include "notify/reported.h"

void reported_note(struct reported *self, uint64_t id, unsigned tries)
{
    self->items[self->next].id = id;
    self->items[self->next].tries = tries;
    self->next = (self->next + 1) % REPORTED_MAX;
}

bool reported_past(const struct reported *self, uint64_t id, unsigned tries)
{
    for (size_t i = 0; i < REPORTED_MAX; i++) {
        if (self->items[i].id == id && self->items[i].tries > tries) {
            return true;
        }
    }
    return false;
}
