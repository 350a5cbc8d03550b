#include <stdio.h>
#include <string.h>

#include "guard/identify.h"
#include "support/test.h"

static const struct span SESSION_PATTERNS[] = {{(const uint8_t *)"!SIDlang", 8},
                                               {(const uint8_t *)"JSESSIONID", 10},
                                               {(const uint8_t *)"SID*", 4}};
static const struct span REMEMBER_PATTERNS[] = {{(const uint8_t *)"remember", 8}};
static struct cookie_names session_names = {.patterns = SESSION_PATTERNS, .count = 3};
static struct cookie_names remember_names = {.patterns = REMEMBER_PATTERNS, .count = 1};
static char path_parameter[] = "jsessionid";
static char header_name[] = "Authorization";
static char suffix[] = ".";
static char url_name_sid[] = "sid";
static char url_name_jsessionid[] = "JSESSIONID";
static char url_name_abc[] = "abc";
static char url_name_pid[] = "pid";
static char url_name_low[] = "_x";
static char *url_names[] = {url_name_sid, url_name_jsessionid, url_name_abc, url_name_pid,
                            url_name_low};

static const struct session_policy POLICY = {.cookies = &session_names,
                                             .path_parameter = path_parameter,
                                             .header = header_name,
                                             .suffix = suffix,
                                             .url_names = url_names,
                                             .url_name_count = 5,
                                             .remember = &remember_names};

static void add_field(struct head *head, const char *name, const char *value)
{
    head->fields[head->field_count++] = (struct field){
        .name = span_of(name), .value = span_of(value), .id = field_id_of(span_of(name))};
}

static struct identity identity_of(const char *target, const char *cookies)
{
    struct head head = {.method = METHOD_GET, .target = span_of(target)};
    struct identity identity;
    memset(&identity, 0xee, sizeof(identity));
    if (cookies != NULL) {
        add_field(&head, "Cookie", cookies);
    }
    identify_request(&head, &POLICY, &identity);
    return identity;
}

static void assert_token(const struct identity *identity, unsigned index,
                         const char *value)
{
    assert_int_equal(identity->kind, IDENTITY_TOKEN);
    assert_true(index < identity->token_count);
    assert_true(span_equal(identity->tokens[index].value, span_of(value)));
}

static void identify_request_without_token_is_anonymous(void **state)
{
    (void)state;
    struct identity identity = identity_of("/", NULL);
    assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
    identity = identity_of("/", "theme=dark; jsessionid=lower; JSESSIONID2=x; SIDlang=x");
    assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
    assert_int_equal(identity.token_count, 0);
}

static void identify_request_takes_the_token_without_quotes_and_suffix(void **state)
{
    (void)state;
    struct identity identity = identity_of("/", "a=b; JSESSIONID=\"abc.node1\"");
    assert_token(&identity, 0, "abc");
    assert_int_equal(identity.token_count, 1);
    identity = identity_of("/p;jsessionid=abc.node2/q?x", NULL);
    assert_token(&identity, 0, "abc");
    assert_int_equal(identity.tokens[0].source, IDENTITY_PARAMETER);
}

static void identify_request_orders_tokens_as_the_configuration_does(void **state)
{
    (void)state;
    struct identity identity =
        identity_of("/p;jsessionid=ppp", "SIDa=two; JSESSIONID=one");
    assert_int_equal(identity.token_count, 3);
    assert_token(&identity, 0, "one");
    assert_token(&identity, 1, "two");
    assert_token(&identity, 2, "ppp");
    assert_int_equal(identity.tokens[0].rank, 1);
    assert_int_equal(identity.tokens[1].rank, 2);
}

static void identify_request_with_two_values_of_one_name_is_ambiguous(void **state)
{
    (void)state;
    assert_int_equal(identity_of("/", "JSESSIONID=a; JSESSIONID=b").kind,
                     IDENTITY_AMBIGUOUS);
    assert_int_equal(identity_of("/", "JSESSIONID=; JSESSIONID=b").kind,
                     IDENTITY_AMBIGUOUS);
    assert_int_equal(identity_of("/a;jsessionid=a/b;jsessionid=b", NULL).kind,
                     IDENTITY_AMBIGUOUS);
    struct identity identity =
        identity_of("/", "JSESSIONID=a.n1; JSESSIONID=\"a\"; SIDx=c");
    assert_token(&identity, 0, "a");
    assert_int_equal(identity.token_count, 2);
}

