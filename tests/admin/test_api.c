#include "admin/fixture.h"

#define HOST        "Host: localhost\r\n"
#define END         "\r\n"
#define TOKEN(name) "Authorization: Bearer " name "\r\n"
#define JSON        "Content-Type: application/json\r\n"
#define REASON      JSON "Content-Length: 14\r\n\r\n{\"reason\":\"x\"}"

static int over_address(struct fixture *fixture, const char *request)
{
    return fixture_ask(fixture, false, request);
}

static int over_socket(struct fixture *fixture, const char *request)
{
    return fixture_ask(fixture, true, request);
}

static void api_health_and_metrics_need_no_token(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(over_address(fixture, "GET /livez HTTP/1.1\r\n" HOST END), 200);
    assert_int_equal(over_address(fixture, "GET /readyz HTTP/1.1\r\n" HOST END), 200);
    assert_int_equal(over_address(fixture, "GET /metrics HTTP/1.1\r\n" HOST END), 200);
    fixture_expect(fixture, "Content-Type: text/plain; version=0.0.4; charset=utf-8");
    fixture_expect(fixture, "# TYPE countermark_incidents_open gauge");
    assert_int_equal(fixture->refreshed, 1);
}

/* A scraper may send the same token everywhere, and a changed one blinds nobody. */
static void api_health_and_metrics_ignore_a_token(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const char *const paths[] = {"/livez", "/readyz", "/metrics", "/"};
    char request[256];

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s", paths[i],
                       HOST TOKEN("guess") END);
        assert_int_equal(over_address(fixture, request), 200);
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n%s", paths[i],
                       HOST TOKEN("viewer") TOKEN("operator") END);
        assert_int_equal(over_address(fixture, request), 200);
    }
    assert_int_equal(
        over_address(fixture, "GET /api/v1/nothing HTTP/1.1\r\n" HOST TOKEN("guess") END),
        401);
}

static void api_metrics_are_openmetrics_by_accept(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(over_address(fixture,
                                  "GET /metrics HTTP/1.1\r\n" HOST
                                  "Accept: application/openmetrics-text\r\n" END),
                     200);
    fixture_expect(fixture, "Content-Type: application/openmetrics-text; "
                            "version=1.0.0; charset=utf-8");
    fixture_expect(fixture, "# EOF\n");
}

static void api_is_not_ready_while_it_cannot_serve(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        enum control_ready ready;
        const char *name;
        const char *detail;
    } cases[] = {
        {CONTROL_STARTING, "starting", "Do not send clients here now."},
        {CONTROL_DRAINING, "draining", "Do not send clients here now."},
        {CONTROL_NO_LEDGER, "no route can be served",
         "Every route requires a marker, and the ledger fails."},
        {CONTROL_NO_UPSTREAM, "no route can be served",
         "No server of any route's upstream answers."},
        {CONTROL_NO_ROUTE, "no route can be served",
         "The ledger fails; where it is not needed no server answers."},
    };
    char text[256];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fixture->ready = cases[i].ready;
        assert_int_equal(over_address(fixture, "GET /readyz HTTP/1.1\r\n" HOST END), 503);
        fixture_expect(fixture, "Content-Type: application/problem+json");
        (void)snprintf(text, sizeof(text), "\"detail\":\"%s\",\"state\":\"%s\"",
                       cases[i].detail, cases[i].name);
        fixture_expect(fixture, text);
    }
    assert_int_equal(over_address(fixture, "GET /livez HTTP/1.1\r\n" HOST END), 200);
}

static void api_status_has_what_the_command_line_shows(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(over_socket(fixture, "GET /api/v1/status HTTP/1.1\r\n" HOST END),
                     200);
    fixture_expect(fixture, "Content-Type: application/json\r\n");
    fixture_expect(fixture, "\"version\":\"1.2.3\",\"mode\":\"enforce\",\"ready\":true");
    fixture_expect(fixture, "\"workers\":2");
    fixture_expect(fixture, "\"incidents_open\":1");
    fixture_expect(fixture, "\"sessions\":7");
    fixture_expect(fixture, "\"config\":{\"hash\":\"abc\",\"loaded_at\":"
                            "\"1970-01-01T00:00:01.000Z\"}");
    fixture_expect(fixture, "\"ledger\":{\"ok\":true},\"alerts\":{\"queue\":3}");
    fixture_expect(fixture, "{\"name\":\"login\",\"state\":\"down\",\"since\":"
                            "\"1970-01-02T00:00:00.000Z\",\"who\":\"root\",\"reason\":"
                            "\"a \\\"reason\\\"\",\"incident\":4,\"up_at\":null,"
                            "\"has_trial\":false}");
    fixture_expect(
        fixture,
        "{\"name\":\"forms\",\"state\":\"up\",\"since\":null,"
        "\"who\":null,\"reason\":null,\"incident\":null,\"up_at\":null,"
        "\"has_trial\":false}],\"you\":{\"name\":\"root\",\"role\":\"operator\"}}");
}

