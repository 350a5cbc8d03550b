#include "net/tls.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls_private.h"

enum {
    HELLO_PREFIX = 9,       /* Record header and handshake header. */
    HELLO_SIZE_MAX = 16384, /* The library would take 128 KiB, and memory for it. */
    RESTARTS_MAX = 64,      /* Key updates and tickets of one connection. */
};

struct tls {
    SSL *ssl;
    struct tls_context *context;
    struct tls_output *output;
    struct tls_memory *memory;
    struct span input;
    const char *reason;
    bool ready; /* The handshake is over. */
    bool failed;
    uint8_t hello[HELLO_PREFIX];
    uint8_t hello_len;
    unsigned restarts;
};

/* Is this how an honest client begins: one record with the head of a hello that is not
 * huge? What follows is not looked at. */
static bool hello_fits(struct tls *self, struct span bytes)
{
    size_t count = span_first(bytes, HELLO_PREFIX - self->hello_len).len;

    memcpy(self->hello + self->hello_len, bytes.ptr, count);
    self->hello_len = (uint8_t)(self->hello_len + count);
    if (self->hello_len < HELLO_PREFIX) {
        return true;
    }
    const uint8_t *at = self->hello;
    unsigned record_len = (unsigned)at[3] << 8 | at[4];
    unsigned message_len = (unsigned)at[6] << 16 | (unsigned)at[7] << 8 | at[8];
    return record_len >= 4 && message_len <= HELLO_SIZE_MAX;
}

