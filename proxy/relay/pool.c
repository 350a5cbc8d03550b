#include "relay/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "relay/desync.h"
#include "relay/pool_state.h"
#include "relay/probe.h"

struct list *pool_bucket(struct pool *self, const struct fingerprint *key)
{
    uint32_t hash;
    memcpy(&hash, key->bytes, sizeof(hash));
    return &self->buckets[hash & (self->bucket_count - 1)];
}

/* A bucket for each connection that there may be. */
static bool make_buckets(struct pool *self)
{
    uint64_t wanted = self->settings->connections_max * self->server_count;
    size_t count = POOL_BUCKETS_MIN;

    while (count < wanted && count < POOL_BUCKETS_MAX) {
        count *= 2;
    }
    self->buckets = malloc(count * sizeof(*self->buckets));
    if (self->buckets == NULL) {
        return false;
    }
    self->bucket_count = count;
    for (size_t i = 0; i < count; i++) {
        list_init(&self->buckets[i]);
    }
    return true;
}

struct pool *pool_new(struct relay *relay, struct plan *plan,
                      const struct upstream_settings *settings)
{
    struct pool *self =
        malloc(sizeof(*self) + settings->server_count * sizeof(struct pool_server));
    if (self == NULL) {
        return NULL;
    }
    *self = (struct pool){.relay = relay,
                          .plan = plan,
                          .settings = settings,
                          .server_count = settings->server_count};
    list_init(&self->waiting);
    list_init(&self->attempts);
    if (!make_buckets(self)) {
        free(self);
        return NULL;
    }
    for (size_t i = 0; i < self->server_count; i++) {
        if (!pool_init_server(self, i)) {
            self->server_count = i;
            pool_free(&self);
            return NULL;
        }
    }
    return self;
}

void pool_count_connection(struct pool_server *server, bool up)
{
    _Atomic(unsigned) *count = &server->server->connections;
    if (up) {
        (void)atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
    } else {
        (void)atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
    }
}

/* Frees a connection that is in no list. */
void pool_destroy(struct upstream **upstream_p)
{
    struct upstream *upstream = *upstream_p;

    CHECK(!list_linked(&upstream->link) && !list_linked(&upstream->key_link));
    stream_free(&upstream->stream);
    h1_free(&upstream->codec);
    pool_count_connection(upstream->server, false);
    free(upstream);
    *upstream_p = NULL;
}

void pool_take_from_idle(struct upstream *upstream)
{
    list_remove(&upstream->link);
    list_remove(&upstream->key_link);
    meter_connections(upstream->pool->relay, METER_UPSTREAM_IDLE, -1);
}

static void close_all_idle(struct pool_server *server)
{
    for (struct list_link *link = list_take_first(&server->idle); link != NULL;
         link = list_take_first(&server->idle)) {
        struct upstream *upstream = LIST_ENTRY(link, struct upstream, link);
        pool_take_from_idle(upstream);
        pool_destroy(&upstream);
    }
}

void pool_free(struct pool **self_p)
{
    struct pool *self = *self_p;
    if (self == NULL) {
        return;
    }
    CHECK(list_empty(&self->waiting));
    CHECK(self->lent == 0);
    pool_want(self, NULL);
    pool_end_attempts(self);
    for (size_t i = 0; i < self->server_count; i++) {
        struct pool_server *server = &self->servers[i];
        resolve_free(&server->resolve);
        if (server->probe != NULL) {
            probe_free(&server->probe);
            pool_count_connection(server, false);
        }
        close_all_idle(server);
        tls_memory_clear(&server->memory);
    }
    free(self->buckets);
    free(self);
    *self_p = NULL;
}

void pool_retire(struct pool *self)
{
    self->retired = true;
    for (size_t i = 0; i < self->server_count; i++) {
        close_all_idle(&self->servers[i]);
    }
}

static void forget_of_server(struct pool_server *server,
                             const struct fingerprint *bound_to)
{
    struct list_link *link = server->idle.head.next;

    while (link != &server->idle.head) {
        struct upstream *upstream = LIST_ENTRY(link, struct upstream, link);
        link = link->next;
        if (fingerprint_equal(&upstream->bound_to, bound_to)) {
            pool_take_from_idle(upstream);
            pool_destroy(&upstream);
        }
    }
}

void pool_forget(struct pool *self, const struct fingerprint *bound_to)
{
    for (size_t i = 0; i < self->server_count; i++) {
        forget_of_server(&self->servers[i], bound_to);
    }
}

