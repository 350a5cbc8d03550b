#include <stdio.h>

#include "notify/format.h"
#include "notify/told_case.h"

static const struct format_times TIMES = {.now_ms = 1769904060000,
                                          .created_at_ms = 1769903999999};

/* The JSON that `write` makes of `body`; the caller frees it. */
static char *json_of(const char *body,
                     void (*write)(const struct told *, struct json_write *))
{
    struct told *told = told_of(body);
    struct json_write json;

    json_write_init(&json, FORMAT_SIZE_MAX);
    write(told, &json);
    struct span result = json_write_result(&json);
    assert_true(result.len > 0);
    char *text = malloc(result.len + 1);
    assert_non_null(text);
    (void)span_copy(result, text, result.len + 1);
    json_write_free(&json);
    free(told);
    return text;
}

static void alertmanager(const struct told *told, struct json_write *out)
{
    format_alertmanager(told, &TIMES, out);
}

static void ocsf(const struct told *told, struct json_write *out)
{
    format_ocsf(told, &TIMES, out);
}

static void slack_gets_what_has_happened_first_and_escaped(void **state)
{
    (void)state;
    char *text = json_of(OPENED, format_slack);

    assert_non_null(strstr(text,
                           "{\"text\":\":rotating_light: login is down: 1 page with "
                           "another person's data withheld, nothing left the proxy: "
                           "A &lt;b&gt; &amp; \\\"c]\\\" =|\\\\ (name, address)"
                           "\\u000aIncident 3, 1 case, viewer u-1, data of u-2, "
                           "found by owner-marker (other-owner), upstream site "
                           "10.0.0.1:80.\"}"));
    free(text);
    text = json_of(CLOSED, format_slack);
    assert_non_null(strstr(text, "DRILL: Incident 3 (login) was closed by sre: cause "
                                 "removed"));
    free(text);
}

/* The headline of `body`. */
static void expect_headline(const char *body, const char *wanted)
{
    char text[FORMAT_SENTENCE_MAX];
    struct told *told = told_of(body);
    struct writer out = writer_of(text, sizeof(text) - 1);

    format_headline(told, &out);
    text[out.len] = '\0';
    assert_string_equal(text, wanted);
    free(told);
}

#define INCIDENT(type, outcomes)                                                         \
    "{\"type\":\"incident." type "\",\"data\":{\"incident\":3,\"feature\":\"login\","    \
    "\"feature_state\":\"up\",\"screen\":\"My page\",\"shows\":\"name, address\","       \
    "\"outcomes\":{" outcomes "}}}"

static void a_headline_says_whether_anything_left(void **state)
{
    (void)state;
    expect_headline(INCIDENT("opened", "\"withheld\":0,\"cut\":0,\"delivered\":1"),
                    "login is up: 1 page with another person's data left the proxy "
                    "(observe): My page (name, address)");
    expect_headline(
        INCIDENT("updated", "\"withheld\":4,\"cut\":1,\"delivered\":2"),
        "Incident 3 goes on. login is up: 3 pages with other people's data left "
        "the proxy (observe), 1 cut, 4 withheld: My page (name, address)");
    expect_headline(
        INCIDENT("opened", "\"withheld\":0,\"cut\":1,\"delivered\":0"),
        "login is up: 1 page with another person's data left the proxy in part, "
        "1 cut: My page (name, address)");
    expect_headline("{\"type\":\"incident.opened\",\"data\":{\"feature\":\"login\"}}",
                    "login: another person's data was found in 1 page");
}

