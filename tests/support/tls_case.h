/** Contexts of TLS for tests (support/tls_pem.h). */
#pragma once

#include "net/tls_context.h"
#include "support/test.h"
#include "support/tls_pem.h"

/** A server of both names; `asks`: for certificates of clients. */
static inline struct tls_context *tls_case_server(bool asks,
                                                  enum tls_client_verify verify)
{
    const struct tls_pair pairs[] = {
        {.certificate = SPAN(SITE_PEM), .key = SPAN(SITE_KEY)},
        {.certificate = SPAN(OTHER_PEM), .key = SPAN(OTHER_KEY)},
    };
    struct tls_fault fault;
    const struct tls_server_settings settings = {
        .pairs = pairs,
        .pair_count = 2,
        .client_ca = asks ? SPAN(CA_PEM) : (struct span){0},
        .client_verify = verify,
        .alpn = "http/1.1",
    };
    struct tls_context *context = tls_server_new(&settings, &fault);

    if (context == NULL) {
        fail_msg("%s", fault.text);
    }
    return context;
}

/** A client that trusts the tests' authority. Both empty: it shows no certificate. */
static inline struct tls_context *tls_case_client(struct span certificate,
                                                  struct span key, const char *alpn)
{
    struct tls_fault fault;
    const struct tls_client_settings settings = {
        .ca = SPAN(CA_PEM), .certificate = certificate, .key = key, .alpn = alpn};
    struct tls_context *context = tls_client_new(&settings, &fault);

    if (context == NULL) {
        fail_msg("%s", fault.text);
    }
    return context;
}
