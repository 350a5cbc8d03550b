#include <zstd.h>

#include "http/coding.h"
#include "support/encode.h"
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

static size_t encode(struct span bytes, enum encode_form form, uint8_t *out)
{
    size_t len = encode_bytes(bytes, form, 6, out, CODED_SIZE);

    assert_true(len > 0);
    return len;
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
        enum encode_form form;
    } rows[] = {{"gzip", ENCODE_GZIP},
                {"X-GZIP", ENCODE_GZIP},
                {" identity , gzip", ENCODE_GZIP},
                {"deflate", ENCODE_ZLIB},
                {"deflate", ENCODE_RAW},
                {"br", ENCODE_BROTLI},
                {"Zstd", ENCODE_ZSTD}};
    static uint8_t coded[CODED_SIZE];
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(50000);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = encode((struct span){body, 50000}, rows[i].form, coded);
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
    const struct {
        const char *names;
        enum encode_form forms[3];
    } rows[] = {{"gzip, deflate, gzip", {ENCODE_GZIP, ENCODE_RAW, ENCODE_GZIP}},
                {"gzip, br, zstd", {ENCODE_GZIP, ENCODE_BROTLI, ENCODE_ZSTD}},
                {"zstd,zstd,br", {ENCODE_ZSTD, ENCODE_ZSTD, ENCODE_BROTLI}}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = encode((struct span){body, 30000}, rows[i].forms[0], once);
        len = encode((struct span){once, len}, rows[i].forms[1], twice);
        len = encode((struct span){twice, len}, rows[i].forms[2], thrice);
        for (size_t s = 0; s < STEP_COUNT; s++) {
            enum coding_state end =
                decode(coding, rows[i].names, (struct span){thrice, len}, STEPS[s]);
            assert_int_equal(end, CODING_DONE);
            assert_int_equal(decoded_len, 30000);
            assert_memory_equal(decoded, body, 30000);
        }
        coding_rest(coding);
    }
    coding_free(&coding);
}

static void coding_reads_repeated_fields_in_their_order(void **state)
{
    (void)state;
    static uint8_t once[CODED_SIZE];
    static uint8_t twice[CODED_SIZE];
    struct coding *coding = coding_new(&LIMITS, on_decoded);
    struct head head = head_of("gzip");

    head.fields[head.field_count++] =
        (struct field){.value = SPAN("br"), .id = FIELD_CONTENT_ENCODING};
    fill_body(9000);
    size_t len = encode((struct span){body, 9000}, ENCODE_GZIP, once);
    len = encode((struct span){once, len}, ENCODE_BROTLI, twice);
    decoded_len = 0;
    assert_int_equal(coding_start(coding, &head, NULL), CODING_MORE);
    assert_int_equal(coding_step_count(coding), 2);
    assert_int_equal(coding_feed(coding, (struct span){twice, len}, PIECE_LAST),
                     CODING_DONE);
    assert_int_equal(decoded_len, 9000);
    coding_free(&coding);
}

static void coding_joins_gzip_members_and_zstd_frames(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE * 2];
    const enum encode_form forms[] = {ENCODE_GZIP, ENCODE_ZSTD};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(20000);
    for (size_t i = 0; i < 2; i++) {
        size_t len = encode((struct span){body, 20000}, forms[i], coded);
        len += encode((struct span){body, 5}, forms[i], coded + len);
        for (size_t s = 0; s < STEP_COUNT; s++) {
            enum coding_state end = decode(coding, encode_name(forms[i]),
                                           (struct span){coded, len}, STEPS[s]);
            assert_int_equal(end, CODING_DONE);
            assert_int_equal(decoded_len, 20005);
        }
    }
    coding_free(&coding);
}

static void coding_joins_nothing_else(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE * 2];
    const enum encode_form forms[] = {ENCODE_ZLIB, ENCODE_RAW, ENCODE_BROTLI};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(100);
    for (size_t i = 0; i < 3; i++) {
        size_t len = encode((struct span){body, 100}, forms[i], coded);
        len += encode((struct span){body, 100}, forms[i], coded + len);
        assert_int_equal(
            decode(coding, encode_name(forms[i]), (struct span){coded, len}, 7),
            CODING_DAMAGED);
    }
    coding_free(&coding);
}

static void coding_sees_truncation_damage_and_garbage(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE];
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(3000);
    for (int i = 0; i < ENCODE_FORMS; i++) {
        const char *name = encode_name((enum encode_form)i);
        size_t len = encode((struct span){body, 3000}, (enum encode_form)i, coded);
        for (size_t s = 0; s < STEP_COUNT; s++) {
            struct span cut = {coded, len - 1};
            assert_int_equal(decode(coding, name, cut, STEPS[s]), CODING_DAMAGED);
            coded[len] = 'x';
            struct span more = {coded, len + 1};
            assert_int_equal(decode(coding, name, more, STEPS[s]), CODING_DAMAGED);
        }
        memset(coded + len / 2, 0xff, len / 4);
        if (i == ENCODE_GZIP || i == ENCODE_ZLIB) { /* The others have no sum. */
            struct span whole = {coded, len};
            assert_int_equal(decode(coding, name, whole, 9), CODING_DAMAGED);
        }
    }
    coding_free(&coding);
}

