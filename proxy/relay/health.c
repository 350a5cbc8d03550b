#include "relay/health.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct server_health {
    char *upstream;
    char *server;
    unsigned number;
    unsigned gauge;
    _Atomic(unsigned) failures;    /* In a row; HEALTH_FAILURES_MAX: down. */
    _Atomic(uint64_t) try_at_ms;   /* While it is down: when next to try it. */
    _Atomic(uint64_t) up_since_ms; /* 0: it never was down. */
    _Atomic(uint64_t) *drained_until_ms;
    _Atomic(uint64_t) check_at_ms;
    _Atomic(bool) shown; /* What the gauge says. */
};

struct health {
    struct stats *stats;
    struct health_roll *roll;
    pthread_mutex_t lock;
    size_t count;
    struct server_health *servers[HEALTH_SERVERS_MAX];
};

struct health *health_new(struct stats *stats, struct health_roll *roll)
{
    struct health *self = calloc(1, sizeof(*self));

    if (self != NULL) {
        self->stats = stats;
        self->roll = roll;
        (void)pthread_mutex_init(&self->lock, NULL);
    }
    return self;
}

static void server_free(struct server_health *server)
{
    free(server->upstream);
    free(server->server);
    free(server);
}

void health_free(struct health **self_p)
{
    struct health *self = *self_p;
    if (self == NULL) {
        return;
    }
    for (size_t i = 0; i < self->count; i++) {
        server_free(self->servers[i]);
    }
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *self_p = NULL;
}

static struct server_health *find(struct health *self, const char *upstream,
                                  const char *server)
{
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->servers[i]->upstream, upstream) == 0 &&
            strcmp(self->servers[i]->server, server) == 0) {
            return self->servers[i];
        }
    }
    return NULL;
}

/* The gauge, made when it is new, shown again when it was retired. */
static unsigned gauge_of(struct health *self, const char *upstream, const char *server)
{
    return stats_series_of(self->stats, STAT_UPSTREAM_SERVER_UP,
                           (struct stat_label){"upstream", upstream},
                           (struct stat_label){"server", server});
}

static struct server_health *make(struct health *self, struct stats_block *block,
                                  const char *upstream, const char *server)
{
    struct server_health *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return NULL;
    }
    made->upstream = strdup(upstream);
    made->server = strdup(server);
    if (made->upstream == NULL || made->server == NULL ||
        !health_roll_enter(self->roll, upstream, server, &made->number,
                           &made->drained_until_ms)) {
        server_free(made);
        return NULL;
    }
    made->gauge = gauge_of(self, upstream, server);
    stats_add(block, made->gauge, 1);
    atomic_store(&made->shown, true);
    self->servers[self->count++] = made;
    return made;
}

struct server_health *health_of(struct health *self, struct stats_block *block,
                                const char *upstream, const char *server)
{
    (void)pthread_mutex_lock(&self->lock);
    struct server_health *found = find(self, upstream, server);
    if (found == NULL && self->count < HEALTH_SERVERS_MAX) {
        found = make(self, block, upstream, server);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return found;
}

void health_use(struct health *self, struct stats_block *block,
                const struct upstream_settings *upstreams, size_t count)
{
    stats_retire(self->stats, STAT_UPSTREAM_SERVER_UP);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < upstreams[i].server_count; k++) {
            const char *server = upstreams[i].servers[k].text;
            if (health_of(self, block, upstreams[i].name, server) != NULL) {
                (void)gauge_of(self, upstreams[i].name, server);
            }
        }
    }
}

bool health_is_down(struct health *self, const char *upstream, const char *server,
                    bool checked, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&self->lock);
    const struct server_health *found = find(self, upstream, server);
    (void)pthread_mutex_unlock(&self->lock);
    return found != NULL && atomic_load(&found->failures) >= HEALTH_FAILURES_MAX &&
           (checked || atomic_load(&found->try_at_ms) > now_ms);
}

unsigned server_health_number(const struct server_health *self)
{
    return self->number;
}

enum server_state server_health_state(const struct server_health *self, uint64_t now_ms)
{
    if (atomic_load(self->drained_until_ms) > now_ms) {
        return SERVER_DRAINED;
    }
    return atomic_load(&self->failures) >= HEALTH_FAILURES_MAX ? SERVER_DOWN : SERVER_UP;
}

bool server_health_try(struct server_health *self, uint64_t now_ms, uint64_t eject_ms)
{
    uint64_t at_ms = atomic_load(&self->try_at_ms);

    return server_health_state(self, now_ms) == SERVER_UP ||
           (at_ms <= now_ms &&
            atomic_compare_exchange_strong(&self->try_at_ms, &at_ms, now_ms + eject_ms));
}

bool server_health_note(struct server_health *self, bool good, uint64_t now_ms,
                        uint64_t eject_ms)
{
    if (good) {
        bool was_down = atomic_exchange(&self->failures, 0) >= HEALTH_FAILURES_MAX;
        if (was_down) {
            atomic_store(&self->up_since_ms, now_ms);
        }
        return was_down;
    }
    unsigned failures = atomic_load(&self->failures);
    while (failures < HEALTH_FAILURES_MAX &&
           !atomic_compare_exchange_weak(&self->failures, &failures, failures + 1)) {
    }
    if (failures + 1 >= HEALTH_FAILURES_MAX) {
        atomic_store(&self->try_at_ms, now_ms + eject_ms);
    }
    return failures + 1 == HEALTH_FAILURES_MAX;
}

bool server_health_drain(struct server_health *self, uint64_t now_ms, uint64_t drain_ms)
{
    return atomic_exchange(self->drained_until_ms, now_ms + drain_ms) <= now_ms;
}

void server_health_return(struct server_health *self)
{
    atomic_store(self->drained_until_ms, 0);
}

bool server_health_claim(struct server_health *self, uint64_t now_ms,
                         uint64_t interval_ms)
{
    uint64_t at_ms = atomic_load(&self->check_at_ms);

    return at_ms <= now_ms && atomic_compare_exchange_strong(&self->check_at_ms, &at_ms,
                                                             now_ms + interval_ms);
}

uint64_t server_health_up_ms(const struct server_health *self, uint64_t now_ms)
{
    uint64_t since_ms = atomic_load(&self->up_since_ms);
    return since_ms == 0 || since_ms > now_ms ? UINT64_MAX : now_ms - since_ms;
}

void server_health_show(struct server_health *self, struct stats_block *block,
                        uint64_t now_ms)
{
    bool up = server_health_state(self, now_ms) == SERVER_UP;

    if (atomic_exchange(&self->shown, up) != up) {
        if (up) {
            stats_add(block, self->gauge, 1);
        } else {
            stats_subtract(block, self->gauge, 1);
        }
    }
}
