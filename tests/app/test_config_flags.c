#include "app/config_case.h"
#include "app/config_flags.h"
#include "http/path_pattern.h"

enum { FLAGS_MAX = 24 };

/* Loads flags `--name value` in turn, over `file` or none. */
static struct config *load(const char *file, const char *const *words,
                           struct report *report)
{
    struct config_flag flags[FLAGS_MAX];
    struct feature_table features = {0};
    struct config_source source = {
        .path = file, .flags = flags, .state_default = "/var/lib/x"};

    feature_table_init(&features, NULL);
    for (; *words != NULL; words += 2) {
        assert_true(source.flag_count < FLAGS_MAX);
        assert_true(config_has_flag(words[0]));
        flags[source.flag_count++] = (struct config_flag){words[0], words[1]};
    }
    return config_load(&source, &features, report);
}

static const char *const SMALLEST[] = {
    "listen",
    "127.0.0.1:8080",
    "upstream",
    "http://127.0.0.1:9000",
    "session-cookie",
    "JSESSIONID",
    "marker",
    "owner=meta:user-marker",
    "feature",
    "login=/login,/mypage/**",
    NULL,
};

static void flags_alone_make_the_smallest_configuration(void **state)
{
    (void)state;
    struct report *report = report_new();
    struct config *config = load(NULL, SMALLEST, report);

    assert_non_null(config);
    assert_int_equal(report_error_count(report), 0);
    const struct site *site = config->site;
    assert_string_equal(config->listens[0].host, "127.0.0.1");
    assert_int_equal(config->listens[0].port, 8080);
    assert_string_equal(site->upstreams[0].name, "site");
    assert_string_equal(site->upstreams[0].servers[0].text, "127.0.0.1:9000");
    assert_int_equal(site->session.cookies->count, 1);
    assert_true(span_equal(site->classes[0].name, SPAN("owner")));
    assert_int_equal(site->classes[0].must_be, MARKER_RULE_REQUESTER);
    assert_int_equal(site->features[0].path_count, 2);
    assert_true(path_pattern_matches(site->features[0].paths[1], SPAN("/mypage/x")));
    assert_null(config->path);
    config_free(&config);
    report_free(&report);
}

static void flags_win_over_the_file(void **state)
{
    (void)state;
    static const char *const WORDS[] = {
        "listen",  "127.0.0.1:1", "listen", "127.0.0.1:2",         "mode",
        "observe", "workers",     "2",      "session-idle",        "5m",
        "admin",   "127.0.0.1:9", "hosts",  "a.example,b.example", "ledger-deadline",
        "3s",      NULL,
    };
    struct report *report = report_new();

    config_case_write("t.yaml", GOOD "mode: enforce\n");
    struct config *config = load("t.yaml", WORDS, report);
    assert_non_null(config);
    assert_int_equal(config->listen_count, 2);
    assert_int_equal(config->listens[1].port, 2);
    assert_true(config->site->observe);
    assert_int_equal(config->workers, 2);
    assert_int_equal(config->site->session.idle_ms, 300000);
    assert_int_equal(config->site->session.cookies->count, 1);
    assert_int_equal(config->site->host_count, 2);
    assert_int_equal(config->site->ledger_deadline_ms, 3000);
    assert_int_equal(config->admin.port, 9);
    config_free(&config);
    report_free(&report);
}

static void flags_may_repeat_servers_selectors_and_routes(void **state)
{
    (void)state;
    static const char *const WORDS[] = {
        "upstream", "http://a:1",          "upstream", "http://b:2",
        "marker",   "owner=header:X-User", "marker",   "owner=regex:a=(b),c",
        "route",    "/my/**=owner",        NULL,
    };
    struct report *report = report_new();

    config_case_write("t.yaml", GOOD);
    struct config *config = load("t.yaml", WORDS, report);
    assert_non_null(config);
    assert_int_equal(config->site->upstreams[0].server_count, 2);
    assert_int_equal(config->site->class_count, 1);
    assert_int_equal(config->site->classes[0].selector_count, 2);
    assert_string_equal(config->site->classes[0].selectors[1].argument, "a=(b),c");
    assert_int_equal(config->site->routes[0].requirement.require_mask, 1);
    config_free(&config);
    report_free(&report);
}

