#include <string.h>

#include "guard/feature.h"
#include "support/test.h"

static unsigned slot_of(struct feature_table *table, struct span name)
{
    unsigned slot = 99;
    assert_int_equal(feature_table_slot(table, name, &slot), ERR_NONE);
    return slot;
}

static void feature_login_is_the_first_slot_and_up(void **state)
{
    (void)state;
    struct feature_table table;
    unsigned slot = 99;

    memset(&table, 0xff, sizeof(table));
    feature_table_init(&table, NULL);
    assert_true(feature_table_find(&table, SPAN("login"), &slot));
    assert_int_equal(slot, FEATURE_LOGIN);
    assert_int_equal(feature_table_state(&table, slot), FEATURE_UP);
    assert_int_equal(feature_table_down(&table, UINT64_MAX), 0);
}

static void feature_keeps_its_slot_by_name(void **state)
{
    (void)state;
    struct feature_table table = {0};
    unsigned slot = 99;
    feature_table_init(&table, NULL);
    unsigned shop = slot_of(&table, SPAN("shop"));

    assert_int_not_equal(slot_of(&table, SPAN("mail")), shop);
    assert_int_equal(slot_of(&table, SPAN("shop")), shop);
    assert_false(feature_table_find(&table, SPAN("sho"), &slot));
    assert_int_equal(slot, 99);
}

static void feature_table_refuses_names_and_numbers_past_its_limits(void **state)
{
    (void)state;
    struct feature_table table = {0};
    char name[FEATURE_NAME_SIZE_MAX + 1];
    unsigned slot = 0;
    feature_table_init(&table, NULL);

    memset(name, 'a', sizeof(name));
    struct span all = {.ptr = (const uint8_t *)name, .len = sizeof(name)};
    assert_int_equal(feature_table_slot(&table, span_first(all, 64), &slot), ERR_LIMIT);
    assert_int_equal(feature_table_slot(&table, (struct span){0}, &slot), ERR_SYNTAX);
    assert_int_equal(feature_table_slot(&table, SPAN("a\0b"), &slot), ERR_SYNTAX);
    for (size_t len = 1; len < FEATURE_COUNT_MAX; len++) {
        assert_int_equal(feature_table_slot(&table, span_first(all, len), &slot),
                         ERR_NONE);
        assert_int_equal(slot, len);
    }
    assert_int_equal(feature_table_slot(&table, SPAN("more"), &slot), ERR_LIMIT);
}

static void feature_take_down_tells_only_what_was_not_down_before(void **state)
{
    (void)state;
    struct feature_table table = {0};
    feature_table_init(&table, NULL);
    uint64_t shop = UINT64_C(1) << slot_of(&table, SPAN("shop"));

    assert_int_equal(feature_table_take_down(&table, FEATURE_LOGIN_BIT),
                     FEATURE_LOGIN_BIT);
    assert_int_equal(feature_table_take_down(&table, FEATURE_LOGIN_BIT | shop), shop);
    assert_int_equal(feature_table_take_down(&table, shop), 0);
    assert_int_equal(feature_table_down(&table, shop), shop);
    assert_int_equal(feature_table_state(&table, FEATURE_LOGIN), FEATURE_DOWN);
}

static void feature_on_trial_is_down_for_the_gate_and_can_be_taken_down(void **state)
{
    (void)state;
    struct feature_table table = {0};
    feature_table_init(&table, NULL);

    feature_table_set(&table, FEATURE_LOGIN, FEATURE_TRIAL);
    assert_int_equal(feature_table_state(&table, FEATURE_LOGIN), FEATURE_TRIAL);
    assert_int_equal(feature_table_down(&table, UINT64_MAX), FEATURE_LOGIN_BIT);
    assert_int_equal(feature_table_take_down(&table, FEATURE_LOGIN_BIT),
                     FEATURE_LOGIN_BIT);
    assert_int_equal(feature_table_state(&table, FEATURE_LOGIN), FEATURE_DOWN);
}

