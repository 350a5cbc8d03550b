#include <sys/stat.h>

#include "app/config_case.h"
#include "guard/marker.h"
#include "http/cookie.h"
#include "http/path_pattern.h"
#include "notify/alert.h"

/* A configuration and all it is told, joined by newlines. */
struct bad {
    const char *text;
    const char *messages;
};

/* 107 bytes. */
#define LONG_NAME                                                                        \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"   \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct bad BAD[] = {
    {"sesion: {}\n" LISTEN UPSTREAMS MARKERS FEATURES,
     "t.yaml:1:1: unknown key `sesion`; the nearest one here is `session`"},
    {LISTEN UPSTREAMS SESSION MARKERS "features: [{name: login}]\n",
     "t.yaml:5:12: feature `login` has no `paths`"},
    {LISTEN UPSTREAMS SESSION MARKERS "features: [{name: login, paths: []}]\n",
     "t.yaml:5:33: `paths` must not be empty"},
    {GOOD "routes: [{path: /a/**}, {path: /a/b}]\n",
     "t.yaml:6:32: route `/a/b` can never match: `/a/**` at t.yaml:6:17 comes first"},
    {GOOD "routes: [{path: /a/*}, {path: /a/b, host: x.example}]\n",
     "t.yaml:6:31: route `/a/b` can never match: `/a/*` at t.yaml:6:17 comes first"},
    {LISTEN UPSTREAMS SESSION "markers: [{name: owner}]\n" FEATURES,
     "t.yaml:4:11: marker `owner` has no `find`"},
    {LISTEN UPSTREAMS SESSION "markers: [{name: owner, find: ['regex:abc']}]\n" FEATURES,
     "t.yaml:4:32: selector \"regex:abc\" has no group: put ( ) around the part that is "
     "the marker"},
    {GOOD "alerts: [{name: a, webhook: https://x.example/, secret_file: no.key}]\n",
     "t.yaml:6:62: cannot read `secret_file` `no.key`: it does not exist"},
    {GOOD "alerts: [{name: a}]\n",
     "t.yaml:6:10: alert `a` needs `webhook` or `syslog`: where it goes"},
    {GOOD "alerts: [{name: a, webhook: https://x.example/, syslog: 'udp://127.0.0.1:1', "
          "format: slack}]\n",
     "t.yaml:6:10: alert `a` has both `webhook` and `syslog`: give one"},
    {GOOD "alerts: [{name: a, webhook: https://x.example/}]\n",
     "t.yaml:6:10: alert `a` needs `secret_file`: messages of the standard format are "
     "signed"},
    {GOOD "alerts: [{name: a, webhook: https://x.example/, format: cef}]\n",
     "t.yaml:6:57: alert `a` has a syslog format: give `syslog`, not `webhook`"},
    {GOOD "alerts: [{name: a, syslog: 'udp://127.0.0.1:1'}]\n",
     "t.yaml:6:10: alert `a` goes to syslog: set `format: syslog` or `format: cef`"},
    {GOOD "alerts: [{name: a, syslog: 'udp://log.example:1', format: cef}]\n",
     "t.yaml:6:28: `syslog` must be a syslog server like `udp://127.0.0.1:514`, "
     "`tcp://log.example:601` or `unix:///dev/log`, not `udp://log.example:1`"},
    {GOOD "alerts: [{name: a, webhook: https://x.example/, format: slack, types: [ping, "
          "incidents]}]\n",
     "t.yaml:6:78: `types` must be a type of alert like `feature.down` or `incident.*`, "
     "not `incidents`"},
    {GOOD "admin: {tokens: [{name: a, token_file: no.key}]}\n",
     "t.yaml:6:40: cannot read `token_file` `no.key`: it does not exist"},
    {GOOD "admin: {tokens: [{name: a, token_file: blank.key}]}\n",
     "t.yaml:6:40: `token_file` `blank.key` must hold one token of 1 to 1024 printable "
     "bytes"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: o, find: [meta:u], signed: {key_file: blank.key}}]\n",
     "t.yaml:5:56: `key_file` `blank.key` holds no key"},
    {LISTEN UPSTREAMS SESSION MARKERS
     "features: [{name: login, paths: [/x], page: none.html}]\n",
     "t.yaml:5:45: cannot read `page` `none.html`: it does not exist"},
    {LISTEN UPSTREAMS SESSION MARKERS, "t.yaml:1:1: no feature is called `login`, the "
                                       "one that findings take down; name its "
                                       "paths in `features`, or set `mode: observe`"},
    {UPSTREAMS SESSION MARKERS FEATURES, "t.yaml:1:1: the configuration has no `listen`"},
    {"listen: [{address: 127.0.0.1:80}, {address: 127.0.0.1:80}]\n" UPSTREAMS SESSION
         MARKERS FEATURES,
     "t.yaml:1:45: address 127.0.0.1 port 80 is already listened on, at line 1"},
    {"listen: [{address: localhost}]\n" UPSTREAMS SESSION MARKERS FEATURES,
     "t.yaml:1:20: `address` must be an address and port like `127.0.0.1:8080`, or "
     "`unix:/path`, not `localhost`"},
    {"listen: [{address: 'unix:run/x'}]\n" UPSTREAMS SESSION MARKERS FEATURES,
     "t.yaml:1:20: `address` must be an address and port like `127.0.0.1:8080`, or "
     "`unix:/path`, not `unix:run/x`"},
    {"listen: [{address: 'unix:/" LONG_NAME "'}]\n" UPSTREAMS SESSION MARKERS FEATURES,
     "t.yaml:1:20: the path of a socket has at most 107 bytes, this one 108"},
    {"listen: [{address: 'unix:/x'}, {address: 'unix:/x'}]\n" UPSTREAMS SESSION MARKERS
         FEATURES,
     "t.yaml:1:42: address unix:/x is already listened on, at line 1"},
    {"listen: [{address: 'unix:/x', socket_mode: '0680'}]\n" UPSTREAMS SESSION MARKERS
         FEATURES,
     "t.yaml:1:44: `socket_mode` must be permissions like `0660`, not `0680`"},
    {"listen: [{address: 'unix:/x', socket_mode: '1777'}]\n" UPSTREAMS SESSION MARKERS
         FEATURES,
     "t.yaml:1:44: `socket_mode` must be permissions like `0660`, not `1777`"},
    {GOOD "admin: {address: 127.0.0.1:8080}\n",
     "t.yaml:6:18: `admin.address` is also in `listen`"},
    {GOOD "admin: {address: 10.0.0.1:9901}\n",
     "t.yaml:6:18: `admin.address` that is not a loopback address needs `tls`"},
    {"listen: [{address: 127.0.0.1:1, tls: {}}]\n" UPSTREAMS SESSION MARKERS FEATURES,
     "t.yaml:1:38: `tls` has no `certificate`\nt.yaml:1:38: `tls` has no `key`"},
    {LISTEN "upstreams: [{name: s, servers: [ftp://x]}]\n" SESSION MARKERS FEATURES,
     "t.yaml:2:33: `servers` must be a URL like `http://10.0.0.11:8080`, or "
     "`unix:/path`, not `ftp://x`"},
    {LISTEN "upstreams: [{name: s, servers: [http://x/y]}]\n" SESSION MARKERS FEATURES,
     "t.yaml:2:33: `servers` must be a URL like `http://10.0.0.11:8080`, or "
     "`unix:/path`, not `http://x/y`"},
    {GOOD "routes: [{path: /a, upstream: sit}]\n",
     "t.yaml:6:31: unknown upstream `sit`; the nearest one is `site`"},
    {GOOD "routes: [{path: /a, require: [onwer]}]\n",
     "t.yaml:6:31: unknown marker class `onwer`; the nearest one is `owner`"},
    {LISTEN UPSTREAMS SESSION FEATURES "routes: [{path: /a, require: [owner]}]\n",
     "t.yaml:5:31: unknown marker class `owner`; there is none"},
    {GOOD "login: {request: [POST /login], success: ['marker:own']}\n",
     "t.yaml:6:43: unknown marker class `own`; the nearest one is `owner`"},
    {GOOD "login: {request: [post /login]}\n",
     "t.yaml:6:19: `request` must be a method and a path pattern like `POST /login`, not "
     "`post /login`"},
    {GOOD "login: {user_field: u}\n",
     "t.yaml:6:21: `user_field` needs `request`: which requests log in"},
    {LISTEN UPSTREAMS SESSION FEATURES "login: {request: [/l], user_field: u}\n",
     "t.yaml:5:36: `user_is: marker` needs a marker class with `must_be: requester`"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {jwt: {claim: sub}}\n",
     "t.yaml:5:16: `jwt` needs `cookie` or `header`: where the token is"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {cookies: [a*], jwt: {cookie: auth}}\n",
     "t.yaml:5:40: `auth` is also in `session.cookies`: a cookie carries a session's "
     "token or a JWT, not both"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {header: x-t, jwt: {header: X-T}}\n",
     "t.yaml:5:38: `X-T` is also `session.header`: a field carries a session's token or "
     "a "
     "JWT, not both"},
    {LISTEN UPSTREAMS MARKERS FEATURES
     "session: {jwt: {header: X-T, key_file: line.key}}\n",
     "t.yaml:5:40: `key_file` `line.key` holds no secret or one of more than 16 KiB"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {jwt: {header: X-T, claim: '/a~2'}}\n",
     "t.yaml:5:37: `claim` `/a~2`: has ~ without 0 or 1 behind it; ~0 is ~ and ~1 is "
     "/"},
    {GOOD "staff: [{requesters: [a], routes: [/admin/**]}]\n",
     "t.yaml:6:8: `staff` needs `login.user_field`: who is known by first markers alone "
     "is not staff"},
    {GOOD "login: {request: [/l], user_field: u}\n"
          "staff: [{requesters: ['regex:(', '*'], routes: [/admin/**]}]\n",
     "t.yaml:7:23: pattern `(`: missing closing parenthesis at byte 1\n"
     "t.yaml:7:34: `*` names everybody: give names, `prefix*` or `regex:...`"},
    {GOOD "login: {request: [/l], user_field: u}\nstaff: [{requesters: [a]}]\n",
     "t.yaml:7:9: this staff item has no `routes`"},
    {GOOD "login: {user_is: alias}\n",
     "t.yaml:6:18: `user_is: alias` needs `user_field`: where the login's name is"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "login: {request: [/l], user_field: u, user_is: alias}\n",
     "t.yaml:5:36: `user_is: alias` needs a marker class with `must_be: requester`"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: m, find: [meta:a], must_be: nobody}]\n"
     "routes: [{path: /a, require: [m]}]\n",
     "t.yaml:6:30: `m` has `must_be: nobody`: no page can be required to carry it"},
    {LISTEN UPSTREAMS SESSION
     "markers: [{name: m, find: [meta:a], must_be: granted}]\n" FEATURES,
     "t.yaml:4:11: marker class `m` has `must_be: granted` and no `grants`: who says "
     "whom "
     "the requester may see?"},
    {LISTEN UPSTREAMS SESSION
     "grants: [{name: g, sqlite: a.db}]\n"
     "markers: [{name: m, find: [meta:a], must_be: granted, grants: g}]\n" FEATURES,
     "t.yaml:4:28: `sqlite` needs `query`: a SELECT with `:requester`"},
    {LISTEN UPSTREAMS SESSION
     "grants: [{name: g, query: SELECT 1}]\n"
     "markers: [{name: m, find: [meta:a], must_be: granted, grants: g}]\n" FEATURES,
     "t.yaml:4:10: grants `g` must have one of `sqlite`, `csv`, `http` and `redis`"},
    {LISTEN UPSTREAMS SESSION
     "grants: [{name: gate, sqlite: t.yaml, query: 'SELECT :requester'}]\n"
     "markers: [{name: m, find: [meta:a], must_be: granted, grants: gates}]\n" FEATURES,
     "t.yaml:5:63: unknown grants `gates`; the nearest one is `gate`"},
    {LISTEN UPSTREAMS SESSION
     "grants: [{name: g, sqlite: t.yaml, query: 'SELECT :requester'}]\n"
     "markers: [{name: m, find: [meta:a], grants: g}]\n" FEATURES,
     "t.yaml:5:45: `grants` needs `must_be: granted`"},
    {LISTEN UPSTREAMS SESSION
     "grants: [{name: g, sqlite: t.yaml, query: 'SELECT 1'}]\n"
     "markers: [{name: m, find: [meta:a], must_be: granted, grants: g}]\n" FEATURES,
     "t.yaml:4:43: grants `g`: the query must name `:requester`: without it everybody "
     "may "
     "see the same"},
    {LISTEN UPSTREAMS SESSION MARKERS
     "features: [{name: login, paths: [/a]}, {name: login, paths: [/b]}]\n",
     "t.yaml:5:47: a second feature is called `login`, the first is at line 5"},
    {LISTEN UPSTREAMS SESSION MARKERS
     "mode: observe\nroutes: [{path: /a, mode: observe}, {path: /b, mode: enforce}]\n",
     "t.yaml:6:54: `mode: enforce` on a route needs a feature called `login`, the one "
     "that findings take down"},
    {GOOD "mode: enforced\n", "t.yaml:6:7: `mode` must be `enforce` or `observe`, not "
                              "`enforced`"},
    {GOOD "mode: observe\nmode: enforce\n",
     "t.yaml:7:1: key `mode` is given twice, first at line 6"},
    {GOOD "workers: two\n",
     "t.yaml:6:10: `workers` must be `auto` or a whole number, not `two`"},
    {GOOD "workers: 1000\n", "t.yaml:6:10: `workers` must be from 1 to 256, not `1000`"},
    {GOOD "refusal_status: 200\n",
     "t.yaml:6:17: `refusal_status` must be from 400 to 599, not `200`"},
    {GOOD "hold_wait: 5\n",
     "t.yaml:6:12: `hold_wait` must be a duration like `10s`, `5m` or `2h`, not `5`"},
    {GOOD "hold_max: 1MB\n",
     "t.yaml:6:11: `hold_max` must be a size like `512`, `16KiB` or `1MiB`, not `1MB`"},
    {GOOD "hold_max: 2GiB\n",
     "t.yaml:6:11: `hold_max` must be from 1KiB to 1GiB, not `2GiB`"},
    {GOOD "hold_max: 1GiB\n", "t.yaml:6:11: `hold_max` is more than `hold_total_max`"},
    {GOOD "ledger: 2s\n", "t.yaml:6:9: `ledger` must be a map, not a single value"},
    {GOOD "hosts: www.example\n", "t.yaml:6:8: `hosts` must be a list, not a single "
                                  "value"},
    {GOOD "state:\n", "t.yaml:6:7: `state` has no value"},
    {GOOD "ignore_case: yes\n", "t.yaml:6:14: `ignore_case` must be true or false, not "
                                "`yes`"},
    {GOOD "routes: [{path: a}]\n", "t.yaml:6:17: path `a`: must start with /"},
    {"listen: [{address: 127.0.0.1:1, trusted_proxies: [10.0.0.1/8]}]\n" UPSTREAMS SESSION
         MARKERS FEATURES,
     "t.yaml:1:51: network `10.0.0.1/8` has bits set past its length"},
    {GOOD "alerts: [{name: a, webhook: http://x.example/, secret_file: good.secret}]\n",
     "t.yaml:6:29: `webhook` must use `https:`; `http:` is only for a loopback address"},
    {GOOD "x: [1\ny: 2", "t.yaml:7:2: not valid YAML: did not find expected ',' or ']'"},
    {GOOD "x: &a 1\n", "t.yaml:6:4: anchors are not supported"},
    {GOOD "x: *a\n", "t.yaml:6:4: aliases are not supported"},
    {GOOD "x: !!str a\n", "t.yaml:6:4: tags are not supported"},
    {"- 1\n", "t.yaml:1:1: the configuration must be a map"},
    {LISTEN UPSTREAMS MARKERS "modee: x\nfeatures: [{name: login}]\nworkers: 0\n",
     "t.yaml:4:1: unknown key `modee`; the nearest one here is `mode`\n"
     "t.yaml:5:12: feature `login` has no `paths`\n"
     "t.yaml:6:10: `workers` must be from 1 to 256, not `0`"},
};

