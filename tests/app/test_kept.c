#include <stdlib.h>
#include <sys/stat.h>

#include "app/config_case.h"
#include "app/kept.h"

#define GRANTS(url)                                                                      \
    LISTEN UPSTREAMS SESSION FEATURES                                                    \
        "grants: [{name: g, " url "}]\n"                                                 \
        "markers: [{name: owner, find: [meta:a]}, {name: m, find: [attr:b], must_be: "   \
        "granted, grants: g}]\n"
#define HOOK(url) GOOD "alerts: [{name: soc, webhook: '" url "', format: slack}]\n"

/* The text that is kept of a configuration, in memory of its own. */
static char *keep(const char *text)
{
    struct config *config = config_case_good(text);
    char *copy = strndup((const char *)config->kept.ptr, config->kept.len);

    assert_non_null(copy);
    assert_true(config->kept.len > 0);
    config_free(&config);
    return copy;
}

/* The first line that `next` is told; "" when nothing is weaker. */
static void compare(const char *kept, const char *next, char *line_out)
{
    struct report *report = report_new();
    struct config *config = config_case_good(next);
    bool good = kept_compare(span_of(kept), config, report);

    assert_int_equal(good, report_warning_count(report) == 0);
    (void)snprintf(line_out, REPORT_TEXT_MAX, "%s", good ? "" : report_text(report, 0));
    config_free(&config);
    report_free(&report);
}

static void expect(const char *old, const char *next, const char *line)
{
    char told[REPORT_TEXT_MAX];
    char *kept = keep(old);

    compare(kept, next, told);
    assert_string_equal(told, line);
    free(kept);
}

static void kept_configuration_is_compared_like_one_in_force(void **state)
{
    (void)state;
    expect(GOOD, GOOD, "");
    expect(LISTEN UPSTREAMS MARKERS FEATURES
           "session: {cookies: ['1', SID, 'on'], suffix: '~', basic: true}\n"
           "workers: 1\nrefusal_status: 503\nhold_max: 64KiB\nretention: 1y\n",
           LISTEN UPSTREAMS MARKERS FEATURES
           "session: {cookies: ['1', SID, 'on'], basic: true}\nretention: 1y\n",
           "");
    expect(GOOD, GOOD "mode: observe\n",
           "t.yaml: warning: the mode is observe: nothing is withheld");
    expect(GOOD "mode: observe\n", GOOD, "");
    expect(GOOD "routes: [{path: \"/a'\xc3\xa9,]/**\", require: [owner]}]\n", GOOD,
           "t.yaml: warning: marker `owner` is not required on `/a'\xc3\xa9,]/**`");
    expect(GRANTS("redis: 'redis://127.0.0.1/1'"), GRANTS("redis: 'redis://127.0.0.1/2'"),
           "t.yaml: warning: marker `m` has another rule in `grants`");
}

static void kept_text_has_no_secret_of_an_url(void **state)
{
    (void)state;
    static const char *const texts[] = {
        GRANTS("redis: 'redis://user:s3cr3t@127.0.0.1:6379/0'"),
        GRANTS("redis: 'redis://user:s3cr3t@s3cr3t@127.0.0.1:6379/0'"),
        GRANTS("http: 'http://127.0.0.1:1/grants?token=s3cr3t'"),
        HOOK("http://127.0.0.1:1/services/s3cr3t"),
        HOOK("https://hooks.example/s3cr3t?s3cr3t#s3cr3t"),
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct report *report = report_new();
        struct config *config = config_case_load(texts[i], report);
        if (config != NULL) {
            struct span kept = config->kept;
            assert_true(kept.len > 0);
            assert_null(memmem(kept.ptr, kept.len, "s3cr3t", 6));
            assert_true(kept_compare(kept, config, report));
            config_free(&config);
        } else {
            fail_msg("%s", report_text(report, 0));
        }
        report_free(&report);
    }
}

static void kept_text_that_cannot_be_read_is_not_taken_for_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "{",
        "{\"version\":\"2\",\"configuration\":{}}",
        "{\"version\":\"1\"}",
        "{\"version\":\"1\",\"folder\":\"\",\"configuration\":{\"listen\":5}}",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char told[REPORT_TEXT_MAX];
        compare(texts[i], GOOD, told);
        assert_non_null(
            strstr(told, "cannot be compared with the configuration last in force: "));
    }
}

static void kept_file_is_replaced_whole_and_nobody_else_reads_it(void **state)
{
    (void)state;
    struct stat status;
    char bytes[16] = "";

    assert_null(kept_store("kept", SPAN("the first")));
    assert_null(kept_store("kept", SPAN("second")));
    FILE *file = fopen("kept", "r");
    assert_non_null(file);
    assert_int_equal(fread(bytes, 1, sizeof(bytes) - 1, file), 6);
    (void)fclose(file);
    assert_string_equal(bytes, "second");
    assert_int_equal(stat("kept", &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_not_equal(access("kept.new", F_OK), 0);
    assert_non_null(kept_store("no/such/folder", SPAN("x")));
}

static void expect_file(const char *path, bool expected, const char *line)
{
    struct report *report = report_new();
    struct config *config = config_case_good(GOOD);
    bool good = kept_check(path, expected, config, report);

    assert_int_equal(good, line == NULL);
    assert_int_equal(report_warning_count(report), line == NULL ? 0 : 1);
    if (line != NULL) {
        assert_non_null(strstr(report_text(report, 0), line));
    }
    config_free(&config);
    report_free(&report);
}

static void kept_file_that_is_missing_after_a_run_is_told(void **state)
{
    (void)state;
    static const char *const told =
        "cannot be compared with the configuration last in force: ";
    char *same = keep(GOOD);
    char *stronger = keep("detectors_off: [canary]\n" GOOD);
    char *weaker = keep(GOOD "routes: [{path: /a, require: [owner]}]\n");

    expect_file("nowhere", false, NULL);
    expect_file("nowhere", true, told);
    expect_file(".", false, told);
    assert_null(kept_store("kept", span_of(same)));
    expect_file("kept", true, NULL);
    assert_null(kept_store("kept", span_of(stronger)));
    expect_file("kept", true, NULL);
    assert_null(kept_store("kept", span_of(weaker)));
    expect_file("kept", false, "marker `owner` is not required on `/a`");
    free(same);
    free(stronger);
    free(weaker);
}

static void kept_configuration_of_other_addresses_is_compared_with_them(void **state)
{
    (void)state;
    expect(
        "listen: [{address: 127.0.0.1:1}]\n" UPSTREAMS SESSION MARKERS FEATURES,
        "listen: [{address: 127.0.0.1:2, trusted_proxies: "
        "[10.0.0.1]}]\n" UPSTREAMS SESSION MARKERS FEATURES,
        "t.yaml: warning: every new address believes more proxies than 127.0.0.1 port 1 "
        "did");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_configuration_is_compared_like_one_in_force),
        cmocka_unit_test(kept_text_has_no_secret_of_an_url),
        cmocka_unit_test(kept_text_that_cannot_be_read_is_not_taken_for_the_same),
        cmocka_unit_test(kept_file_that_is_missing_after_a_run_is_told),
        cmocka_unit_test(kept_configuration_of_other_addresses_is_compared_with_them),
        cmocka_unit_test(kept_file_is_replaced_whole_and_nobody_else_reads_it),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
