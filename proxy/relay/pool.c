#include "relay/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "net/resolve.h"
#include "relay/desync.h"
#include "relay/relay.h"

enum {
    KEY_BUCKETS = 4096, /* Power of two. */
    RECENT_MS = 1000,   /* An unsafe request trusts a connection idle for less. */
    RESOLVE_RETRY_MS = 1000,
};

/* One server of the upstream as this worker sees it. */
struct pool_server {
    struct pool *pool;
    struct server *server;
    struct resolve *resolve; /* A question under way. */
    uint64_t resolve_at_ms;  /* When to ask again; 0: the host is an address. */
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t address_count;
    size_t address_next;
    bool unresolvable; /* The last question failed and no older answer is left. */
    struct list idle;  /* Longest first. */
};

struct pool {
    struct relay *relay;
    const struct upstream_settings *settings;
    struct list waiting; /* Requests, oldest first. */
    bool retired;        /* Of a plan no longer in force: nothing is kept. */
    size_t server_next;
    unsigned lent; /* Connections that are with exchanges. */
    struct list keys[KEY_BUCKETS];
    size_t server_count;
    struct pool_server servers[];
};

/* A connection on its way up, with the request that waits for it. */
struct attempt {
    struct upstream *upstream;
    struct pool_request *request; /* NULL: the asker gave up. */
    struct deadline deadline;
};

static const struct stream_events IDLE_EVENTS;
static const struct stream_events CONNECT_EVENTS;
static void serve_waiting(struct pool *self);

static struct list *bucket_of(struct pool *self, const struct fingerprint *key)
{
    uint32_t hash;
    memcpy(&hash, key->bytes, sizeof(hash));
    return &self->keys[hash & (KEY_BUCKETS - 1)];
}

static void on_resolved(void *owner, enum err err, const struct address *addresses,
                        size_t count)
{
    struct pool_server *server = owner;
    const struct upstream_settings *settings = server->pool->settings;
    uint64_t now_ms = loop_now_ms(server->pool->relay->loop);

    resolve_free(&server->resolve);
    if (err == ERR_NONE) {
        memcpy(server->addresses, addresses, count * sizeof(*addresses));
        server->address_count = count;
        server->address_next = 0;
        server->unresolvable = false;
        server->resolve_at_ms = now_ms + settings->resolve_interval_ms;
    } else {
        server->unresolvable = server->address_count == 0;
        server->resolve_at_ms = now_ms + RESOLVE_RETRY_MS;
    }
    serve_waiting(server->pool);
}

static void ask_name(struct pool_server *server)
{
    if (server->resolve == NULL) {
        server->resolve = resolve_new(server->pool->relay->loop, server->server->host,
                                      server->server->port, on_resolved, server);
        server->unresolvable = server->resolve == NULL && server->address_count == 0;
    }
}

static void init_server(struct pool *self, size_t index)
{
    struct pool_server *server = &self->servers[index];
    struct server *settings = &self->settings->servers[index];

    *server = (struct pool_server){.pool = self, .server = settings};
    list_init(&server->idle);
    if (address_parse(span_of(settings->host), &server->addresses[0]) == ERR_NONE) {
        server->addresses[0].port = settings->port;
        server->address_count = 1;
        return;
    }
    server->resolve_at_ms = 1;
    ask_name(server);
}

struct pool *pool_new(struct relay *relay, const struct upstream_settings *settings)
{
    struct pool *self =
        malloc(sizeof(*self) + settings->server_count * sizeof(struct pool_server));
    if (self == NULL) {
        return NULL;
    }
    *self = (struct pool){
        .relay = relay, .settings = settings, .server_count = settings->server_count};
    list_init(&self->waiting);
    for (size_t i = 0; i < KEY_BUCKETS; i++) {
        list_init(&self->keys[i]);
    }
    for (size_t i = 0; i < self->server_count; i++) {
        init_server(self, i);
    }
    return self;
}

static void count_connection(struct pool_server *server, bool up)
{
    _Atomic(unsigned) *count = &server->server->connections;
    if (up) {
        (void)atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
    } else {
        (void)atomic_fetch_sub_explicit(count, 1, memory_order_relaxed);
    }
}