static void config_tells_every_error_with_its_place(void **state)
{
    (void)state;
    config_case_write("blank.key", " \n\n");
    config_case_write("line.key", "\n");
    config_case_write("good.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        struct report *report = report_new();
        char told[4096] = "";
        assert_null(config_case_load(BAD[i].text, report));
        for (size_t j = 0; report_text(report, j) != NULL; j++) {
            size_t len = strlen(told);
            (void)snprintf(told + len, sizeof(told) - len, "%s%s", j > 0 ? "\n" : "",
                           report_text(report, j));
        }
        assert_string_equal(told, BAD[i].messages);
        report_free(&report);
    }
}

static void config_that_does_not_exist_is_an_error(void **state)
{
    (void)state;
    struct report *report = report_new();
    struct feature_table features = {0};
    struct config_source source = {.path = "absent.yaml"};

    feature_table_init(&features, NULL);
    assert_null(config_load(&source, &features, report));
    assert_string_equal(report_text(report, 0),
                        "absent.yaml: cannot read it: it does not exist");
    report_free(&report);
}

static void config_needs_no_login_feature_when_it_only_observes(void **state)
{
    (void)state;
    struct config *config =
        config_case_good(LISTEN UPSTREAMS SESSION MARKERS "mode: observe\n");

    assert_true(config->site->observe);
    assert_true(config->site->routes[0].requirement.observe);
    config_free(&config);
}

