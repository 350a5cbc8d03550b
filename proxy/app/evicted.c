#include "app/evicted.h"

bool evicted_tell(struct evicted *self, uint64_t count, uint64_t now_ms,
                  uint64_t *since_out)
{
    *since_out = count - self->told;
    if (count <= self->told || now_ms < self->next_ms) {
        return false;
    }
    self->told = count;
    self->next_ms = now_ms + EVICTED_TELL_MS;
    return true;
}
