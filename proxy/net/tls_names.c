/* Which certificate answers a name (net/tls_private.h). */
#include <openssl/x509v3.h>

#include "net/tls_private.h"

/* Comparing is the library's: the same rules by which clients judge us. */
static bool names(const struct tls_site *site, const char *host)
{
    return X509_check_host(site->certificate, host, 0,
                           X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
}

const struct tls_site *tls_site_of(const struct tls_context *context, const char *host)
{
    for (size_t i = 0; i < context->site_count; i++) {
        if (names(&context->sites[i], host)) {
            return &context->sites[i];
        }
    }
    return NULL;
}
