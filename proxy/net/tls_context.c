#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/tls_private.h"

enum {
    CLIENT_CHAIN_MAX = 32768, /* Bytes of a client's certificates. */
    CACHED_SESSIONS_MAX = 4096,
    SESSION_ID_CONTEXT_MAX = 32,
};

/* Forward secrecy and authenticated encryption, nothing else; 1.3 has only such. */
static const char CIPHERS[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!PSK";

void tls_fault_set(struct tls_fault *fault, enum tls_part part, const char *what)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

    fault->part = part;
    (void)snprintf(fault->text, sizeof(fault->text), "%s%s%s", what,
                   reason != NULL ? ": " : "", reason != NULL ? reason : "");
    ERR_clear_error();
}

/* `h2,http/1.1` to the form of RFC 7301 section 3.1. */
static void set_alpn(struct tls_context *self, const char *names)
{
    struct span rest = span_of(names);
    struct span name;

    while (span_next(&rest, ',', &name)) {
        CHECK(name.len > 0 && self->alpn_len + 1 + name.len <= sizeof(self->alpn));
        self->alpn[self->alpn_len++] = (uint8_t)name.len;
        memcpy(self->alpn + self->alpn_len, name.ptr, name.len);
        self->alpn_len += name.len;
    }
}

static struct tls_context *context_new(size_t site_count, const char *alpn)
{
    struct tls_context *self =
        calloc(1, sizeof(*self) + site_count * sizeof(self->sites[0]));
    if (self != NULL) {
        atomic_init(&self->references, 1);
        self->site_count = site_count;
        set_alpn(self, alpn);
    }
    return self;
}

struct tls_context *tls_context_ref(struct tls_context *self)
{
    (void)atomic_fetch_add_explicit(&self->references, 1, memory_order_relaxed);
    return self;
}

void tls_context_unref(struct tls_context **self_p)
{
    struct tls_context *self = *self_p;

    *self_p = NULL;
    if (self == NULL ||
        atomic_fetch_sub_explicit(&self->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < self->site_count; i++) {
        tls_site_free(&self->sites[i]);
    }
    free(self);
}

void tls_context_set_tickets(struct tls_context *self, struct tls_tickets *tickets)
{
    for (size_t i = 0; i < self->site_count; i++) {
        tls_tickets_install(self->sites[i].ctx, tickets);
    }
}

/* Sessions of one set of authorities are not good for another. */
static bool set_session_context(SSL_CTX *ctx, const struct tls_server_settings *settings)
{
    unsigned char id[SESSION_ID_CONTEXT_MAX];
    unsigned len = 0;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char verify = (unsigned char)settings->client_verify;

    bool done =
        hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1 &&
        EVP_DigestUpdate(hash, &verify, 1) == 1 &&
        EVP_DigestUpdate(hash, settings->client_ca.ptr, settings->client_ca.len) == 1 &&
        EVP_DigestFinal_ex(hash, id, &len) == 1 &&
        SSL_CTX_set_session_id_context(ctx, id, len) == 1;
    EVP_MD_CTX_free(hash);
    return done;
}

/* Adds every certificate of `pem` to those that may vouch. Returns how many. */
static size_t add_authorities(SSL_CTX *ctx, struct span pem, bool told)
{
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    size_t count = 0;
    X509 *certificate = NULL;

    while (bio != NULL &&
           (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        bool added = X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), certificate) == 1 &&
                     (!told || SSL_CTX_add_client_CA(ctx, certificate) == 1);
        count += added ? 1 : 0;
        X509_free(certificate);
    }
    (void)BIO_free(bio);
    return count;
}

static bool ask_clients(SSL_CTX *ctx, const struct tls_server_settings *settings,
                        struct tls_fault *fault)
{
    int mode = SSL_VERIFY_PEER;

