#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/stats.h"
#include "support/test.h"

struct page {
    size_t len;
    char text[65536];
};

static void collect(void *context, struct span text)
{
    struct page *page = context;
    assert_true(page->len + text.len < sizeof(page->text));
    if (text.len > 0) {
        memcpy(page->text + page->len, text.ptr, text.len);
    }
    page->len += text.len;
    page->text[page->len] = '\0';
}

static struct page page_of(struct stats *stats, bool openmetrics)
{
    struct page page = {0};
    stats_render(stats, openmetrics, collect, &page);
    return page;
}

static void assert_has(const struct page *page, const char *line)
{
    if (strstr(page->text, line) == NULL) {
        fail_msg("missing: %s\nin:\n%s", line, page->text);
    }
}

static void stats_families_without_labels_are_there_as_zero_from_the_start(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct page page = page_of(stats, false);

    assert_has(&page, "# TYPE countermark_incidents_open gauge\n"
                      "countermark_incidents_open 0\n");
    assert_has(&page, "countermark_hold_seconds_count 0\n");
    assert_has(&page, "# TYPE countermark_requests_total counter\n# HELP ");

    stats_free(&stats);
    assert_null(stats);
}

static void stats_add_up_the_blocks_of_all_threads(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct stats_block *one = stats_block_new(stats);
    struct stats_block *two = stats_block_new(stats);
    unsigned slot = stats_series(stats, STAT_CONNECTIONS, "side=\"client\"");

    stats_add(one, slot, 5);
    stats_add(two, slot, 2);
    stats_subtract(two, slot, 4);
    assert_int_equal(stats_read(stats, slot), 3);
    struct page page = page_of(stats, false);
    assert_has(&page, "countermark_connections{side=\"client\"} 3\n");

    stats_free(&stats);
}

static void stats_gauge_that_is_below_zero_for_a_moment_shows_zero(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct stats_block *block = stats_block_new(stats);

    stats_subtract(block, stats_series(stats, STAT_HELD_BYTES, ""), 1);
    struct page page = page_of(stats, false);
    assert_has(&page, "\ncountermark_held_bytes 0\n");

    stats_free(&stats);
}

static void stats_series_keeps_its_slot_when_asked_again(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    unsigned a = stats_series(stats, STAT_UNMARKED, "route=\"/a\"");
    unsigned b = stats_series(stats, STAT_UNMARKED, "route=\"/b\"");

    assert_int_not_equal(a, b);
    assert_int_equal(stats_series(stats, STAT_UNMARKED, "route=\"/a\""), a);
    assert_int_not_equal(stats_series(stats, STAT_MARKED, "route=\"/a\""), a);

    stats_free(&stats);
}

static bool has(struct stats *stats, const char *line)
{
    struct page page = page_of(stats, false);
    return strstr(page.text, line) != NULL;
}

static void stats_retired_are_not_shown_until_asked_for_and_keep_their_slot(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct stats_block *block = stats_block_new(stats);
    unsigned a = stats_series(stats, STAT_FEATURE_UP, "feature=\"a\"");
    unsigned b = stats_series(stats, STAT_FEATURE_UP, "feature=\"b\"");

    stats_set(block, a, 1);
    stats_retire(stats, STAT_FEATURE_UP);
    assert_int_equal(stats_series(stats, STAT_FEATURE_UP, "feature=\"b\""), b);
    assert_true(has(stats, "countermark_feature_up{feature=\"b\"} 0\n"));
    assert_false(has(stats, "feature=\"a\""));
    stats_add(block, a, 1); /* Who still holds it. */
    assert_int_equal(stats_read(stats, a), 2);
    assert_false(has(stats, "feature=\"a\""));
    assert_int_equal(stats_series(stats, STAT_FEATURE_UP, "feature=\"a\""), a);
    assert_true(has(stats, "countermark_feature_up{feature=\"a\"} 2\n"));
    stats_retire(stats, STAT_FEATURE_UP);
    assert_true(has(stats, "# TYPE countermark_feature_up gauge\n"));

    stats_free(&stats);
}

