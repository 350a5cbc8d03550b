#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "relay/meter.h"
#include "relay/pool_state.h"

enum {
    RESOLVE_RETRY_MS = 1000,
    TELL_AGAIN_MS = 10000, /* The log need not have every failed handshake. */
};

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
    pool_serve_waiting(server->pool);
}

void pool_ask_name(struct pool_server *server)
{
    if (server->resolve == NULL) {
        server->resolve = resolve_new(server->pool->relay->loop, server->server->host,
                                      server->server->port, on_resolved, server);
        server->unresolvable = server->resolve == NULL && server->address_count == 0;
    }
}

bool pool_init_server(struct pool *self, size_t index)
{
    struct pool_server *server = &self->servers[index];
    struct server *settings = &self->settings->servers[index];
    struct relay *relay = self->relay;

    *server = (struct pool_server){.pool = self, .server = settings};
    list_init(&server->idle);
    server->health = health_of(relay->shared->health, relay->stats, self->settings->name,
                               settings->text);
    if (server->health == NULL) {
        return false;
    }
    if (settings->path != NULL) {
        server->address_count = 1; /* One without meaning. */
        return true;
    }
    if (address_parse(span_of(settings->host), &server->addresses[0]) == ERR_NONE) {
        server->addresses[0].port = settings->port;
        server->address_count = 1;
        return true;
    }
    server->resolve_at_ms = 1;
    pool_ask_name(server);
    return true;
}

static void attempt_free(struct attempt *attempt)
{
    list_remove(&attempt->link);
    deadline_remove(&attempt->deadline);
    free(attempt);
}

/* Those whose askers have given up would outlive their pool. */
void pool_end_attempts(struct pool *self)
{
    for (struct list_link *link = list_take_first(&self->attempts); link != NULL;
         link = list_take_first(&self->attempts)) {
        struct attempt *attempt = LIST_ENTRY(link, struct attempt, link);
        struct upstream *upstream = attempt->upstream;
        CHECK(attempt->request == NULL);
        attempt_free(attempt);
        pool_destroy(&upstream);
    }
}

/* A connect attempt ended badly: the next server, or the end. */
static void attempt_failed(struct upstream *upstream, enum ending failure)
{
    struct pool *self = upstream->pool;
    struct attempt *attempt = upstream->attempt;
    struct pool_request *request = attempt->request;

    meter_connect(self->relay, self->settings->name, failure);
    pool_note(upstream->server, false);
    struct pool_server *server = upstream->server;
    attempt_free(attempt);
    pool_destroy(&upstream);
    if (request == NULL) {
        return;
    }
    request->connecting = NULL;
    pool_mark_tried(request, server);
    if (request->tried >= self->server_count) {
        pool_fail(request, failure);
        return;
    }
    request->failure = failure;
    list_push_front(&self->waiting, &request->link);
    pool_serve_waiting(self);
}

static void tell_of_tls(const struct upstream *upstream)
{
    struct pool_server *server = upstream->server;
    uint64_t now_ms = loop_now_ms(server->pool->relay->loop);

    if (server->told_ms != 0 && now_ms - server->told_ms < TELL_AGAIN_MS) {
        return;
    }
    server->told_ms = now_ms;
    log_write(LOG_LEVEL_WARNING, "upstream %s: TLS with %s failed: %s",
              server->pool->settings->name, server->server->text,
              tls_reason(stream_tls(upstream->stream)));
}

static enum ending ending_of(const struct upstream *upstream, enum err err)
{
    if (err == ERR_TLS) {
        tell_of_tls(upstream);
        return ENDING_UPSTREAM_TLS;
    }
    return err == ERR_TIMEOUT ? ENDING_CONNECT_TIMEOUT : ENDING_CONNECT;
}

