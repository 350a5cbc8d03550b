/* Whom the certificate of a client names (client.h). */
#include <stdlib.h>
#include <string.h>

#include "net/tls_peer.h"
#include "relay/client_state.h"

struct client_certificate {
    enum certificate_name name; /* By which it was read. */
    enum credential_trust trust;
    struct user user;
    struct fingerprint fingerprint;
};

static enum tls_peer_name peer_name_of(enum certificate_name name)
{
    switch (name) {
    case CERTIFICATE_COMMON_NAME:
        return TLS_PEER_COMMON_NAME;
    case CERTIFICATE_EMAIL:
        return TLS_PEER_EMAIL;
    case CERTIFICATE_URI:
        return TLS_PEER_URI;
    case CERTIFICATE_SUBJECT:
        return TLS_PEER_SUBJECT;
    case CERTIFICATE_FINGERPRINT:
    case CERTIFICATE_OFF:
        return TLS_PEER_FINGERPRINT;
    }
    UNREACHABLE();
}

/* A certificate's digest is no secret: what is hashed here can stand in no token. */
static struct fingerprint fingerprint_of_digest(struct relay *relay, const char *digest)
{
    char text[TLS_PEER_NAME_SIZE_MAX + 1] = "\x01";

    memcpy(text + 1, digest, strlen(digest) + 1);
    return fingerprint_of(relay->fingerprinter, span_of(text));
}

/* One that is good and does not have the name is somebody's of whom we cannot tell. */
static void read_names(struct client_certificate *self, struct relay *relay,
                       const struct tls *tls)
{
    char text[TLS_PEER_NAME_SIZE_MAX];

    self->trust = CREDENTIAL_BAD;
    self->user.len = 0;
    if (tls_peer_name(tls, TLS_PEER_FINGERPRINT, text)) {
        self->fingerprint = fingerprint_of_digest(relay, text);
        if (tls_peer_name(tls, peer_name_of(self->name), text) &&
            user_set(&self->user, span_of(text))) {
            self->trust = CREDENTIAL_CERTIFIED;
        }
    }
}

void client_read_certificate(struct client *self, enum certificate_name name,
                             struct credential *out, struct fingerprint *fingerprint_out)
{
    const struct tls *tls = stream_tls(self->stream);

    out->trust = CREDENTIAL_NONE;
    out->user.len = 0;
    out->text = (struct span){0};
    *fingerprint_out = (struct fingerprint){{0}};
    if (self->certificate == NULL) {
        if (!tls_peer_verified(tls)) {
            return;
        }
        out->trust = CREDENTIAL_BAD; /* Without memory we cannot tell. */
        self->certificate = calloc(1, sizeof(*self->certificate));
    }
    struct client_certificate *known = self->certificate;
    if (known == NULL) {
        return;
    }
    if (known->name != name) {
        known->name = name;
        read_names(known, self->relay, tls);
    }
    out->trust = known->trust;
    user_copy(&out->user, &known->user);
    *fingerprint_out = known->fingerprint;
}