static void stats_histogram_counts_each_bound_inclusive_and_sums_in_seconds(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct stats_block *block = stats_block_new(stats);
    unsigned slot = stats_series(stats, STAT_HOLD_DURATION, "");

    stats_observe(block, slot, 500);
    stats_observe(block, slot, 501);
    stats_observe(block, slot, 40000000);
    struct page page = page_of(stats, false);
    assert_has(&page, "countermark_hold_seconds_bucket{le=\"0.0005\"} 1\n"
                      "countermark_hold_seconds_bucket{le=\"0.001\"} 2\n");
    assert_has(&page, "countermark_hold_seconds_bucket{le=\"30.0\"} 2\n"
                      "countermark_hold_seconds_bucket{le=\"+Inf\"} 3\n"
                      "countermark_hold_seconds_count 3\n"
                      "countermark_hold_seconds_sum 40.001001\n");

    stats_free(&stats);
}

static void stats_ratio_is_written_as_a_fraction(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct stats_block *block = stats_block_new(stats);
    unsigned slot = stats_series(stats, STAT_MARKER_COVERAGE, "route=\"/\"");

    stats_set(block, slot, 987500);
    struct page page = page_of(stats, false);
    assert_has(&page, "countermark_marker_coverage_ratio{route=\"/\"} 0.9875\n");
    stats_set(block, slot, STATS_RATIO_ONE);
    page = page_of(stats, false);
    assert_has(&page, "countermark_marker_coverage_ratio{route=\"/\"} 1.0\n");

    stats_free(&stats);
}

static void stats_openmetrics_names_counters_without_total_and_ends(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    stats_series(stats, STAT_DISPLAYS, "outcome=\"cut\"");
    struct page page = page_of(stats, true);

    assert_has(&page, "# TYPE countermark_displays counter\n"
                      "countermark_displays_total{outcome=\"cut\"} 0\n");
    assert_string_equal(page.text + page.len - 6, "# EOF\n");
    page = page_of(stats, false);
    assert_null(strstr(page.text, "EOF"));

    stats_free(&stats);
}

static void stats_label_escapes_what_would_end_the_value(void **state)
{
    (void)state;
    char buffer[32];

    assert_int_equal(stats_label(buffer, sizeof(buffer), "a", SPAN("b\"c\\d\ne")), 14);
    assert_string_equal(buffer, "a=\"b\\\"c\\\\d\\ne\"");
}

static void stats_label_says_what_it_needs_and_cuts_between_characters(void **state)
{
    (void)state;
    char buffer[6] = "xxxxx";

    assert_int_equal(stats_label(buffer, sizeof(buffer), "a", SPAN("b\"\"")), 9);
    assert_string_equal(buffer, "a=\"b");
    assert_int_equal(stats_label(NULL, 0, "a", SPAN("b")), 5);
}

static void stats_series_of_one_or_two_labels_are_those_of_their_text(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    static char path[1025]; /* As long as a route's may be, each byte escaped. */
    char labels[2 * sizeof(path) + 64];

    assert_int_equal(stats_series_of(stats, STAT_UNMARKED,
                                     (struct stat_label){"route", "/\"a"},
                                     (struct stat_label){0}),
                     stats_series(stats, STAT_UNMARKED, "route=\"/\\\"a\""));
    memset(path, '"', sizeof(path) - 1);
    size_t len = stats_label(labels, sizeof(labels), "route", span_of(path));
    (void)snprintf(labels + len, sizeof(labels) - len, ",code_class=\"2xx\"");
    unsigned slot =
        stats_series_of(stats, STAT_REQUESTS, (struct stat_label){"route", path},
                        (struct stat_label){"code_class", "2xx"});
    assert_int_not_equal(slot, 0);
    assert_int_equal(slot, stats_series(stats, STAT_REQUESTS, labels));

    stats_free(&stats);
}

static void stats_longer_than_any_page_count_into_nothing(void **state)
{
    (void)state;
    static char value[STATS_LABELS_MAX];
    struct stats *stats = stats_new();

    for (size_t len = STATS_LABELS_MAX - 32; len < STATS_LABELS_MAX; len++) {
        memset(value, 'a', len);
        unsigned one =
            stats_series_of(stats, STAT_UNMARKED, (struct stat_label){"route", value},
                            (struct stat_label){0});
        unsigned two =
            stats_series_of(stats, STAT_REQUESTS, (struct stat_label){"route", value},
                            (struct stat_label){"code_class", "2xx"});
        size_t size = len + sizeof("route=\"\"");
        assert_int_equal(one != 0, size <= STATS_LABELS_MAX);
        assert_int_equal(two != 0,
                         size + strlen(",code_class=\"2xx\"") <= STATS_LABELS_MAX);
    }
    stats_free(&stats);
}

