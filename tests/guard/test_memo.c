/* Goal: what was seen together is remembered, within bounds, for its time, and on disk.
 */
#include <string.h>

#include "guard/memo.h"
#include "support/test.h"

static const uint64_t IDLE_MS = 1000000;

static struct fingerprint hash(uint64_t number)
{
    struct fingerprint made = {{0}};
    uint64_t mixed = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    mixed ^= mixed >> 31;
    memcpy(made.bytes, &mixed, sizeof(mixed));
    memcpy(made.bytes + 8, &number, sizeof(number));
    return made;
}

static unsigned meet(struct memo *memo, uint64_t key, uint64_t value, uint64_t now_ms)
{
    struct memo_row row;
    struct fingerprint k = hash(key);
    struct fingerprint v = hash(value);
    memo_meet(memo, &k, &v, now_ms, &row);
    return fingerprint_equal(&row.value, &v) ? row.count : 0;
}

static bool find(struct memo *memo, uint64_t key, uint64_t now_ms)
{
    struct memo_row row;
    struct fingerprint k = hash(key);
    return memo_find(memo, &k, now_ms, &row);
}

static void the_first_value_stays_and_agreement_counts(void **state)
{
    (void)state;
    struct memo *memo = memo_new(NULL, 100, IDLE_MS, false);
    assert_false(find(memo, 1, 0));
    assert_int_equal(meet(memo, 1, 10, 0), 1);
    assert_int_equal(meet(memo, 1, 10, 1), 2);
    assert_int_equal(meet(memo, 1, 11, 2), 0);
    assert_int_equal(meet(memo, 1, 10, 3), 3);
    struct fingerprint key = hash(1);
    assert_true(memo_forget(memo, &key, 4));
    assert_false(memo_forget(memo, &key, 4));
    assert_int_equal(meet(memo, 1, 11, 5), 1);
    memo_free(&memo);
    assert_null(memo);
    memo_free(&memo);
}

static void a_row_that_is_not_used_is_gone_and_use_keeps_it(void **state)
{
    (void)state;
    struct memo *memo = memo_new(NULL, 100, IDLE_MS, false);
    (void)meet(memo, 1, 10, 0);
    assert_true(find(memo, 1, IDLE_MS));
    assert_true(find(memo, 1, 2 * IDLE_MS));
    assert_false(find(memo, 1, 3 * IDLE_MS + 1));
    assert_int_equal(meet(memo, 1, 11, 3 * IDLE_MS + 1), 1);
    memo_free(&memo);
}

static void rows_are_bounded_and_those_in_use_stay(void **state)
{
    (void)state;
    struct memo *memo = memo_new(NULL, 1000, IDLE_MS, false);
    unsigned kept = 0;
    for (uint64_t i = 1; i <= 20000; i++) {
        (void)meet(memo, i, i, i);
        if (i % 3 == 0) {
            assert_true(find(memo, 1, i));
        }
    }
    for (uint64_t i = 1; i <= 20000; i++) {
        kept += find(memo, i, 20001) ? 1 : 0;
    }
    assert_true(kept <= 1024);
    assert_true(kept > 900);
    assert_true(find(memo, 1, 20002));
    memo_free(&memo);
}

struct disk {
    unsigned count;
    struct memo_row rows[64];
};

static void write_row(void *context, const struct memo_row *row)
{
    struct disk *disk = context;
    disk->rows[disk->count++] = *row;
}

static void changes_are_handed_out_once_removals_too_and_come_back(void **state)
{
    (void)state;
    struct memo *memo = memo_new(NULL, 100, IDLE_MS, true);
    struct disk disk = {0};
    (void)meet(memo, 1, 10, 0);
    (void)meet(memo, 1, 10, 1);
    (void)meet(memo, 2, 20, 2);
    assert_int_equal(memo_drain(memo, 3, 1, write_row, &disk), 1);
    assert_int_equal(memo_drain(memo, 3, 9, write_row, &disk), 1);
    assert_int_equal(memo_drain(memo, 3, 9, write_row, &disk), 0);
    struct fingerprint key = hash(2);
    assert_true(memo_forget(memo, &key, 4));
    assert_int_equal(memo_drain(memo, 4, 9, write_row, &disk), 1);
    assert_true(disk.rows[2].removed);
    assert_true(fingerprint_equal(&disk.rows[2].key, &key));
    memo_free(&memo);

    memo = memo_new(NULL, 100, IDLE_MS, true);
    for (unsigned i = 0; i < 3; i++) {
        struct memo_row *row = &disk.rows[i];
        row->idle_for_ms += 5;
        assert_int_equal(memo_restore(memo, row, 0), !row->removed);
        assert_false(memo_restore(memo, row, 0));
    }
    assert_int_equal(memo_drain(memo, 0, 9, write_row, &disk), 0);
    assert_int_equal(meet(memo, 1, 10, 1), 3);
    disk.rows[0].idle_for_ms = IDLE_MS + 1;
    disk.rows[0].key = hash(77);
    assert_false(memo_restore(memo, &disk.rows[0], 0));
    memo_free(&memo);
}

