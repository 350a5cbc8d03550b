#include "app/config_case.h"
#include "net/address.h"
#include "net/tls.h"
#include "support/tls_pem.h"

#define REST        UPSTREAMS SESSION MARKERS FEATURES
#define LISTENS(it) "listen: [{address: 127.0.0.1:1, tls: " it "}]\n" REST
#define PAIR        "certificate: site.crt, key: site.key"

static int start(void **state)
{
    int failed = config_case_start(state);

    config_case_write("site.crt", SITE_PEM);
    config_case_write("site.key", SITE_KEY);
    config_case_write("chain.crt", SITE_PEM CA_PEM);
    config_case_write("other.crt", OTHER_PEM);
    config_case_write("other.key", OTHER_KEY);
    config_case_write("ca.pem", CA_PEM);
    config_case_write("noise.pem", "no certificate at all\n");
    config_case_write("broken.crt",
                      SITE_PEM "-----BEGIN CERTIFICATE-----\nAAAA\n-----END "
                               "CERTIFICATE-----\n");
    config_case_write_bytes("site.ocsp", SPAN(SITE_OCSP));
    return failed;
}

static void tls_config_takes_one_pair_or_a_list(void **state)
{
    (void)state;
    static const char *const texts[] = {
        LISTENS("{" PAIR "}"),
        LISTENS("[{" PAIR "}]"),
        LISTENS("{certificate: chain.crt, key: site.key}"),
        LISTENS("[{" PAIR "}, {certificate: other.crt, key: other.key}]"),
        LISTENS("{" PAIR ", client_ca: ca.pem}"),
        LISTENS("{" PAIR ", ocsp: site.ocsp}"),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config *config = config_case_good(texts[i]);
        assert_non_null(config->listens[0].tls);
        assert_null(config->listens[0].certificates);
        assert_true(tls_context_not_after(config->listens[0].tls, 0) > 4000000000);
        config_free(&config);
    }
}

static void tls_config_asks_clients_only_where_it_says_so(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum client_certificates wanted;
    } rows[] = {
        {GOOD, CLIENT_CERTIFICATES_NONE},
        {LISTENS("{" PAIR "}"), CLIENT_CERTIFICATES_NONE},
        {LISTENS("{" PAIR ", client_ca: ca.pem}"), CLIENT_CERTIFICATES_REQUIRED},
        {LISTENS("{" PAIR ", client_ca: ca.pem, client_verify: require}"),
         CLIENT_CERTIFICATES_REQUIRED},
        {LISTENS("{" PAIR ", client_ca: ca.pem, client_verify: optional}"),
         CLIENT_CERTIFICATES_OPTIONAL},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config *config = config_case_good(rows[i].text);
        assert_int_equal(config->listens[0].client_certificates, rows[i].wanted);
        config_free(&config);
    }
}

#define HTTPS(it)                                                                        \
    LISTEN "upstreams: [{name: s, servers: [" it "}]\n" SESSION MARKERS FEATURES

#define NAMED(it) LISTEN UPSTREAMS MARKERS FEATURES "session: {" it "}\n"
#define NO_CLIENT                                                                        \
    "no client is asked for a certificate: give `client_ca` in `listen[].tls`, or "      \
    "`client_certificate_field` for one of `trusted_proxies`"