static void a_headline_names_the_feature_the_person_and_the_reason(void **state)
{
    (void)state;
    expect_headline(
        "{\"type\":\"feature.down\",\"data\":{\"feature\":\"login\",\"cause\":"
        "\"finding\",\"reason\":\"other-owner\",\"who\":\"countermark\"}}",
        "login is down: another person's data was found in a page (other-owner)");
    expect_headline("{\"type\":\"feature.down\",\"data\":{\"feature\":\"shop\",\"cause\":"
                    "\"operator\",\"reason\":\"a test\",\"who\":\"sre\"}}",
                    "shop is down, by sre: a test");
    expect_headline("{\"type\":\"feature.up\",\"data\":{\"feature\":\"shop\",\"state\":"
                    "\"up\",\"reason\":\"repaired\",\"who\":\"sre\"}}",
                    "shop is up again, by sre: repaired");
    expect_headline(
        "{\"type\":\"feature.down\",\"data\":{\"feature\":\"shop\",\"cause\":"
        "\"operator\",\"state\":\"trial\",\"reason\":\"a test\",\"who\":\"sre\"}}",
        "shop is down but for a trial, by sre: a test");
    expect_headline(
        "{\"type\":\"feature.trial\",\"data\":{\"feature\":\"shop\",\"state\":"
        "\"trial\",\"reason\":\"repaired\",\"who\":\"sre\"}}",
        "shop is still down, open for a trial, by sre: repaired");
    expect_headline("{\"type\":\"mode.observe\",\"data\":{\"who\":\"sre\",\"reason\":"
                    "\"broken\",\"until\":\"2026-11-28T00:00:40.812Z\"}}",
                    "Break-glass until 2026-11-28T00:00:40.812Z: nothing is withheld, by "
                    "sre: broken");
    expect_headline(
        "{\"type\":\"mode.enforce\",\"data\":{\"who\":\"sre\",\"reason\":"
        "\"enough\"}}",
        "Break-glass is over: what is found is withheld again, by sre: enough");
    expect_headline("{\"type\":\"coverage.lost\",\"data\":{\"route\":\"/a\",\"ratio\":"
                    "0.5}}",
                    "A route lost its marker: /a, share with marker 0.5");
}

static void every_form_leads_to_the_console_where_it_is_known(void **state)
{
    static const char body[] =
        "{\"type\":\"incident.opened\",\"data\":{\"incident\":3,\"link\":"
        "\"https://c.example/a&b/#/incidents/3\"}}";

    (void)state;
    char *text = json_of(body, format_slack);
    assert_non_null(strstr(text, ".\\u000a<https://c.example/a&amp;b/#/incidents/3>\"}"));
    free(text);
    text = json_of(body, alertmanager);
    assert_non_null(
        strstr(text, "\"generatorURL\":\"https://c.example/a&b/#/incidents/3\""));
    free(text);
    text = json_of(body, ocsf);
    assert_non_null(strstr(text, "\"src_url\":\"https://c.example/a&b/#/incidents/3\""));
    free(text);
    text = json_of(OPENED, alertmanager);
    assert_null(strstr(text, "generatorURL"));
    free(text);
}

static void
alertmanager_knows_an_incident_by_the_same_labels_until_it_is_closed(void **state)
{
    (void)state;
    char *opened = json_of(OPENED, alertmanager);
    char *closed = json_of(CLOSED, alertmanager);
    const char *labels = "\"labels\":{\"alertname\":\"CountermarkIncident\",\"severity\":"
                         "\"critical\",\"feature\":\"login\",\"incident\":\"3\"";

    assert_non_null(strstr(opened, labels));
    assert_non_null(strstr(closed, labels));
    assert_non_null(strstr(closed, "\"drill\":\"true\""));
    assert_non_null(strstr(opened, "\"startsAt\":\"2026-01-31T23:59:58.000Z\""));
    assert_non_null(strstr(opened, "\"endsAt\":\"2026-02-01T00:06:00.000Z\""));
    assert_non_null(strstr(closed, "\"endsAt\":\"2026-02-01T00:01:00.000Z\""));
    free(opened);
    free(closed);
}

static void
a_feature_that_is_up_again_resolves_its_alert_and_a_trial_does_not(void **state)
{
    (void)state;
    char *down = json_of("{\"type\":\"feature.down\",\"data\":{\"feature\":\"login\"}}",
                         alertmanager);
    char *trial = json_of("{\"type\":\"feature.trial\",\"data\":{\"feature\":\"login\"}}",
                          alertmanager);
    char *up = json_of("{\"type\":\"feature.up\",\"data\":{\"feature\":\"login\"}}",
                       alertmanager);
    const char *labels = "{\"alertname\":\"CountermarkFeatureDown\",\"severity\":"
                         "\"critical\",\"feature\":\"login\"}";

    assert_non_null(strstr(down, labels));
    assert_non_null(strstr(trial, labels));
    assert_non_null(strstr(trial, "\"endsAt\":\"2026-02-01T00:06:00.000Z\""));
    assert_non_null(strstr(up, labels));
    assert_non_null(strstr(up, "\"endsAt\":\"2026-02-01T00:01:00.000Z\""));
    free(down);
    free(trial);
    free(up);
}

