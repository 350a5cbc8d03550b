#include "app/config_case.h"
#include "app/restart.h"

/* The first is that of the start. */
static void check(const char *first_text, const char *next_text, struct report *report)
{
    struct config *first = config_case_good(first_text);
    struct config *next = config_case_good(next_text);

    restart_check(first, next, report);
    config_free(&first);
    config_free(&next);
}

static void restart_is_not_needed_for_the_same_or_for_what_a_reload_changes(void **state)
{
    (void)state;
    struct report *report = report_new();

    check(GOOD, GOOD, report);
    check(GOOD, GOOD "refusal_status: 503\nhold_max: 2MiB\n", report);
    assert_null(report_text(report, 0));
    report_free(&report);
}

static void restart_is_named_for_each_key_that_stays(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *key;
    } rows[] = {
        {"listen: [{address: 127.0.0.1:8081}]\n" UPSTREAMS SESSION MARKERS FEATURES,
         "listen"},
        {"listen: [{address: 'unix:/x'}]\n" UPSTREAMS SESSION MARKERS FEATURES, "listen"},
        {"listen: [{address: 127.0.0.1:8080, trusted_proxies: [10.0.0.0/8]}]\n" UPSTREAMS
             SESSION MARKERS FEATURES,
         "listen"},
        {GOOD "state: /var/lib/y\nadmin: {socket: /run/x.sock}\n", "state"},
        {GOOD "admin: {socket: /run/y.sock}\n", "admin.socket"},
        {GOOD "admin: {socket: /run/x.sock, socket_mode: 0660}\n", "admin.socket_mode"},
        {GOOD "admin: {socket: /run/x.sock, address: 127.0.0.1:9901}\n", "admin.address"},
        {GOOD "user: nobody\n", "user"},
        {GOOD "workers: 3\n", "workers"},
        {GOOD "access_log: /tmp/other.log\n", "access_log"},
        {LISTEN UPSTREAMS "session: {cookies: [SID], max: 5000}\n" MARKERS FEATURES,
         "session.max"},
        {LISTEN UPSTREAMS "session: {cookies: [SID], idle: 3h}\n" MARKERS FEATURES,
         "session.idle"},
        {GOOD "hold_total_max: 64MiB\n", "hold_total_max"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct report *report = report_new();
        char text[2048];
        char expected[256];
        bool has_admin = strstr(rows[i].text, "admin:") != NULL;
        (void)snprintf(text, sizeof(text), "%s%s", rows[i].text,
                       has_admin ? "" : "admin: {socket: /run/x.sock}\n");
        (void)snprintf(expected, sizeof(expected),
                       "t.yaml: warning: `%s` changes only with a restart; the value at "
                       "the start stays",
                       rows[i].key);
        check(GOOD "admin: {socket: /run/x.sock}\n", text, report);
        assert_string_equal(report_text(report, 0), expected);
        assert_null(report_text(report, 1));
        report_free(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(restart_is_not_needed_for_the_same_or_for_what_a_reload_changes),
        cmocka_unit_test(restart_is_named_for_each_key_that_stays),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
