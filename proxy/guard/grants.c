#include "guard/grants.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/secret.h"

enum {
    KEY_SIZE = 16,
    WAYS = 8, /* Entries of a bucket. */
    BUCKETS = 4096,
};

/* One pair. `touched_ms` 0: an empty place. */
struct entry {
    uint8_t key[KEY_SIZE];
    uint64_t touched_ms;
    uint64_t yes_until_ms; /* 0: the last answer was no. */
    uint64_t no_since_ms;  /* 0: the last answer was yes. */
};

struct grants {
    pthread_mutex_t lock;
    uint64_t cache_ms;
    uint64_t lag_ms;
    struct entry entries[BUCKETS][WAYS];
};

struct grants *grants_new(uint64_t cache_ms, uint64_t lag_ms)
{
    struct grants *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    int result = pthread_mutex_init(&self->lock, NULL);
    CHECK(result == 0);
    self->cache_ms = cache_ms;
    self->lag_ms = lag_ms;
    return self;
}

void grants_free(struct grants **self_p)
{
    if (*self_p != NULL) {
        (void)pthread_mutex_destroy(&(*self_p)->lock);
    }
    free(*self_p);
    *self_p = NULL;
}

/* The length goes first, so that no two pairs have the same text. */
static void key_of(const struct grant_pair *pair, uint8_t *key_out)
{
    struct secret_hash hash;
    uint8_t digest[SECRET_DIGEST_SIZE];
    uint64_t len = pair->requester.len;

    secret_hash_start(&hash);
    secret_hash_add(&hash, (struct span){.ptr = (const uint8_t *)&len, sizeof(len)});
    secret_hash_add(&hash, pair->requester);
    secret_hash_add(&hash, pair->subject);
    secret_hash_end(&hash, digest);
    memcpy(key_out, digest, KEY_SIZE);
}

static struct entry *bucket_of(struct grants *self, const uint8_t *key)
{
    return self->entries[(key[0] | (unsigned)key[1] << 8) % BUCKETS];
}

static struct entry *find(struct grants *self, const uint8_t *key)
{
    struct entry *bucket = bucket_of(self, key);

    for (unsigned i = 0; i < WAYS; i++) {
        if (bucket[i].touched_ms != 0 && memcmp(bucket[i].key, key, KEY_SIZE) == 0) {
            return &bucket[i];
        }
    }
    return NULL;
}

/* An empty entry, or the one of the bucket that was touched longest ago. */
static struct entry *make(struct grants *self, const uint8_t *key)
{
    struct entry *bucket = bucket_of(self, key);
    struct entry *oldest = &bucket[0];

    for (unsigned i = 1; i < WAYS; i++) {
        oldest = bucket[i].touched_ms < oldest->touched_ms ? &bucket[i] : oldest;
    }
    *oldest = (struct entry){0};
    memcpy(oldest->key, key, KEY_SIZE);
    return oldest;
}

bool grants_knows(struct grants *self, const struct grant_pair *pair, uint64_t now_ms)
{
    uint8_t key[KEY_SIZE];

    key_of(pair, key);
    pthread_mutex_lock(&self->lock);
    const struct entry *entry = find(self, key);
    bool knows = entry != NULL && now_ms < entry->yes_until_ms;
    pthread_mutex_unlock(&self->lock);
    return knows;
}

enum grant_answer grants_note(struct grants *self, const struct grant_pair *pair,
                              bool granted, uint64_t now_ms)
{
    uint8_t key[KEY_SIZE];
    enum grant_answer answer = GRANT_YES;

    key_of(pair, key);
    pthread_mutex_lock(&self->lock);
    struct entry *entry = find(self, key);
    entry = entry != NULL ? entry : make(self, key);
    entry->touched_ms = now_ms + 1;
    if (granted) {
        entry->yes_until_ms = now_ms + self->cache_ms;
        entry->no_since_ms = 0;
    } else {
        entry->yes_until_ms = 0;
        entry->no_since_ms = entry->no_since_ms != 0 ? entry->no_since_ms : now_ms + 1;
        bool young = now_ms + 1 - entry->no_since_ms < self->lag_ms;
        answer = young ? GRANT_NO_YOUNG : GRANT_NO;
    }
    pthread_mutex_unlock(&self->lock);
    return answer;
}
