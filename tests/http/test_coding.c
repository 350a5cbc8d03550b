#include <zlib.h>

#include "http/coding.h"
#include "support/test.h"

/* The memory is large because some bodies are. */
enum { BODY_SIZE = 200000, CODED_SIZE = 2 * BODY_SIZE };

static uint8_t body[BODY_SIZE];
static uint8_t decoded[BODY_SIZE];
static size_t decoded_len;

static const struct coding_limits LIMITS = {.decoded_size_max = BODY_SIZE,
                                            .ratio_max = 100};

static void on_decoded(void *context, struct span bytes)
{
    (void)context;
    assert_true(bytes.len > 0 && decoded_len + bytes.len <= sizeof(decoded));
    memcpy(decoded + decoded_len, bytes.ptr, bytes.len);
    decoded_len += bytes.len;
}

/* Bytes that compress, but not too well. */
static void fill_body(size_t len)
{
    uint32_t random = 1;

    for (size_t i = 0; i < len; i++) {
        random = random * 1664525 + 1013904223;
        body[i] = (uint8_t)('a' + (random >> 28));
    }
}

static size_t encode(struct span bytes, int window_bits, uint8_t *out)
{
    z_stream stream = {0};
    union {
        const uint8_t *lent;
        uint8_t *wanted;
    } input = {.lent = bytes.ptr}; /* zlib's older prototype lacks a const. */

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, 0), Z_OK);
    stream.next_in = input.wanted;
    stream.avail_in = (unsigned)bytes.len;
    stream.next_out = out;
    stream.avail_out = CODED_SIZE;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    deflateEnd(&stream);
    return stream.total_out;
}

static struct head head_of(const char *coding)
{
    struct head head = {0};
    if (coding != NULL) {
        head.fields[head.field_count++] =
            (struct field){.value = span_of(coding), .id = FIELD_CONTENT_ENCODING};
    }
    return head;
}

static enum coding_state decode(struct coding *coding, const char *name,
                                struct span coded, size_t step)
{
    struct head head = head_of(name);
    enum coding_state end = coding_start(coding, &head, NULL);

    decoded_len = 0;
    for (size_t i = 0; i < coded.len && end == CODING_MORE; i += step) {
        struct span piece = span_first(span_from(coded, i), step);
        end = coding_feed(coding, piece, i + step >= coded.len ? PIECE_LAST : PIECE_MORE);
    }
    return end;
}

static const size_t STEPS[] = {1, 7, 1000, 100000000};
enum { STEP_COUNT = sizeof(STEPS) / sizeof(STEPS[0]) };

static void coding_takes_off_each_coding_in_any_split(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int window_bits;
    } rows[] = {{"gzip", 31},     {"X-GZIP", 31},           {"deflate", 15},
                {"deflate", -15}, {" identity , gzip", 31}, {"deflate", 9}};
    static uint8_t coded[CODED_SIZE];
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(50000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = encode((struct span){body, 50000}, rows[i].window_bits, coded);
        for (size_t s = 0; s < STEP_COUNT; s++) {
            enum coding_state end =
                decode(coding, rows[i].name, (struct span){coded, len}, STEPS[s]);
            assert_int_equal(end, CODING_DONE);
            assert_int_equal(decoded_len, 50000);
            assert_memory_equal(decoded, body, 50000);
        }
    }
    coding_free(&coding);
}

static void coding_takes_off_several_in_a_row(void **state)
{
    (void)state;
    static uint8_t once[CODED_SIZE];
    static uint8_t twice[CODED_SIZE];
    static uint8_t thrice[CODED_SIZE];
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(30000);
    size_t len = encode((struct span){body, 30000}, 31, once);
    len = encode((struct span){once, len}, 15, twice);
    len = encode((struct span){twice, len}, 31, thrice);
    for (size_t s = 0; s < STEP_COUNT; s++) {
        enum coding_state end =
            decode(coding, "gzip, deflate, gzip", (struct span){thrice, len}, STEPS[s]);
        assert_int_equal(end, CODING_DONE);
        assert_int_equal(decoded_len, 30000);
        assert_memory_equal(decoded, body, 30000);
    }
    coding_free(&coding);
}

static void coding_joins_gzip_members(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE * 2];
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(20000);
    size_t len = encode((struct span){body, 20000}, 31, coded);
    len += encode((struct span){body, 5}, 31, coded + len);
    for (size_t s = 0; s < STEP_COUNT; s++) {
        enum coding_state end =
            decode(coding, "gzip", (struct span){coded, len}, STEPS[s]);
        assert_int_equal(end, CODING_DONE);
        assert_int_equal(decoded_len, 20005);
    }
    coding_free(&coding);
}

