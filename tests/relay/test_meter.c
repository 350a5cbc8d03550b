#include "relay/meter.h"
#include "support/metrics_page.h"

static void meter_shows_at_zero_what_is_yet_to_come(void **state)
{
    (void)state;
    static const char *const SAMPLES[] = {
        "countermark_findings_total{detector=\"owner-marker\",action=\"refuse\"}",
        "countermark_findings_total{detector=\"granted-marker\",action=\"redact\"}",
        "countermark_findings_total{detector=\"idle-bytes\",action=\"close\"}",
        "countermark_displays_total{outcome=\"withheld\"}",
        "countermark_displays_total{outcome=\"cut\"}",
        "countermark_displays_total{outcome=\"delivered\"}",
        "countermark_bindings_total{source=\"login\"}",
        "countermark_bindings_total{source=\"marker\"}",
        "countermark_bindings_total{source=\"confirm\"}",
        "countermark_upstream_desync_total{upstream=\"a\",kind=\"idle-bytes\"}",
        "countermark_upstream_desync_total{upstream=\"b\",kind=\"excess-bytes\"}",
        "countermark_upstream_desync_total{upstream=\"b\",kind=\"idle-408\"}",
        "countermark_grant_questions_total{grant=\"g\",result=\"late\"}",
        "countermark_connections_refused_total{reason=\"descriptors\"}",
        "countermark_tls_handshakes_total{side=\"upstream\",result=\"failed\"}",
        "countermark_would_have_total{action=\"take-down\"}",
        "countermark_sessions_quarantined_total{side=\"subject\"}",
        "countermark_tokens_removed_total{reason=\"ambiguous\"}",
        "countermark_upstream_connects_total{upstream=\"a\",result=\"connected\"}",
        "countermark_upstream_connects_total{upstream=\"b\",result=\"upstream-tls\"}",
    };
    struct stats *stats = stats_new();
    struct upstream_settings upstreams[] = {{.name = "a"}, {.name = "b"}};
    struct grant_settings grant = {.name = "g"};
    const struct site site = {
        .upstreams = upstreams, .upstream_count = 2, .grants = &grant, .grant_count = 1};
    struct meter *meter = meter_new(stats, &site);

    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        if (!metrics_is_zero(stats, SAMPLES[i])) {
            fail_msg("missing: %s", SAMPLES[i]);
        }
    }
    /* What its detector never does is not there. */
    assert_null(metrics_value(
        stats, "countermark_findings_total{detector=\"owner-marker\",action=\"close\"}"));

    meter_free(&meter);
    stats_free(&stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meter_shows_at_zero_what_is_yet_to_come),
    };
    return RUN_TESTS(tests);
}
