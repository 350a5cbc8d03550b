#include "app/config_case.h"
#include "app/difference.h"

#define BASE LISTEN UPSTREAMS SESSION MARKERS
#define PROXIED                                                                          \
    "listen: [{address: 127.0.0.1:1, trusted_proxies: [10.0.0.1]}]\n" UPSTREAMS MARKERS  \
        FEATURES
#define HOOK(rest)                                                                       \
    GOOD "alerts: [{name: soc, webhook: 'http://127.0.0.1:1/x', format: slack" rest "}]" \
         "\n"

static struct difference *between(const char *old, const char *next)
{
    struct config *before = config_case_good(old);
    struct config *after = config_case_good(next);
    struct difference *difference = difference_new(before, after, TAKEN_BY_RELOAD);

    assert_non_null(difference);
    config_free(&before);
    config_free(&after);
    return difference;
}

static void expect(const char *old, const char *next, enum effect effect,
                   const char *text)
{
    struct difference *difference = between(old, next);

    assert_non_null(difference_text(difference, effect, 0));
    assert_string_equal(difference_text(difference, effect, 0), text);
    assert_int_equal(difference_count(difference, effect), 1);
    for (int i = 0; i <= EFFECT_NEUTRAL; i++) {
        enum effect other = (enum effect)i;
        if (other != effect && difference_count(difference, other) > 0) {
            fail_msg("also %s: %s", effect_name(other),
                     difference_text(difference, other, 0));
        }
    }
    difference_free(&difference);
}

static void difference_is_told_in_both_directions(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        const char *less;
        const char *lost;
        const char *gained;
    } rows[] = {
        {GOOD, GOOD "mode: observe\n", "the mode is observe: nothing is withheld",
         "the mode is enforce: what is found is withheld"},
        {GOOD, GOOD "detectors_off: [canary]\n", "the detector `canary` is switched off",
         "the detector `canary` is on"},
        {PROXIED "session: {cookies: [SID], client_certificate: uri, "
                 "client_certificate_field: X-C}\n",
         PROXIED SESSION, "requesters are no longer named by their certificates",
         "requesters are named by their certificates"},
        {BASE "features: [{name: login, paths: [/l]}, {name: shop, paths: [/s]}]\n",
         BASE "features: [{name: login, paths: [/l]}]\n", "feature `shop` is gone",
         "feature `shop` is new"},
        {BASE "features: [{name: login, paths: [/l, /my/**]}]\n",
         BASE "features: [{name: login, paths: [/l]}]\n",
         "feature `login` is without `/my/**`", "feature `login` also has `/my/**`"},
        {BASE "features: [{name: login, paths: [/l]}]\n",
         BASE "features: [{name: login, paths: [/l], take_down: {cases: 2}}]\n",
         "feature `login` is taken down later", "feature `login` is taken down earlier"},
        {GOOD "routes: [{path: /my/**, require: [owner]}]\n",
         GOOD "routes: [{path: /my/**}]\n", "marker `owner` is not required on `/my/**`",
         "marker `owner` is required on `/my/**`"},
        {GOOD "routes: [{path: /my/**, require: [owner]}]\n", GOOD,
         "marker `owner` is not required on `/my/**`",
         "marker `owner` is required on `/my/**`"},
        {GOOD "routes: [{path: /a}]\n", GOOD "routes: [{path: /a, mode: observe}]\n",
         "`/a` is only observed", "`/a` is enforced"},
        {GOOD "quarantine: both\n", GOOD,
         "fewer sessions have to log in again after a finding",
         "more sessions have to log in again after a finding"},
        {LISTEN UPSTREAMS "session: {cookies: [SID, B]}\n" MARKERS FEATURES, GOOD,
         "session cookie `B` is gone", "session cookie `B` is new"},
        {LISTEN
         "upstreams: [{name: site, servers: ['http://127.0.0.1:9000']}]\n" SESSION MARKERS
             FEATURES,
         LISTEN "upstreams: [{name: site, servers: ['http://127.0.0.1:9000'], "
                "connections: shared}]\n" SESSION MARKERS FEATURES,
         "connections to `site` carry requests of several users",
         "no connection to `site` carries requests of several users"},
        {HOOK(""), HOOK(", severity: critical"), "fewer alerts go to `soc`",
         "more alerts go to `soc`"},
        {HOOK(""), HOOK(", types: [incident.*]"), "fewer alerts go to `soc`",
         "more alerts go to `soc`"},
        {HOOK(", types: [incident.*]"), HOOK(", types: [incident.opened]"),
         "fewer alerts go to `soc`", "more alerts go to `soc`"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        expect(rows[i].more, rows[i].less, EFFECT_WEAKER, rows[i].lost);
        expect(rows[i].less, rows[i].more, EFFECT_STRONGER, rows[i].gained);
    }
}

