#include <stdlib.h>
#include <unistd.h>

#include "app/config_case.h"
#include "app/weaker.h"

#define SHOP "features: [{name: login, paths: [/l]}, {name: shop, paths: [/s, /t/**]}]\n"
#define BASE LISTEN UPSTREAMS SESSION MARKERS
#define GRANTED(more, value)                                                             \
    LISTEN UPSTREAMS SESSION FEATURES                                                    \
        "grants: [{name: g, sqlite: /nowhere.db, query: 'SELECT " value                  \
        " WHERE :requester = 1', " more "}]\n"                                           \
        "markers: [{name: owner, find: [meta:a]}, {name: member, find: [attr:b], "       \
        "must_be: granted, grants: g}]\n"

#define SESSIONS(text)                                                                   \
    LISTEN UPSTREAMS "session: {cookies: [SID]" text "}\n" MARKERS FEATURES
#define LOGIN(text)    GOOD "login: {request: [POST /login]" text "}\n"
#define SUCCESS(rules) LOGIN(", success: [" rules "]")
#define TRIAL(networks)                                                                  \
    BASE "features: [{name: login, paths: [/l], trial: [" networks "]}]\n"

#define ROUTE(text)                                                                      \
    BASE FEATURES "routes: [{path: /a/**, require: [owner], unmarked: refuse, "          \
                  "over_limit: refuse}" text "]\n"

#define TRIALS    "more clients get through a trial of feature `login`"
#define SUCCEEDED "more counts as a login that succeeded (`login.success`)"

struct reload {
    const char *in_force;
    const char *next;
    bool down; /* The feature `shop` is. */
    bool accepted;
};

static bool check(const struct reload *reload, struct report *report)
{
    struct feature_table features = {0};
    unsigned slot = 0;
    struct config *in_force = config_case_good(reload->in_force);
    struct config *next = config_case_good(reload->next);

    feature_table_init(&features, NULL);
    assert_int_equal(feature_table_slot(&features, SPAN("shop"), &slot), ERR_NONE);
    assert_int_equal(slot, 1);
    if (reload->down) {
        feature_table_set(&features, slot, FEATURE_DOWN);
    }
    bool allowed = weaker_check(in_force, next, &features, reload->accepted, report);
    config_free(&in_force);
    config_free(&next);
    return allowed;
}

static void weaker_is_nothing_in_the_same_configuration(void **state)
{
    (void)state;
    static const char *const texts[] = {GOOD, BASE SHOP, ROUTE(""),
                                        GOOD "mode: observe\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct report *report = report_new();
        assert_true(
            check(&(struct reload){.in_force = texts[i], .next = texts[i]}, report));
        assert_null(report_text(report, 0));
        report_free(&report);
    }
}

static void weaker_is_nothing_that_protects_more(void **state)
{
    (void)state;
    static const struct reload rows[] = {
        {.in_force = GOOD "mode: observe\n", .next = GOOD},
        {.in_force = BASE FEATURES, .next = ROUTE("")},
        {.in_force = ROUTE(", {path: /b, mode: observe}"), .next = ROUTE("")},
        {.in_force = BASE "features: [{name: login, paths: [/l]}]\n",
         .next = BASE "features: [{name: login, paths: [/**]}]\n"},
        {.in_force = BASE "features: [{name: login, paths: [/l], take_down: {cases: 3, "
                          "weak_cases: 0}}]\n",
         .next = BASE "features: [{name: login, paths: [/l]}]\n"},
        {.in_force = GOOD,
         .next = LISTEN UPSTREAMS
         "session: {cookies: [SID, more], unknown: renew}\n" MARKERS FEATURES},
        {.in_force = GOOD, .next = SESSIONS(", remember: [rem], url_names: [sid]")},
        {.in_force = TRIAL("192.0.0.0/16, 198.51.100.7"), .next = TRIAL("192.0.2.0/24")},
        {.in_force = GOOD, .next = GOOD "login: {request: [/login]}\n"},
        {.in_force = LOGIN(", callback: [GET /sso/**]"),
         .next = LOGIN(", callback: [GET /sso/back]")},
        {.in_force = LOGIN(", ignore_case: true"), .next = LOGIN(", user_field: userid")},
        {.in_force = LOGIN(""), .next = SUCCESS("'status:303'")},
        {.in_force = SUCCESS("'location:/my/**', 'header:X-In', 'status:303'"),
         .next = SUCCESS("'header:x-in=1', 'location:/my/top'")},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct report *report = report_new();
        assert_true(check(&rows[i], report));
        assert_int_equal(report_error_count(report), 0);
        assert_int_equal(report_warning_count(report), 0);
        assert_non_null(strstr(report_text(report, 0), "t.yaml: stronger: "));
        report_free(&report);
    }
}

