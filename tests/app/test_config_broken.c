#include "app/config_case.h"

#define REST UPSTREAMS SESSION MARKERS FEATURES

/* What is wrong, and every word that its author is told first. */
static const struct {
    const char *text;
    const char *message;
} ROWS[] = {
    {"listen: [{address: 127.0.0.1:8080, tls: {key: k}}]\n" REST,
     "t.yaml:1:41: `tls` has no `certificate`"},
    {"listen: [{address: 127.0.0.1:8080, tls: {certificate: c}}]\n" REST,
     "t.yaml:1:41: `tls` has no `key`"},
    {"listen: [{address: 127.0.0.1:8080, http2: maybe}]\n" REST,
     "t.yaml:1:43: `http2` must be `off` or `on` or `prior-knowledge`, not `maybe`"},
    {"listen: [{address: 127.0.0.1:8080, redirect: http}]\n" REST,
     "t.yaml:1:46: `redirect` must be `https` or `https:PORT`, not `http`"},
    {"listen: [{address: 127.0.0.1:8080, proxy_protocol: maybe}]\n" REST,
     "t.yaml:1:52: `proxy_protocol` must be true or false, not `maybe`"},
    {"listen: [{address: 127.0.0.1:8080, trusted_proxies: [10.0.0.0/33]}]\n" REST,
     "t.yaml:1:54: `trusted_proxies` must be a network like `10.0.0.0/8`, or `unix:`, "
     "not "
     "`10.0.0.0/33`"},
    {LISTEN SESSION MARKERS FEATURES "upstreams: [{name: site, servers: ['ftp://x']}]\n",
     "t.yaml:5:36: `servers` must be a URL like `http://10.0.0.11:8080`, or "
     "`unix:/path`, not `ftp://x`"},
    {LISTEN SESSION MARKERS FEATURES
     "upstreams: [{name: site, servers: ['https://x'], tls: {verify: maybe}}]\n",
     "t.yaml:5:64: `verify` must be `on` or `off`, not `maybe`"},
    {LISTEN SESSION MARKERS FEATURES
     "upstreams: [{name: site, servers: ['https://x'], tls: {ca_file: nowhere.pem}}]\n",
     "t.yaml:5:65: cannot read `ca_file` `nowhere.pem`: it does not exist"},
    {LISTEN SESSION MARKERS FEATURES
     "upstreams: [{name: site, servers: ['http://x'], connections: pooled}]\n",
     "t.yaml:5:62: `connections` must be `session` or `none` or `shared`, not `pooled`"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {cookies: [SID], jwt: {claim: sub}}\n",
     "t.yaml:5:32: `jwt` needs `cookie` or `header`: where the token is"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {cookies: [SID], jwt: {cookie: SID}}\n",
     "t.yaml:5:41: `SID` is also in `session.cookies`: a cookie carries a session's "
     "token or a JWT, not both"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {header: A, jwt: {header: a}}\n",
     "t.yaml:5:36: `a` is also `session.header`: a field carries a session's token or a "
     "JWT, not both"},
    {LISTEN UPSTREAMS MARKERS FEATURES
     "session: {cookies: [SID], jwt: {cookie: T, key_file: nowhere}}\n",
     "t.yaml:5:54: cannot read `key_file` `nowhere`: it does not exist"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {cookies: [SID], unknown: drop}\n",
     "t.yaml:5:36: `unknown` must be `adopt` or `renew`, not `drop`"},
    {LISTEN UPSTREAMS MARKERS FEATURES "session: {cookies: [SID], basic: maybe}\n",
     "t.yaml:5:34: `basic` must be true or false, not `maybe`"},
    {GOOD "login: {request: [POST /l], user_is: alias}\n",
     "t.yaml:6:38: `user_is: alias` needs `user_field`: where the login's name is"},
    {GOOD "login: {request: [POST /l], user_field: u, user_is: mail}\n",
     "t.yaml:6:53: `user_is` must be `marker` or `alias`, not `mail`"},
    {GOOD "login: {user_field: u}\n",
     "t.yaml:6:21: `user_field` needs `request`: which requests log in"},
    {GOOD "login: {request: [POST /l], success: ['when:303']}\n",
     "t.yaml:6:39: `success` must be `status:303`, `location:PATH`, `header:NAME=VALUE` "
     "or `marker:CLASS`, not `when:303`"},
    {GOOD "login: {request: [POST /l], success: ['marker:nobody']}\n",
     "t.yaml:6:39: unknown marker class `nobody`; the nearest one is `owner`"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: owner, find: [meta:a], signed: {bound: true}}]\n",
     "t.yaml:5:49: `signed` has no `key_file`: the key is the one that the site signs "
     "with"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: owner, find: [meta:a], signed: {key_file: nowhere}}]\n",
     "t.yaml:5:60: cannot read `key_file` `nowhere`: it does not exist"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: m, find: [meta:a], must_be: granted}]\n",
     "t.yaml:5:11: marker class `m` has `must_be: granted` and no `grants`: who says "
     "whom the requester may see?"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: m, find: [meta:a], must_be: granted, grants: g}]\n",
     "t.yaml:5:63: unknown grants `g`; there is none"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: m, find: [meta:a], must_be: theirs}]\n",
     "t.yaml:5:46: `must_be` must be `nobody` or `requester` or `session` or `own` or "
     "`granted`, not `theirs`"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: m, find: [meta:a], action: redact}]\n",
     "t.yaml:5:45: `action: redact` needs `must_be: granted`"},
    {LISTEN UPSTREAMS SESSION FEATURES "markers: [{name: m, find: ['regex:(']}]\n",
     "t.yaml:5:10: pattern \"(\": missing closing parenthesis at byte 1"},
    {LISTEN UPSTREAMS SESSION FEATURES "markers: [{name: m, find: ['regex:a']}]\n",
     "t.yaml:5:28: selector \"regex:a\" has no group: put ( ) around the part that is "
     "the marker"},
    {LISTEN UPSTREAMS SESSION FEATURES "markers: [{name: m, find: ['xpath:/a']}]\n",
     "t.yaml:5:28: unknown selector \"xpath:/a\": it must begin with header:, meta:, "
     "attr:, json:, regex: or cookie:"},
    {LISTEN UPSTREAMS SESSION FEATURES "markers: [{name: m, find: ['json:a']}]\n",
     "t.yaml:5:28: selector \"json:a\" is not a JSON pointer: it begins with / and has ~ "
     "only as ~0 or ~1"},
    {LISTEN UPSTREAMS SESSION FEATURES
     "markers: [{name: owner, find: [meta:a]}, {name: trap, find: [header:X, meta:A], "
     "must_be: nobody}]\n",
     "t.yaml:5:72: `owner` finds the same, at line 5: with `must_be: nobody` every page "
     "that carries it would be refused"},
    {GOOD "login: {request: [POST /in], logout: [GET /in, POST /in/]}\n",
     "t.yaml:6:48: `POST /in/` is also in `login.request`: one request cannot log in and "
     "out"},
    {GOOD "login: {callback: [/sso/**], logout: [/sso/**]}\n",
     "t.yaml:6:39: `/sso/**` is also in `login.callback`: one request cannot log in and "
     "out"},
    {GOOD
     "admin: {address: 127.0.0.1:9901, tokens: [{name: a, token_file: a.token}, {name: "
     "b, role: operator, token_file: b.token}]}\n",
     "t.yaml:6:113: token `a` is the same: give each a token of its own, so that it is "
     "known who acted"},
    {GOOD "grants: [{name: g}]\n",
     "t.yaml:6:10: grants `g` must have one of `sqlite`, `csv`, `http` and `redis`"},
    {GOOD "grants: [{name: g, csv: a.csv, redis: 'redis://h'}]\n",
     "t.yaml:6:10: grants `g` must have one of `sqlite`, `csv`, `http` and `redis`"},
    {GOOD "grants: [{name: g, sqlite: a.db}]\n",
     "t.yaml:6:28: `sqlite` needs `query`: a SELECT with `:requester`"},
    {GOOD "grants: [{name: g, csv: a.csv, query: SELECT 1}]\n",
     "t.yaml:6:39: `query` needs `sqlite`"},
    {GOOD "grants: [{name: g, redis: 'http://h'}]\n",
     "t.yaml:6:27: grants `g`: the URL must be like `redis://127.0.0.1:6379/0` or "
     "`unix:/path`"},
    {GOOD "grants: [{name: g, http: 'http://h/x', deadline: 0}]\n",
     "t.yaml:6:50: `deadline` must be from 10ms to 1m, not `0`"},
    {GOOD "staff: [{requesters: [a], routes: [/x]}]\n",
     "t.yaml:6:8: `staff` needs `login.user_field`: who is known by first markers alone "
     "is not staff"},
    {GOOD "login: {request: [POST /l], user_field: u}\nstaff: [{requesters: ['regex:('], "
          "routes: [/x]}]\n",
     "t.yaml:7:23: pattern `(`: missing closing parenthesis at byte 1"},
    {GOOD "login: {request: [POST /l], user_field: u}\nstaff: [{requesters: [a]}]\n",
     "t.yaml:7:9: this staff item has no `routes`"},
    {GOOD "quarantine: all\n",
     "t.yaml:6:13: `quarantine` must be `none` or `viewer` or `both`, not `all`"},
    {GOOD "alias_idle: 1ms\n",
     "t.yaml:6:13: `alias_idle` must be from 1s to 3650d, not `1ms`"},
    {GOOD "retention: 999ms\n",
     "t.yaml:6:12: `retention` must be from 1s to 36500d, not `999ms`"},
    {GOOD "routes: [{path: /a, websocket: yes}]\n",
     "t.yaml:6:32: `websocket` must be `refuse` or `allow`, not `yes`"},
    {GOOD "routes: [{path: /a, require: [member]}]\n",
     "t.yaml:6:31: unknown marker class `member`; the nearest one is `owner`"},
    {GOOD "routes: [{path: /a, upstream: other}]\n",
     "t.yaml:6:31: unknown upstream `other`; the nearest one is `site`"},
    {LISTEN UPSTREAMS SESSION MARKERS
     "features: [{name: login, paths: [/l], trial: [192.0.2.0/40]}]\n",
     "t.yaml:5:47: `trial` must be a network like `10.0.0.0/8`, or `unix:`, not "
     "`192.0.2.0/40`"},
    {LISTEN UPSTREAMS SESSION MARKERS
     "features: [{name: login, paths: [/l], take_down: {cases: 0}}]\n",
     "t.yaml:5:58: `cases` must be from 1 to 1000, not `0`"},
    {GOOD "alerts: [{name: soc}]\n",
     "t.yaml:6:10: alert `soc` needs `webhook` or `syslog`: where it goes"},
    {GOOD "alerts: [{name: soc, webhook: 'https://h/', syslog: 'udp://127.0.0.1:514'}]\n",
     "t.yaml:6:10: alert `soc` has both `webhook` and `syslog`: give one"},
    {GOOD "alerts: [{name: soc, webhook: 'https://h/'}]\n",
     "t.yaml:6:10: alert `soc` needs `secret_file`: messages of the standard format are "
     "signed"},
    {GOOD "alerts: [{name: soc, webhook: 'http://h.example/', format: slack}]\n",
     "t.yaml:6:31: `webhook` must use `https:`; `http:` is only for a loopback address"},
    {GOOD "alerts: [{name: soc, webhook: 'https://h/', format: slack, types: "
          "[incident.seen]}]\n",
     "t.yaml:6:68: `types` must be a type of alert like `feature.down` or `incident.*`, "
     "not `incident.seen`"},
    {GOOD "alerts: [{name: soc, webhook: 'https://h/', format: slack, severity: bad}]\n",
     "t.yaml:6:70: `severity` must be `info` or `warning` or `critical`, not `bad`"},
    {GOOD "alerts: [{name: soc, webhook: 'https://h/', format: cef}]\n",
     "t.yaml:6:53: alert `soc` has a syslog format: give `syslog`, not `webhook`"},
    {GOOD "alerts: [{name: soc, syslog: 'udp://127.0.0.1:514'}]\n",
     "t.yaml:6:10: alert `soc` goes to syslog: set `format: syslog` or `format: cef`"},
    {GOOD "admin: {address: 0.0.0.0:9901}\n",
     "t.yaml:6:18: `admin.address` that is not a loopback address needs `tls`"},
    {GOOD "admin: {address: 127.0.0.1:9901, tokens: [{name: a, role: admin, token_file: "
          "t}]}\n",
     "t.yaml:6:59: `role` must be `viewer` or `operator`, not `admin`"},
    {GOOD "admin: {url: 'http://console.example/'}\n",
     "t.yaml:6:14: `admin.url` must use `https:`; `http:` is only for a loopback "
     "address"},
    {GOOD "admin: {url: 'https://console.example/?a=b'}\n",
     "t.yaml:6:14: `url` must be a URL without query like "
     "`https://countermark.example/`, not `https://console.example/?a=b`"},
    {GOOD "detectors_off: [all]\n",
     "t.yaml:6:17: unknown detector `all`; the nearest one is `canary`"},
    {GOOD "retention: 5\n",
     "t.yaml:6:12: `retention` must be a duration like `10s`, `5m` or `2h`, not `5`"},
    {GOOD "hold_max: 1GB\n",
     "t.yaml:6:11: `hold_max` must be a size like `512`, `16KiB` or `1MiB`, not `1GB`"},
};

static void config_that_is_broken_is_told_where_and_what_to_do(void **state)
{
    (void)state;
    config_case_write("a.token", "correct-horse-battery\n");
    config_case_write("b.token", "correct-horse-battery");
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct report *report = report_new();
        struct report_problem problem = {.kind = REPORT_WARNING};
        size_t first = 0;

        assert_null(config_case_load(ROWS[i].text, report));
        while (report_problem(report, first, &problem) && problem.kind != REPORT_ERROR) {
            first++;
        }
        assert_string_equal(report_text(report, first), ROWS[i].message);
        report_free(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config_that_is_broken_is_told_where_and_what_to_do),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
