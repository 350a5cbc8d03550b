#include <string.h>

#include "relay/write_log.h"
#include "support/test.h"

static unsigned batches;
static unsigned rows;
static struct journal_write first;

static void take(void *self, const struct journal_write *writes, unsigned count)
{
    (void)self;
    batches++;
    rows += count;
    first = writes[0];
}

static struct write_log_entry entry_of(const struct fingerprint *session, uint64_t at_ms)
{
    return (struct write_log_entry){.at_ms = at_ms,
                                    .session = session,
                                    .route = "/form",
                                    .screen = "Form",
                                    .method = "POST"};
}

static void requests_of_a_second_are_one_row(void **state)
{
    const struct journal journal = {.note_writes = take};
    struct write_log *log = write_log_new(&journal);
    const struct fingerprint session = {.bytes = {1}};
    (void)state;

    batches = rows = 0;
    for (uint64_t at = 600000; at <= 601200; at += 400) {
        struct write_log_entry entry = entry_of(&session, at);
        write_log_add(log, &entry);
    }
    assert_int_equal(batches, 0);
    write_log_flush(log);
    assert_int_equal(batches, 1);
    assert_int_equal(rows, 2);
    assert_int_equal(first.count, 3);
    assert_int_equal(first.last_at_ms, 600800);
    write_log_flush(log);
    assert_int_equal(batches, 1);
    write_log_free(&log);
}

static void a_full_log_is_handed_over_and_goes_on(void **state)
{
    const struct journal journal = {.note_writes = take};
    struct write_log *log = write_log_new(&journal);
    struct fingerprint session = {.bytes = {1}};
    (void)state;

    batches = rows = 0;
    for (unsigned i = 0; i < 2 * WRITE_LOG_ROWS + 1; i++) {
        session.bytes[1] = (uint8_t)i;
        struct write_log_entry entry = entry_of(&session, 600000);
        write_log_add(log, &entry);
    }
    assert_int_equal(batches, 2);
    write_log_flush(log);
    assert_int_equal(rows, 2 * WRITE_LOG_ROWS + 1);
    write_log_free(&log);
}

static void users_sessions_routes_and_methods_are_apart(void **state)
{
    const struct journal journal = {.note_writes = take};
    struct write_log *log = write_log_new(&journal);
    const struct fingerprint session = {.bytes = {1}};
    struct user user;
    (void)state;

    assert_true(user_set(&user, SPAN("alice")));
    struct write_log_entry entry = entry_of(&session, 600000);
    write_log_add(log, &entry);
    entry.user = &user;
    write_log_add(log, &entry);
    entry.method = "PUT";
    write_log_add(log, &entry);
    entry.route = "/other";
    write_log_add(log, &entry);
    batches = rows = 0;
    write_log_flush(log);
    assert_int_equal(rows, 4);
    assert_int_equal(first.user.len, 0);
    write_log_free(&log);
}

static void without_a_record_nothing_is_kept(void **state)
{
    const struct journal journal = {0};
    struct write_log *log = write_log_new(&journal);
    const struct fingerprint session = {.bytes = {1}};
    struct write_log_entry entry = entry_of(&session, 600000);
    (void)state;

    write_log_add(log, &entry);
    write_log_flush(log);
    write_log_free(&log);
    assert_null(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_of_a_second_are_one_row),
        cmocka_unit_test(a_full_log_is_handed_over_and_goes_on),
        cmocka_unit_test(users_sessions_routes_and_methods_are_apart),
        cmocka_unit_test(without_a_record_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