static void weaker_names_each_thing_that_protects_less(void **state)
{
    (void)state;
    static const struct {
        const char *in_force;
        const char *next;
        const char *what;
    } rows[] = {
        {GOOD, GOOD "mode: observe\n", "the mode is observe: nothing is withheld"},
        {GOOD "detectors_off: [unmarked]\n",
         GOOD "detectors_off: [unmarked, shared-cache]\n",
         "the detector `shared-cache` is switched off"},
        {BASE SHOP, BASE "features: [{name: login, paths: [/l]}]\n",
         "feature `shop` is gone"},
        {BASE SHOP,
         BASE "features: [{name: login, paths: [/l]}, {name: shop, paths: [/s, /t]}]\n",
         "feature `shop` is without `/t/**`"},
        {BASE FEATURES,
         BASE "features: [{name: login, paths: [/login], take_down: {cases: 2}}]\n",
         "feature `login` is taken down later"},
        {BASE FEATURES,
         BASE "features: [{name: login, paths: [/login], take_down: {weak_cases: 0}}]\n",
         "feature `login` is taken down later"},
        {BASE FEATURES,
         BASE "features: [{name: login, paths: [/login], take_down: {within: 1m}}]\n",
         "feature `login` is taken down later"},
        {ROUTE(""), ROUTE(", {path: /b, mode: observe}"), "`/b` is only observed"},
        {ROUTE(""),
         BASE FEATURES "routes: [{path: /a/**, require: [owner], unmarked: release, "
                       "over_limit: refuse}]\n",
         "unmarked responses are released on `/a/**`"},
        {ROUTE(""),
         BASE FEATURES "routes: [{path: /a/**, require: [owner], unmarked: refuse}]\n",
         "what is over `hold_max` is sent on `/a/**`"},
        {ROUTE(""), ROUTE(", {path: /b, websocket: allow}"),
         "WebSockets are forwarded on `/b`"},
        {BASE FEATURES "routes: [{path: /a, require: [owner]}]\n",
         BASE FEATURES "routes: [{path: /a}]\n",
         "marker `owner` is not required on `/a`"},
        {BASE FEATURES "routes: [{path: /a, require: [owner]}]\n", BASE FEATURES,
         "marker `owner` is not required on `/a`"},
        {BASE FEATURES "routes: [{path: /a/**, require: [owner]}]\n",
         BASE FEATURES "routes: [{path: /a/open}, {path: /a/**, require: [owner]}]\n",
         "marker `owner` is not required on `/a/open`"},
        {BASE FEATURES "routes: [{path: /a, echo: expect}]\n", BASE FEATURES,
         "the echo is not expected on `/a`"},
        {LISTEN UPSTREAMS SESSION FEATURES
         "markers: [{name: owner, find: [meta:a]}, {name: m, find: [meta:b]}]\n",
         LISTEN UPSTREAMS SESSION FEATURES "markers: [{name: owner, find: [meta:a]}]\n",
         "marker `m` is gone"},
        {LISTEN UPSTREAMS SESSION FEATURES
         "markers: [{name: owner, find: [meta:a, meta:b]}]\n",
         LISTEN UPSTREAMS SESSION FEATURES "markers: [{name: owner, find: [meta:a]}]\n",
         "marker `owner` is not looked for in `meta:b`"},
        {GRANTED("lag: 0", "1"), GRANTED("lag: 1m", "1"),
         "findings about marker `member` count later"},
        {GRANTED("cache: 1s", "1"), GRANTED("cache: 1m", "1"),
         "a grant for marker `member` is valid for longer"},
        {GRANTED("cache: 1s", "1"), GRANTED("cache: 1s", "2"),
         "marker `member` has another rule in `grants`"},
        {BASE FEATURES,
         LISTEN UPSTREAMS SESSION FEATURES
         "markers: [{name: owner, find: [meta:user-marker], nobody: [guest]}]\n",
         "marker `owner` has a new value for nobody"},
        {LISTEN UPSTREAMS "session: {cookies: [SID, OTHER]}\n" MARKERS FEATURES, GOOD,
         "session cookie `OTHER` is gone"},
        {LISTEN UPSTREAMS "session: {cookies: [\"S*\"]}\n" MARKERS FEATURES,
         LISTEN UPSTREAMS "session: {cookies: [\"S*\", \"!SID\"]}\n" MARKERS FEATURES,
         "session cookie `!SID` is new"},
        {LISTEN UPSTREAMS "session: {cookies: [SID], header: X-T}\n" MARKERS FEATURES,
         GOOD, "session header `X-T` is gone"},
        {LISTEN UPSTREAMS
         "session: {cookies: [SID], path_parameter: jsid}\n" MARKERS FEATURES,
         GOOD, "session parameter `jsid` is gone"},
        {LISTEN UPSTREAMS "session: {cookies: [SID], unknown: renew}\n" MARKERS FEATURES,
         GOOD, "unknown sessions are adopted"},
        {SESSIONS(", remember: [rem]"), GOOD, "remember cookie `rem` is gone"},
        {SESSIONS(", url_names: [sid, jsid]"), SESSIONS(", url_names: [sid]"),
         "`jsid=` in URLs is not removed while login is down"},
        {BASE "features: [{name: login, paths: [/l]}]\n", TRIAL("192.0.2.0/24"), TRIALS},
        {TRIAL("192.0.2.0/24"), TRIAL("192.0.2.0/24, 198.51.100.7"), TRIALS},
        {TRIAL("192.0.2.0/24"), TRIAL("192.0.0.0/16"), TRIALS},
        {TRIAL("192.0.2.0/24"), TRIAL("0.0.0.0/0"), TRIALS},
        {GOOD "login: {request: [POST /login]}\n", GOOD, "no request is a login"},
        {GOOD "login: {callback: [POST /sso]}\n", GOOD, "no request is a login"},
        {GOOD "login: {request: [POST /login, PUT /api/**]}\n", LOGIN(""),
         "logins by `PUT /api/**` are not seen"},
        {GOOD "login: {request: [/login]}\n", LOGIN(""),
         "logins by `/login` are not seen"},
        {LOGIN(""), LOGIN(", callback: [GET /sso]"),
         "`GET /sso` may begin a session with a marked answer"},
        {LOGIN(", callback: [GET /sso]"), LOGIN(", callback: [GET /sso/**]"),
         "`GET /sso/**` may begin a session with a marked answer"},
        {LOGIN(", callback: [GET /sso]"), LOGIN(", callback: [/sso]"),
         "`/sso` may begin a session with a marked answer"},
        {GOOD, GOOD "login: {callback: [GET /**]}\n",
         "`GET /**` may begin a session with a marked answer"},
        {LOGIN(", user_field: userid"), LOGIN(""),
         "the name of a login is not read from `userid`"},
        {LOGIN(""), LOGIN(", ignore_case: true"),
         "the names of logins compare without case"},
        {SUCCESS("'location:/my/**'"), LOGIN(""), SUCCEEDED},
        {SUCCESS("'location:/my/top'"), SUCCESS("'location:/my/**'"), SUCCEEDED},
        {SUCCESS("'status:303'"), SUCCESS("'status:303', 'marker:owner'"), SUCCEEDED},
        {SUCCESS("'header:X-In=1'"), SUCCESS("'header:X-In'"), SUCCEEDED},
        {SUCCESS("'header:X-In=1'"), SUCCESS("'header:X-In=1', 'status:200'"), SUCCEEDED},
        {GOOD, GOOD "ledger_max: 1GiB\n",
         "the ledger keeps less access evidence (`ledger_max`)"},
        {GOOD, GOOD "retention: 1y\n",
         "closed incidents lose their people earlier (`retention`)"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reload reload = {.in_force = rows[i].in_force, .next = rows[i].next};
        char expected[512];
        struct report *report = report_new();
        (void)snprintf(expected, sizeof(expected),
                       "t.yaml: weaker than the configuration in force: %s; use "
                       "`countermark reload --accept-weaker REASON` if it is meant",
                       rows[i].what);
        assert_false(check(&reload, report));
        assert_string_equal(report_text(report, 0), expected);
        assert_int_equal(report_error_count(report), 1);
        report_free(&report);

        report = report_new();
        reload.accepted = true;
        (void)snprintf(expected, sizeof(expected), "t.yaml: warning: weaker: %s",
                       rows[i].what);
        assert_true(check(&reload, report));
        assert_string_equal(report_text(report, 0), expected);
        assert_int_equal(report_warning_count(report), 1);
        report_free(&report);
    }
}

static void weaker_counts_more_than_a_report_keeps(void **state)
{
    (void)state;
    enum { COUNT = DIFFERENCE_LINES_MAX + 3 };
    static char text[32768];
    size_t len = (size_t)snprintf(text, sizeof(text), GOOD "routes: [");

    for (int i = 0; i < COUNT; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "{path: /p%d, require: [owner]}, ", i);
    }
    (void)snprintf(text + len, sizeof(text) - len, "]\n");
    for (int accepted = 0; accepted < 2; accepted++) {
        struct report *report = report_new();
        const struct reload reload = {
            .in_force = text, .next = GOOD, .accepted = accepted != 0};
        assert_int_equal(check(&reload, report), accepted != 0);
        assert_int_equal(report_error_count(report), accepted != 0 ? 0 : COUNT);
        assert_int_equal(report_warning_count(report), accepted != 0 ? COUNT : 0);
        report_free(&report);
    }
}