static void identify_request_sees_two_values_over_two_cookie_fields(void **state)
{
    (void)state;
    struct head head = {.target = SPAN("/")};
    struct identity identity;
    add_field(&head, "Cookie", "JSESSIONID=a");
    add_field(&head, "cookie", "JSESSIONID=b");
    identify_request(&head, &POLICY, &identity);
    assert_int_equal(identity.kind, IDENTITY_AMBIGUOUS);
}

static void identify_request_with_an_empty_token_has_none(void **state)
{
    (void)state;
    struct identity identity = identity_of("/x;jsessionid=", "JSESSIONID=\"\"; SIDa=.n1");
    assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
    assert_int_equal(identity.token_count, 0);
}

static void identify_request_with_a_remember_cookie_alone_is_unknown(void **state)
{
    (void)state;
    struct identity identity = identity_of("/", "remember=me");
    assert_int_equal(identity.kind, IDENTITY_UNKNOWN);
    assert_true(identity.remembered);
    identity = identity_of("/", "remember=me; JSESSIONID=a");
    assert_int_equal(identity.kind, IDENTITY_TOKEN);
    assert_true(identity.remembered);
    assert_int_equal(identity_of("/", "remember=").kind, IDENTITY_ANONYMOUS);
}

static void identify_request_reads_the_credentials_of_its_header(void **state)
{
    (void)state;
    struct head head = {.target = SPAN("/")};
    struct identity identity;
    add_field(&head, "authorization", "Bearer  tok");
    add_field(&head, "X-Token", "other");
    identify_request(&head, &POLICY, &identity);
    assert_token(&identity, 0, "tok");
    assert_int_equal(identity.tokens[0].source, IDENTITY_HEADER);
    assert_int_equal(identity.token_count, 1);
    add_field(&head, "Authorization", "Bearer tok2");
    identify_request(&head, &POLICY, &identity);
    assert_int_equal(identity.kind, IDENTITY_AMBIGUOUS);
}

static void identify_request_reads_credentials_behind_a_tab(void **state)
{
    (void)state;
    struct head head = {.target = SPAN("/")};
    struct identity identity;
    add_field(&head, "Authorization", "Bearer\ttok");
    identify_request(&head, &POLICY, &identity);
    assert_token(&identity, 0, "tok");
}

static void identify_request_with_more_tokens_than_it_can_hold_is_ambiguous(void **state)
{
    (void)state;
    char cookies[128] = "";
    for (unsigned i = 0; i < IDENTITY_TOKENS_MAX; i++) {
        (void)snprintf(cookies + strlen(cookies), 16, "SID%u=v%u; ", i, i);
    }
    struct identity identity = identity_of("/", cookies);
    assert_int_equal(identity.token_count, IDENTITY_TOKENS_MAX);
    assert_token(&identity, 0, "v0");
    (void)snprintf(cookies + strlen(cookies), 16, "SIDx=v");
    assert_int_equal(identity_of("/", cookies).kind, IDENTITY_AMBIGUOUS);
}

static void identify_request_takes_no_parameter_from_the_query(void **state)
{
    (void)state;
    assert_int_equal(identity_of("/?a;jsessionid=x", NULL).token_count, 0);
    assert_int_equal(identity_of("/a;xjsessionid=x;jsessionid", NULL).kind,
                     IDENTITY_ANONYMOUS);
}

static void identify_zeroed_identity_is_ambiguous(void **state)
{
    (void)state;
    const struct identity zero = {0};
    assert_int_equal(zero.kind, IDENTITY_AMBIGUOUS);
    const struct session_policy nothing = {0};
    struct head head = {.target = SPAN("/;jsessionid=x")};
    struct identity identity;
    add_field(&head, "Cookie", "JSESSIONID=a");
    identify_request(&head, &nothing, &identity);
    assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
}

static void identify_issued_finds_session_cookies_only(void **state)
{
    (void)state;
    struct head head = {0};
    struct issued_cookies issued;
    add_field(&head, "Set-Cookie", "theme=0123456789abcdef0");
    add_field(&head, "Set-Cookie", "JSESSIONID=\"0123456789abcdef.node1\"; Path=/");
    add_field(&head, "X-Other", "JSESSIONID=0123456789abcdef");
    add_field(&head, "Authorization", "Bearer 0123456789abcdef");
    identify_issued(&head, &POLICY, 0, &issued);
    assert_int_equal(issued.count, 1);
    assert_false(issued.more);
    assert_true(span_equal(issued.items[0].value, SPAN("0123456789abcdef")));
    assert_true(span_equal(issued.items[0].name, SPAN("JSESSIONID")));
    assert_false(issued.items[0].deletion);
    assert_false(issued.items[0].too_short);
}

