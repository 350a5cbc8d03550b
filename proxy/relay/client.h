/**
 * A client connection: its stream, its codec, one exchange at a time.
 *
 * Layer: relay. Owned by its relay's list. Requests that arrive while an exchange is
 * under way wait in a bounded backlog and are answered in order. A client that has sent
 * FIN still gets its answers.
 */
#pragma once

#include "net/stream.h"
#include "relay/exchange.h"

struct client;

/** Takes the connection that waits at `server_handle`; closes it when a limit says so. */
void client_accept(struct relay *relay, void *server_handle,
                   const struct listen_settings *listen);

/** Takes a connected socket, for tests. */
void client_open(struct relay *relay, int fd, const struct listen_settings *listen);

/** Idle: closes. Busy: closes after the exchange under way. */
void client_drain(struct client *self);

/** Breaks the connection, whatever is under way. */
void client_abort(struct client *self);

/** From the exchange: it is over, and `self` may be freed by this call. */
void client_on_done(struct client *self, struct exchange *exchange,
                    enum disposition disposition);

/** From the exchange: it takes the request's body from now on (again). */
void client_resume_body(struct client *self);

/** The fingerprint of `token`; that of the connection's last token is kept. */
struct fingerprint client_fingerprint(struct client *self, struct span token);

struct stream *client_stream(struct client *self);
struct relay *client_relay(struct client *self);
const struct listen_settings *client_listen(const struct client *self);
struct address client_peer(const struct client *self);

/** The whole request, body and all, has been read. */
bool client_request_read(const struct client *self);

/** From the exchange: it has begun. */
void client_set_exchange(struct client *self, struct exchange *exchange);

/** The client of a link in relay.clients. */
struct client *client_of_link(struct list_link *link);
