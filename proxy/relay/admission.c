#include "relay/admission.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* Open addressing with linear probing; a slot with count 0 ends a probe, so leaving moves
 * later slots up. */
struct slot {
    uint8_t key[16];
    uint32_t count;
    uint64_t bytes; /* Sent and not taken. */
};

struct admission {
    pthread_mutex_t lock;
    uint64_t total;
    size_t mask;
    struct slot slots[];
};

struct admission *admission_new(uint64_t count_max)
{
    size_t capacity = 1024;
    while (capacity < 2 * count_max) {
        capacity *= 2;
    }
    struct admission *self = calloc(1, sizeof(*self) + capacity * sizeof(struct slot));
    if (self == NULL) {
        return NULL;
    }
    (void)pthread_mutex_init(&self->lock, NULL);
    self->mask = capacity - 1;
    return self;
}

void admission_free(struct admission **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&(*self_p)->lock);
    free(*self_p);
    *self_p = NULL;
}

/* What one person can have many of is one key: a whole /64 of IPv6. Peers without an
 * address have one that no address has. */
static void key_of(const struct address *address, uint8_t *key_out)
{
    memcpy(key_out, address->bytes, 16);
    if (address_is_none(address)) {
        key_out[15] = 1;
    } else if (!address_is_v4(address)) {
        memset(key_out + 8, 0, 8);
    }
}

static size_t home_of(const struct admission *self, const uint8_t *key)
{
    uint64_t hash = 1469598103934665603U;
    for (size_t i = 0; i < 16; i++) {
        hash = (hash ^ key[i]) * 1099511628211U;
    }
    return (size_t)(hash >> 16) & self->mask;
}

static size_t find(const struct admission *self, const uint8_t *key)
{
    size_t at = home_of(self, key);
    while (self->slots[at].count > 0 && memcmp(self->slots[at].key, key, 16) != 0) {
        at = (at + 1) & self->mask;
    }
    return at;
}

enum admitted admission_enter(struct admission *self, const struct address *address,
                              uint64_t total_max, uint64_t address_max)
{
    uint8_t key[16];
    enum admitted admitted = ADMITTED;

    key_of(address, key);
    (void)pthread_mutex_lock(&self->lock);
    struct slot *slot = &self->slots[find(self, key)];
    if (self->total >= total_max || self->total >= self->mask / 2 + 1) {
        admitted = ADMITTED_NOT_TOTAL;
    } else if (slot->count >= address_max && !address_is_none(address)) {
        admitted = ADMITTED_NOT_ADDRESS;
    } else {
        if (slot->count == 0) {
            slot->bytes = 0;
        }
        memcpy(slot->key, key, 16);
        slot->count++;
        self->total++;
    }
    (void)pthread_mutex_unlock(&self->lock);
    return admitted;
}

/* Closes the gap at `hole` so that every probe still finds its slot. */
static void close_gap(struct admission *self, size_t hole)
{
    size_t at = hole;

    for (;;) {
        at = (at + 1) & self->mask;
        if (self->slots[at].count == 0) {
            return;
        }
        size_t home = home_of(self, self->slots[at].key);
        if (((at - home) & self->mask) >= ((at - hole) & self->mask)) {
            self->slots[hole] = self->slots[at];
            self->slots[at].count = 0;
            hole = at;
        }
    }
}

void admission_leave(struct admission *self, const struct address *address)
{
    uint8_t key[16];

    key_of(address, key);
    (void)pthread_mutex_lock(&self->lock);
    size_t at = find(self, key);
    CHECK(self->slots[at].count > 0 && self->total > 0);
    self->total--;
    self->slots[at].count--;
    if (self->slots[at].count == 0) {
        close_gap(self, at);
    }
    (void)pthread_mutex_unlock(&self->lock);
}

uint64_t admission_count(struct admission *self)
{
    (void)pthread_mutex_lock(&self->lock);
    uint64_t total = self->total;
    (void)pthread_mutex_unlock(&self->lock);
    return total;
}

bool admission_charge(struct admission *self, const struct address *address,
                      uint64_t bytes, uint64_t bytes_max)
{
    uint8_t key[16];

    key_of(address, key);
    (void)pthread_mutex_lock(&self->lock);
    struct slot *slot = &self->slots[find(self, key)];
    slot->bytes += bytes;
    bool fits = slot->bytes <= bytes_max || address_is_none(address);
    (void)pthread_mutex_unlock(&self->lock);
    return fits;
}

void admission_discharge(struct admission *self, const struct address *address,
                         uint64_t bytes)
{
    uint8_t key[16];

    key_of(address, key);
    (void)pthread_mutex_lock(&self->lock);
    struct slot *slot = &self->slots[find(self, key)];
    slot->bytes -= bytes < slot->bytes ? bytes : slot->bytes;
    (void)pthread_mutex_unlock(&self->lock);
}