static void identify_issued_tells_deletions_and_short_values(void **state)
{
    (void)state;
    struct head head = {0};
    struct issued_cookies issued;
    add_field(&head, "Set-Cookie", "SIDa=0123456789abcde");
    add_field(&head, "Set-Cookie", "SIDa=0123456789abcde.node1");
    add_field(&head, "Set-Cookie", "SIDa=");
    add_field(&head, "Set-Cookie", "SIDa=deleted; Path=/");
    add_field(&head, "Set-Cookie", "SIDa=0123456789abcdef; Max-Age=0");
    add_field(&head, "Set-Cookie",
              "SIDa=0123456789abcdef; Expires=Thu, 01 Jan 1970 00:00:10 GMT");
    add_field(&head, "Set-Cookie", "SIDa=.node1");
    identify_issued(&head, &POLICY, 10, &issued);
    assert_int_equal(issued.count, 7);
    assert_true(issued.items[0].too_short && !issued.items[0].deletion);
    assert_true(issued.items[1].too_short && !issued.items[1].deletion);
    for (unsigned i = 2; i < 7; i++) {
        assert_true(issued.items[i].deletion);
    }
    identify_issued(&head, &POLICY, 9, &issued);
    assert_false(issued.items[5].deletion);
}

static void identify_issued_says_when_there_are_more_than_it_can_hold(void **state)
{
    (void)state;
    struct head head = {0};
    struct issued_cookies issued;
    for (unsigned i = 0; i < ISSUED_TOKENS_MAX; i++) {
        add_field(&head, "Set-Cookie", "SIDa=0123456789abcdef");
    }
    identify_issued(&head, &POLICY, 0, &issued);
    assert_int_equal(issued.count, ISSUED_TOKENS_MAX);
    assert_false(issued.more);
    add_field(&head, "Set-Cookie", "SIDa=0123456789abcdef");
    identify_issued(&head, &POLICY, 0, &issued);
    assert_true(issued.more);
}

static struct span addressed(const char *location)
{
    struct head head = {0};

    add_field(&head, "Location", location);
    return identify_addressed(&head, &POLICY);
}

static void identify_addressed_finds_the_token_of_a_redirect(void **state)
{
    static const char *const ADDRESSES[] = {
        "/mypage;jsessionid=0123456789abcdef",
        "http://site/a;b=c;jsessionid=0123456789abcdef.node1/top;x?y#z",
        "/a;jsessionid=short/b;jsessionid=0123456789abcdef",
        "top;jsessionid=\"0123456789abcdef\"#;jsessionid=fedcba9876543210",
    };
    const struct head nowhere = {0};
    const struct session_policy nothing = {0};
    struct head head = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(ADDRESSES) / sizeof(ADDRESSES[0]); i++) {
        assert_true(span_equal(addressed(ADDRESSES[i]), SPAN("0123456789abcdef")));
    }
    assert_int_equal(addressed("/a;jsessionid=0123456789abcde").len, 0);
    assert_int_equal(addressed("/a;jsessionid?x;jsessionid=0123456789abcdef").len, 0);
    assert_int_equal(identify_addressed(&nowhere, &POLICY).len, 0);
    add_field(&head, "Location", "/a;jsessionid=0123456789abcdef");
    assert_int_equal(identify_addressed(&head, &nothing).len, 0);
}

static void identify_request_cuts_quotes_and_suffix_to_the_byte(void **state)
{
    (void)state;
    struct identity identity = identity_of("/p;jsessionid=\"abc\"", NULL);
    assert_token(&identity, 0, "abc");
    static const char *const LONE[] = {"\"abc", "abc\"", "\""};
    for (size_t i = 0; i < sizeof(LONE) / sizeof(LONE[0]); i++) {
        char target[32];
        (void)snprintf(target, sizeof(target), "/p;jsessionid=%s", LONE[i]);
        identity = identity_of(target, NULL);
        assert_int_equal(identity.kind, IDENTITY_AMBIGUOUS); /* Read in several ways. */
        assert_true(span_equal(identity.tokens[0].value, span_of(LONE[i])));
    }
    assert_int_equal(identity_of("/p;jsessionid=\"\"", NULL).kind, IDENTITY_ANONYMOUS);
    identity = identity_of("/", "JSESSIONID=abc.");
    assert_token(&identity, 0, "abc");
    /* A name without value says nothing. */
    identity = identity_of("/a;jsessionid;jsessionid=abc", NULL);
    assert_token(&identity, 0, "abc");
    assert_int_equal(identity_of("/", "remember=1").kind, IDENTITY_UNKNOWN);
    /* Of one pattern: as they come. */
    identity = identity_of("/", "SIDb=x; SIDa=y");
    assert_token(&identity, 0, "x");
    assert_token(&identity, 1, "y");
}

