#include <sys/stat.h>

#include "app/difference_case.h"

#define JWT(text) LISTEN UPSTREAMS MARKERS FEATURES "session: {jwt: {" text "}}\n"
#define SIGNED(file)                                                                     \
    LISTEN UPSTREAMS SESSION FEATURES                                                    \
        "markers: [{name: owner, find: [meta:a], signed: {key_file: " file "}}]\n"
#define REDACTED(rest)                                                                   \
    LISTEN UPSTREAMS SESSION FEATURES                                                    \
        "grants: [{name: g, csv: /nowhere.csv}]\n"                                       \
        "markers: [{name: owner, find: [meta:a]}, {name: member, find: [attr:b], "       \
        "must_be: granted, grants: g" rest "}]\n"

static int start(void **state)
{
    int failed = config_case_start(state);

    config_case_write("one.key", "0123456789abcdef0123456789abcdef");
    config_case_write("two.key", "fedcba9876543210fedcba9876543210");
    (void)chmod("one.key", 0600);
    (void)chmod("two.key", 0600);
    return failed;
}

static void another_claim_that_names_the_requester_is_weaker(void **state)
{
    (void)state;
    const char *told = "requesters are named by another claim of `session.jwt`\n";

    difference_case_weaker(JWT("cookie: t"), JWT("cookie: t, claim: email"), told);
    difference_case_weaker(JWT("header: T, claim: /a/b"), JWT("header: T, claim: /a/c"),
                           told);
    difference_case_weaker(JWT("header: T, claim: /a/b"), JWT("header: T, claim: '/a/*'"),
                           told);
    difference_case_weaker(JWT("cookie: t"), JWT("cookie: t, claim: /sub"), "");
    difference_case_weaker(GOOD, JWT("cookie: t, claim: email"),
                           "session cookie `SID` is gone\n");
}

static void what_a_key_file_holds_is_told_when_it_changes(void **state)
{
    (void)state;
    difference_case_changed(JWT("cookie: t, key_file: one.key"),
                            JWT("cookie: t, key_file: two.key"),
                            "`session.jwt.key_file` has another value\n");
    difference_case_changed(SIGNED("one.key"), SIGNED("two.key"),
                            "`markers[].signed.key_file` has another value\n");
    difference_case_changed(
        SIGNED("one.key"),
        LISTEN UPSTREAMS SESSION FEATURES
        "markers: [{name: owner, find: [meta:a], signed: {key_file: two.key}}, {name: m, "
        "find: [meta:m], must_be: nobody}]\n",
        "`markers[].signed.key_file` has another value\n");
    difference_case_changed(SIGNED("one.key"), SIGNED("one.key"), "");
}

static void another_element_that_is_taken_out_is_weaker(void **state)
{
    (void)state;
    const char *told = "another element is taken out around a forbidden `member`\n";

    difference_case_weaker(REDACTED(", action: redact"),
                           REDACTED(", action: redact, redact_element: b"), told);
    difference_case_weaker(REDACTED(", action: redact, redact_element: b"),
                           REDACTED(", action: redact"), told);
    difference_case_weaker(REDACTED(", action: redact, redact_element: b"),
                           REDACTED(", action: redact, redact_element: b"), "");
    difference_case_weaker(REDACTED(", action: redact, redact_element: b"), REDACTED(""),
                           "");
    difference_case_weaker(
        REDACTED(""), REDACTED(", action: redact, redact_element: b"),
        "pages with a forbidden `member` are redacted instead of refused\n");
}

static void a_location_that_says_success_is_part_of_the_configuration(void **state)
{
    (void)state;
    struct config *one =
        config_case_good(GOOD "login: {request: [/l], success: ['location:/a']}\n");
    struct config *two =
        config_case_good(GOOD "login: {request: [/l], success: ['location:/**']}\n");

    assert_string_not_equal(one->hash, two->hash);
    config_free(&one);
    config_free(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_claim_that_names_the_requester_is_weaker),
        cmocka_unit_test(what_a_key_file_holds_is_told_when_it_changes),
        cmocka_unit_test(another_element_that_is_taken_out_is_weaker),
        cmocka_unit_test(a_location_that_says_success_is_part_of_the_configuration),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, start, NULL);
}
