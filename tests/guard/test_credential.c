/* Goal: a token says who asks only as far as it can be checked, and no trick makes it say
 * more. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/secret.h"
#include "guard/credential.h"
#include "support/test.h"

static const char SECRET[] = "0123456789abcdef0123456789abcdef";
static const int64_t NOW = 1800000000;

static struct pointer claim;
static struct jwt_policy policy;
static char token[4096];
static struct credential got;

static int set_up(void **state)
{
    char error[200];
    (void)state;
    assert_null(pointer_parse(SPAN("/sub"), &claim));
    policy = (struct jwt_policy){.claim = &claim};
    policy.key = verify_key_new(span_of(SECRET), error, sizeof(error));
    assert_non_null(policy.key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    verify_key_free(&policy.key);
    return 0;
}

static size_t put_part(const char *json, size_t at)
{
    return at + base64_encode(span_of(json), BASE64_URL, token + at);
}

/* A token signed by SECRET with HS256. */
static const char *make(const char *header, const char *payload)
{
    uint8_t digest[SECRET_DIGEST_SIZE];
    size_t len = put_part(header, 0);

    token[len++] = '.';
    len = put_part(payload, len);
    secret_mac_once(span_of(SECRET),
                    (struct span){.ptr = (const uint8_t *)token, .len = len}, digest);
    token[len++] = '.';
    len += base64_encode((struct span){.ptr = digest, .len = sizeof(digest)}, BASE64_URL,
                         token + len);
    token[len] = '\0';
    return token;
}

static enum credential_trust read_token(const char *text)
{
    credential_read_jwt(&policy, span_of(text), NOW, &got);
    assert_int_equal(got.trust >= CREDENTIAL_SAID, got.user.len > 0);
    return got.trust;
}

#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static void a_signed_token_in_its_time_is_a_fact(void **state)
{
    (void)state;
    assert_int_equal(read_token(make(HS256, "{\"sub\":\"alice\"}")), CREDENTIAL_CHECKED);
    assert_true(span_equal(user_span(&got.user), SPAN("alice")));
    assert_int_equal(read_token(make(HS256, "{\"exp\":1800000001,\"sub\":17}")),
                     CREDENTIAL_CHECKED);
    assert_true(span_equal(user_span(&got.user), SPAN("17")));
    assert_int_equal(
        read_token(make(HS256, "{\"exp\":1800000001.5,\"nbf\":1,\"sub\":\"a\"}")),
        CREDENTIAL_CHECKED);
}

static void expiry_and_not_before_are_honoured(void **state)
{
    static const char *const BAD[] = {
        "{\"sub\":\"a\",\"exp\":1800000000}",
        "{\"sub\":\"a\",\"exp\":1}",
        "{\"sub\":\"a\",\"exp\":-1}",
        "{\"sub\":\"a\",\"exp\":\"1900000000\"}",
        "{\"sub\":\"a\",\"exp\":null}",
        "{\"sub\":\"a\",\"exp\":1e99}",
        "{\"sub\":\"a\",\"nbf\":1800000001}",
        "{\"sub\":\"a\",\"exp\":1,\"exp\":1900000000}",
        "{\"sub\":\"a\",\"exp\":99999999999999999999}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(read_token(make(HS256, BAD[i])), CREDENTIAL_BAD);
    }
}

static void no_other_algorithm_and_none_are_taken(void **state)
{
    static const char *const BAD[] = {
        "{\"alg\":\"none\"}",
        "{\"alg\":\"None\"}",
        "{}",
        "{\"alg\":\"hs256\"}",
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"ES256\"}",
        "{\"alg\":\"HS512\"}",
        "{\"alg\":null}",
        "[]",
        "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"crit\":\"b64\"}",
        "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(read_token(make(BAD[i], "{\"sub\":\"alice\"}")), CREDENTIAL_BAD);
    }
}