static void config_has_the_defaults_of_the_contract(void **state)
{
    (void)state;
    struct config *config = config_case_good(GOOD);
    const struct site *site = config->site;

    assert_false(site->observe);
    assert_int_equal(site->refusal_status, 502);
    assert_int_equal(site->limits.hold_max, 1024 * 1024);
    assert_int_equal(site->limits.hold_wait_ms, 5000);
    assert_int_equal(site->limits.send_rate_min, 1024);
    assert_int_equal(site->marker_max, 256);
    assert_int_equal(site->ledger_deadline_ms, 2000);
    assert_int_equal(site->session.max, 1000000);
    assert_int_equal(site->session.idle_ms, 7200000);
    assert_int_equal(site->features[0].take_down.cases, 1);
    assert_int_equal(site->features[0].take_down.weak_cases, 2);
    assert_int_equal(site->features[0].take_down.within_ms, 600000);
    assert_int_equal(site->features[0].slot, FEATURE_LOGIN);
    assert_int_equal(site->upstreams[0].connections_max, 256);
    assert_int_equal(site->upstreams[0].connections, CONNECTIONS_SESSION);
    assert_int_equal(site->upstreams[0].connect_timeout_ms, 3000);
    assert_int_equal(config->workers, 0);
    assert_string_equal(config->state, "/var/lib/x");
    assert_string_equal(config->admin.socket, "/var/lib/x/admin.sock");
    assert_null(config->admin.host);
    assert_non_null(site->markers);
    assert_int_equal(site->classes[0].must_be, MARKER_RULE_REQUESTER);
    config_free(&config);
    assert_null(config);
}

