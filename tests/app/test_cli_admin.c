#include "app/cli_case.h"
#include "app/config_case.h"
#include "app/proxy_case.h"

/* Runs `words` with --admin-socket at a proxy that answers so. */
static int run_at(struct proxy *proxy, const char *words, const char *status,
                  const char *json)
{
    static char answer[4096];
    char text[512];

    (void)snprintf(answer, sizeof(answer), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
                   status, strlen(json), json);
    proxy_start(proxy, answer, 100);
    (void)snprintf(text, sizeof(text), "%s --admin-socket %s", words, proxy->path);
    int code = run(text);
    proxy_end(proxy);
    return code;
}

static void status_is_a_table_for_people_and_json_for_programs(void **state)
{
    (void)state;
    static const char JSON[] =
        "{\"version\":\"1\",\"mode\":\"enforce\",\"ready\":true,\"features\":[{\"name\":"
        "\"login\",\"state\":\"down\",\"since\":\"2026-01-01T00:00:00Z\",\"reason\":"
        "\"other\\u001b-owner\",\"incident\":3}],\"config\":{\"hash\":\"abc\"}}";
    struct proxy proxy;

    assert_int_equal(run_at(&proxy, "status", "200 OK", JSON), CLI_DONE);
    assert_non_null(strstr(proxy.request, "GET /api/v1/status HTTP/1.1\r\n"));
    assert_non_null(strstr(output, "mode              enforce\n"));
    assert_non_null(strstr(output, "login                down   2026-01-01T00:00:00Z"));
    assert_non_null(strstr(output, "other?-owner\n"));
    assert_int_equal(run_at(&proxy, "status --json", "200 OK", JSON), CLI_DONE);
    assert_int_equal(strncmp(output, JSON, sizeof(JSON) - 1), 0);
}

static void up_sends_reason_and_anyway_and_tells_a_refusal(void **state)
{
    (void)state;
    struct proxy proxy;

    assert_int_equal(
        run_at(&proxy, "up log/in --reason fixed", "409 Conflict",
               "{\"title\":\"Conflict\",\"detail\":\"The incident is open.\"}"),
        CLI_NO);
    assert_non_null(strstr(proxy.request, "POST /api/v1/features/log%2Fin/up HTTP/1.1"));
    assert_string_equal(output, "countermark: Conflict: The incident is open. (409)\n");
    assert_int_equal(run_at(&proxy, "up login --reason fixed --anyway", "200 OK",
                            "{\"name\":\"login\",\"state\":\"up\"}"),
                     CLI_DONE);
    assert_string_equal(output, "login is up\n");
}

static void mode_enforce_needs_no_reason(void **state)
{
    (void)state;
    struct proxy proxy;

    assert_int_equal(run("mode observe --for 1h"), CLI_USAGE);
    assert_string_equal(output, "countermark: mode observe needs --reason TEXT\n");
    assert_int_equal(
        run_at(&proxy, "mode enforce", "200 OK", "{\"mode\":\"enforce\",\"until\":null}"),
        CLI_DONE);
    assert_non_null(strstr(proxy.request, "\"mode\":\"enforce\""));
    assert_string_equal(output, "mode is enforce \n");
}

static void upgrade_says_who_serves_or_why_it_failed(void **state)
{
    (void)state;
    struct proxy proxy;

    assert_int_equal(run_at(&proxy, "upgrade", "409 Conflict",
                            "{\"title\":\"Conflict\",\"detail\":\"It is under way.\"}"),
                     CLI_NO);
    assert_non_null(strstr(proxy.request, "POST /api/v1/upgrade HTTP/1.1\r\n"));
    assert_string_equal(output, "countermark: Conflict: It is under way. (409)\n");
}

static void reload_with_errors_tells_them_and_returns_two(void **state)
{
    (void)state;
    struct proxy proxy;

    assert_int_equal(run_at(&proxy, "reload", "422 Unprocessable Content",
                            "{\"title\":\"No\",\"errors\":[\"f:1:2: bad\"]}"),
                     CLI_USAGE);
    assert_string_equal(output, "countermark: No (422)\nf:1:2: bad\n");
    assert_int_equal(
        run_at(&proxy, "reload", "200 OK", "{\"in_force\":true,\"warnings\":[\"w\"]}"),
        CLI_DONE);
    assert_string_equal(output, "w\nthe new configuration is in force\n");
}

static void exit_code_of_an_order_that_is_wrong_in_itself_is_two(void **state)
{
    (void)state;
    static const struct {
        const char *status;
        int code;
    } rows[] = {
        {"400 Bad Request", CLI_USAGE}, {"422 Unprocessable Content", CLI_USAGE},
        {"403 Forbidden", CLI_NO},      {"404 Not Found", CLI_NO},
        {"409 Conflict", CLI_NO},       {"503 Service Unavailable", CLI_NO},
    };
    static const char *const words[] = {"mode observe --reason x", "down shop --reason x",
                                        "report --from nonsense", "ledger verify"};
    struct proxy proxy;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
            assert_int_equal(run_at(&proxy, words[k], rows[i].status, "{}"),
                             rows[i].code);
            assert_int_equal(run_at(&proxy, "status --json", rows[i].status, "{}"),
                             rows[i].code);
        }
    }
    assert_int_equal(run("alerts retry some --admin-socket /nowhere"), CLI_USAGE);
}

static void incidents_lists_and_shows(void **state)
{
    (void)state;
    struct proxy proxy;

    assert_int_equal(run_at(&proxy, "incidents", "200 OK", "{\"incidents\":[]}"),
                     CLI_DONE);
    assert_string_equal(output, "no incidents\n");
    /* Of a route without a feature of its own, which took nothing down. */
    assert_int_equal(run_at(&proxy, "incidents", "200 OK",
                            "{\"incidents\":[{\"id\":7,\"feature\":\"\",\"state\":"
                            "\"open\",\"reason\":\"ungranted\"}]}"),
                     CLI_DONE);
    assert_non_null(strstr(output, "7        -                open "));
    assert_int_equal(
        run_at(&proxy, "incidents 3", "200 OK",
               "{\"id\":3,\"feature\":\"login\",\"rows\":[{\"viewer\":\"u-1\","
               "\"subject\":\"u-2\",\"shows\":[\"name\",\"address\"],"
               "\"screen\":\"\xe7\x94\xbb\"},{\"shows\":[]},{\"shows\":\"as "
               "before\"}]}"),
        CLI_DONE);
    assert_non_null(strstr(proxy.request, "GET /api/v1/incidents/3 HTTP/1.1"));
    assert_non_null(strstr(output, "u-1                u-2 "));
    assert_non_null(strstr(output, "    data name, address "));
    assert_non_null(strstr(output, "    data - "));
    assert_non_null(strstr(output, "    data as before "));
    assert_int_equal(run_at(&proxy, "incidents 9", "404 Not Found", "{}"), CLI_NO);
    assert_int_equal(run_at(&proxy, "incidents", "200 OK", "<html>"), CLI_UNREACHABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_is_a_table_for_people_and_json_for_programs),
        cmocka_unit_test(up_sends_reason_and_anyway_and_tells_a_refusal),
        cmocka_unit_test(mode_enforce_needs_no_reason),
        cmocka_unit_test(upgrade_says_who_serves_or_why_it_failed),
        cmocka_unit_test(reload_with_errors_tells_them_and_returns_two),
        cmocka_unit_test(exit_code_of_an_order_that_is_wrong_in_itself_is_two),
        cmocka_unit_test(incidents_lists_and_shows),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
