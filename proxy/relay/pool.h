/**
 * Connections to one upstream: by session, bounded per server, reused only when clean.
 *
 * Layer: relay. One pool per upstream and worker, owned by the plan. An exchange asks
 * with a pool_request that it owns; the answer comes at once or later by a callback.
 * Anonymous requests share connections; a session's connection serves that session alone
 * (I4). At the bound the connection idle longest is closed; when none is idle the request
 * waits.
 */
#pragma once

#include "relay/ending.h"
#include "relay/upstream.h"

struct relay;
struct plan;
struct pool;

/** One exchange's wish for a connection. */
struct pool_request {
    struct list_link link;
    struct fingerprint key;     /**< none: the anonymous pool. */
    struct fingerprint session; /**< Who should get the server that it had; or none. */
    bool alone;                 /**< A connection of its own, never a kept one. */
    bool recent; /**< Unsafe: a kept one only if idle for under a second. */
    bool fresh;  /**< A second try: no kept one. */
    bool waiting;
    uint64_t since_ms;
    struct upstream *connecting;
    enum ending failure;                            /**< Of the last server tried. */
    unsigned tried;                                 /**< Servers tried so far, */
    uint64_t tried_mask[UPSTREAM_SERVERS_MAX / 64]; /**< and which. */
    /** The connection is the asker's until pool_return() or pool_discard(). */
    void (*on_ready)(struct pool_request *self, struct upstream *upstream);
    /** None will come; `failure` says why. */
    void (*on_failed)(struct pool_request *self);
};

/** A pool of `plan`, whose site has `settings`. NULL: memory. */
struct pool *pool_new(struct relay *relay, struct plan *plan,
                      const struct upstream_settings *settings);

/** Closes idle connections; no request may be waiting and none may be lent. */
void pool_free(struct pool **self_p);

/** A kept connection at once; or NULL, and on_ready or on_failed follows, never before
 * this returns. */
struct upstream *pool_take(struct pool *self, struct pool_request *request);

/** A connection over the socket `fd`, which it takes: lent at once, never kept. NULL:
 * memory. */
struct upstream *pool_adopt(struct pool *self, int fd);

/** The pool's plan is no longer in force: idle connections close, none is kept. */
void pool_retire(struct pool *self);

/** Closes the idle connections that are bound to a client connection. */
void pool_forget(struct pool *self, const struct fingerprint *bound_to);

/** Requests wait for a connection. */
bool pool_is_short(const struct pool *self);

/** The asker gave up waiting. */
void pool_cancel(struct pool *self, struct pool_request *request);

/** A clean connection comes back under `key`, to be kept or closed. */
void pool_return(struct upstream **upstream_p, const struct fingerprint *key);

/** A connection that must not be used again. */
void pool_discard(struct upstream **upstream_p);

/** Now and then: time-outs of waiting requests and of idle connections, names. */
void pool_tick(struct pool *self, uint64_t now_ms);

/** The session `key` is in the memory of this connection's server. */
void pool_stick(const struct upstream *upstream, const struct fingerprint *key);

/** A finding was made in what this connection's server said. */
void pool_blame(const struct upstream *upstream);

/** `10.0.0.11:8080`, for records. */
const char *upstream_server_text(const struct upstream *self);

const struct upstream_settings *pool_settings(const struct pool *self);