static void coding_passes_over_blanks_and_zeros_behind_the_end(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE];
    const uint8_t padding[6] = {' ', '\r', '\n', '\t', 0, 0};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(500);
    for (int i = 0; i < ENCODE_FORMS; i++) {
        const char *name = encode_name((enum encode_form)i);
        size_t len = encode((struct span){body, 500}, (enum encode_form)i, coded);
        memcpy(coded + len, padding, sizeof(padding));
        for (size_t s = 0; s < STEP_COUNT; s++) {
            struct span padded = {coded, len + 6};
            assert_int_equal(decode(coding, name, padded, STEPS[s]), CODING_DONE);
            assert_int_equal(decoded_len, 500);
        }
        memcpy(coded + len + 6, coded, len);
        struct span again = {coded, len + 6 + len};
        assert_int_equal(decode(coding, name, again, 11), CODING_DAMAGED);
    }
    coding_free(&coding);
}

static void coding_keeps_its_limits(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE];
    const struct coding_limits small = {.decoded_size_max = 1000, .ratio_max = 10000};
    struct coding *ratio = coding_new(&LIMITS, on_decoded);
    struct coding *size = coding_new(&small, on_decoded);

    for (int i = 0; i < ENCODE_FORMS; i++) {
        enum encode_form form = (enum encode_form)i;
        const char *name = encode_name(form);
        memset(body, 'a', BODY_SIZE);
        size_t len = encode((struct span){body, BODY_SIZE}, form, coded);
        assert_int_equal(decode(ratio, name, (struct span){coded, len}, 1), CODING_LIMIT);
        assert_int_equal(coding_feed(ratio, SPAN("x"), PIECE_LAST), CODING_LIMIT);

        len = encode((struct span){body, 1001}, form, coded);
        assert_int_equal(decode(size, name, (struct span){coded, len}, 10), CODING_LIMIT);
        len = encode((struct span){body, 1000}, form, coded);
        assert_int_equal(decode(size, name, (struct span){coded, len}, 10), CODING_DONE);
    }
    assert_int_equal(decode(size, NULL, (struct span){body, 1001}, 10), CODING_LIMIT);
    coding_free(&ratio);
    coding_free(&size);
}

static void coding_limits_what_lies_between_two_codings(void **state)
{
    (void)state;
    /* Outside a bomb; inside frames of zstd that hold nothing. */
    static uint8_t inside[BODY_SIZE];
    static uint8_t coded[CODED_SIZE];
    const uint8_t nothing[] = {0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0};
    const struct coding_limits small = {.decoded_size_max = 100000, .ratio_max = 100};
    struct coding *coding = coding_new(&small, on_decoded);

    for (size_t i = 0; i < BODY_SIZE; i++) {
        inside[i] = nothing[i % sizeof(nothing)];
    }
    size_t len = encode((struct span){inside, BODY_SIZE}, ENCODE_GZIP, coded);
    assert_int_equal(decode(coding, "zstd, gzip", (struct span){coded, len}, 10),
                     CODING_LIMIT);
    assert_int_equal(decoded_len, 0);
    len = encode((struct span){inside, 50000}, ENCODE_GZIP, coded);
    assert_int_equal(decode(coding, "zstd, gzip", (struct span){coded, len}, 10),
                     CODING_DONE);
    coding_free(&coding);
}

static void coding_limits_how_many_streams_one_body_is(void **state)
{
    (void)state;
    static uint8_t frames[65537 * 8];
    const uint8_t nothing[] = {0x50, 0x2A, 0x4D, 0x18, 0, 0, 0, 0};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    for (size_t i = 0; i < sizeof(frames); i++) {
        frames[i] = nothing[i % sizeof(nothing)];
    }
    assert_int_equal(decode(coding, "zstd", (struct span){frames, 65536 * 8}, 100000),
                     CODING_DONE);
    assert_int_equal(
        decode(coding, "zstd", (struct span){frames, sizeof(frames)}, 100000),
        CODING_DAMAGED);
    coding_free(&coding);
}

static void coding_refuses_a_zstd_window_of_more_than_8_mib(void **state)
{
    (void)state;
    static uint8_t coded[CODED_SIZE];
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    fill_body(1000);
    for (int log = 23; log <= 24; log++) {
        ZSTD_CCtx *context = ZSTD_createCCtx();
        ZSTD_inBuffer in = {.src = body, .size = 1000};
        ZSTD_outBuffer out = {.dst = coded, .size = sizeof(coded)};
        (void)ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, log);
        (void)ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
        assert_int_equal(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0);
        ZSTD_freeCCtx(context);
        assert_int_equal(decode(coding, "zstd", (struct span){coded, out.pos}, 3),
                         log == 23 ? CODING_DONE : CODING_LIMIT);
    }
    coding_free(&coding);
}

