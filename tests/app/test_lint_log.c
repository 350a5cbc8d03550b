#include "app/config_case.h"
#include "app/lint_log.h"

#define LINE(route, path, rest)                                                          \
    "{\"time\":\"2024-03-25T13:52:00.000Z\",\"request\":\"0\",\"client\":\"10.0.0.1\","  \
    "\"method\":\"GET\",\"path\":\"" path "\",\"route\":\"" route                        \
    "\",\"status\":200,\"bytes\":1,\"duration_us\":1,\"ending\":\"released\"" rest "}\n"
#define SITE GOOD "routes: [{path: /my/**, require: [owner]}]\n"

/* The warnings about SITE that `log` gives, joined. */
static void read_log(const char *log, char *told_out, size_t size)
{
    struct config *config = config_case_good(SITE);
    struct report *report = report_new();
    FILE *file = fmemopen((void *)(uintptr_t)log, strlen(log), "r");

    assert_non_null(file);
    lint_log(config, file, "a.log", report);
    (void)fclose(file);
    told_out[0] = '\0';
    for (size_t i = 0; report_text(report, i) != NULL; i++) {
        size_t len = strlen(told_out);
        (void)snprintf(told_out + len, size - len, "%s\n", report_text(report, i));
    }
    report_free(&report);
    config_free(&config);
}

static void expect(const char *log, const char *told)
{
    char text[2048];

    read_log(log, text, sizeof(text));
    assert_string_equal(text, told);
}

static void log_without_gaps_says_nothing(void **state)
{
    (void)state;
    expect(LINE("/my/**", "/my/a", ",\"marked\":true") LINE("/**", "/news", ""), "");
}

static void log_tells_of_a_marker_never_seen(void **state)
{
    (void)state;
    expect(LINE("/**", "/news", ""),
           "a.log: warning: no request for `/my/**`, which requires a marker: it has "
           "never been seen there; look whether the path is right\n");
    expect(LINE("/my/**", "/my/a", ",\"marked\":false")
               LINE("/my/**", "/my/b", ",\"marked\":false"),
           "a.log: warning: none of 2 pages of `/my/**` carried its marker, such as "
           "`/my/a`: look whether `find` is right\n");
}

static void log_tells_of_gaps_with_the_first_of_them(void **state)
{
    (void)state;
    expect(LINE("/my/**", "/my/a", ",\"marked\":true")
               LINE("/my/**", "/my/help", ",\"session\":\"0a\",\"marked\":false")
                   LINE("/my/**", "/my/c", ",\"marked\":true"),
           "a.log: warning: 1 of 3 pages of `/my/**` lacked their marker, such as "
           "`/my/help`: give it to them, or a route of their own\n");
}

static void log_tells_of_personal_paths_that_nobody_guards(void **state)
{
    (void)state;
    expect(LINE("/my/**", "/my/a", ",\"marked\":true")
               LINE("/**", "/account/1", ",\"session\":\"0a\"")
                   LINE("/**", "/account/2", ""),
           "a.log: warning: 1 requests of sessions for `/account/1`, which looks "
           "personal, were for route `/**`, which requires nothing: add a route with "
           "`require`\n");
}

static void log_of_something_else_is_told(void **state)
{
    (void)state;
    expect(LINE("/my/**", "/my/a", ",\"marked\":true")
               LINE("/other", "/other", "") "127.0.0.1 - - [x] GET /\n",
           "a.log: warning: 1 of 3 lines are not of an access log of Countermark\n"
           "a.log: warning: 1 of 3 requests were for routes that this configuration "
           "does not have\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_without_gaps_says_nothing),
        cmocka_unit_test(log_tells_of_a_marker_never_seen),
        cmocka_unit_test(log_tells_of_gaps_with_the_first_of_them),
        cmocka_unit_test(log_tells_of_personal_paths_that_nobody_guards),
        cmocka_unit_test(log_of_something_else_is_told),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
