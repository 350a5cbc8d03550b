/* Which server a new connection goes to, and what is known of how they do (pool_state.h).
 */
#include "base/check.h"
#include "base/log.h"
#include "relay/affinity.h"
#include "relay/pool_state.h"
#include "relay/probe.h"

enum {
    WEIGHT_WHOLE = 1000,
    WEIGHT_LEAST = 100, /* Of a server that has just come back. */
};

static uint64_t now_of(const struct pool *self)
{
    return loop_now_ms(self->relay->loop);
}

static bool was_tried(const struct pool_request *request, size_t index)
{
    return (request->tried_mask[index / 64] >> index % 64 & 1) != 0;
}

void pool_mark_tried(struct pool_request *request, const struct pool_server *server)
{
    size_t index = (size_t)(server - server->pool->servers);

    request->tried_mask[index / 64] |= (uint64_t)1 << index % 64;
    request->tried++;
}

/* Connections for each unit of weight: what is to be least. */
static uint64_t load_of(const struct pool_server *server, uint64_t now_ms)
{
    uint64_t slow_start_ms = server->pool->settings->health.slow_start_ms;
    uint64_t up_ms = server_health_up_ms(server->health, now_ms);
    uint64_t weight = WEIGHT_WHOLE;

    if (up_ms < slow_start_ms) {
        weight = up_ms * WEIGHT_WHOLE / slow_start_ms;
        weight = weight < WEIGHT_LEAST ? WEIGHT_LEAST : weight;
    }
    uint64_t count =
        atomic_load_explicit(&server->server->connections, memory_order_relaxed);
    return (count + 1) * WEIGHT_WHOLE * WEIGHT_WHOLE / weight;
}

/* The server with the session, as long as it can be had. */
static bool is_sticky(const struct pool_server *server,
                      const struct pool_request *request)
{
    unsigned number = 0;

    return !fingerprint_none(&request->session) &&
           affinity_find(server->pool->relay->shared->affinity, &request->session,
                         &number) &&
           number == server_health_number(server->health);
}

/* Is `server` a better choice than `best`? */
static bool is_better(const struct pool_server *server, const struct pool_server *best,
                      const struct pool_request *request)
{
    uint64_t now_ms = now_of(server->pool);
    enum server_state state = server_health_state(server->health, now_ms);
    enum server_state best_state = server_health_state(best->health, now_ms);
    bool sticky = is_sticky(server, request);

    if (state != best_state) {
        return state < best_state;
    }
    if (sticky != is_sticky(best, request)) {
        return sticky;
    }
    return load_of(server, now_ms) < load_of(best, now_ms);
}

/* A server that is down, and whose time to be tried has come. */
static bool is_on_trial(const struct pool_server *server)
{
    const struct health_settings *health = &server->pool->settings->health;
    uint64_t now_ms = now_of(server->pool);

    return health->path == NULL &&
           server_health_state(server->health, now_ms) == SERVER_DOWN &&
           server_health_try(server->health, now_ms, health->eject_ms);
}

struct pool_server *pool_choose(struct pool *self, const struct pool_request *request)
{
    struct pool_server *best = NULL;

    if (self->server_count == 1) {
        return &self->servers[0];
    }
    for (size_t i = 0; i < self->server_count; i++) {
        size_t index = (self->server_next + i) % self->server_count;
        struct pool_server *server = &self->servers[index];
        if (was_tried(request, index)) {
            continue;
        }
        if (is_on_trial(server)) {
            return server;
        }
        if (best == NULL || is_better(server, best, request)) {
            best = server;
        }
    }
    CHECK(best != NULL);
    if (!is_sticky(best, request)) { /* Equals take turns. */
        self->server_next = (size_t)(best - self->servers + 1) % self->server_count;
    }
    return best;
}

void pool_stick(const struct upstream *upstream, const struct fingerprint *key)
{
    const struct pool *self = upstream->pool;

    if (self->server_count > 1 && !fingerprint_none(key)) {
        affinity_set(self->relay->shared->affinity, key,
                     server_health_number(upstream->server->health));
    }
}

bool pool_is_drained(const struct pool_server *server)
{
    return server->pool->server_count > 1 &&
           server_health_state(server->health, now_of(server->pool)) == SERVER_DRAINED;
}

void pool_note(struct pool_server *server, bool good)
{
    struct pool *self = server->pool;
    uint64_t now_ms = now_of(self);

    if (server_health_note(server->health, good, now_ms,
                           self->settings->health.eject_ms)) {
        log_write(LOG_LEVEL_WARNING, "upstream %s: server %s is %s", self->settings->name,
                  server->server->text, good ? "up again" : "down");
    }
    server_health_show(server->health, self->relay->stats, now_ms);
}

void pool_blame(const struct upstream *upstream)
{
    const struct upstream_settings *settings = upstream->pool->settings;
    struct pool_server *server = upstream->server;
    uint64_t now_ms = now_of(upstream->pool);

    if (settings->on_finding != ON_FINDING_DRAIN) {
        return;
    }
    if (server_health_drain(server->health, now_ms, settings->drain_ms)) {
        log_write(LOG_LEVEL_WARNING,
                  "upstream %s: server %s is drained because of a finding%s",
                  settings->name, server->server->text,
                  settings->server_count > 1 ? "" : ": it is the only one, and goes on");
    }
    server_health_show(server->health, upstream->pool->relay->stats, now_ms);
}

static void on_probed(struct pool_server *server, bool good)
{
    probe_free(&server->probe);
    pool_count_connection(server, false);
    pool_note(server, good);
}

/* Looks after one server: its check when it is due, its gauge. */
void pool_watch(struct pool_server *server, uint64_t now_ms)
{
    struct pool *self = server->pool;
    const struct health_settings *health = &self->settings->health;

    if (self->settings->on_finding != ON_FINDING_DRAIN && !self->retired) {
        server_health_return(server->health); /* Nor any more, after a reload. */
    }
    server_health_show(server->health, self->relay->stats, now_ms);
    if (health->path == NULL || self->retired || server->probe != NULL ||
        server->address_count == 0 || !pool_make_room(server) ||
        !server_health_claim(server->health, now_ms, health->interval_ms)) {
        return;
    }
    pool_count_connection(server, true);
    server->probe = probe_new(server, on_probed);
    if (server->probe == NULL) {
        pool_count_connection(server, false);
    }
}