    if (settings->client_verify == TLS_CLIENT_REQUIRE) {
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    if (add_authorities(ctx, settings->client_ca, true) == 0) {
        tls_fault_set(fault, TLS_PART_CLIENT_CA, "no certificate in it can be used");
        return false;
    }
    ERR_clear_error(); /* The end of the file is an error to the library. */
    SSL_CTX_set_verify(ctx, mode, NULL);
    SSL_CTX_set_max_cert_list(ctx, CLIENT_CHAIN_MAX);
    return true;
}

// NOLINTNEXTLINE(readability-function-size): as the library calls it.
static int on_alpn(SSL *ssl, const unsigned char **name_out, unsigned char *len_out,
                   const unsigned char *offered, unsigned offered_len, void *arg)
{
    const struct tls_context *self = arg;
    unsigned char *name = NULL;

    (void)ssl;
    if (SSL_select_next_proto(&name, len_out, self->alpn, (unsigned)self->alpn_len,
                              offered, offered_len) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *name_out = name;
    return SSL_TLSEXT_ERR_OK;
}

// NOLINTNEXTLINE(readability-non-const-parameter): as the library calls it.
static int on_server_name(SSL *ssl, int *alert, void *arg)
{
    const struct tls_context *self = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    if (name == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    const struct tls_site *site = tls_site_of(self, name);
    if (site == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    (void)SSL_set_SSL_CTX(ssl, site->ctx);
    return SSL_TLSEXT_ERR_OK;
}

static void on_info(const SSL *ssl, int where, int result)
{
    (void)result;
    if ((where & SSL_CB_HANDSHAKE_START) != 0) {
        tls_note_restart(ssl);
    }
}

static void set_common(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    (void)SSL_CTX_set_cipher_list(ctx, CIPHERS);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE |
                                       SSL_OP_PRIORITIZE_CHACHA);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_info_callback(ctx, on_info);
}

static bool set_server(struct tls_context *self, SSL_CTX *ctx,
                       const struct tls_server_settings *settings,
                       struct tls_fault *fault)
{
    set_common(ctx);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_SERVER);
    (void)SSL_CTX_sess_set_cache_size(ctx, CACHED_SESSIONS_MAX);
    (void)SSL_CTX_set_timeout(ctx, TLS_SESSION_S);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, self);
    (void)SSL_CTX_set_tlsext_servername_callback(ctx, on_server_name);
    (void)SSL_CTX_set_tlsext_servername_arg(ctx, self);
    if (!set_session_context(ctx, settings)) {
        tls_fault_set(fault, TLS_PART_NONE, "out of memory");
        return false;
    }
    return settings->client_ca.len == 0 || ask_clients(ctx, settings, fault);
}

struct tls_context *tls_server_new(const struct tls_server_settings *settings,
                                   struct tls_fault *fault_out)
{
    CHECK(settings->pair_count > 0 && settings->pair_count <= TLS_CERTIFICATES_MAX);
    struct tls_context *self = context_new(settings->pair_count, settings->alpn);

    ERR_clear_error();
    *fault_out = (struct tls_fault){.part = TLS_PART_NONE, .text = "out of memory"};
    if (self == NULL) {
        return NULL;
    }
    self->server = true;
    for (size_t i = 0; i < settings->pair_count; i++) {
        struct tls_site *site = &self->sites[i];
        fault_out->pair = i;
        if (!tls_site_init(self, &settings->pairs[i], site, fault_out) ||
            !set_server(self, site->ctx, settings, fault_out)) {
            tls_context_unref(&self);
            return NULL;
        }
    }
    return self;
}

/* The library's new session is ours from here on. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    tls_note_session(ssl, session);
    return 1;
}

static bool trust(SSL_CTX *ctx, const struct tls_client_settings *settings,
                  struct tls_fault *fault)
{
    if (settings->unverified) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
        return true;
    }
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    if (settings->ca.len == 0) {
        return SSL_CTX_set_default_verify_paths(ctx) == 1;
    }
    if (add_authorities(ctx, settings->ca, false) == 0) {
        tls_fault_set(fault, TLS_PART_CA, "no certificate in it can be used");
        return false;
    }
    ERR_clear_error();
    return true;
}

struct tls_context *tls_client_new(const struct tls_client_settings *settings,
                                   struct tls_fault *fault_out)
{
    struct tls_context *self = context_new(1, settings->alpn);
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    ERR_clear_error();
    *fault_out = (struct tls_fault){.part = TLS_PART_NONE, .text = "out of memory"};
    if (self == NULL || ctx == NULL) {
        SSL_CTX_free(ctx);
        tls_context_unref(&self);
        return NULL;
    }
    self->sites[0].ctx = ctx;
    self->unverified = settings->unverified;
    set_common(ctx);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT |
                                                  SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, on_session);
    bool good = SSL_CTX_set_alpn_protos(ctx, self->alpn, (unsigned)self->alpn_len) == 0 &&
                trust(ctx, settings, fault_out) &&
                (settings->certificate.len == 0 ||
                 tls_site_use_pair(ctx, settings->certificate, settings->key, fault_out));
    if (!good) {
        tls_context_unref(&self);
    }
    return self;
}
