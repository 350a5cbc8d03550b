/**
 * A client connection: its stream, its codec, one exchange at a time.
 *
 * Layer: relay. Owned by its relay's list. Requests that arrive while an exchange is
 * under way wait in a bounded backlog and are answered in order. A client that has sent
 * FIN still gets its answers.
 */
#pragma once

#include "net/stream.h"
#include "relay/caller.h"

struct client;

/**
 * Takes the connection that waits at `server_handle`; closes it when a limit says so.
 *
 * `tls`: NULL, or what its connections begin with.
 */
void client_accept(struct relay *relay, void *server_handle,
                   const struct listen_settings *listen, struct tls_context *tls);

/** Takes a connected socket, for tests. */
void client_open(struct relay *relay, int fd, const struct listen_settings *listen,
                 struct tls_context *tls);

/** Closes after the exchange under way, and says so in its answer. Idle: after the next
 * one, if that comes within relay.drain_idle_ms. */
void client_drain(struct client *self);

/** Breaks the connection, whatever is under way. */
void client_abort(struct client *self);

/** The fingerprint of `token`; that of the connection's last token is kept. */
struct fingerprint client_fingerprint(struct client *self, struct span token);

/**
 * A server bound a connection to the user of this client (NTLM, Negotiate): from now on
 * its requests go over connections that serve it alone, for good.
 */
void client_bind(struct client *self);

/** The name under which those are kept; none: there are no such. */
const struct fingerprint *client_bound_key(const struct client *self);

/** Its user has proved himself (NTLM, Negotiate): the site knows him without a cookie. */
void client_note_proof(struct client *self);
bool client_has_proved(const struct client *self);

/**
 * Whom the certificate of this client names, if it has shown one: read once, and again
 * when `name` is another. `fingerprint_out`: ours for it, which no token has. The text is
 * empty.
 */
void client_read_certificate(struct client *self, enum certificate_name name,
                             struct credential *out, struct fingerprint *fingerprint_out);

struct relay *client_relay(struct client *self);
/** `https` when the client speaks TLS with us, else `http`. */
const char *client_scheme(const struct client *self);

const struct listen_settings *client_listen(const struct client *self);
struct address client_peer(const struct client *self);

/** The client of a link in relay.clients. */
struct client *client_of_link(struct list_link *link);
