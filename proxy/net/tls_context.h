/**
 * What the connections of one address, or to one upstream, have in common: certificates,
 * keys, authorities.
 *
 * Layer: net. Made with the configuration from the contents of its files, immutable but
 * for its tickets, shared by all threads; counted, because connections outlive the
 * configuration under which they began.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "net/tls_tickets.h"

enum {
    TLS_CERTIFICATES_MAX = 64, /**< Of one address. */
    TLS_FAULT_SIZE_MAX = 256,
};

struct tls_context;

/** One certificate as files hold it. */
struct tls_pair {
    struct span certificate; /**< PEM: the certificate, then its chain. */
    struct span key;         /**< PEM. */
    struct span ocsp;        /**< DER: the authority's answer to staple; empty: none. */
};

enum tls_client_verify {
    TLS_CLIENT_REQUIRE, /**< Zero: no certificate, no connection. */
    TLS_CLIENT_OPTIONAL,
};

struct tls_server_settings {
    const struct tls_pair *pairs; /**< The first answers unknown names. */
    size_t pair_count;
    struct span client_ca; /**< PEM; empty: clients are not asked. */
    enum tls_client_verify client_verify;
    const char *alpn; /**< `h2,http/1.1`: ours, best first. */
};

struct tls_client_settings {
    struct span ca; /**< PEM; empty: the system's authorities. */
    struct span certificate;
    struct span key; /**< Both empty: none. */
    bool unverified; /**< Whoever answers is believed. */
    const char *alpn;
};

/** Which part of the settings is at fault. */
enum tls_part {
    TLS_PART_CERTIFICATE,
    TLS_PART_KEY,
    TLS_PART_OCSP,
    TLS_PART_CLIENT_CA,
    TLS_PART_CA,
    TLS_PART_NONE, /**< Memory. */
};

struct tls_fault {
    enum tls_part part;
    size_t pair;
    char text[TLS_FAULT_SIZE_MAX];
};

/** For listening. NULL, and `fault_out` says what is wrong. The caller unrefs it. */
struct tls_context *tls_server_new(const struct tls_server_settings *settings,
                                   struct tls_fault *fault_out);

/** For connecting. As tls_server_new(). */
struct tls_context *tls_client_new(const struct tls_client_settings *settings,
                                   struct tls_fault *fault_out);

/** One more holder. Any thread. */
struct tls_context *tls_context_ref(struct tls_context *self);

/** Lets go and sets NULL. NULL is fine. Any thread. */
void tls_context_unref(struct tls_context **self_p);

/** Sessions are resumed with these keys; before the context is used. Not owned. */
void tls_context_set_tickets(struct tls_context *self, struct tls_tickets *tickets);

/** Unix seconds at which the certificate of pair `index` ends; 0: no such pair. */
int64_t tls_context_not_after(const struct tls_context *self, size_t index);
