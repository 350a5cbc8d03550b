#include "guard/takedown.h"

#include <string.h>

#include "base/secret.h"

enum {
    KEY_SIZE = 16,
    MAPPED_PREFIX_LEN = 12, /* Bytes of ::ffff:0:0/96. */
    IPV4_NETWORK_LEN = MAPPED_PREFIX_LEN + 3,
    IPV6_NETWORK_LEN = 6,
};

/* A hash of somebody; all zero: nobody. */
struct key {
    uint8_t bytes[KEY_SIZE];
};

/* One case of one feature. `strength` STRENGTH_NONE: an empty place. */
struct noted {
    enum strength strength;
    unsigned feature;
    struct key viewer;
    struct key subject;
    uint8_t network[TAKEDOWN_ADDRESS_SIZE];
    uint64_t at_ms;
};

struct takedown {
    struct heap *heap;
    pthread_mutex_t lock;
    struct noted items[TAKEDOWN_CASES_MAX];
};

struct takedown *takedown_new(struct heap *heap)
{
    struct takedown *self = heap_alloc(heap, sizeof(*self));
    if (self != NULL) {
        self->heap = heap;
        heap_lock_init(heap, &self->lock);
    }
    return self;
}

uint64_t takedown_layout(uint64_t layout)
{
    return heap_layout(layout, sizeof(struct takedown));
}

void takedown_free(struct takedown **self_p)
{
    if (*self_p != NULL) {
        pthread_mutex_destroy(&(*self_p)->lock);
        heap_free((*self_p)->heap, *self_p);
    }
    *self_p = NULL;
}

/* Users have the same key as viewer and as subject. */
static struct key key_of(enum viewer_kind kind, struct span name)
{
    struct key key = {{0}};
    struct secret_hash hash;
    uint8_t digest[SECRET_DIGEST_SIZE];
    uint8_t tag = (uint8_t)kind;

    if (name.len == 0) {
        return key;
    }
    secret_hash_start(&hash);
    secret_hash_add(&hash, (struct span){.ptr = &tag, .len = 1});
    secret_hash_add(&hash, name);
    secret_hash_end(&hash, digest);
    memcpy(key.bytes, digest, KEY_SIZE);
    return key;
}

static bool key_equal(const struct key *a, const struct key *b)
{
    return memcmp(a->bytes, b->bytes, KEY_SIZE) == 0;
}

static bool same_user(const struct key *a, const struct key *b)
{
    const struct key nobody = {{0}};
    return key_equal(a, b) && !key_equal(a, &nobody);
}

/* The /24 or /48 of an address, into zeroed bytes. */
static void network_of(const uint8_t *address, uint8_t *network_out)
{
    static const uint8_t mapped[MAPPED_PREFIX_LEN] = {[10] = 0xff, [11] = 0xff};
    bool ipv4 = memcmp(address, mapped, sizeof(mapped)) == 0;

    memcpy(network_out, address, ipv4 ? IPV4_NETWORK_LEN : IPV6_NETWORK_LEN);
}

static bool same_case(const struct noted *a, const struct noted *b)
{
    return a->strength != STRENGTH_NONE && a->feature == b->feature &&
           key_equal(&a->viewer, &b->viewer) && key_equal(&a->subject, &b->subject);
}

/* True when `a` is to be forgotten before `b`. */
static bool goes_before(const struct noted *a, const struct noted *b)
{
    return a->strength != b->strength ? a->strength < b->strength : a->at_ms < b->at_ms;
}

/* The place of the same case, or the one that is to be forgotten first. */
static struct noted *place_for(struct takedown *self, const struct noted *noted)
{
    struct noted *place = &self->items[0];

    for (unsigned i = 0; i < TAKEDOWN_CASES_MAX; i++) {
        if (same_case(&self->items[i], noted)) {
            return &self->items[i];
        }
        if (goes_before(&self->items[i], place)) {
            place = &self->items[i];
        }
    }
    return place;
}

static struct noted *keep(struct takedown *self, const struct noted *noted)
{
    struct noted *place = place_for(self, noted);
    enum strength before = same_case(place, noted) ? place->strength : STRENGTH_NONE;

    *place = *noted;
    place->strength = before > noted->strength ? before : noted->strength;
    return place;
}

