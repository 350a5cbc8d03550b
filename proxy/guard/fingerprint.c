#include "guard/fingerprint.h"

#include <stdlib.h>
#include <string.h>

#include "base/parse.h"
#include "base/secret.h"

_Static_assert((int)FINGERPRINT_SIZE <= (int)SECRET_DIGEST_SIZE,
               "a fingerprint is a part of the digest");

struct fingerprinter {
    struct secret_mac mac;
};

struct fingerprinter *fingerprinter_new(const uint8_t *key)
{
    struct fingerprinter *self = malloc(sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    secret_mac_start(&self->mac, (struct span){.ptr = key, .len = FINGERPRINT_KEY_SIZE});
    return self;
}

void fingerprinter_free(struct fingerprinter **self_p)
{
    if (*self_p != NULL) {
        secret_wipe(*self_p, sizeof(**self_p));
    }
    free(*self_p);
    *self_p = NULL;
}

struct fingerprint fingerprint_of(const struct fingerprinter *self, struct span token)
{
    struct fingerprint fingerprint = {{0}};
    uint8_t digest[SECRET_DIGEST_SIZE];

    if (token.len == 0) {
        return fingerprint;
    }
    secret_mac_of(&self->mac, token, digest);
    memcpy(fingerprint.bytes, digest, FINGERPRINT_SIZE);
    return fingerprint;
}

bool fingerprint_equal(const struct fingerprint *a, const struct fingerprint *b)
{
    return memcmp(a->bytes, b->bytes, FINGERPRINT_SIZE) == 0;
}

bool fingerprint_none(const struct fingerprint *self)
{
    const struct fingerprint none = {{0}};
    return fingerprint_equal(self, &none);
}

void fingerprint_format(const struct fingerprint *self, char *digits_out)
{
    static const char none[] = "none                            ";
    _Static_assert(sizeof(none) - 1 == FINGERPRINT_DIGITS, "as long as the digits");

    if (fingerprint_none(self)) {
        memcpy(digits_out, none, FINGERPRINT_DIGITS);
        return;
    }
    format_hex(self->bytes, FINGERPRINT_SIZE, digits_out);
}

enum err fingerprint_parse(struct span text, struct fingerprint *fingerprint_out)
{
    *fingerprint_out = (struct fingerprint){{0}};
    return parse_hex(text, fingerprint_out->bytes, FINGERPRINT_SIZE);
}
