/**
 * The inside of TLS, shared by net/tls*.c and nobody else.
 *
 * Layer: net. Types of OpenSSL appear by their tags only.
 */
#pragma once

#include <stdatomic.h>

#include "net/tls.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

/* What answers one set of names. */
struct tls_site {
    struct ssl_ctx_st *ctx;
    struct x509_st *certificate; /* Lent by `ctx`. */
    uint8_t *ocsp;               /* DER; NULL: nothing to staple. */
    size_t ocsp_len;
    int64_t ocsp_until_s; /* Unix seconds; 0: it does not end. */
};

struct tls_context {
    atomic_uint references;
    bool server;
    bool unverified;
    uint8_t alpn[32]; /* As on the wire. */
    size_t alpn_len;
    size_t site_count; /* 1 for connecting. */
    struct tls_site sites[];
};

/* tls.c: what a connection is told by its library. */
void tls_note_restart(const struct ssl_st *ssl);
void tls_note_session(const struct ssl_st *ssl, void *session);
struct ssl_st *tls_ssl(const struct tls *self);

/* tls_site.c: the part of a context that one certificate needs. */
bool tls_site_init(struct tls_context *context, const struct tls_pair *pair,
                   struct tls_site *site_out, struct tls_fault *fault);
bool tls_site_use_pair(struct ssl_ctx_st *ctx, struct span certificate, struct span key,
                       struct tls_fault *fault);
void tls_site_free(struct tls_site *site);

/* tls_ocsp.c: false: `fault` says why this answer is of no use. */
bool tls_ocsp_load(struct tls_site *site, struct span der, struct tls_fault *fault);
int tls_ocsp_staple(struct ssl_st *ssl, const struct tls_site *site, int64_t now_s);

/* tls_names.c: the first site whose certificate names `host`, or NULL. */
const struct tls_site *tls_site_of(const struct tls_context *context, const char *host);

/* tls_tickets.c */
void tls_tickets_install(struct ssl_ctx_st *ctx, struct tls_tickets *tickets);

/* Writes the newest error of the library after `what`, and forgets the rest. */
void tls_fault_set(struct tls_fault *fault, enum tls_part part, const char *what);