static void close_idle(struct upstream *upstream)
{
    struct pool *pool = upstream->pool;

    pool_take_from_idle(upstream);
    pool_destroy(&upstream);
    pool_serve_waiting(pool);
}

static void on_idle_read(void *owner, struct span bytes)
{
    struct upstream *upstream = owner;

    desync_note_idle(upstream->pool->relay, upstream, bytes);
    close_idle(upstream);
}

static void on_idle_end(void *owner, enum err err)
{
    (void)err;
    close_idle(owner);
}

struct stream_space pool_shared_space(void *owner)
{
    (void)owner;
    return (struct stream_space){0};
}

void pool_ignore_drain(void *owner, enum err err)
{
    (void)owner;
    (void)err;
}

static const struct stream_events IDLE_EVENTS = {
    .space = pool_shared_space,
    .on_read = on_idle_read,
    .on_end = on_idle_end,
    .on_drain = pool_ignore_drain,
    .on_connect = pool_ignore_drain,
};

void pool_lend(struct upstream *upstream)
{
    upstream->pool->lent++;
    meter_connections(upstream->pool->relay, METER_UPSTREAM_BUSY, 1);
}

static void unlend(struct upstream *upstream)
{
    upstream->pool->lent--;
    meter_connections(upstream->pool->relay, METER_UPSTREAM_BUSY, -1);
}

void pool_return(struct upstream **upstream_p, const struct fingerprint *key)
{
    struct upstream *upstream = *upstream_p;
    struct pool *self = upstream->pool;

    *upstream_p = NULL;
    unlend(upstream);
    if (pool_give_back(upstream->server) || self->retired || upstream->adopted ||
        self->settings->connections == CONNECTIONS_NONE ||
        pool_is_drained(upstream->server)) {
        pool_destroy(&upstream);
        pool_serve_waiting(self);
        return;
    }
    stream_resume(upstream->stream, PAUSE_SINK_FULL); /* An idle read stays armed. */
    stream_resume(upstream->stream, PAUSE_HOLD);
    upstream->key = *key;
    upstream->idle_since_ms = loop_now_ms(self->relay->loop);
    upstream->idle_turn = loop_turn(self->relay->loop);
    stream_set_owner(upstream->stream, &IDLE_EVENTS, upstream);
    list_push_back(&upstream->server->idle, &upstream->link);
    list_push_front(pool_bucket(self, key), &upstream->key_link);
    meter_connections(self->relay, METER_UPSTREAM_IDLE, 1);
    if (!list_empty(&self->waiting)) {
        pool_serve_waiting(self);
    }
}

void pool_discard(struct upstream **upstream_p)
{
    struct upstream *upstream = *upstream_p;
    struct pool *self = upstream->pool;

    *upstream_p = NULL;
    unlend(upstream);
    (void)pool_give_back(upstream->server);
    pool_destroy(&upstream);
    if (!list_empty(&self->waiting)) {
        pool_serve_waiting(self);
    }
}

static void tick_server(struct pool *self, struct pool_server *server, uint64_t now_ms)
{
    pool_give_idle(server);
    pool_watch(server, now_ms);
    if (pool_is_drained(server)) {
        close_all_idle(server);
    }
    if (server->resolve_at_ms != 0 && now_ms >= server->resolve_at_ms) {
        pool_ask_name(server);
    }
    struct list_link *link = server->idle.head.next;
    while (link != &server->idle.head) {
        struct upstream *upstream = LIST_ENTRY(link, struct upstream, link);
        if (now_ms - upstream->idle_since_ms < self->settings->idle_timeout_ms) {
            return;
        }
        link = link->next;
        pool_take_from_idle(upstream);
        pool_destroy(&upstream);
    }
}

void pool_tick(struct pool *self, uint64_t now_ms)
{
    for (size_t i = 0; i < self->server_count; i++) {
        tick_server(self, &self->servers[i], now_ms);
    }
    for (struct list_link *link = list_first(&self->waiting); link != NULL;
         link = list_first(&self->waiting)) {
        struct pool_request *request = LIST_ENTRY(link, struct pool_request, link);
        if (now_ms - request->since_ms < self->settings->queue_timeout_ms) {
            break;
        }
        pool_fail(request, request->failure);
    }
    pool_serve_waiting(self);
}

const char *upstream_server_text(const struct upstream *self)
{
    return self->server->server->text;
}

const struct upstream_settings *pool_settings(const struct pool *self)
{
    return self->settings;
}
