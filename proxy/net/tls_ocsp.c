/* The answer of an authority that is stapled to a certificate (net/tls_private.h). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/ssl.h>

#include "net/tls_private.h"

static bool is_about(const OCSP_SINGLERESP *single, const X509 *certificate)
{
    OCSP_CERTID *id = OCSP_CERTID_dup(OCSP_SINGLERESP_get0_id(single));
    ASN1_INTEGER *serial = NULL;

    bool same = id != NULL && OCSP_id_get0_info(NULL, NULL, NULL, &serial, id) == 1 &&
                ASN1_INTEGER_cmp(serial, X509_get0_serialNumber(certificate)) == 0;
    OCSP_CERTID_free(id);
    return same;
}

/* The one answer that is about `certificate`, or NULL. */
static OCSP_SINGLERESP *find_answer(OCSP_BASICRESP *basic, const X509 *certificate)
{
    for (int i = 0; i < OCSP_resp_count(basic); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        if (is_about(single, certificate)) {
            return single;
        }
    }
    return NULL;
}

static int64_t seconds_of(const ASN1_GENERALIZEDTIME *time)
{
    struct tm parts;
    return time != NULL && ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

static bool read_answer(struct tls_site *site, OCSP_RESPONSE *response,
                        struct tls_fault *fault)
{
    OCSP_BASICRESP *basic = OCSP_response_get1_basic(response);
    OCSP_SINGLERESP *single =
        basic != NULL ? find_answer(basic, site->certificate) : NULL;
    ASN1_GENERALIZEDTIME *next = NULL;

    if (single == NULL) {
        ERR_clear_error();
        tls_fault_set(fault, TLS_PART_OCSP, "it says nothing about the certificate");
    } else if (OCSP_single_get0_status(single, NULL, NULL, NULL, &next) !=
               V_OCSP_CERTSTATUS_GOOD) {
        ERR_clear_error();
        tls_fault_set(fault, TLS_PART_OCSP,
                      "it does not say that the certificate is good");
        single = NULL;
    } else {
        site->ocsp_until_s = seconds_of(next);
    }
    OCSP_BASICRESP_free(basic);
    return single != NULL;
}

bool tls_ocsp_load(struct tls_site *site, struct span der, struct tls_fault *fault)
{
    const unsigned char *at = der.ptr;
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);
    bool good = false;

    if (response == NULL ||
        OCSP_response_status(response) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        tls_fault_set(fault, TLS_PART_OCSP, "it holds no successful OCSP answer in DER");
    } else if (read_answer(site, response, fault)) {
        site->ocsp = malloc(der.len);
        good = site->ocsp != NULL;
    }
    OCSP_RESPONSE_free(response);
    if (good) {
        memcpy(site->ocsp, der.ptr, der.len);
        site->ocsp_len = der.len;
    }
    return good;
}

/* An answer past its time is worse than none: clients then ask by themselves. */
int tls_ocsp_staple(struct ssl_st *ssl, const struct tls_site *site, int64_t now_s)
{
    if (site->ocsp == NULL || (site->ocsp_until_s != 0 && site->ocsp_until_s < now_s)) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    unsigned char *copy = OPENSSL_memdup(site->ocsp, site->ocsp_len);
    if (copy == NULL) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    (void)SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)site->ocsp_len);
    return SSL_TLSEXT_ERR_OK;
}
