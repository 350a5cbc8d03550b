#include "relay/health_roll.h"

#include <string.h>

struct entry {
    _Atomic(uint64_t) drained_until_ms;
    size_t upstream_len;
    char names[]; /* The upstream's, then the server's, each with its NUL. */
};

struct health_roll {
    struct heap *heap;
    pthread_mutex_t lock;
    unsigned count;
    struct entry *entries[HEALTH_SERVERS_MAX];
};

struct health_roll *health_roll_new(struct heap *heap)
{
    struct health_roll *self = heap_alloc(heap, sizeof(*self));

    if (self != NULL) {
        self->heap = heap;
        heap_lock_init(heap, &self->lock);
    }
    return self;
}

void health_roll_free(struct health_roll **self_p)
{
    struct health_roll *self = *self_p;
    if (self == NULL) {
        return;
    }
    for (unsigned i = 0; i < self->count; i++) {
        heap_free(self->heap, self->entries[i]);
    }
    (void)pthread_mutex_destroy(&self->lock);
    heap_free(self->heap, self);
    *self_p = NULL;
}

uint64_t health_roll_layout(uint64_t layout)
{
    layout = heap_layout(layout, sizeof(struct health_roll));
    return heap_layout(layout, sizeof(struct entry));
}

static bool is_named(const struct entry *entry, const char *upstream, const char *server)
{
    return strcmp(entry->names, upstream) == 0 &&
           strcmp(entry->names + entry->upstream_len + 1, server) == 0;
}

static struct entry *make(struct health_roll *self, const char *upstream,
                          const char *server)
{
    size_t upstream_len = strlen(upstream);
    size_t server_size = strlen(server) + 1;
    struct entry *entry = NULL;

    if (self->count < HEALTH_SERVERS_MAX) {
        entry = heap_alloc(self->heap, sizeof(*entry) + upstream_len + 1 + server_size);
    }
    if (entry != NULL) {
        entry->upstream_len = upstream_len;
        memcpy(entry->names, upstream, upstream_len + 1);
        memcpy(entry->names + upstream_len + 1, server, server_size);
        self->entries[self->count++] = entry;
    }
    return entry;
}

bool health_roll_enter(struct health_roll *self, const char *upstream, const char *server,
                       unsigned *number_out, _Atomic(uint64_t) **drained_until_ms_out)
{
    unsigned at = 0;

    heap_lock(&self->lock);
    while (at < self->count && !is_named(self->entries[at], upstream, server)) {
        at++;
    }
    struct entry *entry =
        at < self->count ? self->entries[at] : make(self, upstream, server);
    heap_unlock(&self->lock);
    if (entry == NULL) {
        return false;
    }
    *number_out = at;
    *drained_until_ms_out = &entry->drained_until_ms;
    return true;
}
