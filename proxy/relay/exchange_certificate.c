#include "relay/exchange_certificate.h"

#include <string.h>

#include "guard/identify.h"

/* The connection of a proxy in front is the proxy's, and so is its certificate. */
static bool peer_is_proxy(const struct exchange *self)
{
    struct address peer = client_peer(self->client);
    return address_trusted(&peer, client_listen(self->client));
}

/* Keeps names that were hashed for different reasons apart from each other and from all
 * tokens, in which such a byte cannot stand. */
static struct fingerprint fingerprint_apart(struct exchange *self, uint8_t kind,
                                            struct span text)
{
    uint8_t bytes[1 + USER_SIZE_MAX];

    bytes[0] = kind;
    text = span_first(text, USER_SIZE_MAX);
    memcpy(bytes + 1, text.ptr, text.len);
    return fingerprint_of(self->relay->fingerprinter,
                          (struct span){.ptr = bytes, .len = 1 + text.len});
}

/* `fingerprint_out`: ours for the certificate; none without one. */
static void read_certificate(struct exchange *self, const struct head *head,
                             struct credential *out, struct fingerprint *fingerprint_out)
{
    const struct session_policy *policy = &self->plan->site->session;

    out->trust = CREDENTIAL_NONE;
    if (!peer_is_proxy(self)) {
        client_read_certificate(self->client, policy->certificate, out, fingerprint_out);
    } else if (policy->certificate_field != NULL) {
        credential_read_certificate(head, span_of(policy->certificate_field), out);
        if (out->trust != CREDENTIAL_NONE) {
            *fingerprint_out = fingerprint_apart(self, 2, out->text);
        }
    }
}

void exchange_join_certificate(struct exchange *self, const struct head *head,
                               struct credential *credential_p)
{
    struct fingerprint fingerprint = {{0}};
    struct credential certificate;

    if (self->plan->site->session.certificate == CERTIFICATE_OFF) {
        return;
    }
    read_certificate(self, head, &certificate, &fingerprint);
    if (certificate.trust != CREDENTIAL_NONE && credential_p->trust == CREDENTIAL_NONE) {
        self->asker.credential = fingerprint;
    }
    credential_join(credential_p, &certificate);
}

void exchange_tell_certificate(const struct exchange *self, const struct removal *removal,
                               struct rewrite_request *out)
{
    const struct session_policy *policy = &self->plan->site->session;
    bool known = self->asker.trust == CREDENTIAL_CERTIFIED && !self->identity_removed &&
                 removal->kind != REMOVAL_ALL;

    if (policy->certificate == CERTIFICATE_OFF) {
        return;
    }
    out->certificate_field = span_of(policy->certificate_field);
    out->certificate_name = known ? user_span(&self->asker.named) : (struct span){0};
    if (!peer_is_proxy(self) && !exchange_observes(self)) {
        out->forged = identify_is_certificate_field;
    }
}

struct fingerprint exchange_connection_key(struct exchange *self)
{
    const struct asker *asker = &self->asker;
    uint8_t both[2 * FINGERPRINT_SIZE];

    if (asker->token_count == 0 && asker->kind == ASKER_STATELESS) {
        return asker->credential;
    }
    if (asker->trust != CREDENTIAL_CERTIFIED) {
        return self->request.session;
    }
    memcpy(both, self->request.session.bytes, FINGERPRINT_SIZE);
    memcpy(both + FINGERPRINT_SIZE, self->asker.credential.bytes, FINGERPRINT_SIZE);
    return fingerprint_apart(self, 3, (struct span){.ptr = both, .len = sizeof(both)});
}
