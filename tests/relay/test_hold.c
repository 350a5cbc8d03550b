#include <string.h>

#include "relay/hold.h"
#include "support/test.h"

struct shelf {
    struct block_budget budget;
    struct block_store *store;
    struct hold hold;
};

static void open_shelf(struct shelf *self)
{
    *self = (struct shelf){.budget = {.total_max = UINT64_C(8388608)}};
    self->store = block_store_new(&self->budget);
    assert_non_null(self->store);
    hold_init(&self->hold, self->store);
}

static void close_shelf(struct shelf *self)
{
    hold_clear(&self->hold, false);
    assert_int_equal(block_store_used(self->store), 0);
    block_store_free(&self->store);
}

/* Reads `len` bytes of a pattern that goes on from read to read; as much as fits. */
static struct span fill(struct shelf *self, size_t len, size_t *at_p)
{
    struct stream_space space = hold_space(&self->hold, 0);

    assert_non_null(space.ptr);
    len = len < space.len ? len : space.len;
    for (size_t i = 0; i < len; i++) {
        space.ptr[i] = (uint8_t)((*at_p)++ * 7 % 251);
    }
    struct span bytes = {.ptr = space.ptr, .len = len};
    hold_note_read(&self->hold, bytes);
    return bytes;
}

/* The segments from `start` on hold the pattern from `at` on. */
static size_t check_pattern(const struct hold *hold, size_t at)
{
    for (size_t i = 0; i < hold->segment_count; i++) {
        for (size_t k = 0; k < hold->segments[i].len; k++) {
            assert_int_equal(hold->segments[i].ptr[k], at++ * 7 % 251);
        }
    }
    return at;
}

static void hold_joins_what_lies_side_by_side_over_many_blocks(void **state)
{
    struct shelf shelf;
    size_t at = 0;

    (void)state;
    open_shelf(&shelf);
    while (at < 500000) {
        struct span bytes = fill(&shelf, 1 + at % 5000, &at);
        assert_true(hold_keep(&shelf.hold, &bytes));
    }
    assert_int_equal(shelf.hold.len, at);
    assert_true(shelf.hold.segment_count < 10);
    assert_int_equal(check_pattern(&shelf.hold, 0), at);
    close_shelf(&shelf);
}

static void hold_leaves_out_what_is_not_kept_and_moves_short_pieces_up(void **state)
{
    struct shelf shelf;
    static const char text[] = "5\r\nhello\r\n6\r\n world\r\n";

    (void)state;
    open_shelf(&shelf);
    struct stream_space space = hold_space(&shelf.hold, 0);
    memcpy(space.ptr, text, strlen(text));
    struct span bytes = {.ptr = space.ptr, .len = strlen(text)};
    hold_note_read(&shelf.hold, bytes);
    struct span first = span_first(span_from(bytes, 3), 5);
    struct span second = span_first(span_from(bytes, 13), 6);
    assert_true(hold_keep(&shelf.hold, &first));
    assert_true(hold_keep(&shelf.hold, &second));
    assert_int_equal(shelf.hold.segment_count, 1);
    assert_true(span_equal(shelf.hold.segments[0], SPAN("hello world")));
    assert_true(span_equal(second, SPAN(" world")));
    close_shelf(&shelf);
}

static void hold_does_not_grow_a_segment_that_is_being_written(void **state)
{
    struct shelf shelf;
    size_t at = 0;

    (void)state;
    open_shelf(&shelf);
    struct span bytes = fill(&shelf, 1000, &at);
    assert_true(hold_keep(&shelf.hold, &bytes));
    hold_lend(&shelf.hold, 1);
    bytes = fill(&shelf, 100, &at);
    assert_true(hold_keep(&shelf.hold, &bytes));
    bytes = fill(&shelf, 100, &at);
    assert_true(hold_keep(&shelf.hold, &bytes));
    assert_int_equal(shelf.hold.segment_count, 2);
    assert_int_equal(shelf.hold.segments[0].len, 1000);
    hold_forget(&shelf.hold, 1);
    assert_int_equal(shelf.hold.len, 200);
    assert_int_equal(check_pattern(&shelf.hold, 1000), at);
    close_shelf(&shelf);
}

static void hold_gives_memory_back_while_later_segments_stay(void **state)
{
    struct shelf shelf;
    size_t at = 0;
    size_t gone = 0;

    (void)state;
    open_shelf(&shelf);
    for (int round = 0; round < 200; round++) {
        struct span bytes = fill(&shelf, 60000, &at);
        assert_true(hold_keep(&shelf.hold, &bytes));
        if (shelf.hold.segment_count > 2) {
            gone += shelf.hold.segments[0].len;
            hold_forget(&shelf.hold, 1);
        }
        assert_int_equal(check_pattern(&shelf.hold, gone), at);
        assert_true(block_store_used(shelf.store) <= 5 * (uint64_t)BLOCK_LARGE);
    }
    close_shelf(&shelf);
}

static void hold_keeps_more_segments_than_fit_inside_it(void **state)
{
    struct shelf shelf;
    size_t at = 0;

    (void)state;
    open_shelf(&shelf);
    for (int i = 0; i < 100; i++) {
        size_t framing = 0;
        struct span bytes = fill(&shelf, 600, &at);
        while (bytes.len < 600) {
            assert_true(hold_keep(&shelf.hold, &bytes));
            bytes = fill(&shelf, 600, &at);
        }
        assert_true(hold_keep(&shelf.hold, &bytes));
        (void)fill(&shelf, 4, &framing);
    }
    assert_true(shelf.hold.segment_count > HOLD_SEGMENTS_INLINE);
    assert_int_equal(check_pattern(&shelf.hold, 0), at);
    close_shelf(&shelf);
}

static void hold_can_be_split_at_every_byte(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 1900; len += 100) {
        struct shelf shelf;
        size_t at = 0;
        size_t count = 0;
        size_t before = 0;
        open_shelf(&shelf);
        for (int i = 0; i < 3; i++) {
            size_t framing = 0;
            struct span bytes = fill(&shelf, 600 + (size_t)i * 50, &at);
            assert_true(hold_keep(&shelf.hold, &bytes));
            (void)fill(&shelf, 4, &framing);
        }
        if (len <= shelf.hold.len) {
            assert_true(hold_split(&shelf.hold, len, &count));
            for (size_t i = 0; i < count; i++) {
                before += shelf.hold.segments[i].len;
            }
            assert_int_equal(before, len);
            assert_int_equal(check_pattern(&shelf.hold, 0), at);
            assert_int_equal(hold_from(&shelf.hold, len).len > 0, len < at);
            hold_lend(&shelf.hold, count);
            hold_forget(&shelf.hold, count);
            assert_int_equal(check_pattern(&shelf.hold, len), at);
        }
        close_shelf(&shelf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hold_joins_what_lies_side_by_side_over_many_blocks),
        cmocka_unit_test(hold_leaves_out_what_is_not_kept_and_moves_short_pieces_up),
        cmocka_unit_test(hold_does_not_grow_a_segment_that_is_being_written),
        cmocka_unit_test(hold_gives_memory_back_while_later_segments_stay),
        cmocka_unit_test(hold_keeps_more_segments_than_fit_inside_it),
        cmocka_unit_test(hold_can_be_split_at_every_byte),
    };
    return RUN_TESTS(tests);
}