static const struct {
    const char *text;
    const char *message;
} BAD[] = {
    {NAMED("client_certificate: email"), "t.yaml:5:31: " NO_CLIENT},
    {NAMED("client_certificate: email, client_certificate_field: X-C"),
     "t.yaml:5:31: " NO_CLIENT},
    {NAMED("client_certificate: serial"),
     "t.yaml:5:31: `client_certificate` must be `off` or `common-name` or `email` or "
     "`uri` or `subject` or `fingerprint`, not `serial`"},
    {NAMED("cookies: [S], client_certificate_field: X-C"),
     "t.yaml:5:51: `client_certificate_field` needs `client_certificate`"},
    {"listen: [{address: 127.0.0.1:1, trusted_proxies: [10.0.0.1]}]\n" UPSTREAMS MARKERS
         FEATURES
     "session: {client_certificate: uri, client_certificate_field: Cookie}\n",
     "t.yaml:5:62: `Cookie` carries something else already"},
    {"listen: [{address: 127.0.0.1:1, trusted_proxies: [10.0.0.1]}]\n" UPSTREAMS MARKERS
         FEATURES "session: {header: x-t, client_certificate: uri, "
     "client_certificate_field: X-T}\n",
     "t.yaml:5:75: `X-T` carries something else already"},
    {LISTENS("[]"), "t.yaml:1:38: `tls` names no certificate"},
    {LISTENS("{certificate: site.crt}"), "t.yaml:1:38: `tls` has no `key`"},
    {LISTENS("{certificate: none.crt, key: site.key}"),
     "t.yaml:1:52: cannot read `certificate` `none.crt`: it does not exist"},
    {LISTENS("{certificate: noise.pem, key: site.key}"),
     "t.yaml:1:52: `certificate` `noise.pem`: it holds no certificate in PEM: no start "
     "line"},
    {LISTENS("{certificate: broken.crt, key: site.key}"),
     "t.yaml:1:52: `certificate` `broken.crt`: a certificate of the chain is bad"},
    {LISTENS("{certificate: site.crt, key: noise.pem}"),
     "t.yaml:1:67: `key` `noise.pem`: it holds no key in PEM without a pass phrase"},
    {LISTENS("[{" PAIR "}, {certificate: other.crt, key: site.key}]"),
     "t.yaml:1:109: `key` `site.key`: it does not belong to the certificate"},
    {LISTENS("{" PAIR ", ocsp: noise.pem}"),
     "t.yaml:1:83: `ocsp` `noise.pem`: it holds no successful OCSP answer in DER"},
    {LISTENS("{certificate: other.crt, key: other.key, ocsp: site.ocsp}"),
     "t.yaml:1:85: `ocsp` `site.ocsp`: it says nothing about the certificate"},
    {LISTENS("{" PAIR ", client_ca: noise.pem}"),
     "t.yaml:1:88: `client_ca` `noise.pem`: no certificate in it can be used"},
    {LISTENS("{" PAIR ", client_verify: optional}"),
     "t.yaml:1:92: `client_verify` needs `client_ca`: whose certificates"},
    {HTTPS("https://x], tls: {certificate: site.crt}"),
     "t.yaml:2:50: `tls` has `certificate` without `key`"},
    {HTTPS("https://x], tls: {certificate: site.crt, key: other.key}"),
     "t.yaml:2:79: `key` `other.key`: it does not belong to the certificate"},
    {HTTPS("https://x], tls: {ca_file: noise.pem}"),
     "t.yaml:2:60: `ca_file` `noise.pem`: no certificate in it can be used"},
    {HTTPS("unix:here]"), "t.yaml:2:33: `servers` must be a URL like"},
    {"listen: [{address: 127.0.0.1:1, redirect: http}]\n" REST,
     "t.yaml:1:43: `redirect` must be `https` or `https:PORT`, not `http`"},
    {"listen: [{address: 127.0.0.1:1, redirect: 'https:0'}]\n" REST,
     "t.yaml:1:43: `redirect` must be `https` or `https:PORT`, not `https:0`"},
    {"listen: [{address: 127.0.0.1:443, redirect: https, tls: {" PAIR "}}]\n" REST,
     "t.yaml:1:45: `redirect` sends clients back to the address itself"},
    {LISTENS("[{" PAIR "}, {certificate: other.crt, key: other.key, client_ca: ca.pem}]"),
     "t.yaml:1:131: `client_ca` and `client_verify` belong to the first item of `tls` "
     "and hold for the whole address"},
};

static void tls_config_says_which_file_is_wrong_and_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct report *report = report_new();
        assert_null(config_case_load(BAD[i].text, report));
        const char *told = report_text(report, 0);
        assert_non_null(told);
        if (strncmp(told, BAD[i].message, strlen(BAD[i].message)) != 0) {
            assert_string_equal(told, BAD[i].message);
        }
        assert_null(report_text(report, 1));
        report_free(&report);
    }
}

