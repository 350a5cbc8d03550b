#include "app/difference_case.h"

#define LOGIN(rest)   GOOD "login: {request: [POST /login]" rest "}\n"
#define LOGOUT(rules) LOGIN(", logout: [" rules "]")

static void a_request_that_counts_as_a_logout_now_is_weaker(void **state)
{
    (void)state;
    difference_case_weaker(LOGOUT("/logout"), LOGOUT("/logout, GET /my/**"),
                           "`GET /my/**` counts as a logout\n");
    difference_case_weaker(LOGOUT("POST /logout"), LOGOUT("/logout"),
                           "`/logout` counts as a logout\n");
    difference_case_weaker(LOGIN(""), LOGOUT("/logout"),
                           "`/logout` counts as a logout\n");
    difference_case_stronger(LOGOUT("/logout, /bye"), LOGOUT("/logout"),
                             "`/bye` is no logout any more\n");
}

static void a_logout_that_another_pattern_had_already_is_nothing(void **state)
{
    (void)state;
    difference_case_weaker(LOGOUT("/out/**"), LOGOUT("GET /out, /out/now"), "");
    difference_case_weaker(LOGOUT("/logout"), LOGIN(""), "");
    difference_case_weaker(LOGOUT("/logout"), "ignore_case: true\n" LOGOUT("/logout"),
                           "");
    difference_case_changed(LOGOUT("/out/**"), LOGOUT("/out/**, /out/now"), "");
}

static void less_of_a_body_is_searched_for_the_name_of_a_login(void **state)
{
    (void)state;
    static const char less[] =
        LOGIN(", user_field: u") "limits: {login_body_max: 1KiB}\n";

    difference_case_weaker(
        LOGIN(", user_field: u"), less,
        "less of a login is searched for its name (`limits.login_body_max`)\n");
    difference_case_weaker(less, LOGIN(", user_field: u"), "");
    difference_case_weaker(GOOD, GOOD "limits: {login_body_max: 1KiB}\n", "");
    difference_case_changed(GOOD, GOOD "limits: {login_body_max: 1KiB}\n",
                            "`limits.login_body_max` has another value\n");
}

static void another_hold_max_is_told_and_protects_as_before(void **state)
{
    (void)state;
    difference_case_weaker(GOOD, GOOD "hold_max: 64KiB\n", "");
    difference_case_changed(GOOD, GOOD "hold_max: 64KiB\n",
                            "`hold_max` has another value\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_counts_as_a_logout_now_is_weaker),
        cmocka_unit_test(a_logout_that_another_pattern_had_already_is_nothing),
        cmocka_unit_test(less_of_a_body_is_searched_for_the_name_of_a_login),
        cmocka_unit_test(another_hold_max_is_told_and_protects_as_before),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
