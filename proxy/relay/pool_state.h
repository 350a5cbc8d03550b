/**
 * The inside of a pool, shared by pool*.c and nobody else.
 *
 * Layer: relay. pool.c keeps connections, pool_queue.c hands them out, pool_connect.c
 * finds servers and brings connections up, pool_choose.c knows which server is next,
 * pool_share.c is fair to the other workers.
 */
#pragma once

#include "base/check.h"
#include "net/resolve.h"
#include "net/tls.h"
#include "relay/health.h"
#include "relay/pool.h"
#include "relay/relay.h"

enum {
    POOL_BUCKETS_MIN = 64, /* Powers of two. */
    POOL_BUCKETS_MAX = 65536,
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
    struct server_health *health; /* Shared by all workers. */
    struct probe *probe;          /* A check under way. */
    struct tls_memory memory;     /* What makes the next handshake cheaper. */
    uint64_t told_ms;             /* When a failed handshake was last logged; 0: never. */
    bool unresolvable; /* The last question failed and no older answer is left. */
    struct list idle;  /* Longest first. */
    unsigned given;    /* Places left to other workers since the last tick. */
};

struct pool {
    struct relay *relay;
    struct plan *plan; /* Owns it. */
    const struct upstream_settings *settings;
    struct list waiting;             /* Requests, oldest first. */
    struct pool_server *wanted_from; /* Where the first waits for room, or NULL, */
    unsigned wanted;                 /* and for how many that was said. */
    struct list attempts;            /* Connections on their way up. */
    bool retired;                    /* Of a plan no longer in force: nothing is kept. */
    size_t server_next;
    unsigned lent;        /* Connections that are with exchanges. */
    struct list *buckets; /* Idle connections by key: as many as connections, about. */
    size_t bucket_count;
    size_t server_count;
    struct pool_server servers[];
};

/* A connection on its way up, with the request that waits for it. */
struct attempt {
    struct list_link link; /* Of its pool. */
    struct upstream *upstream;
    struct pool_request *request; /* NULL: the asker gave up. */
    struct deadline deadline;
};

enum served { SERVED, SERVED_LATER, SERVED_FAILED };

/* pool.c */
void pool_destroy(struct upstream **upstream_p);
void pool_take_from_idle(struct upstream *upstream);
void pool_lend(struct upstream *upstream);
struct list *pool_bucket(struct pool *self, const struct fingerprint *key);
void pool_count_connection(struct pool_server *server, bool up);
struct stream_space pool_shared_space(void *owner);
void pool_ignore_drain(void *owner, enum err err);

/* pool_queue.c */
COLD void pool_fail(struct pool_request *request, enum ending failure);
void pool_serve_waiting(struct pool *self);

/* pool_share.c */
/* Room for one more connection, by closing the one idle longest if need be. */
bool pool_make_room(struct pool_server *server);
/* The pool's first request waits for room at the server; NULL: at none. */
void pool_want(struct pool *self, struct pool_server *server);
/* With every tick: closes idle connections for other workers. */
void pool_give_idle(struct pool_server *server);
/* True: the room of a connection that comes back is another worker's. */
bool pool_give_back(struct pool_server *server);

/* pool_choose.c */
struct pool_server *pool_choose(struct pool *self, const struct pool_request *request);
void pool_mark_tried(struct pool_request *request, const struct pool_server *server);
bool pool_is_drained(const struct pool_server *server);
void pool_note(struct pool_server *server, bool good);
void pool_watch(struct pool_server *server, uint64_t now_ms);

/* pool_connect.c */
bool pool_init_server(struct pool *self, size_t index);
struct stream *pool_open_stream(struct pool_server *from, const struct address *address,
                                const struct stream_events *events, void *owner);
void pool_ask_name(struct pool_server *server);
void pool_end_attempts(struct pool *self);
enum served pool_serve(struct pool *self, struct pool_request *request, bool may_fail);
