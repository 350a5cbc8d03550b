#include "net/tls_peer.h"

#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/parse.h"
#include "base/utf8.h"
#include "net/tls_private.h"

/* The certificate, or NULL; lives as long as the connection. */
static X509 *verified_certificate(const struct tls *self)
{
    const SSL *ssl = self != NULL ? tls_ssl(self) : NULL;

    if (ssl == NULL || SSL_get_verify_result(ssl) != X509_V_OK ||
        (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) == 0) {
        return NULL;
    }
    return SSL_get0_peer_certificate(ssl);
}

bool tls_peer_verified(const struct tls *self)
{
    return verified_certificate(self) != NULL;
}

/* A name that could hide something, or be read in two ways, is none. */
static bool put(struct span name, char *text_out)
{
    if (name.len == 0 || name.len >= TLS_PEER_NAME_SIZE_MAX || !utf8_is_text(name)) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] < ' ' || name.ptr[i] == 0x7f) {
            return false;
        }
    }
    (void)span_copy(name, text_out, TLS_PEER_NAME_SIZE_MAX);
    return true;
}

static bool put_string(const ASN1_STRING *string, char *text_out)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, string);

    bool good = len > 0 && put((struct span){.ptr = utf8, .len = (size_t)len}, text_out);
    OPENSSL_free(utf8);
    return good;
}

static bool common_name(const X509 *certificate, char *text_out)
{
    const X509_NAME *subject = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return false;
    }
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, at);
    return put_string(X509_NAME_ENTRY_get_data(entry), text_out);
}

static bool alternative_name(const X509 *certificate, int type, char *text_out)
{
    GENERAL_NAMES *names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    const ASN1_STRING *found = NULL;
    unsigned count = 0;

    for (int i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == type) {
            found = name->d.ia5;
            count++;
        }
    }
    bool good = count == 1 && put_string(found, text_out);
    GENERAL_NAMES_free(names);
    return good;
}

static bool subject(const X509 *certificate, char *text_out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes = NULL;
    bool good = false;

    if (bio != NULL && X509_NAME_print_ex(bio, X509_get_subject_name(certificate), 0,
                                          XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) > 0) {
        long len = BIO_get_mem_data(bio, &bytes);
        good = len > 0 &&
               put((struct span){.ptr = (const uint8_t *)bytes, .len = (size_t)len},
                   text_out);
    }
    (void)BIO_free(bio);
    return good;
}

static bool fingerprint(const X509 *certificate, char *text_out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (X509_digest(certificate, EVP_sha256(), digest, &len) != 1) {
        return false;
    }
    format_hex(digest, len, text_out);
    text_out[2 * (size_t)len] = '\0';
    return true;
}

bool tls_peer_name(const struct tls *self, enum tls_peer_name name, char *text_out)
{
    const X509 *certificate = verified_certificate(self);
    bool good = false;

    text_out[0] = '\0';
    if (certificate == NULL) {
        return false;
    }
    switch (name) {
    case TLS_PEER_COMMON_NAME:
        good = common_name(certificate, text_out);
        break;
    case TLS_PEER_EMAIL:
        good = alternative_name(certificate, GEN_EMAIL, text_out);
        break;
    case TLS_PEER_URI:
        good = alternative_name(certificate, GEN_URI, text_out);
        break;
    case TLS_PEER_SUBJECT:
        good = subject(certificate, text_out);
        break;
    case TLS_PEER_FINGERPRINT:
        good = fingerprint(certificate, text_out);
        break;
    }
    ERR_clear_error();
    return good;
}
