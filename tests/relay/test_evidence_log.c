#include <string.h>

#include "relay/evidence_log.h"
#include "support/test.h"

/* What the journal was given. */
static struct {
    unsigned write_batches;
    unsigned writes;
    struct journal_write write;
    unsigned doubt_batches;
    unsigned doubts;
    struct journal_doubt doubt;
} seen;

static void take_writes(void *self, const struct journal_write *writes, unsigned count)
{
    (void)self;
    seen.write_batches++;
    seen.writes += count;
    seen.write = writes[0];
}

static void take_doubts(void *self, const struct journal_doubt *doubts, unsigned count)
{
    (void)self;
    seen.doubt_batches++;
    seen.doubts += count;
    seen.doubt = doubts[0];
}

static const struct journal JOURNAL = {.note_writes = take_writes,
                                       .note_doubts = take_doubts};
static const struct fingerprint SESSION = {.bytes = {1}};
static const struct evidence_log_write WRITE = {.at_ms = 600000,
                                                .session = &SESSION,
                                                .route = "/form",
                                                .screen = "Form",
                                                .method = "POST"};
static const struct evidence_log_doubt DOUBT = {
    .at_ms = 600000, .kind = JOURNAL_UNMARKED, .feature_mask = 2, .route = "/form"};

static int set_up(void **state)
{
    memset(&seen, 0, sizeof(seen));
    *state = evidence_log_new(&JOURNAL);
    return 0;
}

static int tear_down(void **state)
{
    struct evidence_log *log = *state;

    evidence_log_free(&log);
    assert_null(log);
    return 0;
}

static void writes_of_a_second_are_one_row(void **state)
{
    struct evidence_log_write write = WRITE;

    for (; write.at_ms <= 601200; write.at_ms += 400) {
        evidence_log_add_write(*state, &write);
    }
    assert_int_equal(seen.write_batches, 0);
    evidence_log_flush(*state);
    assert_int_equal(seen.write_batches, 1);
    assert_int_equal(seen.writes, 2);
    assert_int_equal(seen.write.count, 3);
    assert_int_equal(seen.write.first_at_ms, 600000);
    assert_int_equal(seen.write.last_at_ms, 600800);
    assert_string_equal(seen.write.screen, "Form");
    evidence_log_flush(*state);
    assert_int_equal(seen.write_batches, 1);
    assert_int_equal(seen.doubt_batches, 0);
}

static void writes_of_users_sessions_routes_and_methods_are_apart(void **state)
{
    const struct fingerprint other = {.bytes = {2}};
    struct evidence_log_write write = WRITE;
    struct user user;

    assert_true(user_set(&user, SPAN("alice")));
    evidence_log_add_write(*state, &write);
    write.user = &user;
    evidence_log_add_write(*state, &write);
    write.method = "PUT";
    evidence_log_add_write(*state, &write);
    write.route = "/other";
    evidence_log_add_write(*state, &write);
    write.session = &other;
    evidence_log_add_write(*state, &write);
    evidence_log_flush(*state);
    assert_int_equal(seen.writes, 5);
    assert_int_equal(seen.write.user.len, 0);
}

static void doubts_of_a_second_are_one_row(void **state)
{
    struct evidence_log_doubt doubt = DOUBT;

    for (; doubt.at_ms <= 601000; doubt.at_ms += 250) {
        evidence_log_add_doubt(*state, &doubt);
    }
    assert_int_equal(seen.doubt_batches, 0);
    evidence_log_flush(*state);
    assert_int_equal(seen.doubt_batches, 1);
    assert_int_equal(seen.doubts, 2);
    assert_int_equal(seen.doubt.count, 4);
    assert_int_equal(seen.doubt.first_at_ms, 600000);
    assert_int_equal(seen.doubt.last_at_ms, 600750);
    assert_int_equal(seen.doubt.kind, JOURNAL_UNMARKED);
    assert_int_equal(seen.doubt.feature_mask, 2);
    assert_string_equal(seen.doubt.route, "/form");
    evidence_log_flush(*state);
    assert_int_equal(seen.doubt_batches, 1);
    assert_int_equal(seen.write_batches, 0);
}

static void doubts_of_kinds_features_and_routes_are_apart(void **state)
{
    struct evidence_log_doubt doubt = DOUBT;

    evidence_log_add_doubt(*state, &doubt);
    doubt.kind = JOURNAL_UNINSPECTED;
    evidence_log_add_doubt(*state, &doubt);
    doubt.feature_mask = 4;
    evidence_log_add_doubt(*state, &doubt);
    doubt.route = "/other";
    evidence_log_add_doubt(*state, &doubt);
    evidence_log_flush(*state);
    assert_int_equal(seen.doubts, 4);
}

static void what_is_full_is_handed_over_and_goes_on(void **state)
{
    struct fingerprint session = SESSION;
    struct evidence_log_write write = WRITE;
    struct evidence_log_doubt doubt = DOUBT;

    write.session = &session;
    for (unsigned i = 0; i < 2 * EVIDENCE_LOG_WRITES + 1; i++) {
        session.bytes[1] = (uint8_t)i;
        evidence_log_add_write(*state, &write);
    }
    for (unsigned i = 0; i < 2 * EVIDENCE_LOG_DOUBTS + 1; i++) {
        doubt.feature_mask = i;
        evidence_log_add_doubt(*state, &doubt);
    }
    assert_int_equal(seen.write_batches, 2);
    assert_int_equal(seen.doubt_batches, 2);
    evidence_log_flush(*state);
    assert_int_equal(seen.writes, 2 * EVIDENCE_LOG_WRITES + 1);
    assert_int_equal(seen.doubts, 2 * EVIDENCE_LOG_DOUBTS + 1);
}

static void without_a_record_nothing_is_kept(void **state)
{
    const struct journal journal = {0};
    struct evidence_log *log = evidence_log_new(&journal);

    (void)state;
    evidence_log_add_write(log, &WRITE);
    evidence_log_add_doubt(log, &DOUBT);
    evidence_log_flush(log);
    evidence_log_free(&log);
    assert_null(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        LOG_TEST(writes_of_a_second_are_one_row),
        LOG_TEST(writes_of_users_sessions_routes_and_methods_are_apart),
        LOG_TEST(doubts_of_a_second_are_one_row),
        LOG_TEST(doubts_of_kinds_features_and_routes_are_apart),
        LOG_TEST(what_is_full_is_handed_over_and_goes_on),
        LOG_TEST(without_a_record_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