static void config_keeps_apart_what_a_screen_shows(void **state)
{
    (void)state;
    struct config *config =
        config_case_good(GOOD "routes:\n"
                              "  - {path: /a, shows: [\"name, first and last\", 住所]}\n"
                              "  - {path: /b, shows: [name]}\n");

    assert_string_equal(config->site->routes[0].shows, "name, first and last\x1f住所");
    assert_string_equal(config->site->routes[1].shows, "name");
    assert_string_equal(config->site->routes[2].shows, ""); /* Of the implied one. */
    config_free(&config);
}

static void config_ends_the_routes_with_everything(void **state)
{
    (void)state;
    struct config *config = config_case_good(
        GOOD
        "routes:\n"
        "  - {path: /a, host: www.example, screen: トップ, shows: [氏名, 住所],\n"
        "     require: [owner], unmarked: refuse, echo: expect, over_limit: refuse,\n"
        "     encoded_slash: keep, mode: observe, websocket: allow}\n");
    const struct site *site = config->site;

    assert_int_equal(site->route_count, 2);
    const struct route *route = &site->routes[0];
    assert_string_equal(route->pattern, "www.example/a");
    assert_string_equal(route->host, "www.example");
    assert_string_equal(route->screen, "トップ");
    assert_string_equal(route->shows, "氏名\x1f住所");
    assert_int_equal(route->requirement.require_mask, 1);
    assert_int_equal(route->requirement.unmarked, UNMARKED_REFUSE);
    assert_true(route->requirement.echo_expected);
    assert_true(route->requirement.observe);
    assert_int_equal(route->over_limit, OVER_LIMIT_REFUSE);
    assert_true(route->encoded_slash_keep);
    assert_true(route->websocket);

    const struct route *last = &site->routes[1];
    assert_string_equal(last->pattern, "/**");
    assert_string_equal(last->screen, "");
    assert_null(last->host);
    assert_true(path_pattern_matches(last->path, SPAN("/any/thing")));
    assert_int_equal(last->requirement.require_mask, 0);
    assert_int_equal(last->requirement.unmarked, UNMARKED_RELEASE);
    assert_false(last->requirement.observe);
    config_free(&config);
}