static void tls_config_names_requesters_by_certificates_that_can_come(void **state)
{
    (void)state;
    static const char *const good[] = {
        "listen: [{address: 127.0.0.1:1, tls: {" PAIR
        ", client_ca: ca.pem}}]\n" UPSTREAMS MARKERS FEATURES
        "session: {client_certificate: subject}\n",
        "listen: [{address: 127.0.0.1:1, trusted_proxies: [10.0.0.1]}]\n" UPSTREAMS
            MARKERS FEATURES
        "session: {client_certificate: subject, client_certificate_field: "
        "X-C}\n",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct config *config = config_case_good(good[i]);
        assert_int_equal(config->site->session.certificate, CERTIFICATE_SUBJECT);
        config_free(&config);
    }
}

#define UPSTREAM(it) LISTEN "upstreams: [{name: site, " it "}]\n" SESSION MARKERS FEATURES

static void tls_config_of_an_upstream_is_verified_unless_it_says_otherwise(void **state)
{
    (void)state;
    struct config *config = config_case_good(UPSTREAM("servers: [https://x.example]"));
    const struct upstream_settings *upstream = &config->site->upstreams[0];

    assert_non_null(upstream->tls);
    assert_true(upstream->servers[0].secure);
    assert_int_equal(upstream->servers[0].port, 443);
    config_free(&config);
    config = config_case_good(UPSTREAM("servers: [http://x.example, unix:/run/x.sock]"));
    upstream = &config->site->upstreams[0];
    assert_null(upstream->tls);
    assert_false(upstream->servers[0].secure || upstream->servers[1].secure);
    assert_string_equal(upstream->servers[1].path, "/run/x.sock");
    config_free(&config);
    struct report *report = report_new();
    config = config_case_load(
        UPSTREAM("servers: [https://x.example], tls: {verify: off}"), report);
    assert_non_null(config);
    assert_non_null(strstr(report_text(report, 0), "`verify: off` on `site`"));
    report_free(&report);
    config_free(&config);
}

static void tls_config_of_a_unix_socket_has_its_mode_and_no_port(void **state)
{
    (void)state;
    struct config *config = config_case_good(
        "listen: [{address: 'unix:/run/x.sock', tls: {" PAIR "}}, {address: 'unix:/y', "
        "socket_mode: 600, trusted_proxies: ['unix:'], redirect: https}]\n" REST);
    const struct listen_settings *listens = config->listens;
    const struct address none = {0};

    assert_string_equal(listens[0].path, "/run/x.sock");
    assert_string_equal(listens[0].host, "unix:/run/x.sock");
    assert_int_equal(listens[0].port, 0);
    assert_int_equal(listens[0].socket_mode, 0660);
    assert_non_null(listens[0].tls);
    assert_int_equal(listens[1].socket_mode, 0600);
    assert_true(address_in(&none, listens[1].trusted_proxies[0].address,
                           listens[1].trusted_proxies[0].prefix_len));
    config_free(&config);
}

static void tls_config_has_another_hash_with_other_certificates(void **state)
{
    (void)state;
    struct config *before = config_case_good(LISTENS("{" PAIR "}"));
    config_case_write("site.crt", OTHER_PEM);
    config_case_write("site.key", OTHER_KEY);
    struct config *after = config_case_good(LISTENS("{" PAIR "}"));

    assert_string_not_equal(before->hash, after->hash);
    config_case_write("site.crt", SITE_PEM);
    config_case_write("site.key", SITE_KEY);
    config_free(&before);
    config_free(&after);
}

#define MOED      "moed: x\n"
#define UNKNOWN   ": unknown key `moed`; the nearest one here is `mode`"
#define NEEDS_TLS ": `admin.address` that is not a loopback address needs `tls`"

