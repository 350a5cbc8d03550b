#include "base/writer.h"
#include "support/test.h"

static void writer_puts_texts_numbers_and_fields_together(void **state)
{
    (void)state;
    char memory[64];
    struct writer writer = writer_of(memory, sizeof(memory));

    writer_text(&writer, "n=");
    writer_u64(&writer, UINT64_MAX);
    writer_byte(&writer, ' ');
    writer_field(&writer, SPAN("Age"), SPAN("1"));
    writer_put(&writer, (struct span){0});
    assert_false(writer.full);
    assert_true(
        span_equal(writer_span(&writer), SPAN("n=18446744073709551615 Age: 1\r\n")));
}

static void writer_takes_all_that_fits(void **state)
{
    (void)state;
    char memory[3];
    struct writer writer = writer_of(memory, sizeof(memory));

    writer_text(&writer, "abc");
    assert_false(writer.full);
    writer_text(&writer, "");
    assert_false(writer.full);
    assert_true(span_equal(writer_span(&writer), SPAN("abc")));
}

static void writer_that_was_full_once_takes_nothing_more(void **state)
{
    (void)state;
    char memory[4] = "....";
    struct writer writer = writer_of(memory, 3);

    writer_text(&writer, "ab");
    writer_text(&writer, "cd");
    assert_true(writer.full);
    writer_byte(&writer, 'e');
    assert_true(writer.full);
    assert_true(span_equal(writer_span(&writer), SPAN("ab")));
    assert_int_equal(memory[3], '.');
}

/* All of it or nothing: half a field would be another one. */
static void writer_takes_a_field_whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct span VALUES[] = {{0}, {.ptr = (const uint8_t *)"v", .len = 1}};

    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen("Name: \r\n") + VALUES[i].len;
        for (size_t capacity = 0; capacity <= len + 1; capacity++) {
            char memory[16] = "................";
            struct writer writer = writer_of(memory, capacity);

            writer_field(&writer, SPAN("Name"), VALUES[i]);
            assert_int_equal(writer.full, capacity < len);
            assert_int_equal(writer.len, capacity < len ? 0 : len);
            assert_int_equal(memory[writer.len], '.');
            writer_byte(&writer, 'x');
            assert_int_equal(writer.full, capacity != len + 1);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writer_puts_texts_numbers_and_fields_together),
        cmocka_unit_test(writer_takes_all_that_fits),
        cmocka_unit_test(writer_takes_a_field_whole_or_not_at_all),
        cmocka_unit_test(writer_that_was_full_once_takes_nothing_more),
    };
    return RUN_TESTS(tests);
}