static void identify_request_takes_a_field_with_or_without_scheme(void **state)
{
    struct head head = {.target = SPAN("/")};
    struct session_policy policy = POLICY;
    struct identity identity;
    char x_token[] = "X-Token";

    (void)state;
    add_field(&head, "Authorization", "0123456789abcdef");
    identify_request(&head, &policy, &identity);
    assert_token(&identity, 0, "0123456789abcdef");
    policy.header = x_token;
    add_field(&head, "X-Token", "Bearer 0123456789abcdef");
    identify_request(&head, &policy, &identity);
    assert_token(&identity, 0, "Bearer 0123456789abcdef");
}

static void identify_sets_session_goes_by_the_name(void **state)
{
    (void)state;
    assert_true(identify_sets_session(&POLICY, SPAN("JSESSIONID=x; Path=/")));
    assert_true(identify_sets_session(&POLICY, SPAN("SIDa=")));
    assert_false(identify_sets_session(&POLICY, SPAN("SIDlang=x")));
    assert_false(identify_sets_session(&POLICY, SPAN("remember=x")));
    assert_false(identify_sets_session(&POLICY, SPAN("junk")));
    assert_false(identify_sets_session(&POLICY, (struct span){0}));
}

static void identify_token_field_is_the_configured_one_or_a_bearer(void **state)
{
    (void)state;
    struct head head = {0};
    struct session_policy policy = POLICY;
    char x_token[] = "X-Token";
    add_field(&head, "Authorization", "bearer abc");
    add_field(&head, "Authorization", "Basic abc");
    add_field(&head, "x-token", "abc");
    add_field(&head, "Authorization", "Bearers abc");

    policy.header = x_token;
    assert_true(identify_is_token_field(&policy, &head.fields[0]));
    assert_false(identify_is_token_field(&policy, &head.fields[1]));
    assert_true(identify_is_token_field(&policy, &head.fields[2]));
    assert_false(identify_is_token_field(&policy, &head.fields[3]));
    assert_true(identify_is_token_field(&POLICY, &head.fields[1]));
    assert_false(identify_is_token_field(&POLICY, &head.fields[2]));
}

static void identify_certificate_field_is_what_terminators_send(void **state)
{
    static const char *const names[] = {"client-cert",
                                        "Client-Cert-Chain",
                                        "X-Forwarded-Client-Cert",
                                        "SSL_CLIENT_S_DN",
                                        "SSL-Client-S-DN",
                                        "X-SSL-Client-CN",
                                        "X-SSL-Client-Cert",
                                        "X-SSL-CERT",
                                        "x-amzn-mtls-clientcert-leaf",
                                        "X-Client-Cert-Hash",
                                        "X-ARR-CLIENTCERT",
                                        "X-Client-Cert",
                                        "Client-Certs",
                                        "X-Client-Version",
                                        "SSL-Clients",
                                        "Client",
                                        "X-Forwarded-Cluster",
                                        "X-SSL"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct field field = {.name = span_of(names[i])};
        assert_int_equal(identify_is_certificate_field(&field), i < 12);
    }
}

static void identify_write_cookies_leaves_out_every_identity(void **state)
{
    (void)state;
    struct head head = {0};
    uint8_t buffer[256];
    add_field(&head, "Cookie", "a=1; JSESSIONID=x; SIDlang=de; remember=me");
    add_field(&head, "Cookie", "SIDz=1; JSESSIONID=y; b=2");
    assert_true(cookie_size_max(&head) <= sizeof(buffer));
    assert_true(identify_has_cookies(&head, &POLICY));
    size_t len = identify_write_cookies(&head, &POLICY, buffer);
    assert_true(span_equal((struct span){.ptr = buffer, .len = len},
                           SPAN("a=1; SIDlang=de; b=2")));

    head.field_count = 0;
    add_field(&head, "Cookie", "JSESSIONID=x");
    assert_int_equal(identify_write_cookies(&head, &POLICY, buffer), 0);
    head.field_count = 0;
    add_field(&head, "Cookie", "a=1; SIDlang=de");
    assert_false(identify_has_cookies(&head, &POLICY));
}

