/**
 * Listening sockets: bound once at start, one per worker, accepted on each worker's loop.
 *
 * Layer: net. The control thread binds (listener_bind) before any worker runs, so that a
 * port in use is an error before anything has started; a worker wraps its socket.
 */
#pragma once

#include "base/check.h"
#include "base/err.h"
#include "net/address.h"
#include "net/loop.h"

struct listener;

/** A client waits; the callee takes it with stream_accept(…, `server_handle`, …). */
typedef void listener_fn(void *owner, void *server_handle);

/**
 * Binds `count` sockets to one address with SO_REUSEPORT and starts their queues.
 *
 * `address_p`: port 0 takes a free one and is set. Fails when any other socket holds the
 * port, with errno set. The caller owns the sockets in `fds_out`.
 */
MUST_USE enum err listener_bind(struct address *address_p, int *fds_out, size_t count);

/** Starts accepting on `fd`, of TCP or Unix (net/local.h), which it owns from now on.
 * NULL: memory or limit. */
struct listener *listener_new(struct loop *loop, int fd, listener_fn *on_client,
                              void *owner);

/** Its socket, lent, to hand it on. Any thread until listener_free(). */
int listener_fd(const struct listener *self);

/** Is `fd` a socket that listens at exactly this address? */
bool listener_is_at(int fd, const struct address *address);

/** Closes the socket and sets NULL; the file of a Unix socket stays. NULL is fine. */
void listener_free(struct listener **self_p);