static void feature_comes_up_from_every_state(void **state)
{
    (void)state;
    struct feature_table table = {0};
    feature_table_init(&table, NULL);

    for (int from = FEATURE_DOWN; from <= FEATURE_UP; from++) {
        feature_table_set(&table, FEATURE_LOGIN, (enum feature_state)from);
        assert_int_equal(feature_table_state(&table, FEATURE_LOGIN), from);
        feature_table_set(&table, FEATURE_LOGIN, FEATURE_UP);
        assert_int_equal(feature_table_state(&table, FEATURE_LOGIN), FEATURE_UP);
        assert_int_equal(atomic_load(&table.trial_mask), 0);
    }
    assert_string_equal(feature_state_name(FEATURE_DOWN), "down");
    assert_string_equal(feature_state_name(FEATURE_TRIAL), "trial");
    assert_string_equal(feature_state_name(FEATURE_UP), "up");
}

static void feature_does_not_open_when_it_was_to_go_down_meanwhile(void **state)
{
    (void)state;
    struct feature_table table = {0};
    feature_table_init(&table, NULL);
    unsigned shop = slot_of(&table, SPAN("shop"));
    uint64_t bit = UINT64_C(1) << shop;

    assert_int_equal(feature_table_take_down(&table, bit), bit);
    uint64_t asked = feature_table_asked(&table, shop);
    assert_int_equal(asked, 1);
    /* It is down already, and is to be all the same. */
    assert_int_equal(feature_table_take_down(&table, bit), 0);
    assert_false(feature_table_open(&table, shop, FEATURE_UP, asked));
    assert_false(feature_table_open(&table, shop, FEATURE_TRIAL, asked));
    assert_int_equal(feature_table_state(&table, shop), FEATURE_DOWN);
    asked = feature_table_asked(&table, shop);
    (void)feature_table_take_down(&table, FEATURE_LOGIN_BIT); /* Another one. */
    feature_table_set(&table, shop, FEATURE_DOWN);            /* Does not ask. */
    assert_true(feature_table_open(&table, shop, FEATURE_TRIAL, asked));
    assert_int_equal(feature_table_state(&table, shop), FEATURE_TRIAL);
    assert_true(feature_table_open(&table, shop, FEATURE_UP, asked));
    assert_int_equal(feature_table_state(&table, shop), FEATURE_UP);
}

static void a_trial_is_passed_by_those_who_may_until_it_is_taken_down(void **state)
{
    (void)state;
    struct feature_table table = {0};
    feature_table_init(&table, NULL);
    uint64_t bit = UINT64_C(1) << slot_of(&table, SPAN("shop"));
    unsigned slot = slot_of(&table, SPAN("shop"));

    assert_int_equal(feature_table_down_for(&table, bit, bit), 0);
    assert_false(feature_table_has_trial(&table));
    feature_table_set(&table, slot, FEATURE_DOWN);
    assert_int_equal(feature_table_down_for(&table, bit, bit), bit);
    feature_table_set(&table, slot, FEATURE_TRIAL);
    assert_true(feature_table_has_trial(&table));
    assert_int_equal(feature_table_down_for(&table, bit, bit), 0);
    assert_int_equal(feature_table_down_for(&table, bit, 0), bit);
    assert_int_equal(feature_table_down_for(&table, bit, FEATURE_LOGIN_BIT), bit);
    assert_int_equal(feature_table_take_down(&table, bit), bit);
    assert_int_equal(feature_table_down_for(&table, bit, bit), bit);
    assert_false(feature_table_has_trial(&table));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feature_login_is_the_first_slot_and_up),
        cmocka_unit_test(feature_keeps_its_slot_by_name),
        cmocka_unit_test(feature_table_refuses_names_and_numbers_past_its_limits),
        cmocka_unit_test(feature_take_down_tells_only_what_was_not_down_before),
        cmocka_unit_test(feature_on_trial_is_down_for_the_gate_and_can_be_taken_down),
        cmocka_unit_test(feature_comes_up_from_every_state),
        cmocka_unit_test(feature_does_not_open_when_it_was_to_go_down_meanwhile),
        cmocka_unit_test(a_trial_is_passed_by_those_who_may_until_it_is_taken_down),
    };
    return RUN_TESTS(tests);
}
