#include <string.h>

#include "base/parse.h"
#include "base/secret.h"
#include "support/test.h"

static void assert_digest(const uint8_t *digest, const char *hex)
{
    char digits[2 * SECRET_DIGEST_SIZE + 1] = {0};
    format_hex(digest, SECRET_DIGEST_SIZE, digits);
    assert_string_equal(digits, hex);
}

static void secret_hash_is_sha256(void **state)
{
    (void)state;
    uint8_t digest[SECRET_DIGEST_SIZE];

    secret_hash_of(SPAN("abc"), digest);
    assert_digest(digest,
                  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    secret_hash_of((struct span){0}, digest);
    assert_digest(digest,
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void secret_hash_is_the_same_for_every_split(void **state)
{
    (void)state;
    uint8_t text[200];
    uint8_t whole[SECRET_DIGEST_SIZE];
    uint8_t split[SECRET_DIGEST_SIZE];
    for (size_t i = 0; i < sizeof(text); i++) {
        text[i] = (uint8_t)i;
    }
    struct span all = {.ptr = text, .len = sizeof(text)};
    secret_hash_of(all, whole);

    for (size_t cut = 0; cut <= sizeof(text); cut++) {
        struct secret_hash hash;
        secret_hash_start(&hash);
        secret_hash_add(&hash, span_first(all, cut));
        secret_hash_add(&hash, span_from(all, cut));
        secret_hash_end(&hash, split);
        assert_memory_equal(split, whole, sizeof(whole));
    }
}

/* RFC 4231, test cases 1, 2 and 6. */
static void secret_mac_is_hmac_sha256(void **state)
{
    (void)state;
    uint8_t digest[SECRET_DIGEST_SIZE];
    uint8_t key[131];

    memset(key, 0x0b, 20);
    secret_mac_once((struct span){.ptr = key, .len = 20}, SPAN("Hi There"), digest);
    assert_digest(digest,
                  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    secret_mac_once(SPAN("Jefe"), SPAN("what do ya want for nothing?"), digest);
    assert_digest(digest,
                  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    secret_mac_once((struct span){.ptr = key, .len = sizeof(key)},
                    SPAN("Test Using Larger Than Block-Size Key - Hash Key First"),
                    digest);
    assert_digest(digest,
                  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void secret_sha1_is_that_of_the_standard(void **state)
{
    (void)state;
    /* FIPS 180-2 appendix A.1, in pieces. */
    static const uint8_t expected[SECRET_SHA1_SIZE] = {
        0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
        0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
    const struct span parts[] = {SPAN("a"), {0}, SPAN("bc")};
    uint8_t digest[SECRET_SHA1_SIZE];

    secret_sha1_of_parts(parts, 3, digest);
    assert_memory_equal(digest, expected, sizeof(digest));
}

static void secret_mac_can_be_used_again_and_by_parts(void **state)
{
    (void)state;
    struct secret_mac mac;
    uint8_t once[SECRET_DIGEST_SIZE];
    uint8_t again[SECRET_DIGEST_SIZE];
    const struct span parts[] = {SPAN("id"), SPAN("."), {0}, SPAN("body")};

    secret_mac_start(&mac, SPAN("key"));
    secret_mac_of(&mac, SPAN("another"), again);
    secret_mac_of_parts(&mac, parts, 4, again);
    secret_mac_once(SPAN("key"), SPAN("id.body"), once);
    assert_memory_equal(again, once, sizeof(once));
}

static void secret_random_gives_other_bytes_each_time(void **state)
{
    (void)state;
    uint8_t one[32] = {0};
    uint8_t two[32] = {0};

    assert_int_equal(secret_random(one, sizeof(one)), ERR_NONE);
    assert_int_equal(secret_random(two, sizeof(two)), ERR_NONE);
    assert_memory_not_equal(one, two, sizeof(one));
}

static void secret_equal_looks_at_every_byte(void **state)
{
    (void)state;
    uint8_t one[32] = {0};
    uint8_t two[32] = {0};

    assert_true(secret_equal(one, two, sizeof(one)));
    for (size_t i = 0; i < sizeof(two); i++) {
        two[i] = 1;
        assert_false(secret_equal(one, two, sizeof(one)));
        two[i] = 0;
    }
}

static void secret_wipe_leaves_nothing(void **state)
{
    (void)state;
    struct secret_hash hash;
    uint8_t digest[SECRET_DIGEST_SIZE];
    const struct secret_hash zero = {{0}};

    secret_hash_start(&hash);
    secret_hash_end(&hash, digest);
    assert_memory_equal(&hash, &zero, sizeof(hash));
    secret_wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secret_hash_is_sha256),
        cmocka_unit_test(secret_hash_is_the_same_for_every_split),
        cmocka_unit_test(secret_mac_is_hmac_sha256),
        cmocka_unit_test(secret_sha1_is_that_of_the_standard),
        cmocka_unit_test(secret_mac_can_be_used_again_and_by_parts),
        cmocka_unit_test(secret_random_gives_other_bytes_each_time),
        cmocka_unit_test(secret_equal_looks_at_every_byte),
        cmocka_unit_test(secret_wipe_leaves_nothing),
    };
    return RUN_TESTS(tests);
}
