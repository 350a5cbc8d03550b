/**
 * One connection to the admin interface: HTTP/1.1, one request at a time, kept alive.
 *
 * Layer: admin. Owned by its server, which hears of its end by `on_end` and frees it.
 * Callbacks record facts; advance() runs the state's function until it waits. Bounded by
 * request.h in bytes, and in time by the state's row in connection_state.def.
 */
#pragma once

#include "admin/api.h"
#include "base/list.h"
#include "net/stream.h"

struct connection;

/** What connections of one server share; outlives them. */
struct connection_setup {
    struct loop *loop;
    struct api_context api;
    /** The connection is at its end: the owner frees it now. */
    void (*on_end)(void *owner, struct connection *connection);
    void *owner;
};

/**
 * Memory and codec of a connection without a stream. NULL: memory.
 *
 * `origin`: copied, but for its texts: `user` is copied into the connection.
 */
struct connection *connection_new(const struct connection_setup *setup,
                                  const struct api_origin *origin);

/** What its stream is made with, and the stream then. Reading starts. */
const struct stream_events *connection_events(void);
void connection_start(struct connection *self, struct stream *stream,
                      struct tls_context *tls);

/** Closes at once; a change under way goes on. Sets NULL. NULL is fine. */
void connection_free(struct connection **self_p);

/** Nothing whole was asked for since the last answer. */
bool connection_waits(const struct connection *self);

/** For the owner's list. */
struct list_link *connection_link(struct connection *self);
struct connection *connection_of(struct list_link *link);