static void difference_of_receivers_is_weaker_when_one_goes(void **state)
{
    (void)state;
    struct difference *difference = between(HOOK(""), GOOD);

    assert_string_equal(difference_text(difference, EFFECT_WEAKER, 0),
                        "alerts to `soc` are gone");
    difference_free(&difference);
    difference = between(GOOD, HOOK(""));
    assert_int_equal(difference_count(difference, EFFECT_WEAKER), 0);
    assert_string_equal(difference_text(difference, EFFECT_STRONGER, 0),
                        "alerts go to `soc`");
    difference_free(&difference);
}

static void difference_that_is_neither_is_named_by_its_key(void **state)
{
    (void)state;
    expect(GOOD, GOOD "limits: {idle_timeout: 10s}\n", EFFECT_NEUTRAL,
           "`limits.idle_timeout` has another value");
    expect(GOOD, GOOD "refusal_status: 503\n", EFFECT_NEUTRAL,
           "`refusal_status` has another value");
    expect(GOOD,
           LISTEN "upstreams: [{name: other, servers: ['http://127.0.0.1:9000'], "
                  "connections_max: 3}]\n" SESSION MARKERS FEATURES,
           EFFECT_NEUTRAL, "`upstreams[].name` has another value");
}

static void difference_to_itself_is_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {GOOD, HOOK(""), GOOD "mode: observe\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct difference *difference = between(texts[i], texts[i]);
        for (int k = 0; k <= EFFECT_NEUTRAL; k++) {
            assert_int_equal(difference_count(difference, (enum effect)k), 0);
            assert_null(difference_text(difference, (enum effect)k, 0));
        }
        difference_free(&difference);
    }
}

/* More than is kept is still counted: a count of 0 means that nothing is weaker. */
static void difference_counts_what_it_does_not_keep(void **state)
{
    (void)state;
    enum { PATHS = DIFFERENCE_LINES_MAX + 7 };
    static char many[PATHS * 16];
    static char text[PATHS * 16 + 1024];

    for (int i = 0; i < PATHS; i++) {
        size_t len = strlen(many);
        (void)snprintf(many + len, sizeof(many) - len, ", /p%d", i);
    }
    (void)snprintf(text, sizeof(text), BASE "features: [{name: login, paths: [/l%s]}]\n",
                   many);
    struct difference *difference =
        between(text, BASE "features: [{name: login, paths: [/l]}]\n");
    assert_int_equal(difference_count(difference, EFFECT_WEAKER), PATHS);
    assert_non_null(difference_text(difference, EFFECT_WEAKER, DIFFERENCE_LINES_MAX - 1));
    assert_null(difference_text(difference, EFFECT_WEAKER, DIFFERENCE_LINES_MAX));
    difference_free(&difference);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(difference_is_told_in_both_directions),
        cmocka_unit_test(difference_of_receivers_is_weaker_when_one_goes),
        cmocka_unit_test(difference_that_is_neither_is_named_by_its_key),
        cmocka_unit_test(difference_to_itself_is_nothing),
        cmocka_unit_test(difference_counts_what_it_does_not_keep),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
