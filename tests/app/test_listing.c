#include "app/listing.h"
#include "support/test.h"

static char memory[LISTING_END_MAX + 20];

static void expect(struct listing *listing, size_t more, const char *text)
{
    struct span all = listing_end(listing, more, "; ", ".");

    assert_int_equal(all.len, strlen(text));
    assert_memory_equal(all.ptr, text, all.len);
}

static void listing_says_nothing_more_where_all_is_there(void **state)
{
    (void)state;
    struct listing listing = listing_of(memory, sizeof(memory));

    listing_add(&listing, "a: ", "one", "\n");
    listing_add(&listing, "b: ", "two", "\n");
    expect(&listing, 0, "a: one\nb: two\n");
}

static void listing_fills_its_memory_and_no_more(void **state)
{
    (void)state;
    struct listing listing = listing_of(memory, sizeof(memory));

    listing_add(&listing, "", "0123456789012345678", "\n");
    expect(&listing, 0, "0123456789012345678\n");
}

static void listing_counts_what_has_no_room_and_takes_no_part_of_it(void **state)
{
    (void)state;
    struct listing listing = listing_of(memory, sizeof(memory));

    listing_add(&listing, "", "01234567890", "\n");
    listing_add(&listing, "a: ", "0123456789", "\n");
    listing_add(&listing, "", "x", "\n");
    expect(&listing, 0, "01234567890\n; and 2 more.");
}

static void listing_tells_also_what_was_never_added(void **state)
{
    (void)state;
    struct listing listing = listing_of(memory, sizeof(memory));

    listing_add(&listing, "", "one", "");
    expect(&listing, 7, "one; and 7 more.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listing_says_nothing_more_where_all_is_there),
        cmocka_unit_test(listing_fills_its_memory_and_no_more),
        cmocka_unit_test(listing_counts_what_has_no_room_and_takes_no_part_of_it),
        cmocka_unit_test(listing_tells_also_what_was_never_added),
    };
    return RUN_TESTS(tests);
}