/* A key of the same bucket for each `number`. */
static struct fingerprint crowd(uint64_t number)
{
    struct fingerprint made = {{0}};
    memcpy(made.bytes + 8, &number, sizeof(number));
    return made;
}

static unsigned meet_crowd(struct memo *memo, uint64_t number, uint64_t now_ms)
{
    struct memo_row row;
    struct fingerprint key = crowd(number);
    memo_meet(memo, &key, &key, now_ms, &row);
    assert_true(fingerprint_equal(&row.key, &key));
    assert_true(fingerprint_equal(&row.value, &key));
    return row.count;
}

static bool find_crowd(struct memo *memo, uint64_t number, uint64_t now_ms)
{
    struct memo_row row;
    struct fingerprint key = crowd(number);
    return memo_find(memo, &key, now_ms, &row);
}

enum { CROWD = 8 };

static void a_removal_is_handed_out_however_full_the_bucket_is(void **state)
{
    (void)state;
    struct memo *memo = memo_new(NULL, 100, IDLE_MS, true);
    struct disk disk = {0};
    for (uint64_t i = 0; i < CROWD; i++) {
        assert_int_equal(meet_crowd(memo, i, i), 1);
    }
    struct fingerprint key = crowd(5);
    assert_true(memo_forget(memo, &key, 10));
    for (uint64_t i = 100; i < 110; i++) {
        assert_int_equal(meet_crowd(memo, i, i), 1);
    }
    assert_int_equal(memo_drain(memo, 110, 64, write_row, &disk), CROWD);
    unsigned removed = 0;
    for (unsigned i = 0; i < disk.count; i++) {
        removed += disk.rows[i].removed && fingerprint_equal(&disk.rows[i].key, &key);
    }
    assert_int_equal(removed, 1);
    assert_true(find_crowd(memo, 109, 110));
    assert_int_equal(meet_crowd(memo, 200, 111), 1);
    assert_int_equal(meet_crowd(memo, 109, 112), 2); /* The free row was taken. */
    assert_true(find_crowd(memo, 103, 112));
    memo_free(&memo);
}

static void where_all_are_removals_the_newcomer_is_not_kept(void **state)
{
    (void)state;
    struct memo *memo = memo_new(NULL, 100, IDLE_MS, true);
    struct disk disk = {0};
    for (uint64_t i = 0; i < CROWD; i++) {
        struct fingerprint key = crowd(i);
        (void)meet_crowd(memo, i, i);
        assert_true(memo_forget(memo, &key, i));
    }
    assert_int_equal(meet_crowd(memo, 100, 9), 1);
    assert_false(find_crowd(memo, 100, 9));
    struct memo_row stored = {.key = crowd(100), .count = 1};
    assert_false(memo_restore(memo, &stored, 9));
    assert_int_equal(meet_crowd(memo, 3, 9), 1); /* Its own row. */
    assert_true(find_crowd(memo, 3, 9));
    assert_int_equal(memo_drain(memo, 10, 64, write_row, &disk), CROWD);
    for (unsigned i = 0; i < CROWD; i++) {
        assert_int_equal(disk.rows[i].removed, i != 3);
    }
    assert_int_equal(meet_crowd(memo, 100, 11), 1);
    assert_true(find_crowd(memo, 100, 11));
    memo_free(&memo);
}

static void changes_are_handed_out_in_their_order(void **state)
{
    (void)state;
    struct memo *memo = memo_new(NULL, 100, IDLE_MS, true);
    struct disk disk = {0};
    struct fingerprint key = crowd(1);
    for (uint64_t i = 0; i < 4; i++) {
        (void)meet_crowd(memo, i, i);
    }
    assert_int_equal(memo_drain(memo, 5, 2, write_row, &disk), 2);
    assert_true(memo_forget(memo, &key, 6));
    assert_int_equal(meet_crowd(memo, 1, 7), 1);
    assert_int_equal(memo_drain(memo, 8, 64, write_row, &disk), 3);
    static const uint64_t ORDER[] = {0, 1, 2, 3, 1};
    for (unsigned i = 0; i < 5; i++) {
        struct fingerprint expected = crowd(ORDER[i]);
        assert_true(fingerprint_equal(&disk.rows[i].key, &expected));
        assert_false(disk.rows[i].removed);
    }
    memo_free(&memo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_value_stays_and_agreement_counts),
        cmocka_unit_test(a_row_that_is_not_used_is_gone_and_use_keeps_it),
        cmocka_unit_test(rows_are_bounded_and_those_in_use_stay),
        cmocka_unit_test(changes_are_handed_out_once_removals_too_and_come_back),
        cmocka_unit_test(a_removal_is_handed_out_however_full_the_bucket_is),
        cmocka_unit_test(where_all_are_removals_the_newcomer_is_not_kept),
        cmocka_unit_test(changes_are_handed_out_in_their_order),
    };
    return RUN_TESTS(tests);
}