static void api_lists_features_and_incidents(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(over_socket(fixture, "GET /api/v1/features HTTP/1.1\r\n" HOST END),
                     200);
    fixture_expect(fixture, "\r\n\r\n{\"features\":[{\"name\":\"login\"");
    assert_int_equal(over_socket(fixture, "GET /api/v1/incidents HTTP/1.1\r\n" HOST END),
                     200);
    fixture_expect(fixture, "\r\n\r\n{\"incidents\":[2]}");
    assert_int_equal(
        over_socket(fixture, "GET /api/v1/incidents?open=true HTTP/1.1\r\n" HOST END),
        200);
    fixture_expect(fixture, "{\"incidents\":[1]}");
    assert_int_equal(
        over_socket(fixture, "GET /api/v1/incidents/4 HTTP/1.1\r\n" HOST END), 200);
    fixture_expect(fixture, "\r\n\r\n{\"id\":4}");
}

static void api_without_the_ledger_says_so(void **state)
{
    struct fixture *fixture = fixture_of(state);

    fixture->read_err = ERR_STORAGE;
    assert_int_equal(over_socket(fixture, "GET /api/v1/incidents HTTP/1.1\r\n" HOST END),
                     503);
    fixture_expect(fixture, "\r\n\r\n{\"type\":\"about:blank\"");
    assert_int_equal(
        over_socket(fixture, "GET /api/v1/incidents/4 HTTP/1.1\r\n" HOST END), 503);
}

static void api_of_something_unknown_names_what_exists(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *paths[] = {"/api/v1/status/",
                           "//",
                           "/api/v1//status",
                           "/api/v1/features//down",
                           "/api/v1/features/%zz/down",
                           "/api/v1/features/a%00/down",
                           "/livez/x",
                           "/LIVEZ"};
    char request[256];

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST END,
                       paths[i]);
        if (over_socket(fixture, request) != 404) {
            fail_msg("%s: %s", paths[i], fixture->reply);
        }
        fixture_expect(fixture, "\"paths\":[\"/\",");
    }
    const char *none[] = {"/api/v1/incidents/5", "/api/v1/incidents/x",
                          "/api/v1/incidents/99999999999999999999", "/api/v1/coverage",
                          ("/api/v1/sessions?fingerprint="
                           "00000000000000000000000000000000")};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        (void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST END, none[i]);
        assert_int_equal(over_socket(fixture, request), 404);
    }
}

static void api_over_the_address_needs_a_token(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *requests[] = {
        "GET /api/v1/status HTTP/1.1\r\n" HOST END,
        "GET /api/v1/nothing HTTP/1.1\r\n" HOST END,
        "GET /api/v1/reload HTTP/1.1\r\n" HOST END,
        "POST /api/v1/features/login/up HTTP/1.1\r\n" HOST REASON,
        "GET /api/v1/status HTTP/1.1\r\n" HOST "Authorization: Basic dmlld2Vy\r\n" END,
        "GET /api/v1/status HTTP/1.1\r\n" HOST "Cookie: token=operator\r\n" END,
    };

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        assert_int_equal(over_address(fixture, requests[i]), 401);
        fixture_expect(fixture, "WWW-Authenticate: Bearer realm=\"countermark\"\r\n");
    }
    assert_int_equal(
        over_address(fixture, "GET /api/v1/status HTTP/1.1\r\n" HOST TOKEN("guess") END),
        401);
    fixture_expect(fixture, "error=\"invalid_token\"");
    assert_int_equal(over_address(fixture, "GET /api/v1/status HTTP/1.1\r\n" HOST TOKEN(
                                               "viewer") TOKEN("operator") END),
                     401);
    assert_null(fixture->ticket);
}