static void stats_past_the_last_slot_count_into_nothing(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    struct stats_block *block = stats_block_new(stats);
    char labels[32];
    unsigned slot = 1;

    for (int i = 0; i < STATS_SERIES_MAX && slot != 0; i++) {
        (void)snprintf(labels, sizeof(labels), "route=\"%d\"", i % 200);
        (void)snprintf(labels + strlen(labels), 12, ",n=\"%d\"", i / 200);
        slot = stats_series(stats, (enum stat_id)(STAT_REQUESTS + i % 2), labels);
    }
    assert_int_equal(slot, 0);
    stats_observe(block, slot, 1);
    assert_int_not_equal(stats_series(stats, STAT_FEATURE_UP, "feature=\"login\""), 0);
    slot = 1;
    for (int i = 0; i < STATS_RESERVED && slot != 0; i++) {
        (void)snprintf(labels, sizeof(labels), "reason=\"%d\"", i);
        slot = stats_series(stats, STAT_REJECTED, labels);
    }
    assert_int_equal(slot, 0);
    assert_int_equal(stats_read(stats, stats_series(stats, STAT_INCIDENTS_OPEN, "")), 0);

    stats_free(&stats);
}

static void *count_to_a_thousand(void *context)
{
    struct stats *stats = context;
    struct stats_block *block = stats_block_new(stats);
    for (int i = 0; i < 1000; i++) {
        stats_add(block, stats_series(stats, STAT_INSPECTED, "route=\"/\""), 1);
    }
    return NULL;
}

static void stats_are_counted_and_rendered_by_many_threads(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    pthread_t threads[3];

    for (int i = 0; i < 3; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_to_a_thousand, stats),
                         0);
    }
    struct page page = page_of(stats, false);
    assert_true(page.len > 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(
        stats_read(stats, stats_series(stats, STAT_INSPECTED, "route=\"/\"")), 3000);

    stats_free(&stats);
}

static void stats_page_passes_promtool(void **state)
{
    (void)state;
    struct stats *stats = stats_new();
    // NOLINTNEXTLINE(cert-env33-c,concurrency-mt-unsafe): no other thread here
    if (system("command -v promtool >/dev/null") != 0) {
        stats_free(&stats);
        skip();
    }
    stats_series(stats, STAT_REQUESTS, "route=\"/\",code_class=\"2xx\"");
    stats_series(stats, STAT_MARKER_COVERAGE, "route=\"/\"");
    stats_series(stats, STAT_CONFIG_INFO, "hash=\"0\"");
    struct page page = page_of(stats, false);
    FILE *promtool = popen("promtool check metrics", "w"); // NOLINT(cert-env33-c)
    assert_non_null(promtool);
    (void)fwrite(page.text, 1, page.len, promtool);
    assert_int_equal(pclose(promtool), 0);

    stats_free(&stats);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stats_families_without_labels_are_there_as_zero_from_the_start),
        cmocka_unit_test(stats_add_up_the_blocks_of_all_threads),
        cmocka_unit_test(stats_gauge_that_is_below_zero_for_a_moment_shows_zero),
        cmocka_unit_test(stats_series_keeps_its_slot_when_asked_again),
        cmocka_unit_test(stats_retired_are_not_shown_until_asked_for_and_keep_their_slot),
        cmocka_unit_test(stats_histogram_counts_each_bound_inclusive_and_sums_in_seconds),
        cmocka_unit_test(stats_ratio_is_written_as_a_fraction),
        cmocka_unit_test(stats_openmetrics_names_counters_without_total_and_ends),
        cmocka_unit_test(stats_label_escapes_what_would_end_the_value),
        cmocka_unit_test(stats_label_says_what_it_needs_and_cuts_between_characters),
        cmocka_unit_test(stats_series_of_one_or_two_labels_are_those_of_their_text),
        cmocka_unit_test(stats_longer_than_any_page_count_into_nothing),
        cmocka_unit_test(stats_past_the_last_slot_count_into_nothing),
        cmocka_unit_test(stats_are_counted_and_rendered_by_many_threads),
        cmocka_unit_test(stats_page_passes_promtool),
    };
    return RUN_TESTS(tests);
}