static bool counts_with(const struct noted *item, const struct noted *last,
                        uint64_t within_ms)
{
    return item->strength != STRENGTH_NONE && item->feature == last->feature &&
           (item->at_ms >= last->at_ms || last->at_ms - item->at_ms <= within_ms);
}

static unsigned count_strong(const struct takedown *self, const struct noted *last,
                             uint64_t within_ms)
{
    unsigned count = 0;
    for (unsigned i = 0; i < TAKEDOWN_CASES_MAX; i++) {
        const struct noted *item = &self->items[i];
        if (item->strength == STRENGTH_STRONG && counts_with(item, last, within_ms)) {
            count++;
        }
    }
    return count;
}

static bool independent(const struct noted *a, const struct noted *b)
{
    return !same_user(&a->viewer, &b->viewer) && !same_user(&a->subject, &b->subject) &&
           !same_user(&a->viewer, &b->subject) && !same_user(&a->subject, &b->viewer) &&
           memcmp(a->network, b->network, sizeof(a->network)) != 0;
}

/* The newest case that is independent of all chosen ones and no stronger than `most`, or
 * NULL. */
static const struct noted *next_independent(const struct takedown *self,
                                            const struct noted *const *chosen,
                                            unsigned count, enum strength most,
                                            uint64_t within_ms)
{
    const struct noted *newest = NULL;

    for (unsigned i = 0; i < TAKEDOWN_CASES_MAX; i++) {
        const struct noted *item = &self->items[i];
        bool fits = item->strength <= most && counts_with(item, chosen[0], within_ms) &&
                    (newest == NULL || item->at_ms > newest->at_ms);
        for (unsigned j = 0; fits && j < count; j++) {
            fits = independent(item, chosen[j]);
        }
        newest = fits ? item : newest;
    }
    return newest;
}

static bool weak_enough(const struct takedown *self, const struct noted *last,
                        const struct take_down_policy *policy)
{
    const struct noted *chosen[TAKEDOWN_WEAK_CASES_MAX] = {last};
    unsigned count = 1;
    /* One at least is weak: strong ones alone count by `cases`. */
    enum strength most =
        last->strength == STRENGTH_WEAK ? STRENGTH_STRONG : STRENGTH_WEAK;

    if (policy->weak_cases == 0 || policy->weak_cases > TAKEDOWN_WEAK_CASES_MAX ||
        (policy->weak_cases == 1 && last->strength != STRENGTH_WEAK)) {
        return false;
    }
    while (count < policy->weak_cases) {
        chosen[count] = next_independent(self, chosen, count, most, policy->within_ms);
        most = STRENGTH_STRONG;
        if (chosen[count] == NULL) {
            return false;
        }
        count++;
    }
    return true;
}

static bool must_go_down(const struct takedown *self, const struct noted *last,
                         const struct take_down_policy *policy)
{
    unsigned cases = policy->cases > 0 ? policy->cases : 1;

    return count_strong(self, last, policy->within_ms) >= cases ||
           weak_enough(self, last, policy);
}

uint64_t takedown_note(struct takedown *self, const struct takedown_case *noted,
                       const struct take_down_policy *policies)
{
    struct noted item = {.strength = noted->strength, .at_ms = noted->now_ms};
    uint64_t down = 0;

    if (noted->strength == STRENGTH_NONE) {
        return 0;
    }
    item.viewer = key_of(noted->viewer_kind, noted->viewer);
    item.subject = key_of(VIEWER_USER, noted->subject);
    network_of(noted->address, item.network);
    heap_lock(&self->lock);
    for (unsigned slot = 0; slot < FEATURE_COUNT_MAX; slot++) {
        uint64_t bit = UINT64_C(1) << slot;
        if ((noted->feature_mask & bit) != 0) {
            item.feature = slot;
            const struct noted *last = keep(self, &item);
            down |= must_go_down(self, last, &policies[slot]) ? bit : 0;
        }
    }
    heap_unlock(&self->lock);
    return down;
}

void takedown_forget(struct takedown *self, uint64_t feature_mask)
{
    heap_lock(&self->lock);
    for (unsigned i = 0; i < TAKEDOWN_CASES_MAX; i++) {
        if ((feature_mask >> self->items[i].feature & 1) != 0) {
            self->items[i] = (struct noted){0};
        }
    }
    heap_unlock(&self->lock);
}
