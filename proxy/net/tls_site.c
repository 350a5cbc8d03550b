/* One certificate with its key: read, compared, installed (net/tls_private.h). */
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/tls_private.h"

enum {
    CHAIN_MAX = 8, /* Certificates between ours and the root. */
    RSA_BITS_MIN = 2048,
};

/* A key with a pass phrase would ask at the terminal. */
// NOLINTNEXTLINE(readability-non-const-parameter): as the library calls it.
static int no_pass_phrase(char *text, int capacity, int writing, void *arg)
{
    (void)text;
    (void)capacity;
    (void)writing;
    (void)arg;
    return -1;
}

static bool add_chain(SSL_CTX *ctx, BIO *bio, struct tls_fault *fault)
{
    unsigned count = 0;
    X509 *next = NULL;

    (void)SSL_CTX_clear_chain_certs(ctx);
    while ((next = PEM_read_bio_X509(bio, NULL, no_pass_phrase, NULL)) != NULL) {
        if (++count > CHAIN_MAX || SSL_CTX_add0_chain_cert(ctx, next) != 1) {
            X509_free(next);
            tls_fault_set(fault, TLS_PART_CERTIFICATE, "the chain is too long");
            return false;
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        tls_fault_set(fault, TLS_PART_CERTIFICATE, "a certificate of the chain is bad");
        return false;
    }
    ERR_clear_error();
    return true;
}

static bool use_certificate(SSL_CTX *ctx, struct span pem, struct tls_fault *fault)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *own =
        bio != NULL ? PEM_read_bio_X509_AUX(bio, NULL, no_pass_phrase, NULL) : NULL;
    bool good = false;

    if (own == NULL) {
        tls_fault_set(fault, TLS_PART_CERTIFICATE, "it holds no certificate in PEM");
    } else if (SSL_CTX_use_certificate(ctx, own) != 1) {
        tls_fault_set(fault, TLS_PART_CERTIFICATE, "it cannot be used");
    } else {
        good = add_chain(ctx, bio, fault);
    }
    X509_free(own);
    (void)BIO_free(bio);
    return good;
}

static bool use_key(SSL_CTX *ctx, struct span pem, struct tls_fault *fault)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key =
        bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL) : NULL;
    bool good = false;

    (void)BIO_free(bio);
    if (key == NULL) {
        tls_fault_set(fault, TLS_PART_KEY,
                      "it holds no key in PEM without a pass phrase");
    } else if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1) {
        ERR_clear_error();
        tls_fault_set(fault, TLS_PART_KEY, "it does not belong to the certificate");
    } else if (EVP_PKEY_is_a(key, "RSA") && EVP_PKEY_get_bits(key) < RSA_BITS_MIN) {
        tls_fault_set(fault, TLS_PART_KEY, "an RSA key needs 2048 bits at least");
    } else if (SSL_CTX_use_PrivateKey(ctx, key) != 1) {
        tls_fault_set(fault, TLS_PART_KEY, "it cannot be used");
    } else {
        good = true;
    }
    EVP_PKEY_free(key);
    return good;
}

bool tls_site_use_pair(struct ssl_ctx_st *ctx, struct span certificate, struct span key,
                       struct tls_fault *fault)
{
    return use_certificate(ctx, certificate, fault) && use_key(ctx, key, fault);
}

static int on_status(SSL *ssl, void *arg)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return tls_ocsp_staple(ssl, arg, now.tv_sec);
}

bool tls_site_init(struct tls_context *context, const struct tls_pair *pair,
                   struct tls_site *site_out, struct tls_fault *fault)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    (void)context;
    site_out->ctx = ctx;
    if (ctx == NULL || !tls_site_use_pair(ctx, pair->certificate, pair->key, fault)) {
        return false;
    }
    site_out->certificate = SSL_CTX_get0_certificate(ctx);
    if (pair->ocsp.len > 0 && !tls_ocsp_load(site_out, pair->ocsp, fault)) {
        return false;
    }
    (void)SSL_CTX_set_tlsext_status_cb(ctx, on_status);
    (void)SSL_CTX_set_tlsext_status_arg(ctx, site_out);
    return true;
}

void tls_site_free(struct tls_site *site)
{
    SSL_CTX_free(site->ctx);
    free(site->ocsp);
}

int64_t tls_context_not_after(const struct tls_context *self, size_t index)
{
    struct tm parts;

    if (index >= self->site_count || self->sites[index].certificate == NULL ||
        ASN1_TIME_to_tm(X509_get0_notAfter(self->sites[index].certificate), &parts) !=
            1) {
        return 0;
    }
    return timegm(&parts);
}