static void config_takes_one_path_for_several_hosts(void **state)
{
    (void)state;
    struct config *config = config_case_good(
        GOOD "routes: [{path: /a, host: x.example}, {path: /a, host: y.example}, "
             "{path: /a}, {path: /**}]\n");

    assert_string_equal(config->site->routes[2].pattern, "/a");
    assert_int_equal(config->site->route_count, 4);
    config_free(&config);
}

static void config_reads_lists_networks_and_servers(void **state)
{
    (void)state;
    struct config *config = config_case_good(
        "listen:\n"
        "  - {address: '[::1]:8080', trusted_proxies: [10.0.0.0/8, '2001:db8::/32']}\n"
        "upstreams:\n"
        "  - {name: a, servers: ['http://[::1]:81', http://b.example]}\n"
        "session: {cookies: [SID, 'S*', '!SX'], url_names: [sid]}\n"
        "login: {request: [POST /login, /in], logout: [/out], user_field: u,\n"
        "        success: ['status:303', 'location:/my/**', 'header:X=1']}\n" MARKERS
            FEATURES);
    const struct site *site = config->site;

    assert_string_equal(config->listens[0].host, "::1");
    assert_int_equal(config->listens[0].trusted_proxy_count, 2);
    assert_int_equal(config->listens[0].trusted_proxies[0].prefix_len, 104);
    assert_int_equal(config->listens[0].trusted_proxies[1].prefix_len, 32);
    assert_string_equal(site->upstreams[0].servers[0].host, "::1");
    assert_string_equal(site->upstreams[0].servers[0].text, "[::1]:81");
    assert_int_equal(site->upstreams[0].servers[1].port, 80);
    assert_int_equal(cookie_names_rank(site->session.cookies, SPAN("Sa")), 1);
    assert_int_equal(cookie_names_rank(site->session.cookies, SPAN("SX")),
                     COOKIE_NO_MATCH);
    assert_string_equal(site->login.request.items[0].method, "POST");
    assert_null(site->login.request.items[1].method);
    assert_int_equal(site->login.success_count, 3);
    assert_int_equal(site->login.success[0].status, 303);
    assert_string_equal(site->login.success[2].value, "1");
    config_free(&config);
}