static void coding_sees_truncation_damage_and_garbage(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE];
    const int window_bits[] = {31, 15, -15};
    const char *const names[] = {"gzip", "deflate", "deflate"};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(3000);
    for (size_t i = 0; i < 3; i++) {
        size_t len = encode((struct span){body, 3000}, window_bits[i], coded);
        for (size_t s = 0; s < STEP_COUNT; s++) {
            struct span cut = {coded, len - 1};
            assert_int_equal(decode(coding, names[i], cut, STEPS[s]), CODING_DAMAGED);
            coded[len] = 'x';
            struct span more = {coded, len + 1};
            assert_int_equal(decode(coding, names[i], more, STEPS[s]), CODING_DAMAGED);
        }
        coded[len / 2] ^= 0xff;
        coded[len / 2 + 1] ^= 0xff;
        if (i < 2) { /* A raw stream has no sum that would show it. */
            struct span whole = {coded, len};
            assert_int_equal(decode(coding, names[i], whole, 9), CODING_DAMAGED);
        }
    }
    coding_free(&coding);
}

static void coding_joins_nothing_but_gzip_members(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE * 2];
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(100);
    size_t len = encode((struct span){body, 100}, 15, coded);
    len += encode((struct span){body, 100}, 15, coded + len);
    assert_int_equal(decode(coding, "deflate", (struct span){coded, len}, 7),
                     CODING_DAMAGED);
    coding_free(&coding);
}

static void coding_keeps_its_limits(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE];
    const struct coding_limits small = {.decoded_size_max = 1000, .ratio_max = 10000};
    struct coding *ratio = coding_new(&LIMITS, on_decoded);
    struct coding *size = coding_new(&small, on_decoded);

    memset(body, 'a', BODY_SIZE);
    size_t len = encode((struct span){body, BODY_SIZE}, 31, coded);
    assert_int_equal(decode(ratio, "gzip", (struct span){coded, len}, 1), CODING_LIMIT);
    assert_int_equal(coding_feed(ratio, SPAN("x"), PIECE_LAST), CODING_LIMIT);

    len = encode((struct span){body, 1001}, 31, coded);
    assert_int_equal(decode(size, "gzip", (struct span){coded, len}, 10), CODING_LIMIT);
    len = encode((struct span){body, 1000}, 31, coded);
    assert_int_equal(decode(size, "gzip", (struct span){coded, len}, 10), CODING_DONE);
    assert_int_equal(decode(size, NULL, (struct span){body, 1001}, 10), CODING_LIMIT);
    coding_free(&ratio);
    coding_free(&size);
}

static void coding_it_does_not_know_is_unknown_at_once(void **state)
{
    (void)state;
    const char *const names[] = {"br",       "zstd",      "gzip, br",
                                 "gzip;q=1", "gzip gzip", "gzip, gzip, gzip, gzip"};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct head head = head_of(names[i]);
        assert_int_equal(coding_start(coding, &head, NULL), CODING_UNKNOWN);
        assert_false(coding_is_identity(coding));
        assert_int_equal(coding_feed(coding, SPAN("x"), PIECE_LAST), CODING_UNKNOWN);
    }
    assert_true(coding_is_known(SPAN("GZip")));
    assert_false(coding_is_known(SPAN("br")));
    coding_free(&coding);
}

static void coding_of_an_empty_body_is_done(void **state)
{
    (void)state;
    struct coding *coding = coding_new(&LIMITS, on_decoded);
    struct head head = head_of("gzip");

    assert_int_equal(coding_start(coding, &head, NULL), CODING_MORE);
    assert_int_equal(coding_feed(coding, (struct span){0}, PIECE_LAST), CODING_DONE);
    assert_int_equal(coding_feed(coding, SPAN("x"), PIECE_LAST), CODING_DAMAGED);
    coding_free(&coding);
    coding_free(&coding);
}

static void coding_of_a_broken_body_is_damaged(void **state)
{
    (void)state;
    struct coding *coding = coding_new(&LIMITS, on_decoded);
    struct head head = head_of(NULL);

    assert_int_equal(coding_start(coding, &head, NULL), CODING_MORE);
    assert_true(coding_is_identity(coding));
    assert_int_equal(coding_feed(coding, SPAN("x"), PIECE_BROKEN), CODING_DAMAGED);
    assert_int_equal(coding_feed(coding, SPAN("x"), PIECE_LAST), CODING_DAMAGED);
    coding_free(&coding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coding_takes_off_each_coding_in_any_split),
        cmocka_unit_test(coding_takes_off_several_in_a_row),
        cmocka_unit_test(coding_joins_gzip_members),
        cmocka_unit_test(coding_sees_truncation_damage_and_garbage),
        cmocka_unit_test(coding_joins_nothing_but_gzip_members),
        cmocka_unit_test(coding_keeps_its_limits),
        cmocka_unit_test(coding_it_does_not_know_is_unknown_at_once),
        cmocka_unit_test(coding_of_an_empty_body_is_done),
        cmocka_unit_test(coding_of_a_broken_body_is_damaged),
    };
    return RUN_TESTS(tests);
}
