#include "app/difference_case.h"
#include "app/weaker.h"
#include "support/tls_pem.h"

#define REST          UPSTREAMS SESSION MARKERS FEATURES
#define ADDRESS(rest) "listen: [{address: 127.0.0.1:1" rest "}]\n" REST
#define TLS(rest)     ADDRESS(", tls: {certificate: site.crt, key: site.key" rest "}")

static int start(void **state)
{
    int failed = config_case_start(state);

    config_case_write("site.crt", SITE_PEM);
    config_case_write("site.key", SITE_KEY);
    config_case_write("ca.pem", CA_PEM);
    return failed;
}

/* What a reload is told that takes `next` in place of `before`; NULL: nothing. */
static void expect(const char *before, const char *next, const char *told)
{
    struct feature_table features = {0};
    struct report *report = report_new();
    struct config *in_force = config_case_good(before);
    struct config *config = config_case_good(next);

    feature_table_init(&features, NULL);
    bool allowed = weaker_check(in_force, config, &features, false, report);
    assert_int_equal(allowed, told == NULL);
    if (told != NULL) {
        assert_non_null(strstr(report_text(report, 0), told));
    }
    report_free(&report);
    config_free(&in_force);
    config_free(&config);
}

static void difference_tells_of_tls_that_is_gone(void **state)
{
    (void)state;
    expect(TLS(""), ADDRESS(""), "127.0.0.1 port 1 is without TLS");
    expect(ADDRESS(""), TLS(""), NULL);
    expect(TLS(""), TLS(""), NULL);
    expect(TLS(""), GOOD, NULL);
}

static void difference_tells_of_client_certificates_no_longer_asked_for(void **state)
{
    (void)state;
    const char *less = "127.0.0.1 port 1 asks less of its clients' certificates";

    expect(TLS(", client_ca: ca.pem"), TLS(""), less);
    expect(TLS(", client_ca: ca.pem"),
           TLS(", client_ca: ca.pem, client_verify: optional"), less);
    expect(TLS(", client_ca: ca.pem, client_verify: optional"), TLS(""), less);
    expect(TLS(", client_ca: ca.pem, client_verify: optional"),
           TLS(", client_ca: ca.pem"), NULL);
    expect(TLS(""), TLS(", client_ca: ca.pem"), NULL);
}

#define UPSTREAM(it) LISTEN "upstreams: [{name: site, " it "}]\n" SESSION MARKERS FEATURES

static void difference_tells_of_upstreams_no_longer_verified(void **state)
{
    (void)state;
    const char *told = "not every server of upstream `site` is verified";
    const char *verified = UPSTREAM("servers: [https://x.example]");

    expect(verified, UPSTREAM("servers: [https://x.example], tls: {verify: off}"), told);
    expect(verified, UPSTREAM("servers: [http://x.example]"), told);
    expect(UPSTREAM("servers: [unix:/a]"), UPSTREAM("servers: [http://x.example]"), told);
    expect(verified, UPSTREAM("servers: [unix:/a, https://y.example]"), NULL);
    expect(UPSTREAM("servers: [unix:/a], on_finding: drain"),
           UPSTREAM("servers: [unix:/a]"),
           "servers of upstream `site` are kept after a finding");
    expect(UPSTREAM("servers: [http://x.example]"),
           UPSTREAM("servers: [http://y.example]"), NULL);
}

#define MOVED(rest) "listen: [{address: 127.0.0.1:2" rest "}]\n" REST
#define CERTIFIED(address, rest)                                                         \
    "{address: " address ", tls: {certificate: site.crt, key: site.key" rest "}}"
#define LISTENS(list) "listen: [" list "]\n" REST

/* What is weaker after a start with `next`; a reload says nothing of it. */
static void expect_start(const char *before, const char *next, const char *told)
{
    difference_case_weaker(before, next, "");
    assert_string_equal(
        difference_case_lines(before, next, EFFECT_WEAKER, TAKEN_BY_START), told);
}

static void difference_tells_at_a_start_what_no_new_address_has(void **state)
{
    (void)state;
    const char *less =
        "no new address asks as much of clients' certificates as 127.0.0.1 port 1\n";
    const char *both = LISTENS("{address: 127.0.0.1:3, redirect: https}, " CERTIFIED(
        "127.0.0.1:1", ", client_ca: "
                       "ca.pem"));

    expect_start(TLS(", client_ca: ca.pem"), LISTENS(CERTIFIED("127.0.0.1:2", "")), less);
    expect_start(TLS(", client_ca: ca.pem"), MOVED(""),
                 "no new address has TLS as 127.0.0.1 port 1 had\n");
    expect_start(
        both,
        LISTENS("{address: 127.0.0.1:4, redirect: https}, " CERTIFIED("127.0.0.1:2", "")),
        less);
    expect_start(both,
                 LISTENS("{address: 127.0.0.1:4}, " CERTIFIED("127.0.0.1:2",
                                                              ", client_ca: ca.pem")),
                 "");
    expect_start(LISTENS(CERTIFIED("127.0.0.1:1", ", client_ca: ca.pem") ", " CERTIFIED(
                     "127.0.0.1:2", "")),
                 LISTENS(CERTIFIED("127.0.0.1:2", "")), "");
    expect_start(MOVED(""), TLS(", client_ca: ca.pem"), "");
    expect_start(ADDRESS(", trusted_proxies: [10.0.0.0/8]"),
                 MOVED(", trusted_proxies: [10.0.0.0/7]"),
                 "every new address believes more proxies than 127.0.0.1 port 1 did\n");
    expect_start(ADDRESS(", trusted_proxies: [10.0.0.0/8]"),
                 MOVED(", trusted_proxies: [10.1.0.0/16]"), "");
    expect_start(ADDRESS(", trusted_proxies: [10.0.0.0/8]"),
                 LISTENS("{address: 127.0.0.1:4, redirect: https}, "
                         "{address: 127.0.0.1:2, trusted_proxies: [10.0.0.0/7]}"),
                 "every new address believes more proxies than 127.0.0.1 port 1 did\n");
}

static void difference_tells_of_proxies_that_are_believed_now(void **state)
{
    (void)state;
    const char *more = "127.0.0.1 port 1 believes more proxies (`trusted_proxies`)";
    const char *one = ADDRESS(", trusted_proxies: [10.0.0.1]");

    expect(ADDRESS(""), one, more);
    expect(one, ADDRESS(", trusted_proxies: [10.0.0.1, 10.0.0.2]"), more);
    expect(one, ADDRESS(", trusted_proxies: [10.0.0.0/8]"), more);
    expect(one, ADDRESS(", trusted_proxies: [10.0.0.1, 'unix:']"), more);
    expect(ADDRESS(", trusted_proxies: [10.0.0.0/8]"), one, NULL);
    expect(one, ADDRESS(""), NULL);
    expect(ADDRESS(""), ADDRESS(", proxy_protocol: true"), more);
    expect(ADDRESS(", proxy_protocol: true"), ADDRESS(", proxy_protocol: true"), NULL);
    expect(one, ADDRESS(", trusted_proxies: [10.0.0.1], proxy_protocol: true"), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_tells_of_tls_that_is_gone),
        cmocka_unit_test(difference_tells_of_client_certificates_no_longer_asked_for),
        cmocka_unit_test(difference_tells_of_upstreams_no_longer_verified),
        cmocka_unit_test(difference_tells_at_a_start_what_no_new_address_has),
        cmocka_unit_test(difference_tells_of_proxies_that_are_believed_now),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, NULL);
}