static void identify_write_target_leaves_out_names_of_sessions(void **state)
{
    (void)state;
    const char *const cases[][2] = {
        {"/", "/"},
        {"/a?", "/a?"},
        {"/a;x=1;jsessionid=z/b;JSessionID=q?c=d&", "/a;x=1/b?c=d&"},
        {"/a?sid=1", "/a"},
        {"/a?sid=1&b=2&jsessionid=3&c", "/a?b=2&c"},
        {"/a?b=2;SID=1;c=3&sid", "/a?b=2;c=3"},
        {"/a?s%69d=1&sidx=2&xsid=3", "/a?sidx=2&xsid=3"},
        {"/a;sid=1?b;sid", "/a?b"},
        {"/a;%6Asessionid=1", "/a"},
        {"/sid/;sidx/a%3", "/sid/;sidx/a%3"},
        {"/a?%=1&s%6=1&&sid=", "/a?%=1&s%6=1&"},
        {"/a?si%64=1&%70id=2", "/a"},
        {"/a?abc=1&%6gx=2&x%6g=3", "/a?%6gx=2&x%6g=3"},
        {"/;=x/?=y", "/;=x/?=y"},
        {"", ""},
        {"*", "*"},
        {"http://h/a;sid=1?x", "http://h/a?x"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buffer[64] = {0};
        size_t len =
            identify_write_target(span_of(cases[i][0]), &POLICY, (uint8_t *)buffer);
        assert_string_equal(buffer, cases[i][1]);
        assert_int_equal(len, strlen(cases[i][1]));
    }
}

static void identify_write_target_takes_the_parameter_out_of_the_path_only(void **state)
{
    static const char TARGET[] = "/a;jsessionid=1?jsessionid=2;jsessionid=3&=4";
    struct session_policy policy = {.path_parameter = path_parameter};
    char buffer[64] = {0};

    (void)state;
    (void)identify_write_target(span_of(TARGET), &policy, (uint8_t *)buffer);
    assert_string_equal(buffer, "/a?jsessionid=2;jsessionid=3&=4");
    policy.path_parameter = NULL;
    memset(buffer, 0, sizeof(buffer));
    (void)identify_write_target(SPAN("/a;=1/;?=2"), &policy, (uint8_t *)buffer);
    assert_string_equal(buffer, "/a;=1/;?=2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identify_write_target_takes_the_parameter_out_of_the_path_only),
        cmocka_unit_test(identify_request_without_token_is_anonymous),
        cmocka_unit_test(identify_request_takes_the_token_without_quotes_and_suffix),
        cmocka_unit_test(identify_request_orders_tokens_as_the_configuration_does),
        cmocka_unit_test(identify_request_with_two_values_of_one_name_is_ambiguous),
        cmocka_unit_test(identify_request_sees_two_values_over_two_cookie_fields),
        cmocka_unit_test(identify_request_with_an_empty_token_has_none),
        cmocka_unit_test(identify_request_with_a_remember_cookie_alone_is_unknown),
        cmocka_unit_test(identify_request_reads_the_credentials_of_its_header),
        cmocka_unit_test(identify_request_reads_credentials_behind_a_tab),
        cmocka_unit_test(identify_request_with_more_tokens_than_it_can_hold_is_ambiguous),
        cmocka_unit_test(identify_request_takes_no_parameter_from_the_query),
        cmocka_unit_test(identify_zeroed_identity_is_ambiguous),
        cmocka_unit_test(identify_issued_finds_session_cookies_only),
        cmocka_unit_test(identify_issued_tells_deletions_and_short_values),
        cmocka_unit_test(identify_issued_says_when_there_are_more_than_it_can_hold),
        cmocka_unit_test(identify_addressed_finds_the_token_of_a_redirect),
        cmocka_unit_test(identify_request_cuts_quotes_and_suffix_to_the_byte),
        cmocka_unit_test(identify_request_takes_a_field_with_or_without_scheme),
        cmocka_unit_test(identify_sets_session_goes_by_the_name),
        cmocka_unit_test(identify_token_field_is_the_configured_one_or_a_bearer),
        cmocka_unit_test(identify_certificate_field_is_what_terminators_send),
        cmocka_unit_test(identify_write_cookies_leaves_out_every_identity),
        cmocka_unit_test(identify_write_target_leaves_out_names_of_sessions),
    };
    return RUN_TESTS(tests);
}