/* Every error at once, and none that only follows from another. */
static void tls_config_is_judged_although_something_else_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *messages[3];
    } rows[] = {
        {GOOD "admin: {address: '0.0.0.0:9901'}\n" MOED,
         {"t.yaml:6:18" NEEDS_TLS, "t.yaml:7:1" UNKNOWN}},
        {GOOD "admin: {address: '0.0.0.0:9901', tokens: [{name: a, token_file: none}]}\n",
         {"t.yaml:6:18" NEEDS_TLS,
          "t.yaml:6:65: cannot read `token_file` `none`: it does not exist"}},
        {GOOD "admin: {address: '0.0.0.0:9901', tls: }\n",
         {"t.yaml:6:39: `tls` has no value"}},
        {GOOD "admin: {address: '0.0.0.0:9901', tls: {" PAIR "}}\n" MOED,
         {"t.yaml:7:1" UNKNOWN}},
        {LISTENS("{certificate: site.crt, key: noise.pem}") MOED,
         {"t.yaml:1:67: `key` `noise.pem`: it holds no key in PEM without a pass phrase",
          "t.yaml:6:1" UNKNOWN}},
        {LISTENS("") MOED, {"t.yaml:1:38: `tls` has no value", "t.yaml:6:1" UNKNOWN}},
        {LISTENS("[]") MOED,
         {"t.yaml:1:38: `tls` names no certificate", "t.yaml:6:1" UNKNOWN}},
        {LISTENS("[5]"), {"t.yaml:1:39: `tls` must be a map, not a single value"}},
        {LISTENS("{certificate: none.crt, key: site.key}"),
         {"t.yaml:1:52: cannot read `certificate` `none.crt`: it does not exist"}},
        {LISTENS("{" PAIR ", client_ca: none.pem, client_verify: optional}"),
         {"t.yaml:1:88: cannot read `client_ca` `none.pem`: it does not exist"}},
        {LISTENS("{" PAIR ", ocsp: none}"),
         {"t.yaml:1:83: cannot read `ocsp` `none`: it does not exist"}},
        {HTTPS(
             "'https://x'], tls: {certificate: none.crt, key: site.key}, health: {path: "
             "x}, resolve: [1s]"),
         {"t.yaml:2:66: cannot read `certificate` `none.crt`: it does not exist",
          "t.yaml:2:107: `path` must begin with `/` and be as it is sent, without blanks",
          "t.yaml:2:120: `resolve` must be a single value, not a list"}},
        {"listen: 5\n" REST, {"t.yaml:1:9: `listen` must be a list, not a single value"}},
        {LISTEN UPSTREAMS SESSION FEATURES
         "markers: [{name: owner, find: ['regex:(']}]\n" MOED,
         {"t.yaml:5:10: pattern \"(\": missing closing parenthesis at byte 1",
          "t.yaml:6:1" UNKNOWN}},
        {LISTEN UPSTREAMS SESSION FEATURES
         "markers: [{name: owner, find: ['regex:(', 'meat:x']}]\n",
         {"t.yaml:5:43: unknown selector \"meat:x\": it must begin with header:, meta:, "
          "attr:, json:, regex: or cookie:"}},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct report *report = report_new();
        size_t count = 0;
        assert_null(config_case_load(rows[i].text, report));
        for (; count < 3 && rows[i].messages[count] != NULL; count++) {
            const char *text = report_text(report, count);
            assert_non_null(text);
            assert_ptr_equal(strstr(text, rows[i].messages[count]), text);
        }
        if (report_text(report, count) != NULL) {
            fail_msg("row %zu: also %s", i, report_text(report, count));
        }
        report_free(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_config_is_judged_although_something_else_is_wrong),
        cmocka_unit_test(tls_config_takes_one_pair_or_a_list),
        cmocka_unit_test(tls_config_asks_clients_only_where_it_says_so),
        cmocka_unit_test(tls_config_says_which_file_is_wrong_and_why),
        cmocka_unit_test(tls_config_of_an_upstream_is_verified_unless_it_says_otherwise),
        cmocka_unit_test(tls_config_of_a_unix_socket_has_its_mode_and_no_port),
        cmocka_unit_test(tls_config_names_requesters_by_certificates_that_can_come),
        cmocka_unit_test(tls_config_has_another_hash_with_other_certificates),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, NULL);
}
