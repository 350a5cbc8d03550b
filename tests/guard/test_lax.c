#include "guard/identify.h"
#include "guard/lax.h"
#include "support/test.h"

static const struct span PATTERNS[] = {{(const uint8_t *)"!SIDlang", 8},
                                       {(const uint8_t *)"JSESSIONID", 10},
                                       {(const uint8_t *)"SID*", 4},
                                       {(const uint8_t *)"my_app", 6}};
static const struct span REMEMBER[] = {{(const uint8_t *)"remember", 8}};
static struct cookie_names names = {.patterns = PATTERNS, .count = 4};
static struct cookie_names remember = {.patterns = REMEMBER, .count = 1};
static char suffix[] = ".";
static char jwt_cookie[] = "jwt";
static char url_names_text[][4] = {"sid", "abc", "pid"};
static char *url_names[] = {url_names_text[0], url_names_text[1], url_names_text[2]};

static const struct session_policy POLICY = {.cookies = &names,
                                             .remember = &remember,
                                             .suffix = suffix,
                                             .jwt = {.cookie = jwt_cookie},
                                             .url_names = url_names,
                                             .url_name_count = 3};

static void add_field(struct head *head, const char *name, const char *value)
{
    head->fields[head->field_count++] = (struct field){
        .name = span_of(name), .value = span_of(value), .id = field_id_of(span_of(name))};
}

static struct identity identity_of(const char *target, const char *cookies)
{
    struct head head = {.method = METHOD_GET, .target = span_of(target)};
    struct identity identity;

    if (cookies != NULL) {
        add_field(&head, "Cookie", cookies);
    }
    identify_request(&head, &POLICY, &identity);
    return identity;
}

static const char *const DOUBTFUL_COOKIES[] = {
    "a=1,JSESSIONID=x",
    "a=1, JSESSIONID=x",
    "a=1 JSESSIONID=x",
    "a=1 JSESSIONID =\tx",
    "a,JSESSIONID=x",
    "a=\"x; SIDa=1\"",
    "a=b c SIDa=1",
    "%4aSESSIONID=x",
    "JSESSION%49D=x",
    "%20JSESSIONID=x",
    "JSESSIONID%00b=x",
    "\xc2\xa0JSESSIONID=x",
    "JSESSIONID\xc2\x85=x",
    "SI%44.b=1",
    "remem%62er=1",
    "a=1,remember=1",
    "=JSESSIONID=x",
    "a=1\xa0SIDa=1",
    "my.app=1",
    "my app=1",
    "my[app=1",
    "my+app=1",
    "a=1,my%5Bapp=1",
    "JSESSIONID=x,JSESSIONID=y",
    "a=b=c,SIDa=1",
    "a==,SIDa=1",
    "a=1,jwt=x",
    "j%77t=x",
    "SIDlang=x,SIDa=1",
    "a=1,=,SIDa=x",
};
static const char *const HARMLESS_COOKIES[] = {
    "last=/x?JSESSIONID=1",
    "a=JSESSIONID=1",
    "a=1,JSESSIONID=",
    "%4aSESSIONID=",
    "a=1 JSESSIONID",
    "SI%44lang=1",
    "a=1 SIDlang=1",
    "XJSESSIONID=1",
    "a=xJSESSIONID=1",
    "JSESSIONIDx=1",
    "a=1, JSESSIONID=,",
    "a=SIDa b=1",
    "my-app=1",
    "my.apple=1",
    "a=b==",
    "%4a=1",
    "a=1, JSESSIONID= ,b",
    "a=%20JSESSIONID=1",
};

static void lax_request_where_a_lenient_server_sees_a_token_is_ambiguous(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(DOUBTFUL_COOKIES) / sizeof(char *); i++) {
        assert_int_equal(identity_of("/", DOUBTFUL_COOKIES[i]).kind, IDENTITY_AMBIGUOUS);
    }
    for (size_t i = 0; i < sizeof(HARMLESS_COOKIES) / sizeof(char *); i++) {
        assert_int_equal(identity_of("/", HARMLESS_COOKIES[i]).kind, IDENTITY_ANONYMOUS);
    }
}