static void flags_have_the_names_of_their_keys_too(void **state)
{
    (void)state;
    static const char *const WORDS[] = {
        "access_log",
        "off",
        "alias_idle",
        "5m",
        "upstream",
        "http://a:1",
        "upstreams",
        "http://b:2",
        "markers",
        "owner=meta:u",
        "features",
        "login=/in,/my/**",
        "routes",
        "/my/**=owner",
        "login-request",
        "POST /in",
        "alerts",
        "soc=http://127.0.0.1:1/x,soc.secret",
        "login_request",
        "POST /in2",
        NULL,
    };
    struct report *report = report_new();

    config_case_write("soc.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    config_case_write("t.yaml", GOOD "login: {request: [POST /login]}\n");
    struct config *config = load("t.yaml", WORDS, report);
    if (config == NULL) {
        fail_msg("%s", report_text(report, 0));
    }
    assert_int_equal(config->access_log.kind, ACCESS_LOG_OFF);
    assert_int_equal(config->site->login.alias_idle_ms, 300000);
    assert_int_equal(config->site->upstreams[0].server_count, 2);
    assert_int_equal(config->site->classes[0].selector_count, 1);
    assert_int_equal(config->site->features[0].path_count, 2);
    assert_int_equal(config->site->routes[0].requirement.require_mask, 1);
    assert_int_equal(config->site->login.request.count, 2);
    assert_int_equal(config->alert_count, 1);
    config_free(&config);
    report_free(&report);
    assert_false(config_has_flag("access"));
    assert_false(config_has_flag("access_log_"));
    assert_false(config_has_flag("listens"));
}

static void flags_are_the_place_of_their_errors(void **state)
{
    (void)state;
    static const char *const WORDS[] = {
        "workers",   "none", "marker", "owner", "marker",
        "x=foo:bar", "mode", "watch",  NULL,
    };
    struct report *report = report_new();

    config_case_write("t.yaml", GOOD);
    assert_null(load("t.yaml", WORDS, report));
    assert_string_equal(report_text(report, 0),
                        "--marker: must be NAME=SELECTOR, not `owner`");
    assert_string_equal(report_text(report, 1),
                        "--marker: unknown selector \"foo:bar\": it must begin with "
                        "header:, meta:, attr:, json:, regex: or cookie:");
    assert_string_equal(report_text(report, 2),
                        "--mode: `mode` must be `enforce` or `observe`, not `watch`");
    assert_string_equal(report_text(report, 3),
                        "--workers: `workers` must be `auto` or a whole number, not "
                        "`none`");
    assert_null(report_text(report, 4));
    report_free(&report);
}

static void every_top_level_option_has_a_flag(void **state)
{
    (void)state;
    static const char *const FLAGS[] = {
        "listen",
        "upstream",
        "marker",
        "feature",
        "route",
        "admin",
        "alert",
        "state",
        "mode",
        "workers",
        "hosts",
        "access-log",
        "refusal-status",
        "hold-max",
        "hold-total-max",
        "hold-wait",
        "send-rate-min",
        "marker-max",
        "ignore-case",
        "session-cookie",
        "login-request",
        "limits-body-size-max",
        "ledger-deadline",
    };
    const char *name = NULL;
    const char *value = NULL;
    const char *sentence = NULL;

    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
        assert_true(config_has_flag(FLAGS[i]));
    }
    assert_false(config_has_flag("listen-address"));
    assert_false(config_has_flag("grants"));
    size_t count = 0;
    while (config_flags_at(count, &name, &value, &sentence)) {
        assert_true(config_has_flag(name));
        assert_true(sentence[0] != '\0');
        count++;
    }
    assert_true(count > sizeof(FLAGS) / sizeof(FLAGS[0]));
    assert_string_equal(config_flags_nearest("worker"), "workers");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_alone_make_the_smallest_configuration),
        cmocka_unit_test(flags_win_over_the_file),
        cmocka_unit_test(flags_may_repeat_servers_selectors_and_routes),
        cmocka_unit_test(flags_have_the_names_of_their_keys_too),
        cmocka_unit_test(flags_are_the_place_of_their_errors),
        cmocka_unit_test(every_top_level_option_has_a_flag),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
