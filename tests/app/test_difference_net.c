#include "app/config_case.h"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_tells_of_tls_that_is_gone),
        cmocka_unit_test(difference_tells_of_client_certificates_no_longer_asked_for),
        cmocka_unit_test(difference_tells_of_upstreams_no_longer_verified),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, NULL);
}