static void on_connected(void *owner, enum err err)
{
    struct upstream *upstream = owner;
    struct attempt *attempt = upstream->attempt;

    if (upstream->server->server->secure && (err == ERR_NONE || err == ERR_TLS)) {
        meter_handshake(upstream->pool->relay, METER_UPSTREAM,
                        err == ERR_NONE ? stream_tls(upstream->stream) : NULL);
    }
    if (err != ERR_NONE) {
        attempt_failed(upstream, ending_of(upstream, err));
        return;
    }
    struct pool_request *request = attempt->request;
    meter_connect(upstream->pool->relay, upstream->pool->settings->name, ENDING_NONE);
    pool_note(upstream->server, true);
    attempt_free(attempt);
    upstream->attempt = NULL;
    if (request == NULL) {
        pool_destroy(&upstream);
        return;
    }
    request->connecting = NULL;
    request->waiting = false;
    pool_lend(upstream);
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
    .space = pool_shared_space,
    .on_read = ignore_read,
    .on_end = pool_ignore_drain,
    .on_drain = pool_ignore_drain,
    .on_connect = on_connected,
};

struct stream *pool_open_stream(struct pool_server *from, const struct address *address,
                                const struct stream_events *events, void *owner)
{
    const struct server *server = from->server;
    const struct upstream_settings *settings = from->pool->settings;
    struct loop *loop = from->pool->relay->loop;

    if (server->path != NULL) {
        return stream_connect_local(loop, server->path, events, owner);
    }
    if (server->secure) {
        const char *name = settings->tls_settings.name;
        return stream_connect_secure(loop, address, settings->tls,
                                     name != NULL ? name : server->host, &from->memory,
                                     events, owner);
    }
    return stream_connect(loop, address, events, owner);
}

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
    pool_count_connection(server, true);
    if (upstream->codec != NULL) {
        upstream->stream =
            pool_open_stream(server, &upstream->address, &CONNECT_EVENTS, upstream);
    }
    if (upstream->stream == NULL) {
        free(attempt);
        pool_destroy(&upstream);
        return false;
    }
    deadline_set(&attempt->deadline, loop_wheel(relay->loop),
                 loop_now_ms(relay->loop) + self->settings->connect_timeout_ms);
    list_push_back(&self->attempts, &attempt->link);
    request->connecting = upstream;
    list_remove(&request->link);
    return true;
}

struct upstream *pool_adopt(struct pool *self, int fd)
{
    struct upstream *upstream = malloc(sizeof(*upstream));
    struct pool_server *server = &self->servers[0];

    if (upstream == NULL) {
        (void)close(fd);
        return NULL;
    }
    *upstream = (struct upstream){
        .pool = self,
        .server = server,
        .codec = h1_new(H1_RESPONSE),
        .number = atomic_fetch_add(&self->relay->shared->connection_number, 1) + 1,
        .adopted = true,
    };
    pool_count_connection(server, true);
    upstream->stream = stream_open(self->relay->loop, fd, &CONNECT_EVENTS, upstream);
    if (upstream->codec == NULL || upstream->stream == NULL) {
        pool_destroy(&upstream);
        return NULL;
    }
    pool_lend(upstream);
    stream_start(upstream->stream);
    return upstream;
}

/* Tries to start a connection for the first waiting request. With `may_fail` false what
 * cannot be had stays in the queue, and pool_tick() tells the asker. */
enum served pool_serve(struct pool *self, struct pool_request *request, bool may_fail)
{
    struct pool_server *server = pool_choose(self, request);

    while (server->address_count == 0 && server->unresolvable &&
           request->tried + 1 < self->server_count) {
        pool_mark_tried(request, server);
        server = pool_choose(self, request);
    }
    if (server->address_count == 0) {
        pool_want(self, NULL);
        if (server->unresolvable && may_fail) {
            pool_fail(request, ENDING_RESOLVE);
            return SERVED_FAILED;
        }
        if (!server->unresolvable) {
            pool_ask_name(server);
        }
        return SERVED_LATER;
    }
    if (!pool_make_room(server)) {
        pool_want(self, server);
        return SERVED_LATER;
    }
    pool_want(self, NULL);
    if (connect_for(server, request)) {
        return SERVED;
    }
    if (may_fail) {
        pool_fail(request, ENDING_CONNECT);
        return SERVED_FAILED;
    }
    return SERVED_LATER;
}
