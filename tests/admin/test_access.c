#include <string.h>

#include "admin/access.h"
#include "support/test.h"

static struct access_token token(const char *name, enum access_role role,
                                 const char *secret)
{
    struct access_token self = {.role = role};

    (void)span_copy(span_of(name), self.name, sizeof(self.name));
    secret_hash_of(span_of(secret), self.digest);
    return self;
}

static struct access two_tokens(void)
{
    const struct access_token tokens[] = {token("sre", ACCESS_VIEWER, "look"),
                                          token("oncall", ACCESS_OPERATOR, "change")};
    struct access access;

    assert_true(access_set(&access, tokens, 2));
    return access;
}

static void access_knows_each_token_by_its_value(void **state)
{
    (void)state;
    struct access access = two_tokens();
    const struct access_token *found = NULL;

    assert_int_equal(access_check(&access, SPAN("Bearer look"), &found),
                     ACCESS_PROOF_GOOD);
    assert_string_equal(found->name, "sre");
    assert_int_equal(found->role, ACCESS_VIEWER);
    assert_int_equal(access_check(&access, SPAN("bearer  change"), &found),
                     ACCESS_PROOF_GOOD);
    assert_int_equal(found->role, ACCESS_OPERATOR);
}

static void expect_all(const char *const *texts, size_t count, enum access_proof proof)
{
    struct access access = two_tokens();
    const struct access_token *found = NULL;

    for (size_t i = 0; i < count; i++) {
        if (access_check(&access, span_of(texts[i]), &found) != proof) {
            fail_msg("%s", texts[i]);
        }
    }
}

static void access_takes_nothing_that_only_looks_like_a_token(void **state)
{
    (void)state;
    const char *wrong[] = {"Bearer loo", "Bearer look2", "Bearer Look", "Bearer look x",
                           "Bearer look,change"};
    const char *none[] = {"", "Bearer", "Bearer ", "Basic look", "look", "Bearerlook"};

    expect_all(wrong, sizeof(wrong) / sizeof(wrong[0]), ACCESS_PROOF_WRONG);
    expect_all(none, sizeof(none) / sizeof(none[0]), ACCESS_PROOF_NONE);
}

static void access_without_tokens_lets_nobody_in(void **state)
{
    (void)state;
    struct access access;
    const struct access_token *found = NULL;

    assert_true(access_set(&access, NULL, 0));
    assert_int_equal(access_check(&access, SPAN("Bearer x"), &found), ACCESS_PROOF_WRONG);
    assert_null(found);
}

static void access_says_when_there_are_too_many_tokens(void **state)
{
    (void)state;
    static struct access_token tokens[ACCESS_TOKENS_MAX + 1];
    struct access access;

    assert_false(access_set(&access, tokens, ACCESS_TOKENS_MAX + 1));
    assert_int_equal(access.count, ACCESS_TOKENS_MAX);
}

static void access_host_of_another_name_is_not_own(void **state)
{
    (void)state;
    const struct access access = {0};
    struct address own;
    const char *good[] = {"localhost",      "localhost:9901", "LOCALHOST:9901",
                          "127.0.0.1:9901", "127.0.0.1",      "[::1]:9901",
                          "[::1]",          "192.0.2.7:9901"};
    const char *bad[] = {"",
                         "evil.example",
                         "evil.example:9901",
                         "localhost.evil.example",
                         "127.0.0.1.evil.example",
                         "localhost:80",
                         "127.0.0.1:99010",
                         "192.0.2.8",
                         "[::2]",
                         "0.0.0.0",
                         "user@localhost",
                         "localhost, evil.example"};

    assert_int_equal(address_parse(SPAN("192.0.2.7"), &own), ERR_NONE);
    own.port = 9901;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        if (!access_host_is_own(&access, span_of(good[i]), &own)) {
            fail_msg("%s", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (access_host_is_own(&access, span_of(bad[i]), &own)) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void access_host_of_the_consoles_address_is_own(void **state)
{
    (void)state;
    struct access access = {0};
    struct address own;
    const char *good[] = {"console.example", "Console.Example:443",
                          "console.example:8443", "localhost:9901"};
    const char *bad[] = {"evil.example", "x.console.example", "console.example.evil"};

    assert_int_equal(address_parse(SPAN("127.0.0.1"), &own), ERR_NONE);
    own.port = 9901;
    access_set_host(&access, SPAN("https://console.example:8443/ops/"));
    assert_true(access_set(&access, NULL, 0)); /* Tokens change, the host stays. */
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(access_host_is_own(&access, span_of(good[i]), &own));
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(access_host_is_own(&access, span_of(bad[i]), &own));
    }
    access_set_host(&access, SPAN(""));
    assert_false(access_host_is_own(&access, SPAN("console.example"), &own));
    assert_false(access_host_is_own(&access, SPAN(""), &own));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_knows_each_token_by_its_value),
        cmocka_unit_test(access_takes_nothing_that_only_looks_like_a_token),
        cmocka_unit_test(access_without_tokens_lets_nobody_in),
        cmocka_unit_test(access_says_when_there_are_too_many_tokens),
        cmocka_unit_test(access_host_of_another_name_is_not_own),
        cmocka_unit_test(access_host_of_the_consoles_address_is_own),
    };
    return RUN_TESTS(tests);
}
