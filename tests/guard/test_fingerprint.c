#include <string.h>

#include "base/secret.h"
#include "guard/fingerprint.h"
#include "support/test.h"

static const uint8_t KEY[FINGERPRINT_KEY_SIZE] = {1, 2, 3};

static void fingerprint_is_the_first_half_of_the_keyed_hash(void **state)
{
    (void)state;
    struct fingerprinter *maker = fingerprinter_new(KEY);
    uint8_t digest[SECRET_DIGEST_SIZE];
    secret_mac_once((struct span){.ptr = KEY, .len = sizeof(KEY)}, SPAN("token"), digest);

    struct fingerprint got = fingerprint_of(maker, SPAN("token"));
    assert_memory_equal(got.bytes, digest, FINGERPRINT_SIZE);
    got = fingerprint_of(maker, SPAN("token"));
    assert_memory_equal(got.bytes, digest, FINGERPRINT_SIZE);

    fingerprinter_free(&maker);
    assert_null(maker);
    fingerprinter_free(&maker);
}

static void fingerprint_of_other_token_or_other_key_differs(void **state)
{
    (void)state;
    const uint8_t other_key[FINGERPRINT_KEY_SIZE] = {1, 2, 4};
    struct fingerprinter *maker = fingerprinter_new(KEY);
    struct fingerprinter *other = fingerprinter_new(other_key);
    struct fingerprint a = fingerprint_of(maker, SPAN("token"));
    struct fingerprint b = fingerprint_of(maker, SPAN("tokem"));
    struct fingerprint c = fingerprint_of(other, SPAN("token"));

    assert_false(fingerprint_equal(&a, &b));
    assert_false(fingerprint_equal(&a, &c));

    fingerprinter_free(&maker);
    fingerprinter_free(&other);
}

static void fingerprint_of_no_token_is_none(void **state)
{
    (void)state;
    struct fingerprinter *maker = fingerprinter_new(KEY);
    struct fingerprint none = fingerprint_of(maker, (struct span){0});
    struct fingerprint some = fingerprint_of(maker, SPAN("t"));
    char digits[FINGERPRINT_DIGITS + 1] = {0};

    assert_true(fingerprint_none(&none));
    assert_false(fingerprint_none(&some));
    fingerprint_format(&none, digits);
    assert_memory_equal(digits, "none ", 5);
    assert_int_equal(strlen(digits), FINGERPRINT_DIGITS);

    fingerprinter_free(&maker);
}

static void fingerprint_is_read_back_from_its_digits(void **state)
{
    (void)state;
    struct fingerprinter *maker = fingerprinter_new(KEY);
    struct fingerprint one = fingerprint_of(maker, SPAN("token"));
    struct fingerprint two;
    char digits[FINGERPRINT_DIGITS + 1] = {0};

    fingerprint_format(&one, digits);
    assert_int_equal(fingerprint_parse(span_of(digits), &two), ERR_NONE);
    assert_true(fingerprint_equal(&one, &two));
    assert_int_equal(fingerprint_parse(span_first(span_of(digits), 31), &two),
                     ERR_SYNTAX);
    assert_true(fingerprint_none(&two));

    fingerprinter_free(&maker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprint_is_the_first_half_of_the_keyed_hash),
        cmocka_unit_test(fingerprint_of_other_token_or_other_key_differs),
        cmocka_unit_test(fingerprint_of_no_token_is_none),
        cmocka_unit_test(fingerprint_is_read_back_from_its_digits),
    };
    return RUN_TESTS(tests);
}
