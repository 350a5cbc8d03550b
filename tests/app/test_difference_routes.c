#include "app/difference_case.h"

#define ROUTES(list)    GOOD "routes: [" list "]\n"
#define GUARDED(match)  "{" match ", require: [owner]}"
#define MYPAGE          GUARDED("path: /mypage/**")
#define LOST(where)     "marker `owner` is not required on `" where "`\n"
#define REQUIRED(where) "marker `owner` is required on `" where "`\n"

static void a_route_that_takes_some_of_a_guarded_ones_requests_is_weaker(void **state)
{
    (void)state;
    static const struct {
        const char *old;
        const char *next;
        const char *lines;
    } rows[] = {
        {ROUTES(MYPAGE), ROUTES("{path: '/*/history'}, " MYPAGE),
         LOST("/mypage/history")},
        {ROUTES(MYPAGE), ROUTES("{path: '/*/*/**'}, " MYPAGE), LOST("/mypage/*/**")},
        {ROUTES(MYPAGE), ROUTES("{host: www.example.jp, path: /**}, " MYPAGE),
         LOST("www.example.jp/mypage/**")},
        {ROUTES(GUARDED("host: www.example.jp, path: /a")),
         ROUTES("{host: '*.example.jp', path: /**}, " GUARDED(
             "host: www.example.jp, path: /a")),
         LOST("www.example.jp/a")},
        {ROUTES(GUARDED("host: '*.example.jp', path: /a")),
         ROUTES("{host: www.example.jp, path: /a}, " GUARDED(
             "host: '*.example.jp', path: /a")),
         LOST("www.example.jp/a")},
        {ROUTES(GUARDED("path: '/a/*/x'") ", {path: /a/b/**}"),
         ROUTES("{path: /a/b/**}, " GUARDED("path: '/a/*/x'")), LOST("/a/b/x")},
        {ROUTES(MYPAGE), GOOD, LOST("/mypage/**")},
        {ROUTES(GUARDED("path: /")), ROUTES("{path: /}"), LOST("/")},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        difference_case_weaker(rows[i].old, rows[i].next, rows[i].lines);
        difference_case_weaker(rows[i].next, rows[i].old, "");
    }
    difference_case_stronger(rows[5].next, rows[5].old, REQUIRED("/a/b/x"));
}

static void nothing_is_told_where_no_request_loses_anything(void **state)
{
    (void)state;
    static const struct {
        const char *old;
        const char *next;
    } rows[] = {
        {ROUTES(GUARDED("path: /a/**") ", {path: /b/**}"),
         ROUTES("{path: /b/**}, " GUARDED("path: /a/**"))},
        {ROUTES("{path: '/a/*/x', host: a.example}, " MYPAGE),
         ROUTES(MYPAGE ", {path: '/a/*/x', host: a.example}")},
        {ROUTES(GUARDED("path: /a/**, host: a.example") ", {path: /**, host: b.example}"),
         ROUTES(
             "{path: /**, host: b.example}, " GUARDED("path: /a/**, host: a.example"))},
        {ROUTES(MYPAGE), ROUTES(GUARDED("path: '/*/history'") ", " MYPAGE)},
        {ROUTES("{path: /mypage/top}, " MYPAGE),
         ROUTES("{path: /mypage/top}, {path: '/*/top'}, " MYPAGE)},
        {ROUTES(GUARDED("path: /a") ", " GUARDED("path: '/*'")),
         ROUTES(GUARDED("path: '/*'"))},
        {"hosts: [a.example]\n" ROUTES(MYPAGE),
         "hosts: [a.example]\n" ROUTES("{path: /**, host: b.example}, " MYPAGE)},
        {"hosts: [a.example]\n" ROUTES(MYPAGE),
         "hosts: [b.example]\n" ROUTES("{path: /mypage/**}")},
        {ROUTES("{path: /a/**, mode: observe}"), ROUTES("{path: /a/**}")},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        difference_case_weaker(rows[i].old, rows[i].next, "");
    }
}

static void all_that_a_new_route_demands_less_is_told_of_it(void **state)
{
    (void)state;
    difference_case_weaker(
        ROUTES("{path: /my/**, require: [owner], unmarked: refuse, echo: expect, "
               "over_limit: refuse}"),
        ROUTES("{path: '/*/x', require: [owner], websocket: allow}, {path: /my/**, "
               "require: [owner], unmarked: refuse, echo: expect, over_limit: refuse}"),
        "unmarked responses are released on `/my/x`\n"
        "the echo is not expected on `/my/x`\n"
        "WebSockets are forwarded on `/my/x`\n"
        "what is over `hold_max` is sent on `/my/x`\n"
        "WebSockets are forwarded on `/*/x`\n");
}

static void paths_whose_case_counts_now_are_no_longer_guarded(void **state)
{
    (void)state;
    difference_case_weaker("ignore_case: true\n" ROUTES(MYPAGE), ROUTES(MYPAGE),
                           "feature `login` is without `/login`\n" LOST("/mypage/**"));
    difference_case_weaker(ROUTES(MYPAGE), "ignore_case: true\n" ROUTES(MYPAGE), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_route_that_takes_some_of_a_guarded_ones_requests_is_weaker),
        cmocka_unit_test(nothing_is_told_where_no_request_loses_anything),
        cmocka_unit_test(all_that_a_new_route_demands_less_is_told_of_it),
        cmocka_unit_test(paths_whose_case_counts_now_are_no_longer_guarded),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