static void api_viewer_looks_and_changes_nothing(void **state)
{
    struct fixture *fixture = fixture_of(state);
    const char *posts[] = {"features/login/up", "features/login/down",
                           "incidents/4/close", "reload"};
    char request[256];

    assert_int_equal(
        over_address(fixture, "GET /api/v1/status HTTP/1.1\r\n" HOST TOKEN("viewer") END),
        200);
    for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
        (void)snprintf(request, sizeof(request),
                       "POST /api/v1/%s HTTP/1.1\r\n" HOST TOKEN("viewer") REASON,
                       posts[i]);
        assert_int_equal(over_address(fixture, request), 403);
    }
    assert_null(fixture->ticket);
    assert_null(fixture->reload);
}

static void api_reveals_values_to_an_operator_alone(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(
        over_address(
            fixture,
            "GET /api/v1/incidents/4?reveal=true HTTP/1.1\r\n" HOST TOKEN("viewer") END),
        403);
    assert_string_equal(fixture->revealed_to, "");
    assert_int_equal(
        over_address(fixture,
                     "GET /api/v1/incidents/4?reveal=true HTTP/1.1\r\n" HOST TOKEN(
                         "operator") END),
        200);
    assert_string_equal(fixture->revealed_to, "operator");
    assert_int_equal(
        over_address(fixture,
                     "GET /api/v1/incidents/4 HTTP/1.1\r\n" HOST TOKEN("operator") END),
        200);
    assert_string_equal(fixture->revealed_to, "");
}

static void api_over_the_address_answers_only_its_own_host(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(
        over_address(fixture, "GET /livez HTTP/1.1\r\nHost: evil.example\r\n" END), 421);
    assert_int_equal(
        over_address(fixture,
                     "GET /api/v1/status HTTP/1.1\r\nHost: evil.example\r\n" TOKEN(
                         "operator") END),
        421);
    assert_int_equal(
        over_socket(fixture, "GET /livez HTTP/1.1\r\nHost: evil.example\r\n" END), 200);
}

static void api_wrong_method_names_the_right_ones(void **state)
{
    struct fixture *fixture = fixture_of(state);

    assert_int_equal(over_socket(fixture, "POST /livez HTTP/1.1\r\n" HOST REASON), 405);
    fixture_expect(fixture, "Allow: GET, HEAD\r\n");
    assert_int_equal(over_socket(fixture, "GET /api/v1/reload HTTP/1.1\r\n" HOST END),
                     405);
    fixture_expect(fixture, "Allow: POST\r\n");
    assert_int_equal(over_socket(fixture, "DELETE /api/v1/drill HTTP/1.1\r\n" HOST END),
                     405);
    fixture_expect(fixture, "Allow: GET, HEAD, POST\r\n");
    assert_int_equal(over_socket(fixture, "OPTIONS /livez HTTP/1.1\r\n" HOST END), 405);
}

static void api_change_needs_json_and_a_reason(void **state)
{
    struct fixture *fixture = fixture_of(state);
    static const struct {
        const char *rest;
        int status;
    } cases[] = {
        {"Content-Type: text/plain\r\nContent-Length: 14\r\n\r\n{\"reason\":\"x\"}", 415},
        {"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 8\r\n\r\n"
         "reason=x",
         400},
        {"Content-Length: 8\r\n\r\nreason=x", 400},
        {"Content-Length: 2\r\n\r\n{}", 422},
        {JSON END, 422},
        {JSON "Content-Length: 2\r\n\r\n{}", 422},
        {JSON "Content-Length: 13\r\n\r\n{\"reason\":\"\"}", 422},
        {JSON "Content-Length: 1\r\n\r\n{", 400},
    };
    char request[256];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void)snprintf(request, sizeof(request),
                       "POST /api/v1/features/login/down HTTP/1.1\r\n" HOST "%s",
                       cases[i].rest);
        assert_int_equal(over_socket(fixture, request), cases[i].status);
    }
    assert_null(fixture->ticket);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(api_health_and_metrics_need_no_token),
        TEST(api_health_and_metrics_ignore_a_token),
        TEST(api_metrics_are_openmetrics_by_accept),
        TEST(api_is_not_ready_while_it_cannot_serve),
        TEST(api_status_has_what_the_command_line_shows),
        TEST(api_lists_features_and_incidents),
        TEST(api_without_the_ledger_says_so),
        TEST(api_of_something_unknown_names_what_exists),
        TEST(api_over_the_address_needs_a_token),
        TEST(api_viewer_looks_and_changes_nothing),
        TEST(api_reveals_values_to_an_operator_alone),
        TEST(api_over_the_address_answers_only_its_own_host),
        TEST(api_wrong_method_names_the_right_ones),
        TEST(api_change_needs_json_and_a_reason),
    };
    return RUN_TESTS(tests);
}
