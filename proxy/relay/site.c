#include "relay/site.h"

#include <string.h>

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

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool site_close_route(struct site *self, const struct route *like)
{
    bool closed = false;

    for (size_t i = 0; i < self->route_count; i++) {
        struct route *route = &self->routes[i];
        if (same_text(route->host, like->host) &&
            same_text(route->pattern, like->pattern)) {
            closed = !atomic_exchange(&route->closed, true) || closed;
        }
    }
    return closed;
}

void site_keep_closed(struct site *self, const struct site *old)
{
    for (size_t i = 0; i < old->route_count && self != old; i++) {
        if (atomic_load(&old->routes[i].closed)) {
            (void)site_close_route(self, &old->routes[i]);
        }
    }
}
