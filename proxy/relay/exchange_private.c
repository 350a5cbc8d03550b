/* NTLM and Negotiate (RFC 4559): a server binds a whole connection to the user who proved
 * himself on it. Such a connection belongs to one session on one client connection. */
#include "relay/exchange_rooms.h"

static bool is_bound_scheme(struct span value)
{
    struct span scheme = span_first(value, span_find(value, ' '));

    return span_equal_nocase(scheme, SPAN("ntlm")) ||
           span_equal_nocase(scheme, SPAN("negotiate"));
}

/* In a field of its own or in a list of challenges. */
static bool names_bound_scheme(struct span list)
{
    struct span item;

    while (span_next(&list, ',', &item)) {
        if (is_bound_scheme(span_trim(item))) {
            return true;
        }
    }
    return false;
}

/* The site knows who asks, and we do not: as with a cookie of session.remember. */
static void note_proof(struct asker *asker)
{
    asker->remembered = true;
    if (asker->kind == ASKER_ANONYMOUS) {
        asker->kind = ASKER_UNKNOWN;
    }
}

void exchange_note_proof(struct exchange *self)
{
    if (client_has_proved(self->client) && !exchange_shares_client(self)) {
        note_proof(&self->asker);
    }
}

void exchange_note_request_bound(struct exchange *self, const struct head *head)
{
    const struct field *credentials = head_field(head, FIELD_AUTHORIZATION);

    if (credentials != NULL && is_bound_scheme(credentials->value)) {
        client_bind(self->client);
        client_note_proof(self->client);
        note_proof(&self->asker);
    } else {
        exchange_note_proof(self);
    }
}

void exchange_note_answer_bound(struct exchange *self, const struct head *head)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if ((field->id == FIELD_WWW_AUTHENTICATE ||
             field->id == FIELD_PROXY_AUTHENTICATE) &&
            names_bound_scheme(field->value)) {
            client_bind(self->client);
            self->request.alone = self->request.alone || exchange_shares_client(self);
            return;
        }
    }
}

/* Turns the name of a session into one that is also the client connection's. False: no
 * server has bound anything there. */
bool exchange_make_private(const struct exchange *self, struct fingerprint *key)
{
    const struct fingerprint *bound = client_bound_key(self->client);

    if (fingerprint_none(bound)) {
        return false;
    }
    for (size_t i = 0; i < FINGERPRINT_SIZE; i++) {
        key->bytes[i] ^= bound->bytes[i];
    }
    return true;
}

/* The client may be a proxy that sends many users over one connection: one of ours, or
 * any that speaks HTTP/2, where these schemes do not work anyway. */
bool exchange_shares_client(const struct exchange *self)
{
    struct address peer = client_peer(self->client);

    return self->caller->shares || address_trusted(&peer, client_listen(self->client));
}

/* The name under which a connection is kept that a server may have bound to this client's
 * user; the request's own is such a name when that was known before. */
struct fingerprint exchange_private_key(struct exchange *self, struct fingerprint key)
{
    bool private = self->key_private && fingerprint_equal(&key, &self->request.key);

    if (!private) {
        (void)exchange_make_private(self, &key);
    }
    self->upstream->bound_to = *client_bound_key(self->client);
    return key;
}
