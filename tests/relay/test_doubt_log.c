#include <string.h>

#include "relay/doubt_log.h"
#include "support/test.h"

static unsigned batches;
static unsigned rows;
static struct journal_doubt first;

static void take(void *self, const struct journal_doubt *doubts, unsigned count)
{
    (void)self;
    batches++;
    rows += count;
    first = doubts[0];
}

static const struct journal JOURNAL = {.note_doubts = take};
static const struct doubt_log_entry ENTRY = {
    .at_ms = 600000, .kind = JOURNAL_UNMARKED, .feature_mask = 2, .route = "/form"};

static int set_up(void **state)
{
    batches = rows = 0;
    *state = doubt_log_new(&JOURNAL);
    return 0;
}

static int tear_down(void **state)
{
    struct doubt_log *log = *state;

    doubt_log_free(&log);
    return 0;
}

static void responses_of_a_second_are_one_row(void **state)
{
    struct doubt_log_entry entry = ENTRY;

    for (; entry.at_ms <= 601000; entry.at_ms += 250) {
        doubt_log_add(*state, &entry);
    }
    assert_int_equal(batches, 0);
    doubt_log_flush(*state);
    assert_int_equal(batches, 1);
    assert_int_equal(rows, 2);
    assert_int_equal(first.count, 4);
    assert_int_equal(first.first_at_ms, 600000);
    assert_int_equal(first.last_at_ms, 600750);
    assert_int_equal(first.kind, JOURNAL_UNMARKED);
    assert_int_equal(first.feature_mask, 2);
    assert_string_equal(first.route, "/form");
    doubt_log_flush(*state);
    assert_int_equal(batches, 1);
}

static void kinds_features_and_routes_are_apart(void **state)
{
    struct doubt_log_entry entry = ENTRY;

    doubt_log_add(*state, &entry);
    entry.kind = JOURNAL_UNINSPECTED;
    doubt_log_add(*state, &entry);
    entry.feature_mask = 4;
    doubt_log_add(*state, &entry);
    entry.route = "/other";
    doubt_log_add(*state, &entry);
    doubt_log_flush(*state);
    assert_int_equal(rows, 4);
}

static void a_full_log_is_handed_over_and_goes_on(void **state)
{
    struct doubt_log_entry entry = ENTRY;

    for (unsigned i = 0; i < 2 * DOUBT_LOG_ROWS + 1; i++) {
        entry.feature_mask = i;
        doubt_log_add(*state, &entry);
    }
    assert_int_equal(batches, 2);
    doubt_log_flush(*state);
    assert_int_equal(rows, 2 * DOUBT_LOG_ROWS + 1);
}

static void without_a_record_nothing_is_kept(void **state)
{
    const struct journal journal = {0};
    struct doubt_log *log = doubt_log_new(&journal);

    (void)state;
    doubt_log_add(log, &ENTRY);
    doubt_log_flush(log);
    doubt_log_free(&log);
    assert_null(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        LOG_TEST(responses_of_a_second_are_one_row),
        LOG_TEST(kinds_features_and_routes_are_apart),
        LOG_TEST(a_full_log_is_handed_over_and_goes_on),
        LOG_TEST(without_a_record_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
