/* Frames for streams that the client has ended or reset itself. */
#include <string.h>

#include "http/h2_walk.h"
#include "support/test.h"

enum {
    DATA = 0,
    HEADERS = 1,
    PRIORITY = 2,
    RST_STREAM = 3,
    WINDOW_UPDATE = 8,
    CONTINUATION = 9,
    END_STREAM = 1,
    PREFACE_LEN = 24,
    ROOM = 4096,
};

static uint8_t bytes[ROOM];
static size_t len;

static void begin(void)
{
    memset(bytes, 'P', PREFACE_LEN);
    len = PREFACE_LEN;
}

static void frame(uint8_t type, uint8_t flags, uint32_t id, size_t payload_len)
{
    const uint8_t head[H2_FRAME_HEAD_LEN] = {
        0,
        (uint8_t)(payload_len >> 8),
        (uint8_t)payload_len,
        type,
        flags,
        (uint8_t)(id >> 24),
        (uint8_t)(id >> 16),
        (uint8_t)(id >> 8),
        (uint8_t)id,
    };
    assert_true(len + sizeof(head) + payload_len <= ROOM);
    memcpy(bytes + len, head, sizeof(head));
    /* Payload that looks like heads of frames for finished streams. */
    memset(bytes + len + sizeof(head), 1, payload_len);
    len += sizeof(head) + payload_len;
}

/* Bytes that may be worked on, in pieces of `step`. */
static size_t walked(size_t step)
{
    struct h2_walk walk;
    size_t at = 0;

    h2_walk_init(&walk);
    while (at < len) {
        struct span piece = {.ptr = bytes + at, .len = len - at < step ? len - at : step};
        size_t taken = h2_walk_over(&walk, piece);
        at += taken;
        if (taken < piece.len) {
            break;
        }
    }
    return at;
}

/* A head that is split is refused with its last byte: what came before is no whole head.
 */
static void expect(size_t wanted)
{
    assert_int_equal(walked(ROOM), wanted);
    for (size_t step = 1; step < 40; step++) {
        size_t got = walked(step);
        assert_true(wanted == len ? got == len
                                  : got >= wanted && got < wanted + H2_FRAME_HEAD_LEN);
    }
}

static void frames_of_open_streams_pass(void **state)
{
    (void)state;
    begin();
    frame(HEADERS, 0, 1, 40);
    frame(DATA, 0, 1, 300);
    frame(HEADERS, END_STREAM, 3, 20);
    frame(CONTINUATION, 4, 3, 20);
    frame(DATA, 0, 1, 0);
    frame(HEADERS, END_STREAM, 1, 9); /* Trailers. */
    frame(HEADERS, END_STREAM, 5, 0);
    expect(len);
}

static void what_follows_the_end_of_a_stream_is_refused(void **state)
{
    static const uint8_t kinds[] = {DATA, HEADERS};
    static const struct {
        uint8_t type;
        uint8_t flags;
    } ends[] = {{HEADERS, END_STREAM}, {DATA, END_STREAM}, {RST_STREAM, 0}};

    (void)state;
    for (size_t end = 0; end < 3; end++) {
        for (size_t kind = 0; kind < 2; kind++) {
            begin();
            frame(HEADERS, 0, 1, 40);
            frame(ends[end].type, ends[end].flags, 1, 4);
            frame(HEADERS, 0, 3, 10);
            size_t sound = len;
            frame(kinds[kind], 0, 1, 10);
            frame(DATA, 0, 3, 10);
            expect(sound);
        }
    }
}

static void what_a_finished_stream_may_still_get_passes(void **state)
{
    (void)state;
    begin();
    frame(HEADERS, END_STREAM, 1, 10);
    frame(WINDOW_UPDATE, END_STREAM, 1, 4);
    frame(PRIORITY, END_STREAM, 1, 5);
    frame(RST_STREAM, 0, 1, 4);
    frame(RST_STREAM, 0, 1, 4);
    expect(len);
}

static void the_flag_of_another_frame_ends_nothing(void **state)
{
    (void)state;
    begin();
    frame(HEADERS, 0, 1, 10);
    frame(WINDOW_UPDATE, END_STREAM, 1, 4);
    frame(DATA, 0, 1, 10);
    expect(len);
}

static void stream_zero_and_the_reserved_bit_are_read_as_the_protocol_says(void **state)
{
    (void)state;
    begin();
    frame(DATA, END_STREAM, 0, 3);
    frame(DATA, END_STREAM, 0, 3); /* nghttp2's to refuse. */
    expect(len);
    frame(HEADERS, END_STREAM, 1, 3);
    size_t sound = len;
    frame(DATA, 0, UINT32_C(0x80000001), 3);
    expect(sound);
}

static void the_last_of_them_are_known_and_no_more(void **state)
{
    (void)state;
    begin();
    for (uint32_t i = 0; i <= H2_FINISHED_KEPT; i++) {
        frame(HEADERS, END_STREAM, 1 + 2 * i, 1);
    }
    frame(DATA, 0, 1, 1);
    size_t sound = len;
    frame(DATA, 0, 3, 1);
    expect(sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_of_open_streams_pass),
        cmocka_unit_test(what_follows_the_end_of_a_stream_is_refused),
        cmocka_unit_test(what_a_finished_stream_may_still_get_passes),
        cmocka_unit_test(the_flag_of_another_frame_ends_nothing),
        cmocka_unit_test(stream_zero_and_the_reserved_bit_are_read_as_the_protocol_says),
        cmocka_unit_test(the_last_of_them_are_known_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