static void coding_takes_only_the_zstd_of_today(void **state)
{
    (void)state;
    const uint8_t old[] = {0x27, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    assert_int_equal(decode(coding, "zstd", (struct span){old, sizeof(old)}, 100),
                     CODING_DAMAGED);
    coding_free(&coding);
}

static void coding_says_how_much_memory_its_windows_take(void **state)
{
    static uint8_t coded[CODED_SIZE];
    static const struct {
        const char *name;
        enum encode_form form;
    } rows[] = {{"br", ENCODE_BROTLI}, {"zstd", ENCODE_ZSTD}};

    (void)state;
    fill_body(BODY_SIZE);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct coding *coding = coding_new(&LIMITS, on_decoded);
        struct head head = head_of(rows[i].name);
        size_t empty = coding_memory(coding);
        struct span bytes = {coded,
                             encode((struct span){body, BODY_SIZE}, rows[i].form, coded)};

        decoded_len = 0;
        assert_int_equal(coding_start(coding, &head, NULL), CODING_MORE);
        assert_int_equal(
            coding_feed(coding, span_first(bytes, bytes.len / 2), PIECE_MORE),
            CODING_MORE);
        assert_true(coding_memory(coding) > empty + BODY_SIZE / 2);
        coding_rest(coding);
        assert_int_equal(coding_memory(coding), empty);
        coding_free(&coding);
    }
}

static void coding_takes_other_limits_for_the_next_body(void **state)
{
    static uint8_t coded[CODED_SIZE];
    const struct coding_limits small = {.decoded_size_max = BODY_SIZE - 1,
                                        .ratio_max = 100};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    (void)state;
    fill_body(BODY_SIZE);
    struct span bytes = {coded,
                         encode((struct span){body, BODY_SIZE}, ENCODE_GZIP, coded)};
    assert_int_equal(decode(coding, "gzip", bytes, bytes.len), CODING_DONE);
    coding_limit(coding, &small);
    assert_int_equal(decode(coding, "gzip", bytes, bytes.len), CODING_LIMIT);
    coding_free(&coding);
}

static void coding_it_does_not_know_is_unknown_at_once(void **state)
{
    (void)state;
    const char *const names[] = {"compress", "dcb",       "gzip, zzz",
                                 "gzip;q=1", "gzip gzip", "gzip, br, zstd, gzip"};
    struct coding *coding = coding_new(&LIMITS, on_decoded);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct head head = head_of(names[i]);
        assert_int_equal(coding_start(coding, &head, NULL), CODING_UNKNOWN);
        assert_int_equal(coding_step_count(coding), 0);
        assert_int_equal(coding_feed(coding, SPAN("x"), PIECE_LAST), CODING_UNKNOWN);
    }
    assert_true(coding_is_known(SPAN("GZip")));
    assert_true(coding_is_known(SPAN("br")) && coding_is_known(SPAN("zstd")));
    assert_false(coding_is_known(SPAN("compress")));
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
    assert_int_equal(coding_step_count(coding), 0);
    assert_int_equal(coding_feed(coding, SPAN("x"), PIECE_BROKEN), CODING_DAMAGED);
    assert_int_equal(coding_feed(coding, SPAN("x"), PIECE_LAST), CODING_DAMAGED);
    coding_free(&coding);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coding_takes_off_each_coding_in_any_split),
        cmocka_unit_test(coding_takes_off_several_in_a_row),
        cmocka_unit_test(coding_reads_repeated_fields_in_their_order),
        cmocka_unit_test(coding_joins_gzip_members_and_zstd_frames),
        cmocka_unit_test(coding_joins_nothing_else),
        cmocka_unit_test(coding_sees_truncation_damage_and_garbage),
        cmocka_unit_test(coding_passes_over_blanks_and_zeros_behind_the_end),
        cmocka_unit_test(coding_limits_what_lies_between_two_codings),
        cmocka_unit_test(coding_limits_how_many_streams_one_body_is),
        cmocka_unit_test(coding_refuses_a_zstd_window_of_more_than_8_mib),
        cmocka_unit_test(coding_takes_only_the_zstd_of_today),
        cmocka_unit_test(coding_keeps_its_limits),
        cmocka_unit_test(coding_says_how_much_memory_its_windows_take),
        cmocka_unit_test(coding_takes_other_limits_for_the_next_body),
        cmocka_unit_test(coding_it_does_not_know_is_unknown_at_once),
        cmocka_unit_test(coding_of_an_empty_body_is_done),
        cmocka_unit_test(coding_of_a_broken_body_is_damaged),
    };
    return RUN_TESTS(tests);
}
