#include "base/stats.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/stats_text.h"

/* One series of a family. Its slots are the same in every block. */
struct series {
    struct series *next;  /* Of the family, in the order in which they were made. */
    struct series *chain; /* Of the same hash. */
    enum stat_id family;
    unsigned slot;
    bool retired; /* Not shown until somebody asks for it again. */
    char labels[];
};

struct family {
    struct series *first;
    struct series *last;
};

struct block_link {
    struct block_link *next;
    struct stats_block block;
};

enum {
    HASHES = 4096,
};

struct stats {
    pthread_mutex_t lock;
    struct block_link *blocks;
    unsigned slot_count;
    bool full; /* Which the log has said. */
    struct family families[STAT_COUNT];
    struct series *hashed[HASHES];
};

/* Upper bounds of the buckets in microseconds; the last bucket has none. */
static const uint64_t BUCKETS[] = {500,    1000,   2500,    5000,    10000,    25000,
                                   100000, 250000, 1000000, 2500000, 10000000, 30000000};

enum {
    BUCKET_COUNT = sizeof(BUCKETS) / sizeof(BUCKETS[0]),
    HISTOGRAM_SUM = BUCKET_COUNT + 1, /* Behind the buckets and the one for the rest. */
    HISTOGRAM_SLOTS = HISTOGRAM_SUM + 1,
};

static unsigned slots_of(enum stat_kind kind)
{
    return kind == STAT_HISTOGRAM ? HISTOGRAM_SLOTS : 1;
}

struct stats *stats_new(void)
{
    struct stats *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    pthread_mutex_init(&self->lock, NULL);
    self->slot_count = HISTOGRAM_SLOTS; /* Slot 0 and behind: the overflow. */
    for (unsigned i = 0; i < STAT_COUNT; i++) {
        if (stats_family((enum stat_id)i)->labels[0] == '\0' &&
            stats_series(self, (enum stat_id)i, "") == 0) {
            stats_free(&self);
            return NULL;
        }
    }
    return self;
}

void stats_free(struct stats **self_p)
{
    struct stats *self = *self_p;
    *self_p = NULL;
    if (self == NULL) {
        return;
    }
    for (unsigned i = 0; i < STAT_COUNT; i++) {
        for (struct series *at = self->families[i].first, *next; at != NULL; at = next) {
            next = at->next;
            free(at);
        }
    }
    for (struct block_link *at = self->blocks, *next; at != NULL; at = next) {
        next = at->next;
        free(at);
    }
    pthread_mutex_destroy(&self->lock);
    free(self);
}

struct stats_block *stats_block_new(struct stats *self)
{
    struct block_link *link = calloc(1, sizeof(*link));
    if (link == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&self->lock);
    link->next = self->blocks;
    self->blocks = link;
    pthread_mutex_unlock(&self->lock);
    return &link->block;
}

/* FNV-1a. */
static struct series **chain_of(struct stats *self, enum stat_id id, const char *labels)
{
    uint32_t hash = 2166136261U ^ (uint32_t)id;

    for (const char *at = labels; *at != '\0'; at++) {
        hash = (hash ^ (uint8_t)*at) * 16777619U;
    }
    return &self->hashed[hash % HASHES];
}

/* Brings back what was retired. 0: there is none. */
static unsigned find_series(struct stats *self, enum stat_id id, const char *labels)
{
    for (struct series *at = *chain_of(self, id, labels); at != NULL; at = at->chain) {
        if (at->family == id && strcmp(at->labels, labels) == 0) {
            at->retired = false;
            return at->slot;
        }
    }
    return 0;
}

static bool has_room(struct stats *self, enum stat_id id)
{
    bool of_routes = strstr(stats_family(id)->labels, "route") != NULL;
    unsigned most = of_routes ? STATS_SERIES_MAX - STATS_RESERVED : STATS_SERIES_MAX;

    if (self->slot_count + slots_of(stats_family(id)->kind) <= most) {
        return true;
    }
    if (!self->full) {
        log_write(
            LOG_LEVEL_ERROR,
            "/metrics has no room for a series of %s, and for none of its kind after "
            "it: use fewer routes, or restart after many reloads that rename them",
            stats_family(id)->name);
        self->full = true;
    }
    return false;
}