static void weaker_is_a_login_that_has_moved_or_another_success(void **state)
{
    (void)state;
    static const struct reload rows[] = {
        {.in_force = LOGIN(""), .next = GOOD "login: {request: [POST /signin]}\n"},
        {.in_force = LOGIN(", user_field: a"), .next = LOGIN(", user_field: b")},
        {.in_force = SUCCESS("'status:303'"), .next = SUCCESS("'status:302'")},
        {.in_force = TRIAL("192.0.2.0/24"), .next = TRIAL("198.51.100.0/24")},
        {.in_force = LOGIN(""), .next = GOOD "login: {request: [/login, POST /**]}\n"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct report *report = report_new();
        assert_false(check(&rows[i], report));
        report_free(&report);
    }
}

static void weaker_or_not_a_feature_that_is_down_cannot_go(void **state)
{
    (void)state;
    static const char gone[] = BASE "features: [{name: login, paths: [/l]}]\n";

    for (int allowed = 0; allowed < 2; allowed++) {
        struct report *report = report_new();
        assert_false(check(&(struct reload){.in_force = BASE SHOP,
                                            .next = gone,
                                            .down = true,
                                            .accepted = allowed != 0},
                           report));
        assert_string_equal(report_text(report, 0),
                            "t.yaml: feature `shop` is down and cannot be removed or "
                            "renamed: bring it up first");
        assert_int_equal(report_error_count(report), allowed != 0 ? 1 : 2);
        report_free(&report);
    }
}

static void weaker_knows_classes_by_name_and_not_by_number(void **state)
{
    (void)state;
    struct report *report = report_new();
    const struct reload reload = {
        .in_force = LISTEN UPSTREAMS SESSION FEATURES
        "markers: [{name: owner, find: [meta:a]}, {name: m, find: [meta:b]}]\n"
        "routes: [{path: /a, require: [m]}]\n",
        .next = LISTEN UPSTREAMS SESSION FEATURES
        "markers: [{name: m, find: [meta:b]}, {name: owner, find: [meta:a]}]\n"
        "routes: [{path: /a, require: [m]}]\n",
    };

    assert_true(check(&reload, report));
    assert_null(report_text(report, 0));
    report_free(&report);
}

static void weaker_is_a_marker_that_is_no_longer_signed_or_bound(void **state)
{
    (void)state;
    char path[] = "/tmp/weaker-XXXXXX";
    char bound[600];
    char open[600];
    int fd = mkstemp(path);

    assert_true(fd >= 0 && write(fd, "0123456789abcdef", 16) == 16);
    (void)close(fd);
    (void)snprintf(bound, sizeof(bound),
                   LISTEN UPSTREAMS SESSION FEATURES
                   "markers: [{name: owner, find: [meta:user-marker], signed: {key_file: "
                   "%s, bound: true}}]\n",
                   path);
    (void)snprintf(open, sizeof(open),
                   LISTEN UPSTREAMS SESSION FEATURES
                   "markers: [{name: owner, find: [meta:user-marker], signed: {key_file: "
                   "%s}}]\n",
                   path);
    const struct {
        const char *in_force;
        const char *next;
        bool weaker;
    } rows[] = {{bound, bound, false},
                {bound, open, true},
                {open, bound, false},
                {open, BASE FEATURES, true},
                {BASE FEATURES, bound, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct report *report = report_new();
        const struct reload reload = {.in_force = rows[i].in_force, .next = rows[i].next};
        assert_int_equal(check(&reload, report), !rows[i].weaker);
        report_free(&report);
    }
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weaker_is_nothing_in_the_same_configuration),
        cmocka_unit_test(weaker_is_nothing_that_protects_more),
        cmocka_unit_test(weaker_names_each_thing_that_protects_less),
        cmocka_unit_test(weaker_counts_more_than_a_report_keeps),
        cmocka_unit_test(weaker_is_a_login_that_has_moved_or_another_success),
        cmocka_unit_test(weaker_or_not_a_feature_that_is_down_cannot_go),
        cmocka_unit_test(weaker_knows_classes_by_name_and_not_by_number),
        cmocka_unit_test(weaker_is_a_marker_that_is_no_longer_signed_or_bound),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
