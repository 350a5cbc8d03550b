/**
 * The admin interface: HTTP/1.1 on a Unix socket and on an address.
 *
 * Layer: admin. Owned by the control thread, on whose loop everything runs. Who reaches
 * the socket is an operator (the file's permissions say who does); on the address a
 * bearer token says who asks, and Host is checked against DNS rebinding. Each has room of
 * its own, and a newcomer takes the place of the oldest who has asked for nothing: nobody
 * who only connects keeps out operators, scrapes or a balancer's health checks. Life:
 * admin_new(), admin_start(), admin_stop() when the process drains or ends, and
 * admin_free() after recorder_free(), because tickets of changes under way live here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "admin/access.h"
#include "admin/control.h"
#include "base/check.h"
#include "base/stats.h"
#include "net/loop.h"
#include "net/tls_context.h"

enum {
    ADMIN_CONNECTIONS_MAX = 64, /**< Of the socket, and of the address. */
};

struct admin;

/** Sockets that are bound already, so that a port in use is an error before any start. */
struct admin_sockets {
    int local_fd; /**< From local_bind(), -1: none. Taken. */
    const char
        *local_path; /**< Removed by admin_stop(). Copied; NULL without local_fd. */
    int address_fd;  /**< From listener_bind(), -1: none. Taken. */
    struct address address; /**< Of address_fd, as bound. */
};

/** `control` is copied; `stats` and `loop` must outlive the result. NULL: memory. */
struct admin *admin_new(struct loop *loop, const struct admin_control *control,
                        struct stats *stats);

/** Where people open the console: its host may be asked for. "": nowhere. */
void admin_set_url(struct admin *self, const char *url);

/** Tokens for the address from now on; copied. False: more than ACCESS_TOKENS_MAX. */
MUST_USE bool admin_set_tokens(struct admin *self, const struct access_token *tokens,
                               size_t count);

/** New connections of the address begin with `tls` from now on; NULL: without TLS. */
void admin_set_tls(struct admin *self, struct tls_context *tls);

/** Listens. Takes both sockets whatever the result. ERR_MEMORY or ERR_SYSTEM. */
MUST_USE enum err admin_start(struct admin *self, const struct admin_sockets *sockets);

/** What listens, lent, to hand it on; -1: nothing does. */
void admin_lend_sockets(const struct admin *self, int *local_fd_out, int *address_fd_out);

/** As admin_stop(), but the socket's file is another process's now. */
void admin_leave(struct admin *self);

/** Closes listeners and connections and removes the socket's file. Again is fine. */
void admin_stop(struct admin *self);

/** Stops, frees, sets NULL; answers of changes still under way are dropped. */
void admin_free(struct admin **self_p);
