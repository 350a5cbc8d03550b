#include "http/h2_flood.h"
#include "support/test.h"

static struct h2_flood flood;

static unsigned until_too_much(enum h2_flood_kind kind)
{
    unsigned count = 0;

    while (h2_flood_note(&flood, kind)) {
        count++;
        assert_true(count < 100000);
    }
    return count;
}

static void each_kind_ends_a_connection_at_its_burst(void **state)
{
    static const unsigned bursts[] = {
        0,
#define FLOOD(id, word, burst, per_second, sentence) (burst),
#include "http/h2_flood.def"
#undef FLOOD
    };

    (void)state;
    for (unsigned i = 1; i < H2_FLOOD_COUNT; i++) {
        h2_flood_init(&flood, 5000);
        assert_int_equal(until_too_much((enum h2_flood_kind)i), bursts[i]);
        assert_int_equal(flood.over, i);
        assert_true(h2_flood_word((enum h2_flood_kind)i)[0] != '\0');
    }
}

static void counts_shrink_with_time_and_by_credit(void **state)
{
    (void)state;
    h2_flood_init(&flood, 0);
    for (int i = 0; i < 60; i++) {
        assert_true(h2_flood_note(&flood, H2_FLOOD_PINGS));
    }
    h2_flood_pass(&flood, 999);
    assert_int_equal(flood.counts[H2_FLOOD_PINGS], 60);
    h2_flood_pass(&flood, 2500);
    assert_int_equal(flood.counts[H2_FLOOD_PINGS], 40);
    h2_flood_pass(&flood, 3000);
    assert_int_equal(flood.counts[H2_FLOOD_PINGS], 30);
    h2_flood_credit(&flood, H2_FLOOD_PINGS, 10);
    assert_int_equal(flood.counts[H2_FLOOD_PINGS], 20);
    h2_flood_credit(&flood, H2_FLOOD_PINGS, UINT32_MAX);
    assert_int_equal(flood.counts[H2_FLOOD_PINGS], 0);
    h2_flood_pass(&flood, UINT64_MAX);
    assert_int_equal(flood.counts[H2_FLOOD_PINGS], 0);
}

static void too_much_of_one_kind_stays_too_much(void **state)
{
    (void)state;
    h2_flood_init(&flood, 0);
    (void)until_too_much(H2_FLOOD_SETTINGS);
    h2_flood_pass(&flood, 100000);
    assert_false(h2_flood_note(&flood, H2_FLOOD_PINGS));
    assert_int_equal(flood.over, H2_FLOOD_SETTINGS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_ends_a_connection_at_its_burst),
        cmocka_unit_test(counts_shrink_with_time_and_by_credit),
        cmocka_unit_test(too_much_of_one_kind_stays_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
