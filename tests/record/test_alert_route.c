#include "record/alert_route.h"
#include "support/test.h"

static void a_route_without_wishes_takes_everything(void **state)
{
    (void)state;
    struct alert_route route = {.name = "soc"};

    assert_true(alert_route_takes(&route, SPAN("incident.opened")));
    assert_true(alert_route_takes(&route, SPAN("ping")));
    assert_true(alert_route_takes(&route, SPAN("of.a.later.version")));
}

static void a_route_takes_only_the_types_it_names(void **state)
{
    (void)state;
    struct alert_route route = {.type_count = 2, .types = {"feature.down", "incident.*"}};

    assert_true(alert_route_takes(&route, SPAN("feature.down")));
    assert_true(alert_route_takes(&route, SPAN("incident.closed")));
    assert_false(alert_route_takes(&route, SPAN("feature.up")));
    assert_false(alert_route_takes(&route, SPAN("incidents.opened")));
}

static void a_route_takes_only_what_is_grave_enough(void **state)
{
    (void)state;
    struct alert_route route = {.severity_min = ALERT_WARNING};

    assert_true(alert_route_takes(&route, SPAN("incident.opened")));
    assert_true(alert_route_takes(&route, SPAN("coverage.lost")));
    assert_true(alert_route_takes(&route, SPAN("of.a.later.version")));
    assert_false(alert_route_takes(&route, SPAN("feature.up")));
    route.severity_min = ALERT_CRITICAL;
    assert_false(alert_route_takes(&route, SPAN("coverage.lost")));
    assert_true(alert_route_takes(&route, SPAN("feature.down")));
}

static void a_type_is_valid_when_some_alert_has_it(void **state)
{
    (void)state;
    assert_true(alert_type_valid(SPAN("upstream.desync")));
    assert_true(alert_type_valid(SPAN("upstream.*")));
    assert_false(alert_type_valid(SPAN("upstream")));
    assert_false(alert_type_valid(SPAN("incident.open")));
    assert_false(alert_type_valid(SPAN("x.*")));
    assert_false(alert_type_valid(SPAN("")));
}

static void severities_have_words(void **state)
{
    (void)state;
    assert_string_equal(alert_severity_name(ALERT_INFO), "info");
    assert_string_equal(alert_severity_name(ALERT_WARNING), "warning");
    assert_string_equal(alert_severity_name(ALERT_CRITICAL), "critical");
}

static void a_link_leads_to_the_incident_or_to_the_first_page(void **state)
{
    static const struct {
        const char *console;
        uint64_t incident;
        const char *link;
    } rows[] = {
        {"", 7, ""},
        {"https://c.example", 7, "https://c.example/#/incidents/7"},
        {"https://c.example/", 7, "https://c.example/#/incidents/7"},
        {"https://c.example/ops/", 0, "https://c.example/ops/#/overview"},
    };
    char link[ALERT_LINK_SIZE_MAX];
    char longest[ALERT_CONSOLE_SIZE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        alert_link(rows[i].console, rows[i].incident, link);
        assert_string_equal(link, rows[i].link);
    }
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    alert_link(longest, UINT64_MAX, link); /* It fits. */
    assert_int_equal(strlen(link), sizeof(longest) - 1 + strlen("/#/incidents/") + 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_without_wishes_takes_everything),
        cmocka_unit_test(a_route_takes_only_the_types_it_names),
        cmocka_unit_test(a_route_takes_only_what_is_grave_enough),
        cmocka_unit_test(a_type_is_valid_when_some_alert_has_it),
        cmocka_unit_test(severities_have_words),
        cmocka_unit_test(a_link_leads_to_the_incident_or_to_the_first_page),
    };
    return RUN_TESTS(tests);
}