static void config_reads_secrets_and_keeps_only_the_hash_of_tokens(void **state)
{
    (void)state;
    config_case_write("a.secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n");
    config_case_write("a.token", "correct-horse-battery\n");
    struct config *config = config_case_good(
        GOOD
        "alerts: [{name: a, webhook: 'http://127.0.0.1:1/h', secret_file: a.secret}]\n"
        "admin: {address: 127.0.0.1:9901,\n"
        "        tokens: [{name: t, role: operator, token_file: a.token}]}\n");

    assert_string_equal(config->alerts[0].url, "http://127.0.0.1:1/h");
    assert_true(config->alerts[0].secrets[0].len > 0);
    assert_int_equal(config->alerts[0].secrets[1].len, 0);
    assert_int_equal(config->admin.tokens[0].role, ADMIN_OPERATOR);
    assert_int_equal(config->admin.tokens[0].hash[0], 0x62);
    config_free(&config);
}

static void config_outlives_its_owner_while_an_exchange_holds_the_site(void **state)
{
    (void)state;
    struct config *config = config_case_good(GOOD);
    struct site *site = site_ref(config->site);

    config_free(&config);
    assert_string_equal(site->upstreams[0].name, "site");
    site_unref(&site);
}

static void hash_of(const char *text, char *hash_out)
{
    struct config *config = config_case_good(text);
    memcpy(hash_out, config->hash, sizeof(config->hash));
    assert_string_equal(config->hash, config->site->hash);
    config_free(&config);
}