static void a_changed_or_malformed_token_says_nothing(void **state)
{
    char changed[4096];
    (void)state;
    (void)snprintf(changed, sizeof(changed), "%s", make(HS256, "{\"sub\":\"alice\"}"));
    size_t len = strlen(changed);
    for (size_t i = 0; i < len; i++) {
        char kept = changed[i];
        changed[i] = kept == 'A' ? 'B' : 'A';
        assert_int_equal(read_token(changed), CREDENTIAL_BAD);
        changed[i] = '\0';
        assert_int_equal(read_token(changed), CREDENTIAL_BAD);
        changed[i] = kept;
    }
    assert_int_equal(read_token(changed), CREDENTIAL_CHECKED);
    changed[len] = '.';
    changed[len + 1] = '\0';
    assert_int_equal(read_token(changed), CREDENTIAL_BAD);
    assert_int_equal(read_token("a.b.c"), CREDENTIAL_BAD);
    assert_int_equal(read_token(".."), CREDENTIAL_BAD);
    assert_int_equal(read_token("0123456789abcdef0123"), CREDENTIAL_BAD);
}

static void the_claim_is_one_text_or_number(void **state)
{
    static const char *const BAD[] = {
        "{}",
        "{\"sub\":null}",
        "{\"sub\":true}",
        "{\"sub\":[\"a\"]}",
        "{\"sub\":\"\"}",
        "{\"sub\":\"a\",\"sub\":\"b\"}",
        "{\"user\":\"a\"}",
        "{\"sub\":\"a\"",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(read_token(make(HS256, BAD[i])), CREDENTIAL_BAD);
    }
    assert_null(pointer_parse(SPAN("/realm/user"), &claim));
    assert_int_equal(read_token(make(HS256, "{\"realm\":{\"user\":\"bob\"}}")),
                     CREDENTIAL_CHECKED);
}

static void without_a_key_it_is_only_what_the_client_says(void **state)
{
    (void)state;
    verify_key_free(&policy.key);
    assert_int_equal(read_token(make("{\"alg\":\"none\"}", "{\"sub\":\"alice\"}")),
                     CREDENTIAL_SAID);
}

static struct field FIELDS[4];

static const struct head *head_of(const char *name, enum field_id id, const char *value,
                                  const char *second)
{
    static struct head head;
    head.field_count = 0;
    FIELDS[0] = (struct field){.id = id, .name = span_of(name), .value = span_of(value)};
    FIELDS[1] = (struct field){.id = id, .name = span_of(name), .value = span_of(second)};
    head.field_count = second != NULL ? 2 : 1;
    memcpy(head.fields, FIELDS, 2 * sizeof(FIELDS[0]));
    return &head;
}

static enum credential_trust read_head(const struct head *head, bool basic)
{
    credential_read(head, &policy, basic, NOW, &got);
    return got.trust;
}

