#include "base/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/secret.h"

enum {
    ES256_NUMBER_SIZE = 32,
    DER_SIZE_MAX = 80,
    RSA_BITS_MIN = 2048,
};

struct verify_key {
    EVP_PKEY *public_key; /* NULL: `secret`. */
    size_t secret_len;
    uint8_t secret[VERIFY_KEY_SIZE_MAX];
};

enum verify_algorithm verify_algorithm_of(struct span name)
{
    static const struct {
        const char *name;
        enum verify_algorithm algorithm;
    } NAMES[] = {
        {"HS256", VERIFY_HS256}, {"HS384", VERIFY_HS384}, {"HS512", VERIFY_HS512},
        {"RS256", VERIFY_RS256}, {"ES256", VERIFY_ES256},
    };
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (span_equal(name, span_of(NAMES[i].name))) {
            return NAMES[i].algorithm;
        }
    }
    return VERIFY_UNKNOWN;
}

static EVP_PKEY *read_pem(struct span text)
{
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    if (bio == NULL) {
        return NULL;
    }
    EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
    if (key == NULL && BIO_reset(bio) == 1) {
        X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
        key = certificate != NULL ? X509_get_pubkey(certificate) : NULL;
        X509_free(certificate);
    }
    (void)BIO_free(bio);
    ERR_clear_error();
    return key;
}

/* Only kinds that verify_signature() knows. */
static bool is_usable(const EVP_PKEY *key)
{
    char group[32] = "";

    if (EVP_PKEY_is_a(key, "RSA") == 1) {
        return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
    }
    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

static const char *fill(struct verify_key *self, struct span text)
{
    if (memmem(text.ptr, text.len, "-----BEGIN", 10) != NULL) {
        self->public_key = read_pem(text);
        if (self->public_key == NULL) {
            return "holds no PEM public key or certificate that can be read";
        }
        return is_usable(self->public_key)
                   ? NULL
                   : "holds a key that is neither RSA of 2048 bits at least nor P-256";
    }
    while (text.len > 0 &&
           (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r')) {
        text.len--;
    }
    if (text.len == 0 || text.len > sizeof(self->secret)) {
        return "holds no secret or one of more than 16 KiB";
    }
    memcpy(self->secret, text.ptr, text.len);
    self->secret_len = text.len;
    return NULL;
}

struct verify_key *verify_key_new(struct span text, char *error, size_t error_size)
{
    struct verify_key *self = calloc(1, sizeof(*self));
    const char *wrong = "cannot be kept: out of memory";

    if (self != NULL) {
        wrong = text.len > 0 ? fill(self, text) : "is empty";
    }
    if (wrong != NULL) {
        (void)snprintf(error, error_size, "%s", wrong);
        verify_key_free(&self);
    }
    return self;
}

size_t verify_key_secret_size(const struct verify_key *self)
{
    return self->public_key == NULL ? self->secret_len : 0;
}

void verify_key_free(struct verify_key **self_p)
{
    if (*self_p != NULL) {
        EVP_PKEY_free((*self_p)->public_key);
        secret_wipe(*self_p, sizeof(**self_p));
    }
    free(*self_p);
    *self_p = NULL;
}

static bool verify_secret(const struct verify_key *self, const EVP_MD *hash,
                          struct span data, struct span signature)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (self->public_key != NULL || HMAC(hash, self->secret, (int)self->secret_len,
                                         data.ptr, data.len, digest, &len) == NULL) {
        return false;
    }
    return signature.len == len && secret_equal(digest, signature.ptr, len);
}

static bool verify_public(const struct verify_key *self, struct span data,
                          struct span signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool valid =
        context != NULL &&
        EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, self->public_key) == 1 &&
        EVP_DigestVerify(context, signature.ptr, signature.len, data.ptr, data.len) == 1;

    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return valid;
}

/* Two numbers side by side (RFC 7518 section 3.4) to the form that the library takes. */
static bool verify_es256(const struct verify_key *self, struct span data,
                         struct span signature)
{
    uint8_t der[DER_SIZE_MAX];
    uint8_t *end = der;
    bool valid = false;

    if (signature.len != (size_t)2 * ES256_NUMBER_SIZE) {
        return false;
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature.ptr, ES256_NUMBER_SIZE, NULL);
    BIGNUM *s = BN_bin2bn(signature.ptr + ES256_NUMBER_SIZE, ES256_NUMBER_SIZE, NULL);
    if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
        int len = i2d_ECDSA_SIG(pair, NULL);
        if (len > 0 && len <= (int)sizeof(der) && i2d_ECDSA_SIG(pair, &end) == len) {
            valid =
                verify_public(self, data, (struct span){.ptr = der, .len = (size_t)len});
        }
    } else {
        BN_free(r);
        BN_free(s);
    }
    ECDSA_SIG_free(pair);
    return valid;
}

static bool is_a(const struct verify_key *self, const char *kind)
{
    return self->public_key != NULL && EVP_PKEY_is_a(self->public_key, kind) == 1;
}

bool verify_signature(const struct verify_key *self, enum verify_algorithm algorithm,
                      struct span data, struct span signature)
{
    switch (algorithm) {
    case VERIFY_UNKNOWN:
        return false;
    case VERIFY_HS256:
        return verify_secret(self, EVP_sha256(), data, signature);
    case VERIFY_HS384:
        return verify_secret(self, EVP_sha384(), data, signature);
    case VERIFY_HS512:
        return verify_secret(self, EVP_sha512(), data, signature);
    case VERIFY_RS256:
        return is_a(self, "RSA") && verify_public(self, data, signature);
    case VERIFY_ES256:
        return is_a(self, "EC") && verify_es256(self, data, signature);
    }
    UNREACHABLE();
}