static void break_glass_that_is_over_resolves_its_alert(void **state)
{
    (void)state;
    char *began =
        json_of("{\"type\":\"mode.observe\",\"data\":{\"who\":\"sre\"}}", alertmanager);
    char *over =
        json_of("{\"type\":\"mode.enforce\",\"data\":{\"who\":\"sre\"}}", alertmanager);
    const char *labels = "\"labels\":{\"alertname\":\"CountermarkModeObserve\","
                         "\"severity\":\"warning\"}";

    assert_non_null(strstr(began, labels));
    assert_non_null(strstr(over, labels));
    assert_non_null(strstr(began, "\"endsAt\":\"2026-02-01T00:59:59.999Z\""));
    assert_non_null(strstr(over, "\"endsAt\":\"2026-02-01T00:01:00.000Z\""));
    free(began);
    free(over);
}

static void ocsf_closes_what_is_over(void **state)
{
    static const struct {
        const char *type;
        bool closes;
    } types[] = {{"incident.closed", true}, {"feature.up", true},
                 {"mode.enforce", true},    {"mode.observe", false},
                 {"feature.down", false},   {"feature.trial", false},
                 {"ledger.full", false}};
    char body[64];
    (void)state;

    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        (void)snprintf(body, sizeof(body), "{\"type\":\"%s\",\"data\":{}}",
                       types[i].type);
        char *text = json_of(body, ocsf);
        assert_int_equal(strstr(text, "\"activity_id\":3,") != NULL, types[i].closes);
        assert_int_equal(strstr(text, "\"status_id\":4,") != NULL, types[i].closes);
        free(text);
    }
}

static void ocsf_is_a_data_security_finding(void **state)
{
    (void)state;
    char *text = json_of(OPENED, ocsf);

    assert_non_null(strstr(text,
                           "\"class_uid\":2006,\"activity_id\":1,\"type_uid\":200601,"
                           "\"severity_id\":5,\"status_id\":1,\"time\":1769903999999"));
    assert_non_null(strstr(text, "\"uid\":\"incident-3\""));
    free(text);
    text = json_of(CLOSED, ocsf);
    assert_non_null(strstr(text,
                           "\"activity_id\":3,\"type_uid\":200603,\"severity_id\":1,"
                           "\"status_id\":4"));
    assert_non_null(strstr(text, "\"uid\":\"incident-3\""));
    free(text);
}

static void syslog_of(const char *body, bool cef, char *text, size_t size)
{
    struct told *told = told_of(body);
    struct writer out = writer_of(text, size - 1);

    format_syslog(told, &TIMES, cef, "proxy 1", &out);
    assert_false(out.full);
    text[out.len] = '\0';
    free(told);
}

static void syslog_has_the_header_and_the_data_of_rfc_5424(void **state)
{
    (void)state;
    char text[8192];

    syslog_of(OPENED, false, text, sizeof(text));
    assert_ptr_equal(
        strstr(text, "<82>1 2026-01-31T23:59:59.999Z proxy_1 countermark - "
                     "incident.opened [countermark@32473 type=\"incident.opened\""),
        text);
    assert_non_null(strstr(text, " screen=\"A <b> & \\\"c\\]\\\" =|\\\\\""));
    assert_non_null(strstr(text, "] login is down: 1 page"));
    assert_null(strchr(text, '\n'));
    syslog_of(CLOSED, false, text, sizeof(text));
    assert_ptr_equal(strstr(text, "<85>1 "), text);
}

static void cef_escapes_what_it_is_made_of(void **state)
{
    (void)state;
    char text[8192];

    syslog_of(OPENED, true, text, sizeof(text));
    assert_non_null(strstr(text, " - CEF:0|Countermark|Countermark|1|incident.opened|"
                                 "Another user's data was found in a response|10|"
                                 "rt=1769903999999 outcome=withheld"));
    assert_non_null(strstr(text, "cs4Label=screen cs4=A <b> & \"c]\" \\=|\\\\ "));
    assert_null(strchr(text, '\n'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slack_gets_what_has_happened_first_and_escaped),
        cmocka_unit_test(a_headline_says_whether_anything_left),
        cmocka_unit_test(a_headline_names_the_feature_the_person_and_the_reason),
        cmocka_unit_test(every_form_leads_to_the_console_where_it_is_known),
        cmocka_unit_test(
            alertmanager_knows_an_incident_by_the_same_labels_until_it_is_closed),
        cmocka_unit_test(
            a_feature_that_is_up_again_resolves_its_alert_and_a_trial_does_not),
        cmocka_unit_test(break_glass_that_is_over_resolves_its_alert),
        cmocka_unit_test(ocsf_closes_what_is_over),
        cmocka_unit_test(ocsf_is_a_data_security_finding),
        cmocka_unit_test(syslog_has_the_header_and_the_data_of_rfc_5424),
        cmocka_unit_test(cef_escapes_what_it_is_made_of),
    };
    return RUN_TESTS(tests);
}