static void it_stands_in_a_cookie_or_a_field_once(void **state)
{
    char text[9000];
    (void)state;
    (void)make(HS256, "{\"sub\":\"alice\"}");
    policy.cookie = (char[]){"auth"};
    (void)snprintf(text, sizeof(text), "x=1; auth=%s; auth=%s", token, token);
    assert_int_equal(read_head(head_of("Cookie", FIELD_COOKIE, text, NULL), false),
                     CREDENTIAL_CHECKED);
    (void)snprintf(text, sizeof(text), "auth=%s; auth=other", token);
    assert_int_equal(read_head(head_of("Cookie", FIELD_COOKIE, text, NULL), false),
                     CREDENTIAL_BAD);
    assert_int_equal(read_head(head_of("Cookie", FIELD_COOKIE, "auth=", NULL), false),
                     CREDENTIAL_NONE);
    policy.cookie = NULL;
    policy.header = (char[]){"authorization"};
    (void)snprintf(text, sizeof(text), "bearer  %s", token);
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, text, NULL), false),
        CREDENTIAL_CHECKED);
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, token, NULL), false),
        CREDENTIAL_NONE);
    static const char *const READ[] = {"Bearer\t", "Bearer \t ", "BEARER\t\t"};
    static const char *const DOUBTFUL[] = {"Bearer\xa0", "Bearer",
                                           "Bearer: ", "Bearer,\t", "Bearer \xa0"};
    for (size_t i = 0; i < sizeof(READ) / sizeof(READ[0]); i++) {
        (void)snprintf(text, sizeof(text), "%s%s", READ[i], token);
        assert_int_equal(
            read_head(head_of("Authorization", FIELD_AUTHORIZATION, text, NULL), false),
            CREDENTIAL_CHECKED);
    }
    for (size_t i = 0; i < sizeof(DOUBTFUL) / sizeof(DOUBTFUL[0]); i++) {
        char sound[4200];
        (void)snprintf(text, sizeof(text), "%s%s", DOUBTFUL[i], token);
        (void)snprintf(sound, sizeof(sound), "Bearer %s", token);
        assert_int_equal(
            read_head(head_of("Authorization", FIELD_AUTHORIZATION, text, NULL), false),
            CREDENTIAL_BAD);
        assert_int_equal(got.user.len, 0);
        assert_int_equal(
            read_head(head_of("Authorization", FIELD_AUTHORIZATION, sound, text), false),
            CREDENTIAL_BAD);
        assert_int_equal(
            read_head(head_of("Authorization", FIELD_AUTHORIZATION, text, sound), false),
            CREDENTIAL_BAD);
    }
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, "Bearer", NULL), false),
        CREDENTIAL_BAD);
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, "Beare x", NULL), false),
        CREDENTIAL_NONE);
    policy.header = (char[]){"X-Token"};
    assert_int_equal(read_head(head_of("x-token", FIELD_OTHER, token, NULL), false),
                     CREDENTIAL_CHECKED);
    assert_int_equal(read_head(head_of("x-token", FIELD_OTHER, token, "x.y.z"), false),
                     CREDENTIAL_BAD);
}

static void basic_authentication_names_its_user(void **state)
{
    const char *alice = "Basic YWxpY2U6c2VjcmV0OndpdGg6Y29sb25z";
    (void)state;
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, alice, NULL), true),
        CREDENTIAL_NAMED);
    assert_true(span_equal(user_span(&got.user), SPAN("alice")));
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, alice, NULL), false),
        CREDENTIAL_NONE);
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, alice, alice), true),
        CREDENTIAL_BAD);
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, "Basic YWxpY2U=", NULL),
                  true),
        CREDENTIAL_BAD);
    assert_int_equal(
        read_head(head_of("Authorization", FIELD_AUTHORIZATION, "Basic ***", NULL), true),
        CREDENTIAL_BAD);
    assert_int_equal(read_head(head_of("Authorization", FIELD_AUTHORIZATION,
                                       "basic \tYWxpY2U6c2VjcmV0OndpdGg6Y29sb25z", NULL),
                               true),
                     CREDENTIAL_NAMED);
    static const char *const DOUBTFUL[] = {"Basic",
                                           "Basic\xa0YWxpY2U6cw==", "BasicYWxpY2U6cw=="};
    for (size_t i = 0; i < sizeof(DOUBTFUL) / sizeof(DOUBTFUL[0]); i++) {
        const struct head *head =
            head_of("Authorization", FIELD_AUTHORIZATION, DOUBTFUL[i], NULL);
        assert_true(credential_is_field(&policy, true, &head->fields[0]));
        assert_false(credential_is_field(&policy, false, &head->fields[0]));
        assert_int_equal(read_head(head, true), CREDENTIAL_BAD);
        assert_int_equal(
            read_head(head_of("Authorization", FIELD_AUTHORIZATION, DOUBTFUL[i], alice),
                      true),
            CREDENTIAL_BAD);
    }
}

static enum credential_trust read_certificate(const char *value, const char *second)
{
    credential_read_certificate(head_of("x-client-name", FIELD_OTHER, value, second),
                                SPAN("X-Client-Name"), &got);
    assert_int_equal(got.trust == CREDENTIAL_CERTIFIED, got.user.len > 0);
    return got.trust;
}