static int on_bio_read(BIO *bio, char *bytes, int len)
{
    struct tls *self = BIO_get_data(bio);
    struct span taken = span_first(self->input, len > 0 ? (size_t)len : 0);

    BIO_clear_retry_flags(bio);
    if (taken.len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    if (self->context->server && self->hello_len < HELLO_PREFIX &&
        !hello_fits(self, taken)) {
        self->failed = true;
        self->reason = "the hello is too large";
        return -1;
    }
    memcpy(bytes, taken.ptr, taken.len);
    self->input = span_from(self->input, taken.len);
    return (int)taken.len;
}

/* Callers leave enough room for what they do; a peer that makes us say more than fits,
 * without reading it, is not worth an answer. */
static int on_bio_write(BIO *bio, const char *bytes, int len)
{
    struct tls *self = BIO_get_data(bio);
    struct tls_output *output = self->output;

    BIO_clear_retry_flags(bio);
    if (len < 0 || (size_t)len > output->capacity - output->len) {
        self->failed = true;
        self->reason = "more to say than fits";
        return -1;
    }
    memcpy(output->bytes + output->len, bytes, (size_t)len);
    output->len += (size_t)len;
    return len;
}

static long on_bio_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *bio_method;
static pthread_once_t bio_once = PTHREAD_ONCE_INIT;

static void make_bio_method(void)
{
    bio_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tls");
    if (bio_method != NULL) {
        (void)BIO_meth_set_read(bio_method, on_bio_read);
        (void)BIO_meth_set_write(bio_method, on_bio_write);
        (void)BIO_meth_set_ctrl(bio_method, on_bio_control);
    }
}

static struct tls *tls_new(struct tls_context *context, struct tls_output *output)
{
    struct tls *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    (void)pthread_once(&bio_once, make_bio_method);
    BIO *bio = bio_method != NULL ? BIO_new(bio_method) : NULL;
    self->ssl = SSL_new(context->sites[0].ctx);
    if (bio == NULL || self->ssl == NULL) {
        (void)BIO_free(bio);
        SSL_free(self->ssl);
        free(self);
        ERR_clear_error();
        return NULL;
    }
    self->context = tls_context_ref(context);
    self->output = output;
    self->reason = "none";
    BIO_set_data(bio, self);
    BIO_set_init(bio, 1);
    SSL_set_bio(self->ssl, bio, bio);
    (void)SSL_set_app_data(self->ssl, self);
    return self;
}

struct tls *tls_new_server(struct tls_context *context, struct tls_output *output)
{
    CHECK(context->server);
    struct tls *self = tls_new(context, output);
    if (self != NULL) {
        SSL_set_accept_state(self->ssl);
    }
    return self;
}

/* OpenSSL copies the name, but its macro takes one that is not const. */
static bool name_server(SSL *ssl, const char *name)
{
    char copy[TLSEXT_MAXLEN_host_name + 1];
    size_t len = strlen(name);

    if (len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, name, len + 1);
    return SSL_set_tlsext_host_name(ssl, copy) == 1;
}

/* An address is compared with the addresses of the certificate and not sent as a name. */
static bool expect_name(SSL *ssl, const char *name, bool verified)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    ASN1_OCTET_STRING *address = a2i_IPADDRESS(name);
    bool is_address = address != NULL;

    ASN1_OCTET_STRING_free(address);
    if (is_address) {
        return !verified || X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return name_server(ssl, name) &&
           (!verified || X509_VERIFY_PARAM_set1_host(param, name, 0) == 1);
}

struct tls *tls_new_client(struct tls_context *context, struct tls_output *output,
                           const char *name, struct tls_memory *memory)
{
    CHECK(!context->server);
    struct tls *self = tls_new(context, output);
    if (self == NULL) {
        return NULL;
    }
    self->memory = memory;
    if (!expect_name(self->ssl, name, !context->unverified)) {
        tls_free(&self);
        ERR_clear_error();
        return NULL;
    }
    if (memory != NULL && memory->session != NULL) {
        (void)SSL_set_session(self->ssl, memory->session);
    }
    SSL_set_connect_state(self->ssl);
    ERR_clear_error();
    return self;
}

void tls_free(struct tls **self_p)
{
    struct tls *self = *self_p;
    if (self == NULL) {
        return;
    }
    if (self->ready && !self->failed) {
        /* Without this the library would take the session for a bad one. */
        SSL_set_shutdown(self->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    }
    SSL_free(self->ssl);
    tls_context_unref(&self->context);
    free(self);
    *self_p = NULL;
}

void tls_memory_clear(struct tls_memory *self)
{
    SSL_SESSION_free(self->session);
    self->session = NULL;
}

struct ssl_st *tls_ssl(const struct tls *self)
{
    return self->ssl;
}

void tls_note_session(const struct ssl_st *ssl, void *session)
{
    struct tls *self = SSL_get_app_data(ssl);

    if (self->memory == NULL) {
        SSL_SESSION_free(session);
        return;
    }
    tls_memory_clear(self->memory);
    self->memory->session = session;
}

void tls_note_restart(const struct ssl_st *ssl)
{
    struct tls *self = SSL_get_app_data(ssl);
    self->restarts += self->ready ? 1 : 0;
}

void tls_input(struct tls *self, struct span bytes)
{
    self->input = bytes;
}

struct span tls_input_left(const struct tls *self)
{
    return self->input;
}

static enum tls_step fail(struct tls *self, const char *reason)
{
    self->failed = true;
    self->input = (struct span){0};
    if (reason != NULL) {
        self->reason = reason;
    }
    ERR_clear_error();
    return TLS_FAILED;
}

static const char *reason_of_library(const struct tls *self)
{
    long verified = SSL_get_verify_result(self->ssl);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());

    if (!self->context->unverified && verified != X509_V_OK) {
        return X509_verify_cert_error_string(verified);
    }
    return reason != NULL ? reason : "broken off";
}

/* What a call that did not succeed means. */
static enum tls_step step_of(struct tls *self, int result)
{
    int error = SSL_get_error(self->ssl, result);

    if (self->failed) {
        return fail(self, NULL);
    }
    switch (error) {
    case SSL_ERROR_WANT_READ:
        return TLS_WAITS;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_CLOSED;
    default:
        return fail(self, reason_of_library(self));
    }
}

enum tls_step tls_handshake(struct tls *self)
{
    if (self->failed) {
        return TLS_FAILED;
    }
    ERR_clear_error();
    int result = SSL_do_handshake(self->ssl);
    if (result != 1) {
        enum tls_step step = step_of(self, result);
        return step == TLS_CLOSED ? fail(self, "closed within the handshake") : step;
    }
    self->ready = true;
    return TLS_DONE;
}

enum tls_step tls_read(struct tls *self, uint8_t *ptr, size_t len, size_t *len_out)
{
    CHECK(self->ready && len > 0);
    if (self->failed) {
        return TLS_FAILED;
    }
    ERR_clear_error();
    int result = SSL_read_ex(self->ssl, ptr, len, len_out);
    if (self->restarts > RESTARTS_MAX) {
        return fail(self, "too many key updates");
    }
    if (self->failed) {
        return fail(self, NULL);
    }
    return result == 1 ? TLS_DONE : step_of(self, result);
}

bool tls_readable(const struct tls *self)
{
    return SSL_pending(self->ssl) > 0 || self->input.len > 0;
}

bool tls_pending(const struct tls *self)
{
    return SSL_has_pending(self->ssl) == 1 || self->input.len > 0;
}

bool tls_write(struct tls *self, struct span bytes)
{
    size_t written = 0;

    CHECK(self->ready && bytes.len <= TLS_PLAIN_MAX);
    if (self->failed) {
        return false;
    }
    ERR_clear_error();
    if (SSL_write_ex(self->ssl, bytes.ptr, bytes.len, &written) != 1 ||
        written != bytes.len) {
        (void)fail(self, self->failed ? NULL : reason_of_library(self));
        return false;
    }
    return true;
}

void tls_close(struct tls *self)
{
    if (self->ready && !self->failed) {
        ERR_clear_error();
        (void)SSL_shutdown(self->ssl);
        ERR_clear_error();
    }
}

const char *tls_reason(const struct tls *self)
{
    return self->reason;
}

struct span tls_alpn(const struct tls *self)
{
    const unsigned char *name = NULL;
    unsigned len = 0;

    SSL_get0_alpn_selected(self->ssl, &name, &len);
    return (struct span){.ptr = name, .len = len};
}

bool tls_resumed(const struct tls *self)
{
    return SSL_session_reused(self->ssl) == 1;
}