/* Frees a connection that is in no list. */
static void destroy(struct upstream **upstream_p)
{
    struct upstream *upstream = *upstream_p;

    CHECK(!list_linked(&upstream->link) && !list_linked(&upstream->key_link));
    stream_free(&upstream->stream);
    h1_free(&upstream->codec);
    count_connection(upstream->server, false);
    free(upstream);
    *upstream_p = NULL;
}

static void take_from_idle(struct upstream *upstream)
{
    list_remove(&upstream->link);
    list_remove(&upstream->key_link);
    meter_connections(upstream->pool->relay, METER_UPSTREAM_IDLE, -1);
}

static void close_all_idle(struct pool_server *server)
{
    for (struct list_link *link = list_first(&server->idle); link != NULL;
         link = list_first(&server->idle)) {
        struct upstream *upstream = LIST_ENTRY(link, struct upstream, link);
        take_from_idle(upstream);
        destroy(&upstream);
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
    for (size_t i = 0; i < self->server_count; i++) {
        struct pool_server *server = &self->servers[i];
        resolve_free(&server->resolve);
        close_all_idle(server);
    }
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

static void close_idle(struct upstream *upstream)
{
    struct pool *pool = upstream->pool;

    take_from_idle(upstream);
    destroy(&upstream);
    serve_waiting(pool);
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

static struct stream_space shared_space(void *owner)
{
    (void)owner;
    return (struct stream_space){0};
}

static void ignore_drain(void *owner, enum err err)
{
    (void)owner;
    (void)err;
}

static const struct stream_events IDLE_EVENTS = {
    .space = shared_space,
    .on_read = on_idle_read,
    .on_end = on_idle_end,
    .on_drain = ignore_drain,
    .on_connect = ignore_drain,
};

/* The kept connection with `key` that was used last. */
static struct upstream *find_kept(struct pool *self, const struct pool_request *request)
{
    struct list *bucket = bucket_of(self, &request->key);
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    for (struct list_link *link = list_first(bucket);
         link != NULL && link != &bucket->head; link = link->next) {
        struct upstream *upstream = LIST_ENTRY(link, struct upstream, key_link);
        if (fingerprint_equal(&upstream->key, &request->key)) {
            bool recent = now_ms - upstream->idle_since_ms < RECENT_MS;
            return request->recent && !recent ? NULL : upstream;
        }
    }
    return NULL;
}

/* Room for one more connection to `server`, by closing the one idle longest if need be.
 */
static bool make_room(struct pool *self, struct pool_server *server)
{
    unsigned count =
        atomic_load_explicit(&server->server->connections, memory_order_relaxed);
    if (count < self->settings->connections_max) {
        return true;
    }
    struct list_link *link = list_first(&server->idle);
    if (link == NULL) {
        return false;
    }
    struct upstream *longest = LIST_ENTRY(link, struct upstream, link);
    take_from_idle(longest);
    destroy(&longest);
    return true;
}

/* A session stays with its server as long as that one can be had. */
static struct pool_server *choose_server(struct pool *self, struct pool_request *request)
{
    size_t start = self->server_next;

    if (!fingerprint_none(&request->key)) {
        start = request->key.bytes[FINGERPRINT_SIZE - 1];
    } else {
        self->server_next = (self->server_next + 1) % self->server_count;
    }
    return &self->servers[(start + request->tried) % self->server_count];
}

static void fail(struct pool_request *request, enum ending failure)
{
    request->failure = failure;
    request->waiting = false;
    list_remove(&request->link);
    request->on_failed(request);
}

static void lend(struct upstream *upstream)
{
    upstream->pool->lent++;
    meter_connections(upstream->pool->relay, METER_UPSTREAM_BUSY, 1);
}

static void unlend(struct upstream *upstream)
{
    upstream->pool->lent--;
    meter_connections(upstream->pool->relay, METER_UPSTREAM_BUSY, -1);
}

/* A connect attempt ended badly: the next server, or the end. */
static void attempt_failed(struct upstream *upstream, enum ending failure)
{
    struct pool *self = upstream->pool;
    struct attempt *attempt = upstream->attempt;
    struct pool_request *request = attempt->request;

    meter_connect(self->relay, failure);
    deadline_remove(&attempt->deadline);
    free(attempt);
    destroy(&upstream);
    if (request == NULL) {
        return;
    }
    request->connecting = NULL;
    request->tried++;
    if (request->tried >= self->server_count) {
        fail(request, failure);
        return;
    }
    request->failure = failure;
    list_push_front(&self->waiting, &request->link);
    serve_waiting(self);
}

static void on_connected(void *owner, enum err err)
{
    struct upstream *upstream = owner;
    struct attempt *attempt = upstream->attempt;

    if (err != ERR_NONE) {
        attempt_failed(upstream,
                       err == ERR_TIMEOUT ? ENDING_CONNECT_TIMEOUT : ENDING_CONNECT);
        return;
    }
    struct pool_request *request = attempt->request;
    meter_connect(upstream->pool->relay, ENDING_NONE);
    deadline_remove(&attempt->deadline);
    free(attempt);
    upstream->attempt = NULL;
    if (request == NULL) {
        destroy(&upstream);
        return;
    }
    request->connecting = NULL;
    request->waiting = false;
    lend(upstream);
    stream_start(upstream->stream);
    request->on_ready(request, upstream);
}

static void on_connect_due(struct deadline *deadline)
{
    struct attempt *attempt = LIST_ENTRY(deadline, struct attempt, deadline);
    attempt_failed(attempt->upstream, ENDING_CONNECT_TIMEOUT);
}

static void ignore_read(void *owner, struct span bytes)
{
    (void)owner;
    (void)bytes;
}

static const struct stream_events CONNECT_EVENTS = {
    .space = shared_space,
    .on_read = ignore_read,
    .on_end = ignore_drain,
    .on_drain = ignore_drain,
    .on_connect = on_connected,
};

/* Starts a connection for `request`. False: memory or descriptors. */
static bool connect_for(struct pool_server *server, struct pool_request *request)
{
    struct pool *self = server->pool;
    struct relay *relay = self->relay;
    struct upstream *upstream = malloc(sizeof(*upstream));
    struct attempt *attempt = malloc(sizeof(*attempt));

    if (upstream == NULL || attempt == NULL) {
        free(upstream);
        free(attempt);
        return false;
    }
    *upstream = (struct upstream){
        .pool = self,
        .server = server,
        .key = request->key,
        .codec = h1_new(H1_RESPONSE),
        .attempt = attempt,
        .address = server->addresses[server->address_next % server->address_count],
        .number = atomic_fetch_add(&relay->shared->connection_number, 1) + 1,
    };
    server->address_next++;
    *attempt = (struct attempt){.upstream = upstream, .request = request};
    attempt->deadline.on_due = on_connect_due;
    count_connection(server, true);
    if (upstream->codec != NULL) {
        upstream->stream =
            stream_connect(relay->loop, &upstream->address, &CONNECT_EVENTS, upstream);
    }
    if (upstream->stream == NULL) {
        free(attempt);
        destroy(&upstream);
        return false;
    }
    deadline_set(&attempt->deadline, loop_wheel(relay->loop),
                 loop_now_ms(relay->loop) + self->settings->connect_timeout_ms);
    request->connecting = upstream;
    list_remove(&request->link);
    return true;
}

enum served { SERVED, SERVED_LATER, SERVED_FAILED };

/* Tries to start a connection for the first waiting request. With `may_fail` false what
 * cannot be had stays in the queue, and pool_tick() tells the asker. */
static enum served serve(struct pool *self, struct pool_request *request, bool may_fail)
{
    struct pool_server *server = choose_server(self, request);

    while (server->address_count == 0 && server->unresolvable &&
           request->tried + 1 < self->server_count) {
        request->tried++;
        server = choose_server(self, request);
    }
    if (server->address_count == 0) {
        if (server->unresolvable && may_fail) {
            fail(request, ENDING_RESOLVE);
            return SERVED_FAILED;
        }
        if (!server->unresolvable) {
            ask_name(server);
        }
        return SERVED_LATER;
    }
    if (!make_room(self, server)) {
        return SERVED_LATER;
    }
    if (connect_for(server, request)) {
        return SERVED;
    }
    if (may_fail) {
        fail(request, ENDING_CONNECT);
        return SERVED_FAILED;
    }
    return SERVED_LATER;
}

/* Hands a kept connection to a request that began to wait. */
static bool serve_kept(struct pool *self, struct pool_request *request)
{
    struct upstream *kept =
        request->alone || request->fresh ? NULL : find_kept(self, request);
    if (kept == NULL) {
        return false;
    }
    take_from_idle(kept);
    list_remove(&request->link);
    request->waiting = false;
    lend(kept);
    request->on_ready(request, kept);
    return true;
}

static void serve_waiting(struct pool *self)
{
    for (struct list_link *link = list_first(&self->waiting); link != NULL;
         link = list_first(&self->waiting)) {
        struct pool_request *request = LIST_ENTRY(link, struct pool_request, link);
        if (!serve_kept(self, request) && serve(self, request, true) == SERVED_LATER) {
            return;
        }
    }
}

struct upstream *pool_take(struct pool *self, struct pool_request *request)
{
    CHECK(!request->waiting && request->connecting == NULL);

    if (!request->alone && !request->fresh) {
        struct upstream *kept = find_kept(self, request);
        if (kept != NULL) {
            take_from_idle(kept);
            lend(kept);
            return kept;
        }
    }
    request->waiting = true;
    request->tried = 0;
    request->failure = ENDING_QUEUE_TIMEOUT;
    request->since_ms = loop_now_ms(self->relay->loop);
    list_push_back(&self->waiting, &request->link);
    if (list_first(&self->waiting) == &request->link) {
        (void)serve(self, request, false);
    }
    return NULL;
}

void pool_cancel(struct pool *self, struct pool_request *request)
{
    (void)self;
    list_remove(&request->link);
    request->waiting = false;
    if (request->connecting != NULL) {
        request->connecting->attempt->request = NULL;
        request->connecting = NULL;
    }
}

void pool_return(struct upstream **upstream_p, const struct fingerprint *key)
{
    struct upstream *upstream = *upstream_p;
    struct pool *self = upstream->pool;

    *upstream_p = NULL;
    unlend(upstream);
    if (self->settings->connections == CONNECTIONS_NONE || self->retired) {
        destroy(&upstream);
        serve_waiting(self);
        return;
    }
    upstream->key = *key;
    upstream->idle_since_ms = loop_now_ms(self->relay->loop);
    stream_set_owner(upstream->stream, &IDLE_EVENTS, upstream);
    list_push_back(&upstream->server->idle, &upstream->link);
    list_push_front(bucket_of(self, key), &upstream->key_link);
    meter_connections(self->relay, METER_UPSTREAM_IDLE, 1);
    if (!list_empty(&self->waiting)) {
        serve_waiting(self);
    }
}

void pool_discard(struct upstream **upstream_p)
{
    struct upstream *upstream = *upstream_p;
    struct pool *self = upstream->pool;

    *upstream_p = NULL;
    unlend(upstream);
    destroy(&upstream);
    if (!list_empty(&self->waiting)) {
        serve_waiting(self);
    }
}

static void tick_server(struct pool *self, struct pool_server *server, uint64_t now_ms)
{
    if (server->resolve_at_ms != 0 && now_ms >= server->resolve_at_ms) {
        ask_name(server);
    }
    for (struct list_link *link = list_first(&server->idle); link != NULL;
         link = list_first(&server->idle)) {
        struct upstream *upstream = LIST_ENTRY(link, struct upstream, link);
        if (now_ms - upstream->idle_since_ms < self->settings->idle_timeout_ms) {
            return;
        }
        take_from_idle(upstream);
        destroy(&upstream);
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
        fail(request, request->failure);
    }
    serve_waiting(self);
}

const char *upstream_server_text(const struct upstream *self)
{
    return self->server->server->text;
}

const struct upstream_settings *pool_settings(const struct pool *self)
{
    return self->settings;
}