static void lax_request_with_an_untaken_token_in_its_target_is_ambiguous(void **state)
{
    const char *const ambiguous[] = {
        "/a;jsessionid2=1;JSESSIONID=x",
        "/a;sid=1/b",
        "/?sid=1",
        "/?a;SID=1",
        "/?a=1&s%69d=x",
        "/;%6asessionid=x",
        "/;abc=1?q",
        "/?&&pid=x&b",
    };
    const char *const harmless[] = {"/?sid=",     "/?sid",     "/;sid=/a",
                                    "/?sid=&a=1", "/sid=1",    "/?jsessionid2=1",
                                    "/?a=sid=1",  "/;a?xsid=1"};

    (void)state;
    for (size_t i = 0; i < sizeof(ambiguous) / sizeof(char *); i++) {
        assert_int_equal(identity_of(ambiguous[i], NULL).kind, IDENTITY_AMBIGUOUS);
    }
    for (size_t i = 0; i < sizeof(harmless) / sizeof(char *); i++) {
        assert_int_equal(identity_of(harmless[i], NULL).kind, IDENTITY_ANONYMOUS);
    }
    assert_int_equal(identity_of("/;JSESSIONID=x.node?sid=x", "JSESSIONID=x").kind,
                     IDENTITY_TOKEN);
    assert_int_equal(identity_of("/;JSESSIONID=y", "JSESSIONID=x").kind,
                     IDENTITY_AMBIGUOUS);
}

static void lax_request_knows_the_servlet_parameter_unasked(void **state)
{
    const struct session_policy policy = {.cookies = &names};
    struct head head = {.target = SPAN("/a;JSessionId=x")};
    struct identity identity;

    (void)state;
    identify_request(&head, &policy, &identity);
    assert_int_equal(identity.kind, IDENTITY_AMBIGUOUS);
    assert_int_equal(identity.token_count, 0);
    head.target = SPAN("/a?jsessionid=x");
    identify_request(&head, &policy, &identity);
    assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
}

static void lax_request_doubts_fields_that_cgi_takes_for_the_token(void **state)
{
    char token_field[] = "X-Session-Token";
    char jwt_field[] = "X-Jwt";
    const struct session_policy policy = {.header = token_field,
                                          .jwt = {.header = jwt_field}};
    const char *const spellings[] = {"X_Session_Token", "x-session_token",
                                     "X.SESSION.TOKEN", "x_jwt"};

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(char *); i++) {
        struct head head = {.target = SPAN("/")};
        struct identity identity;
        add_field(&head, spellings[i], "A");
        identify_request(&head, &policy, &identity);
        assert_int_equal(identity.kind, IDENTITY_AMBIGUOUS);
        assert_true(identify_is_token_field(&policy, &head.fields[0]));
        head.fields[0].value.len = 0;
        identify_request(&head, &policy, &identity);
        assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
    }
    struct head head = {.target = SPAN("/")};
    struct identity identity;
    add_field(&head, "X-Session-Tokens", "A");
    add_field(&head, "X1Session-Token", "A");
    add_field(&head, "X-Jwt", "A");
    identify_request(&head, &policy, &identity);
    assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
}

static void lax_removal_leaves_nothing_to_a_lenient_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(DOUBTFUL_COOKIES) / sizeof(char *); i++) {
        uint8_t buffer[128];
        struct head head = {.target = SPAN("/")};
        add_field(&head, "Cookie", DOUBTFUL_COOKIES[i]);
        assert_true(identify_has_cookies(&head, &POLICY));
        size_t len = identify_write_cookies(&head, &POLICY, buffer);
        head.fields[0].value = (struct span){.ptr = buffer, .len = len};
        struct identity identity;
        identify_request(&head, &POLICY, &identity);
        assert_int_equal(identity.kind, IDENTITY_ANONYMOUS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lax_request_where_a_lenient_server_sees_a_token_is_ambiguous),
        cmocka_unit_test(lax_request_with_an_untaken_token_in_its_target_is_ambiguous),
        cmocka_unit_test(lax_request_knows_the_servlet_parameter_unasked),
        cmocka_unit_test(lax_request_doubts_fields_that_cgi_takes_for_the_token),
        cmocka_unit_test(lax_removal_leaves_nothing_to_a_lenient_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
