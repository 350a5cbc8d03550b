#include <sys/stat.h>

#include "app/config_case.h"
#include "app/lint.h"

#define HOOK   "alerts: [{name: soc, webhook: 'http://127.0.0.1:1/x', format: slack}]\n"
#define LOGIN  "login: {request: [POST /login], logout: [/logout]}\n"
#define ROUTES "routes: [{path: /my/**, require: [owner], unmarked: refuse}]\n"
#define BOTH   "features: [{name: login, paths: [/login, /my/**]}]\n"
#define SOUND  LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH ROUTES HOOK
#define REGEX  "markers: [{name: owner, find: ['regex:u=(\\w+)']}]\n"
#define TOKENS "tokens: [{name: a, role: operator, token_file: t.token}]"

static const struct row {
    const char *text;
    const char *lint; /* What one of its warnings says. */
} ROWS[] = {
    {LISTEN UPSTREAMS SESSION LOGIN "markers: [{name: m, find: [meta:m], must_be: "
                                    "nobody}]\n" FEATURES HOOK,
     "there is a login but no marker that says whose page it is"},
    {LISTEN UPSTREAMS SESSION MARKERS
     "login: {request: [POST /login]}\n" BOTH ROUTES HOOK,
     "no `logout`: the next user of a session looks like a mix-up"},
    {LISTEN UPSTREAMS SESSION MARKERS BOTH ROUTES HOOK, "no `login.request`: users are"},
    {LISTEN UPSTREAMS
     "session: {cookies: [SID], unknown: renew}\n" MARKERS BOTH ROUTES HOOK,
     "`unknown: renew` without `login.request`"},
    {LISTEN UPSTREAMS
     "session: {cookies: [SID], jwt: {cookie: T, claim: sub}}\n" MARKERS LOGIN BOTH ROUTES
         HOOK,
     "`jwt` without `key_file`"},
    {LISTEN UPSTREAMS SESSION LOGIN REGEX
     "features: [{name: login, paths: [/login, /my/**], take_down: {weak_cases: "
     "1}}]\n" ROUTES HOOK,
     "one visitor's text can take the site down"},
    {LISTEN UPSTREAMS SESSION LOGIN REGEX BOTH ROUTES HOOK, "so it counts as weak"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN
     "features: [{name: login, paths: [/login, /my/**], take_down: {weak_cases: "
     "0}}]\n" ROUTES HOOK,
     "`weak_cases: 0`: a mix-up among users who are not confirmed"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN
     "features: [{name: login, paths: [/login, /my/**], take_down: {cases: 3}}]\n" ROUTES
         HOOK,
     "`cases: 3`: `login` stays up after 2 certain mix-ups"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH ROUTES,
     "no receiver in `alerts` gets `incident.opened`"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH ROUTES
     "alerts: [{name: soc, webhook: 'http://127.0.0.1:1/x', format: slack, types: "
     "[feature.down]}]\n",
     "no receiver in `alerts` gets `incident.opened`"},
    {SOUND "admin: {address: '127.0.0.1:9'}\n", "`admin.tokens` has no operator"},
    {"listen: [{address: 127.0.0.1:8080, trusted_proxies: [0.0.0.0/0]}]\n" UPSTREAMS
         SESSION MARKERS LOGIN BOTH ROUTES HOOK,
     "`trusted_proxies` has every address"},
    {"listen: [{address: 127.0.0.1:8080, trusted_proxies: ['::/0']}]\n" UPSTREAMS SESSION
         MARKERS LOGIN BOTH ROUTES HOOK,
     "`trusted_proxies` has every address"},
    {"listen: [{address: 'unix:/nonexistent/x.sock'}]\n" UPSTREAMS SESSION MARKERS LOGIN
         BOTH ROUTES HOOK,
     "the directory `/nonexistent` of the socket is not there"},
    {"listen: [{address: 'unix:/etc/passwd'}]\n" UPSTREAMS SESSION MARKERS LOGIN BOTH
         ROUTES HOOK,
     "`/etc/passwd` is there and no socket"},
    {"listen: [{address: 'unix:/tmp/x.sock', socket_mode: 0666, trusted_proxies: "
     "['unix:']}]\n" UPSTREAMS SESSION MARKERS LOGIN BOTH ROUTES HOOK,
     "every user of this machine may connect (`0666`)"},
    {"listen: [{address: '127.0.0.1:1', socket_mode: 0600}]\n" UPSTREAMS SESSION MARKERS
         LOGIN BOTH ROUTES HOOK,
     "`socket_mode` is without effect"},
    {"listen: [{address: '127.0.0.1:1', trusted_proxies: ['unix:']}]\n" UPSTREAMS SESSION
         MARKERS LOGIN BOTH ROUTES HOOK,
     "`unix:` is without effect"},
    {SOUND "admin: {socket_mode: 0666}\n",
     "every user of this machine is an operator (`0666`)"},
    {SOUND
     "admin: {address: '127.0.0.1:9', tokens: [{name: a, role: operator, token_file: "
     "short.key}]}\n",
     "`token_file` `short.key` holds only 9 bytes, not 16 or more: it can be guessed; "
     "write a new one with `openssl rand -hex 32`"},
    {LISTEN UPSTREAMS SESSION LOGIN BOTH ROUTES HOOK
     "markers: [{name: owner, find: [meta:m], signed: {key_file: short.key}}]\n",
     "`key_file` `short.key` holds only 9 bytes, not 16 or more: whoever has one signed"},
    {LISTEN UPSTREAMS
     "session: {cookies: [SID], jwt: {cookie: T, key_file: t.token}}\n" MARKERS LOGIN BOTH
         ROUTES HOOK,
     "`key_file` `t.token` holds only 16 bytes, not 32 or more: whoever has one JWT"},
    {LISTEN UPSTREAMS SESSION LOGIN BOTH ROUTES HOOK
     "markers: [{name: owner, find: [meta:m, header:X-M, meta:M]}]\n",
     "`meta:M` is twice in `find`"},
    {LISTEN UPSTREAMS "session: {cookies: [S, T, '!S']}\n" MARKERS LOGIN BOTH ROUTES HOOK,
     "`S` is without effect: `!S` leaves this cookie out"},
    {LISTEN UPSTREAMS SESSION MARKERS BOTH ROUTES HOOK
     "login: {request: [GET /sso], logout: [/logout], callback: [GET /sso/]}\n",
     "`GET /sso/` is also in `login.request`, which is more"},
    {LISTEN SESSION MARKERS LOGIN BOTH ROUTES HOOK
     "upstreams: [{name: site, servers: ['http://127.0.0.1', 'http://127.0.0.1:80/']}]\n",
     "server `127.0.0.1:80` is named twice"},
    {LISTEN SESSION MARKERS LOGIN BOTH ROUTES HOOK
     "upstreams: [{name: site, servers: ['http://127.0.0.1'], drain_for: 5m}]\n",
     "`drain_for` is without effect"},
    {LISTEN SESSION MARKERS LOGIN BOTH ROUTES HOOK
     "upstreams: [{name: site, servers: ['http://127.0.0.1'], health: {host: "
     "a.example}}]\n",
     "`health.host` is without effect"},
    {SOUND "admin: {" TOKENS "}\n", "`tokens` is without effect"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK
     "routes: [{path: /my/**, require: [owner], unmarked: refuse}, {path: /x, unmarked: "
     "refuse}]\n",
     "`unmarked: refuse` is without effect: `/x` requires no marker"},
    {SOUND "access_log: off\n", "`access_log: off`: who saw what"},
    {SOUND "mode: observe\n", "`mode: observe`: what is found is delivered"},
    {SOUND "detectors_off: [canary]\n", "`detectors_off` switches detectors off"},
    {LISTEN "upstreams: [{name: site, servers: ['http://127.0.0.1:9'], connections: "
            "shared}]\n" SESSION MARKERS LOGIN BOTH ROUTES HOOK,
     "`connections: shared` lets one connection carry"},
    {LISTEN "upstreams: [{name: site, servers: ['https://127.0.0.1:9'], tls: {verify: "
            "off}}]\n" SESSION MARKERS LOGIN BOTH ROUTES HOOK,
     "verify"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK
     "hosts: [a.example]\nroutes: [{path: /my/**, host: b.example, require: [owner], "
     "unmarked: refuse}]\n",
     "`b.example` is not in `hosts`"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK
     "routes: [{path: /my/**, require: [owner], unmarked: refuse, mode: observe}]\n",
     "`/my/**` only observes"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK
     "routes: [{path: /my/list, shows: [name]}, {path: /my/**, require: [owner], "
     "unmarked: refuse}]\n",
     "`/my/list` shows personal data and requires no marker"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK
     "routes: [{path: /account/**}, {path: /my/**, require: [owner], unmarked: "
     "refuse}]\n",
     "`/account/**` looks personal and requires no marker"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK
     "routes: [{path: /my/**, require: [owner]}]\n",
     "`/my/**` requires a marker and releases pages without it"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK
     "routes: [{path: /my/**, require: [owner], unmarked: refuse}, {path: /x, require: "
     "[owner], unmarked: refuse}]\n",
     "`/x` is in no feature: it stays up while `login` is down"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN BOTH HOOK,
     "`/my/**` is behind the login and no route there requires a marker"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN ROUTES HOOK
     "features: [{name: login, paths: [/login, /my/**]}, {name: shop, paths: "
     "[/shop/**]}]\n",
     "no route is within the paths of feature `shop`"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN ROUTES HOOK
     "features: [{name: login, paths: [/my/**]}]\n",
     "`/login` logs in and is in no path of feature `login`"},
    {LISTEN UPSTREAMS SESSION MARKERS BOTH ROUTES HOOK
     "login: {request: [POST /login], callback: [/back/**], logout: [/logout]}\n",
     "`/back/**` logs in and is in no path of feature `login`"},
    {LISTEN UPSTREAMS SESSION MARKERS LOGIN ROUTES HOOK
     "features: [{name: login, paths: [/login, /my/**, /Edit.PHP]}]\n",
     "`/Edit.PHP/x` to the same script, and that path stays up while `login` is down"},
    {LISTEN UPSTREAMS SESSION MARKERS BOTH ROUTES HOOK
     "login: {request: [POST /in.php, POST /in.phps/**], logout: [/logout]}\n",
     "`/in.php/x` to the same script, and a login there is not seen"},
};

