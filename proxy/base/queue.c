#include "base/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A ring under one lock. */
struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    size_t item_size;
    size_t count_max;
    size_t first;
    size_t count;
    bool ended;
    uint8_t items[];
};

struct queue *queue_new(size_t item_size, size_t count_max)
{
    CHECK(item_size > 0 && count_max > 0);
    CHECK(count_max <= SIZE_MAX / 2 / item_size);

    struct queue *self = calloc(1, sizeof(*self) + item_size * count_max);
    if (self == NULL) {
        return NULL;
    }
    pthread_condattr_t monotonic;
    bool made = pthread_condattr_init(&monotonic) == 0;
    made = made && pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0;
    made = made && pthread_cond_init(&self->filled, &monotonic) == 0;
    (void)pthread_condattr_destroy(&monotonic);
    if (!made || pthread_mutex_init(&self->lock, NULL) != 0) {
        free(self);
        return NULL;
    }
    self->item_size = item_size;
    self->count_max = count_max;
    return self;
}

void queue_free(struct queue **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    (void)pthread_cond_destroy(&(*self_p)->filled);
    (void)pthread_mutex_destroy(&(*self_p)->lock);
    free(*self_p);
    *self_p = NULL;
}

static void lock(struct queue *self)
{
    int result = pthread_mutex_lock(&self->lock);
    CHECK(result == 0);
}

static void unlock(struct queue *self)
{
    int result = pthread_mutex_unlock(&self->lock);
    CHECK(result == 0);
}

static uint8_t *slot(struct queue *self, size_t index)
{
    return self->items + (self->first + index) % self->count_max * self->item_size;
}

bool queue_push(struct queue *self, const void *item)
{
    lock(self);
    bool room = self->count < self->count_max && !self->ended;
    if (room) {
        memcpy(slot(self, self->count), item, self->item_size);
        self->count++;
        (void)pthread_cond_signal(&self->filled);
    }
    unlock(self);
    return room;
}

static struct timespec deadline_in(uint64_t wait_ms)
{
    struct timespec at;
    int result = clock_gettime(CLOCK_MONOTONIC, &at);
    CHECK(result == 0);
    at.tv_sec += (time_t)(wait_ms / 1000);
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

size_t queue_pop(struct queue *self, void *items_out, size_t count_max, uint64_t wait_ms)
{
    struct timespec deadline = deadline_in(wait_ms);
    size_t taken = 0;

    lock(self);
    while (self->count == 0 && !self->ended && wait_ms > 0 &&
           pthread_cond_timedwait(&self->filled, &self->lock, &deadline) != ETIMEDOUT) {
    }
    while (taken < count_max && self->count > 0) {
        memcpy((uint8_t *)items_out + taken * self->item_size, slot(self, 0),
               self->item_size);
        self->first = (self->first + 1) % self->count_max;
        self->count--;
        taken++;
    }
    unlock(self);
    return taken;
}

void queue_end(struct queue *self)
{
    lock(self);
    self->ended = true;
    (void)pthread_cond_signal(&self->filled);
    unlock(self);
}

bool queue_ended(struct queue *self)
{
    lock(self);
    bool ended = self->ended && self->count == 0;
    unlock(self);
    return ended;
}

size_t queue_count(struct queue *self)
{
    lock(self);
    size_t count = self->count;
    unlock(self);
    return count;
}
