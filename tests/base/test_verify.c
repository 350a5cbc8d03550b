/* Goal: a key verifies what it was made for, and nothing else. */
#include <string.h>

#include "base/base64.h"
#include "base/verify.h"
#include "support/test.h"

/* Made with openssl for this test; the private halves are not kept. */
static const char RSA_KEY[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAlVY1skh5LH7pa4avtR5h\n"
    "yzROjkcrvFmhsoWrC+ArbsY8jJS3HhH538pOwSOxJn2v96IoGX5G4/XfHALlxls/\n"
    "Q3rlKzqNNMIurt8SItDMGBNf/qHOcMYrgCmUDjk/ahvfT+4prvqQWQB+oRYCauNv\n"
    "31ssFVSO6XS2chPt5nbbPb3V4+sN384PgCPJz0yjUrk3O5ag74JRAwXGu/CWhEFa\n"
    "Uoq/622COsU/A7lbujtj3OevAgUMVy791EA+ZhsRCvynXimCaEeWV9cDM/3u3QJD\n"
    "3lfBU3myPm4fDs4tBjw08SBxeOjq8ZC23/N7SUyznjJB+Rnb1RUtmJlOJiJzZu2x\n"
    "vQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";
static const char EC_KEY[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEXz6v59Cu9v/hXemkvJCAOhyFRD+6\n"
    "dymskgL/DyMB4+rnd1Y/jUxxba0Bd/QVoxBLRzAsB9VnCQ+HyK6qgxPcfg==\n"
    "-----END PUBLIC KEY-----\n";
static const char P384_KEY[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAE0HofrNnn00q5O7KzaEAUvy5FL2OQmExF\n"
    "miG3teTf8c76Gt/ba4EXarte3wgYsTyebpQ4Y8C95PXYz2pgFEgZGYpbv9mSdTFy\n"
    "BRShZMQ1EJkt6VfxB8LQatfi3C9C7m9z\n"
    "-----END PUBLIC KEY-----\n";
static const char RS256_SIGNATURE[] =
    "jJSHY2EFrKrUyEY56oW6ACicLhWsH1YnkAkuls9LkPYq9aSWOZJr5kkEV7_dFO7YY9bERI"
    "6aW_Qbgz1To76v8i46PldpAc-QJHmdjkK4qxcXXXJCjOq_r9IYfakOarFPVHRnUVZDVs_G"
    "GJtD6BQ6Qw0KEI3jfFLQQVrYT952ItTAHLMJ-CHY7nuHJtiHtLO-Y9Hye79hwssXFIS33z"
    "DPcUobegNAcEnRmug48LWJDs72HRD9Bsjh-hgiognJQpTic0Lpc7BH4HZHTvC_aMR6g-zg"
    "yVCwkKmKQXS7adzD1pkpyEUhyhCjN9zFLg2ODHJmCI9PcAt74968q4qKka1whw";
static const char ES256_SIGNATURE[] =
    "Hy3iGLUyNZMv6g81v2urUOadIm5w44HcQVP_n6t0P1hpsYpAvKFFIfWII3dMfrsfDcu4qR"
    "px-T801vgZ3UXSEg";
/* RFC 4231 section 4.3 has the same kinds of sums; these are of this key and text. */
static const char SECRET[] = "0123456789abcdef0123456789abcdef\n";

static char error[200];
static uint8_t bytes[512];

static struct verify_key *key_of(const char *text)
{
    return verify_key_new(span_of(text), error, sizeof(error));
}

static bool valid(const char *key_text, enum verify_algorithm algorithm, const char *text,
                  const char *signature)
{
    size_t len = 0;
    struct verify_key *key = key_of(key_text);
    assert_non_null(key);
    assert_int_equal(base64_decode(span_of(signature), BASE64_URL, bytes, &len),
                     ERR_NONE);
    bool verified = verify_signature(key, algorithm, span_of(text),
                                     (struct span){.ptr = bytes, .len = len});
    verify_key_free(&key);
    assert_null(key);
    return verified;
}

static void verify_takes_a_right_signature_and_no_wrong_one(void **state)
{
    (void)state;
    assert_true(valid(RSA_KEY, VERIFY_RS256, "signed text", RS256_SIGNATURE));
    assert_true(valid(EC_KEY, VERIFY_ES256, "signed text", ES256_SIGNATURE));
    assert_false(valid(RSA_KEY, VERIFY_RS256, "signed texu", RS256_SIGNATURE));
    assert_false(valid(EC_KEY, VERIFY_ES256, "signed texu", ES256_SIGNATURE));
    assert_false(valid(EC_KEY, VERIFY_ES256, "signed text", RS256_SIGNATURE));
    assert_false(valid(RSA_KEY, VERIFY_RS256, "signed text", "AAAA"));
    assert_false(valid(EC_KEY, VERIFY_ES256, "signed text", ""));
}

static void verify_of_a_key_is_bound_to_its_algorithm(void **state)
{
    (void)state;
    for (int i = VERIFY_UNKNOWN; i <= VERIFY_ES256; i++) {
        enum verify_algorithm algorithm = (enum verify_algorithm)i;
        assert_int_equal(valid(RSA_KEY, algorithm, "signed text", RS256_SIGNATURE),
                         algorithm == VERIFY_RS256);
        assert_int_equal(valid(EC_KEY, algorithm, "signed text", ES256_SIGNATURE),
                         algorithm == VERIFY_ES256);
    }
    assert_int_equal(verify_algorithm_of(SPAN("none")), VERIFY_UNKNOWN);
    assert_int_equal(verify_algorithm_of(SPAN("hs256")), VERIFY_UNKNOWN);
    assert_int_equal(verify_algorithm_of(SPAN("HS512")), VERIFY_HS512);
}

static void verify_knows_three_sizes_of_secret_sums(void **state)
{
    (void)state;
    assert_true(valid(SECRET, VERIFY_HS256, "signed text",
                      "At_mw5RbjUmBYzW6Iztu92XUA1R77fOTBhGMPA_zMxQ"));
    assert_true(
        valid(SECRET, VERIFY_HS384, "signed text",
              "QbtgnpPZ3C4m0bDofVlvAU9O59dzOHgXeStSNtsqa-pxrthokX_zWXk-AOL-GqeE"));
    assert_true(valid(SECRET, VERIFY_HS512, "signed text",
                      "udyc63_yVNKSrSvHkdwduVE29AuQUUnu-mN8uQB9sKyn3afyaFb19viACarQluC_"
                      "gpmgAFSKV3ugwQZiNu9BMw"));
    assert_false(valid(SECRET, VERIFY_HS256, "signed text", "AAAA"));
}

static void verify_refuses_keys_that_are_too_weak_or_of_another_kind(void **state)
{
    (void)state;
    assert_null(key_of(""));
    assert_null(key_of("\r\n"));
    assert_null(key_of("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
    assert_null(key_of(P384_KEY));
    assert_true(strlen(error) > 0);
}

static void verify_tells_how_long_a_secret_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {{"s\n", 1}, {SECRET, VERIFY_SECRET_SIZE_GOOD}, {EC_KEY, 0}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct verify_key *key = key_of(rows[i].text);
        assert_non_null(key);
        assert_int_equal(verify_key_secret_size(key), rows[i].size);
        verify_key_free(&key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verify_takes_a_right_signature_and_no_wrong_one),
        cmocka_unit_test(verify_of_a_key_is_bound_to_its_algorithm),
        cmocka_unit_test(verify_knows_three_sizes_of_secret_sums),
        cmocka_unit_test(verify_refuses_keys_that_are_too_weak_or_of_another_kind),
        cmocka_unit_test(verify_tells_how_long_a_secret_is),
    };
    return RUN_TESTS(tests);
}
