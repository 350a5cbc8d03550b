#include <string.h>

#include "relay/block.h"
#include "support/test.h"

enum { MIB = 1048576 };

static void
blocks_past_the_bound_are_not_given_but_to_the_one_that_must_go_on(void **state)
{
    struct block_budget budget = {.total_max = 2 * (uint64_t)MIB};
    struct block_store *store = block_store_new(&budget);
    struct block *taken[40];
    unsigned count = 0;

    (void)state;
    assert_non_null(store);
    while (count < 32) {
        struct block *block = block_take(store, BLOCK_LARGE, 0);
        if (block == NULL) {
            break;
        }
        taken[count++] = block;
    }
    assert_int_equal(count, 2 * MIB / BLOCK_LARGE);
    assert_int_equal(block_store_used(store), count * (uint64_t)BLOCK_LARGE);
    struct block *beyond = block_take(store, BLOCK_SMALL, MIB);
    assert_non_null(beyond);
    taken[count++] = beyond;
    while ((beyond = block_take(store, BLOCK_LARGE, MIB)) != NULL) {
        taken[count++] = beyond;
        assert_true(count < 40);
    }
    assert_true(block_store_used(store) <= 3 * (uint64_t)MIB);
    while (count > 0) {
        block_give(store, &taken[--count], false);
    }
    assert_int_equal(block_store_used(store), 0);
    block_store_free(&store);
    assert_int_equal(atomic_load(&budget.reserved), 0);
}

static void what_one_took_past_the_bound_is_not_for_the_others(void **state)
{
    struct block_budget budget = {.total_max = MIB};
    struct block_store *store = block_store_new(&budget);
    struct block_store *second = block_store_new(&budget);
    struct block *taken[16];
    struct block *others = NULL;

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        taken[i] = block_take(store, BLOCK_LARGE, 0);
        assert_non_null(taken[i]);
    }
    for (unsigned i = 8; i < 16; i++) {
        taken[i] = block_take(store, BLOCK_LARGE, MIB);
        assert_non_null(taken[i]);
        assert_null(block_take(store, BLOCK_SMALL, 0));
        assert_null(block_take(second, BLOCK_SMALL, 0));
    }
    for (unsigned i = 0; i < 16; i++) {
        block_give(store, &taken[i], false);
    }
    assert_int_equal(atomic_load(&budget.reserved), MIB);
    others = block_take(store, BLOCK_SMALL, 0);
    assert_non_null(others);
    block_give(store, &others, false);
    block_store_free(&store);
    block_store_free(&second);
}

static void other_memory_counts_as_blocks_do(void **state)
{
    struct block_budget budget = {.total_max = 4 * (uint64_t)MIB};
    struct block_store *store = block_store_new(&budget);

    (void)state;
    assert_true(block_store_charge(store, 3 * (uint64_t)MIB + 1, 0));
    assert_int_equal(block_store_used(store), 3 * MIB + 1);
    assert_false(block_store_charge(store, MIB, 0));
    assert_int_equal(block_store_used(store), 3 * MIB + 1);
    assert_true(block_store_charge(store, MIB, MIB));
    block_store_discharge(store, 4 * (uint64_t)MIB + 1);
    assert_true(atomic_load(&budget.reserved) <= 2 * (uint64_t)MIB);
    assert_true(block_store_charge(store, MIB, 0));
    block_store_discharge(store, MIB);
    block_store_free(&store);
    assert_int_equal(atomic_load(&budget.reserved), 0);
}

static void blocks_of_two_stores_share_one_bound(void **state)
{
    struct block_budget budget = {.total_max = MIB};
    struct block_store *first = block_store_new(&budget);
    struct block_store *second = block_store_new(&budget);

    (void)state;
    struct block *block = block_take(first, BLOCK_SMALL, 0);
    assert_non_null(block);
    assert_null(block_take(second, BLOCK_SMALL, 0));
    block_give(first, &block, false);
    assert_null(block);
    block_store_free(&first);
    block = block_take(second, BLOCK_SMALL, 0);
    assert_non_null(block);
    block_give(second, &block, false);
    block_store_free(&second);
}

static void block_of_a_refused_response_is_wiped_before_it_is_used_again(void **state)
{
    struct block_budget budget = {.total_max = MIB};
    struct block_store *store = block_store_new(&budget);

    (void)state;
    struct block *block = block_take(store, BLOCK_SMALL, 0);
    memset(block->bytes, 'x', block->size);
    block_give(store, &block, true);
    block = block_take(store, BLOCK_SMALL, 0);
    for (size_t i = 0; i < block->size; i++) {
        assert_int_equal(block->bytes[i], 0);
    }
    block_give(store, &block, false);
    block_store_free(&store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            blocks_past_the_bound_are_not_given_but_to_the_one_that_must_go_on),
        cmocka_unit_test(what_one_took_past_the_bound_is_not_for_the_others),
        cmocka_unit_test(other_memory_counts_as_blocks_do),
        cmocka_unit_test(blocks_of_two_stores_share_one_bound),
        cmocka_unit_test(block_of_a_refused_response_is_wiped_before_it_is_used_again),
    };
    return RUN_TESTS(tests);
}
