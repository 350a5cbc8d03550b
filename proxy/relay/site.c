#include "relay/site.h"

#include "base/check.h"

struct site *site_ref(struct site *self)
{
    (void)atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
    return self;
}

void site_unref(struct site **self_p)
{
    struct site *self = *self_p;
    if (self == NULL) {
        return;
    }
    *self_p = NULL;
    unsigned before =
        atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel);
    CHECK(before > 0);
    if (before == 1) {
        self->free_arena(self->arena);
    }
}