static void config_hash_is_of_the_values_and_not_of_their_spelling(void **state)
{
    (void)state;
    char first[65];
    char second[65];

    hash_of(GOOD "hold_wait: 60s\n", first);
    hash_of("# comment\nhold_wait: 1m\n" FEATURES MARKERS SESSION UPSTREAMS LISTEN,
            second);
    assert_string_equal(first, second);
    hash_of(GOOD "hold_wait: 61s\n", second);
    assert_string_not_equal(first, second);
    hash_of(GOOD, first);
    hash_of(GOOD "refusal_status: 502\n", second);
    assert_string_equal(first, second);
}

static void config_gives_slots_only_when_it_is_accepted(void **state)
{
    (void)state;
    struct feature_table features = {0};
    struct report *report = report_new();
    struct config_source source = {.path = "t.yaml", .state_default = "/x"};
    unsigned slot = 0;

    feature_table_init(&features, NULL);
    config_case_write("t.yaml", GOOD "mode: no\n");
    config_case_write(
        "u.yaml", LISTEN UPSTREAMS SESSION MARKERS
        "features: [{name: shop, paths: [/s]}, {name: login, paths: [/l]}]\n");
    assert_null(config_load(&source, &features, report));
    assert_false(feature_table_find(&features, SPAN("shop"), &slot));
    report_free(&report);
    report = report_new();
    source.path = "u.yaml";
    struct config *config = config_load(&source, &features, report);
    assert_non_null(config);
    assert_int_equal(config->site->features[0].slot, 1);
    assert_int_equal(config->site->features[1].slot, FEATURE_LOGIN);
    config_free(&config);
    report_free(&report);
}

static void config_warns_and_goes_on(void **state)
{
    (void)state;
    struct report *report = report_new();
    struct config *config = config_case_load(
        LISTEN "upstreams: [{name: s, servers: [http://x], connections: shared}]\n"
               "markers: [{name: m, find: ['regex:a(b)'], trusted: true}]\n" FEATURES,
        report);

    assert_non_null(config);
    assert_int_equal(report_warning_count(report), 3);
    assert_string_equal(report_text(report, 2),
                        "t.yaml:3:52: warning: `trusted: true` on `m`: why can no "
                        "visitor's text match it? "
                        "If some can, that visitor takes the site down");
    config_free(&config);
    report_free(&report);
}

static void config_report_is_bounded(void **state)
{
    (void)state;
    static char text[40000];
    struct report *report = report_new();
    size_t len = 0;

    for (int i = 0; i < 250; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "key%d: 1\n", i);
    }
    assert_null(config_case_load(text, report));
    assert_true(report_error_count(report) > 250);
    assert_null(report_text(report, REPORT_PROBLEMS_MAX));
    report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_tells_every_error_with_its_place),
        cmocka_unit_test(config_that_does_not_exist_is_an_error),
        cmocka_unit_test(config_needs_no_login_feature_when_it_only_observes),
        cmocka_unit_test(config_has_the_defaults_of_the_contract),
        cmocka_unit_test(config_keeps_apart_what_a_screen_shows),
        cmocka_unit_test(config_ends_the_routes_with_everything),
        cmocka_unit_test(config_takes_one_path_for_several_hosts),
        cmocka_unit_test(config_reads_lists_networks_and_servers),
        cmocka_unit_test(config_reads_secrets_and_keeps_only_the_hash_of_tokens),
        cmocka_unit_test(config_outlives_its_owner_while_an_exchange_holds_the_site),
        cmocka_unit_test(config_hash_is_of_the_values_and_not_of_their_spelling),
        cmocka_unit_test(config_gives_slots_only_when_it_is_accepted),
        cmocka_unit_test(config_warns_and_goes_on),
        cmocka_unit_test(config_report_is_bounded),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