static unsigned make_series(struct stats *self, enum stat_id id, const char *labels)
{
    struct family *family = &self->families[id];
    struct series **chain = chain_of(self, id, labels);
    size_t size = strlen(labels) + 1;

    if (!has_room(self, id)) {
        return 0;
    }
    struct series *series = malloc(sizeof(*series) + size);
    if (series == NULL) {
        return 0;
    }
    series->next = NULL;
    series->chain = *chain;
    series->family = id;
    series->slot = self->slot_count;
    series->retired = false;
    memcpy(series->labels, labels, size);
    self->slot_count += slots_of(stats_family(id)->kind);
    *chain = series;
    *(family->last != NULL ? &family->last->next : &family->first) = series;
    family->last = series;
    return series->slot;
}

unsigned stats_series(struct stats *self, enum stat_id family, const char *labels)
{
    CHECK(family < STAT_COUNT);

    pthread_mutex_lock(&self->lock);
    unsigned slot = find_series(self, family, labels);
    if (slot == 0) {
        slot = make_series(self, family, labels);
    }
    pthread_mutex_unlock(&self->lock);
    return slot;
}

unsigned stats_series_of(struct stats *self, enum stat_id family, struct stat_label label,
                         struct stat_label other)
{
    char labels[STATS_LABELS_MAX];
    size_t len = stats_label(labels, sizeof(labels), label.name, span_of(label.value));

    if (other.name != NULL && len < sizeof(labels)) {
        labels[len++] = ',';
        len += stats_label(labels + len, sizeof(labels) - len, other.name,
                           span_of(other.value));
    }
    return len < sizeof(labels) ? stats_series(self, family, labels) : 0;
}

void stats_retire(struct stats *self, enum stat_id family)
{
    enum stat_kind kind = stats_family(family)->kind;
    CHECK(kind == STAT_GAUGE || kind == STAT_RATIO);

    pthread_mutex_lock(&self->lock);
    for (struct series *at = self->families[family].first; at != NULL; at = at->next) {
        at->retired = true;
    }
    pthread_mutex_unlock(&self->lock);
}

void stats_observe(struct stats_block *block, unsigned slot, uint64_t microseconds)
{
    unsigned bucket = 0;
    while (bucket < BUCKET_COUNT && microseconds > BUCKETS[bucket]) {
        bucket++;
    }
    stats_add(block, slot + bucket, 1);
    stats_add(block, slot + HISTOGRAM_SUM, microseconds);
}

static uint64_t sum_blocks(const struct stats *self, unsigned slot)
{
    uint64_t sum = 0;
    for (const struct block_link *at = self->blocks; at != NULL; at = at->next) {
        sum += atomic_load_explicit(&at->block.slots[slot], memory_order_relaxed);
    }
    return sum;
}

uint64_t stats_read(struct stats *self, unsigned slot)
{
    CHECK(slot < STATS_SERIES_MAX);

    pthread_mutex_lock(&self->lock);
    uint64_t sum = sum_blocks(self, slot);
    pthread_mutex_unlock(&self->lock);
    return sum;
}

static void render_histogram(const struct stats *self, const struct series *series,
                             struct stats_text *text)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < BUCKET_COUNT; i++) {
        count += sum_blocks(self, series->slot + i);
        stats_text_bucket(text, series->labels, BUCKETS[i], count);
    }
    count += sum_blocks(self, series->slot + BUCKET_COUNT);
    stats_text_total(text, series->labels, count,
                     sum_blocks(self, series->slot + HISTOGRAM_SUM));
}

static void render_family(const struct stats *self, enum stat_id id,
                          struct stats_text *text)
{
    stats_text_family(text, id);
    for (const struct series *at = self->families[id].first; at != NULL; at = at->next) {
        if (at->retired) {
            continue;
        }
        if (text->family->kind == STAT_HISTOGRAM) {
            render_histogram(self, at, text);
        } else {
            stats_text_sample(text, at->labels, sum_blocks(self, at->slot));
        }
    }
}

void stats_render(struct stats *self, bool openmetrics, stats_write_fn *write,
                  void *context)
{
    struct stats_text text = {
        .openmetrics = openmetrics, .write = write, .context = context};

    pthread_mutex_lock(&self->lock);
    for (unsigned i = 0; i < STAT_COUNT; i++) {
        render_family(self, (enum stat_id)i, &text);
    }
    pthread_mutex_unlock(&self->lock);
    stats_text_end(&text);
}
