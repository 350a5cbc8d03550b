#include <string.h>

#include "notify/sign.h"
#include "support/test.h"

/* The example of the Standard Webhooks specification's libraries. */
#define SECRET    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ID        "msg_p5jXN8AQM9LWM0D4loKWxJek"
#define BODY      "{\"test\": 2432232314}"
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static void the_published_example_is_signed_alike(void **state)
{
    (void)state;
    struct alert_settings alert = {0};
    char value[SIGN_SIZE_MAX];

    assert_int_equal(sign_secret_parse(SPAN(SECRET), &alert.secrets[0]), ERR_NONE);
    assert_int_equal(sign_message(&alert, SPAN(ID), 1614265330, SPAN(BODY), value),
                     ERR_NONE);
    assert_string_equal(value, SIGNATURE);
}

static void two_secrets_give_two_signatures(void **state)
{
    (void)state;
    struct alert_settings alert = {0};
    char value[SIGN_SIZE_MAX];

    assert_int_equal(sign_secret_parse(SPAN(SECRET), &alert.secrets[0]), ERR_NONE);
    assert_int_equal(sign_secret_parse(SPAN(SECRET), &alert.secrets[1]), ERR_NONE);
    assert_int_equal(sign_message(&alert, SPAN(ID), 1614265330, SPAN(BODY), value),
                     ERR_NONE);
    assert_string_equal(value, SIGNATURE " " SIGNATURE);
}

static void without_a_secret_nothing_is_signed(void **state)
{
    (void)state;
    struct alert_settings alert = {0};
    char value[SIGN_SIZE_MAX];

    assert_int_equal(sign_message(&alert, SPAN(ID), 1, SPAN(BODY), value), ERR_SYNTAX);
}

static void a_secret_file_may_end_with_a_newline_and_no_more(void **state)
{
    (void)state;
    struct alert_secret secret;

    assert_int_equal(sign_secret_parse(SPAN(" " SECRET "\r\n"), &secret), ERR_NONE);
    assert_int_equal(secret.len, 24);
    assert_int_equal(sign_secret_parse(SPAN("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &secret),
                     ERR_SYNTAX);
    assert_int_equal(sign_secret_parse(SPAN("whsec_*"), &secret), ERR_SYNTAX);
    assert_int_equal(sign_secret_parse(SPAN("whsec_AAAA"), &secret), ERR_LIMIT);
    assert_int_equal(sign_secret_parse(SPAN(""), &secret), ERR_SYNTAX);
    char longest[1000];
    memset(longest, 'A', sizeof(longest));
    for (size_t i = 0; i < 6; i++) {
        longest[i] = "whsec_"[i];
    }
    struct span text = {.ptr = (const uint8_t *)longest, .len = sizeof(longest)};
    assert_int_equal(sign_secret_parse(text, &secret), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_example_is_signed_alike),
        cmocka_unit_test(two_secrets_give_two_signatures),
        cmocka_unit_test(without_a_secret_nothing_is_signed),
        cmocka_unit_test(a_secret_file_may_end_with_a_newline_and_no_more),
    };
    return RUN_TESTS(tests);
}