static struct report *lints_of(const char *text)
{
    struct feature_table features = {0};
    struct config_source source = {
        .path = "t.yaml", .state_default = "/var/lib/x", .lint = true};
    struct report *report = report_new();

    feature_table_init(&features, NULL);
    config_case_write("t.yaml", text);
    struct config *config = config_load(&source, &features, report);
    if (config == NULL) {
        fail_msg("%s", report_text(report, 0));
    }
    config_free(&config);
    return report;
}

static bool says(const struct report *report, const char *lint)
{
    struct report_problem problem;

    for (size_t i = 0; report_problem(report, i, &problem); i++) {
        if (problem.kind == REPORT_WARNING && strstr(problem.message, lint) != NULL) {
            return true;
        }
    }
    return false;
}

static void lint_of_each_kind_has_a_configuration_that_triggers_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct report *report = lints_of(ROWS[i].text);
        if (!says(report, ROWS[i].lint)) {
            fail_msg("nothing says: %s", ROWS[i].lint);
        }
        report_free(&report);
    }
}

static void lint_of_each_kind_is_silent_about_a_sound_configuration(void **state)
{
    (void)state;
    static const char *const sound[] = {
        SOUND,
        SOUND "admin: {address: '127.0.0.1:9', " TOKENS "}\n",
        SOUND "hosts: [a.example]\n",
        LISTEN
        "session: {cookies: [S, '!T', 'T*'], remember: ['!S']}\n"
        "markers: [{name: owner, find: [meta:m, header:m]}, {name: member, find: "
        "[meta:m], must_be: session}]\n"
        "login: {request: [POST /login], logout: [/logout], callback: [GET /login]}\n"
        "upstreams: [{name: site, servers: ['http://127.0.0.1', "
        "'http://127.0.0.2'], on_finding: drain, drain_for: 5m, health: {path: /up, "
        "host: a.example}}]\n" BOTH ROUTES HOOK,
        LISTEN UPSTREAMS
        "session: {cookies: [SID], jwt: {cookie: T, key_file: jwt.key}}\n"
        "markers: [{name: owner, find: [meta:m], signed: {key_file: t.token}}]\n" LOGIN
            BOTH ROUTES HOOK,
        LISTEN UPSTREAMS SESSION MARKERS ROUTES HOOK
        "login: {request: [POST /in.php/**, POST /a.cgi], callback: [/a.cgi/b], "
        "logout: [/out.php]}\n"
        "features: [{name: login, paths: [/in.php/**, /a.cgi, /a.cgi/b, /my/**]}]\n",
    };

    for (size_t i = 0; i < sizeof(sound) / sizeof(sound[0]); i++) {
        struct report *report = lints_of(sound[i]);
        if (report_text(report, 0) != NULL) {
            fail_msg("%s", report_text(report, 0));
        }
        report_free(&report);
    }
}

static void lint_points_at_the_key(void **state)
{
    (void)state;
    struct report *report = lints_of(SOUND "access_log: off\n");

    assert_non_null(strstr(report_text(report, 0), "t.yaml:9:13: warning: `access_log"));
    report_free(&report);
}

/* A start is not the time for advice. */
static void lint_is_not_of_a_start(void **state)
{
    (void)state;
    struct report *report = report_new();
    struct config *config = config_case_load(SOUND "access_log: off\n", report);

    assert_non_null(config);
    assert_null(report_text(report, 0));
    config_free(&config);
    report_free(&report);
}

static int start(void **state)
{
    int failed = config_case_start(state);

    config_case_write("short.key", "012345678\n");
    config_case_write("jwt.key", "0123456789abcdef0123456789abcdef\n");
    config_case_write("t.token", "0123456789abcdef\n");
    (void)chmod("jwt.key", 0600);
    return failed != 0 ? failed : chmod("t.token", 0600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lint_of_each_kind_has_a_configuration_that_triggers_it),
        cmocka_unit_test(lint_of_each_kind_is_silent_about_a_sound_configuration),
        cmocka_unit_test(lint_points_at_the_key),
        cmocka_unit_test(lint_is_not_of_a_start),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, NULL);
}
