#include "app/config_case.h"
#include "app/config_reload.h"

/* The first is in force; `down`: its feature `shop` is down. */
static bool reload(const char *now_text, const char *next_text, bool down,
                   struct report *report)
{
    struct feature_table features = {0};
    unsigned slot = 0;
    struct config *now = config_case_good(now_text);
    struct config *next = config_case_good(next_text);

    feature_table_init(&features);
    assert_int_equal(feature_table_slot(&features, SPAN("shop"), &slot), ERR_NONE);
    assert_int_equal(slot, 1);
    if (down) {
        feature_table_set(&features, slot, FEATURE_DOWN);
    }
    bool allowed = config_reload_allowed(now, next, &features, report);
    config_free(&now);
    config_free(&next);
    return allowed;
}

#define BASE LISTEN UPSTREAMS SESSION MARKERS
#define SHOP "features: [{name: login, paths: [/l]}, {name: shop, paths: [/s]}]\n"

static void reload_of_the_same_says_nothing(void **state)
{
    (void)state;
    struct report *report = report_new();

    assert_true(reload(BASE SHOP, BASE SHOP, true, report));
    assert_null(report_text(report, 0));
    report_free(&report);
}

static void reload_may_not_remove_a_feature_that_is_down(void **state)
{
    (void)state;
    struct report *report = report_new();

    assert_false(reload(BASE SHOP, BASE FEATURES, true, report));
    assert_string_equal(
        report_text(report, 0),
        "reload: feature `shop` is down and cannot be removed or renamed; "
        "bring it up first");
    report_free(&report);
}

static void reload_tells_what_it_takes_away(void **state)
{
    (void)state;
    struct report *report = report_new();

    assert_true(
        reload(BASE SHOP
               "routes: [{path: /a, require: [owner], unmarked: refuse}, {path: /b}]\n",
               LISTEN UPSTREAMS SESSION
               "markers: [{name: member, find: [meta:m]}]\n" FEATURES
               "routes: [{path: /a, require: [member]}, {path: /b, mode: observe}]\n",
               false, report));
    assert_string_equal(report_text(report, 0),
                        "reload: warning: marker class `owner` is gone");
    assert_string_equal(report_text(report, 1),
                        "reload: warning: route `/a` asks for less than before");
    assert_string_equal(report_text(report, 2),
                        "reload: warning: route `/b` is only observed now");
    assert_string_equal(report_text(report, 3),
                        "reload: warning: feature `shop` is gone");
    assert_null(report_text(report, 4));
    report_free(&report);
}

static void reload_tells_that_nothing_is_withheld_any_more(void **state)
{
    (void)state;
    struct report *report = report_new();

    assert_true(reload(GOOD, GOOD "mode: observe\n", false, report));
    assert_string_equal(report_text(report, 0),
                        "reload: warning: the mode is now observe: nothing is withheld");
    assert_null(report_text(report, 1));
    report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reload_of_the_same_says_nothing),
        cmocka_unit_test(reload_may_not_remove_a_feature_that_is_down),
        cmocka_unit_test(reload_tells_what_it_takes_away),
        cmocka_unit_test(reload_tells_that_nothing_is_withheld_any_more),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
