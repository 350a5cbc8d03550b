#include "admin/access.h"

#include <string.h>

#include "http/host.h"

bool access_set(struct access *self, const struct access_token *tokens, size_t count)
{
    size_t kept = count < ACCESS_TOKENS_MAX ? count : ACCESS_TOKENS_MAX;

    memset(self->tokens, 0, sizeof(self->tokens));
    if (kept > 0) {
        memcpy(self->tokens, tokens, kept * sizeof(*tokens));
    }
    self->count = kept;
    return kept == count;
}

void access_set_host(struct access *self, struct span url)
{
    struct span rest = span_from(url, span_find(url, '/') + 2);
    struct host host;

    self->host[0] = '\0';
    if (host_parse(span_first(rest, span_find(rest, '/')), &host)) {
        (void)span_copy(host.name, self->host, sizeof(self->host));
    }
}

/* `Bearer` and the token behind it. False: another scheme, or nothing behind. */
static bool bearer(struct span authorization, struct span *token_out)
{
    struct span scheme = span_first(authorization, span_find(authorization, ' '));

    *token_out = span_trim(span_from(authorization, scheme.len));
    return span_equal_nocase(scheme, SPAN("Bearer")) && token_out->len > 0;
}

enum access_proof access_check(const struct access *self, struct span authorization,
                               const struct access_token **token_out)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    const struct access_token *found = NULL;
    struct span token;

    if (!bearer(authorization, &token)) {
        return ACCESS_PROOF_NONE;
    }
    secret_hash_of(token, digest);
    for (size_t i = 0; i < self->count; i++) {
        if (secret_equal(digest, self->tokens[i].digest, sizeof(digest))) {
            found = &self->tokens[i];
        }
    }
    secret_wipe(digest, sizeof(digest));
    *token_out = found;
    return found != NULL ? ACCESS_PROOF_GOOD : ACCESS_PROOF_WRONG;
}

static bool is_loopback(const struct address *address)
{
    static const uint8_t v4[16] = {[10] = 0xff, [11] = 0xff, [12] = 127};
    static const uint8_t v6[16] = {[15] = 1};

    return address_in(address, v4, 104) || address_in(address, v6, 128);
}

bool access_host_is_own(const struct access *self, struct span host,
                        const struct address *own)
{
    struct host asked;
    struct address address;

    if (!host_parse(host, &asked)) {
        return false;
    }
    if (self->host[0] != '\0' && span_equal_nocase(asked.name, span_of(self->host))) {
        return true;
    }
    if (asked.port != 0 && asked.port != own->port) {
        return false;
    }
    if (span_equal_nocase(asked.name, SPAN("localhost"))) {
        return true;
    }
    if (address_parse(asked.name, &address) != ERR_NONE) {
        return false;
    }
    return is_loopback(&address) || address_in(&address, own->bytes, 128);
}
