#include "app/nearest.h"
#include "support/test.h"

static void nearest_counts_single_slips_as_one(void **state)
{
    (void)state;
    assert_int_equal(nearest_distance(SPAN("session"), SPAN("session")), 0);
    assert_int_equal(nearest_distance(SPAN("sesion"), SPAN("session")), 1);
    assert_int_equal(nearest_distance(SPAN("sessiion"), SPAN("session")), 1);
    assert_int_equal(nearest_distance(SPAN("sezsion"), SPAN("session")), 1);
    assert_int_equal(nearest_distance(SPAN("sesison"), SPAN("session")), 1);
    assert_int_equal(nearest_distance(SPAN(""), SPAN("abc")), 3);
    assert_int_equal(nearest_distance(SPAN("abc"), SPAN("")), 3);
    assert_int_equal(nearest_distance(SPAN("kitten"), SPAN("sitting")), 3);
}

static void nearest_looks_at_the_first_bytes_of_long_words_only(void **state)
{
    (void)state;
    uint8_t a[200] = {0};
    uint8_t b[300] = {0};

    b[100] = 1;
    assert_int_equal(nearest_distance((struct span){.ptr = a, .len = sizeof(a)},
                                      (struct span){.ptr = b, .len = sizeof(b)}),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nearest_counts_single_slips_as_one),
        cmocka_unit_test(nearest_looks_at_the_first_bytes_of_long_words_only),
    };
    return RUN_TESTS(tests);
}