static void a_proxy_names_one_user_of_a_certificate_or_nobody(void **state)
{
    char text[258];
    (void)state;
    assert_int_equal(read_certificate("alice", NULL), CREDENTIAL_CERTIFIED);
    assert_true(span_equal(user_span(&got.user), SPAN("alice")));
    assert_int_equal(read_certificate("alice", "alice"), CREDENTIAL_CERTIFIED);
    assert_int_equal(read_certificate("alice", ""), CREDENTIAL_CERTIFIED);
    assert_int_equal(read_certificate("", "(null)"), CREDENTIAL_NONE);
    assert_int_equal(read_certificate("alice", "bob"), CREDENTIAL_BAD);
    memset(text, 'x', sizeof(text));
    text[257] = '\0';
    assert_int_equal(read_certificate(text, NULL), CREDENTIAL_BAD);
    text[256] = '\0';
    assert_int_equal(read_certificate(text, NULL), CREDENTIAL_CERTIFIED);
    credential_read_certificate(head_of("X-Client", FIELD_OTHER, "alice", NULL),
                                SPAN("X-Client-Name"), &got);
    assert_int_equal(got.trust, CREDENTIAL_NONE);
}

static void what_one_request_says_twice_must_agree(void **state)
{
    static const struct {
        const char *name;
        const char *other;
        enum credential_trust first;
        enum credential_trust second;
        enum credential_trust trust;
    } rows[] = {
        {"", "", CREDENTIAL_NONE, CREDENTIAL_NONE, CREDENTIAL_NONE},
        {"a", "", CREDENTIAL_SAID, CREDENTIAL_NONE, CREDENTIAL_SAID},
        {"", "a", CREDENTIAL_NONE, CREDENTIAL_CERTIFIED, CREDENTIAL_CERTIFIED},
        {"a", "a", CREDENTIAL_SAID, CREDENTIAL_CERTIFIED, CREDENTIAL_CERTIFIED},
        {"a", "a", CREDENTIAL_CERTIFIED, CREDENTIAL_SAID, CREDENTIAL_CERTIFIED},
        {"a", "b", CREDENTIAL_CHECKED, CREDENTIAL_CERTIFIED, CREDENTIAL_BAD},
        {"a", "b", CREDENTIAL_SAID, CREDENTIAL_CERTIFIED, CREDENTIAL_BAD},
        {"", "a", CREDENTIAL_BAD, CREDENTIAL_CERTIFIED, CREDENTIAL_BAD},
        {"a", "", CREDENTIAL_CHECKED, CREDENTIAL_BAD, CREDENTIAL_BAD},
        {"", "", CREDENTIAL_NONE, CREDENTIAL_BAD, CREDENTIAL_BAD},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct credential one = {.trust = rows[i].first};
        struct credential other = {.trust = rows[i].second};
        (void)user_set(&one.user, span_of(rows[i].name));
        (void)user_set(&other.user, span_of(rows[i].other));
        credential_join(&one, &other);
        assert_int_equal(one.trust, rows[i].trust);
        assert_int_equal(one.user.len, rows[i].trust > CREDENTIAL_BAD ? 1 : 0);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_signed_token_in_its_time_is_a_fact),
        TEST(expiry_and_not_before_are_honoured),
        TEST(no_other_algorithm_and_none_are_taken),
        TEST(a_changed_or_malformed_token_says_nothing),
        TEST(the_claim_is_one_text_or_number),
        TEST(without_a_key_it_is_only_what_the_client_says),
        TEST(it_stands_in_a_cookie_or_a_field_once),
        TEST(basic_authentication_names_its_user),
        TEST(a_proxy_names_one_user_of_a_certificate_or_nobody),
        TEST(what_one_request_says_twice_must_agree),
    };
    return RUN_TESTS(tests);
}
