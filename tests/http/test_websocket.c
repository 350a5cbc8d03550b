#include <stdio.h>
#include <string.h>

#include "http/websocket.h"
#include "support/test.h"

enum { STORY_MAX = 4096 };

/* What was read, as text: `(` a header with opcode and `.` when final, `)` its end. */
struct story {
    char text[STORY_MAX];
    size_t len;
};

static void tell(struct story *story, struct span text)
{
    assert_true(story->len + text.len < STORY_MAX);
    if (text.len > 0) {
        memcpy(story->text + story->len, text.ptr, text.len);
    }
    story->len += text.len;
    story->text[story->len] = '\0';
}

/* False once it was bad. */
static bool feed(struct websocket *socket, struct span bytes, struct story *story)
{
    char header[16];
    struct span payload = {0};

    for (;;) {
        switch (websocket_next(socket, &bytes, &payload)) {
        case WEBSOCKET_BAD:
            assert_int_equal(websocket_next(socket, &bytes, &payload), WEBSOCKET_BAD);
            return false;
        case WEBSOCKET_MORE:
            assert_int_equal(bytes.len, 0);
            return true;
        case WEBSOCKET_HEADER:
            (void)snprintf(header, sizeof(header), "(%d%s", socket->opcode,
                           socket->final ? "." : "");
            tell(story, span_of(header));
            break;
        case WEBSOCKET_PAYLOAD:
            tell(story, payload);
            break;
        case WEBSOCKET_FRAME_END:
            tell(story, SPAN(")"));
            break;
        }
    }
}

/* Byte by byte, and cut in two at every place. NULL: bad. */
static void reads(bool masks, struct span bytes, const char *expected)
{
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        struct websocket socket = {.masks = masks};
        struct story story = {.len = 0};
        bool good = true;
        if (cut < bytes.len) {
            good = feed(&socket, span_first(bytes, cut), &story) &&
                   feed(&socket, span_from(bytes, cut), &story);
        } else {
            for (size_t i = 0; good && i < bytes.len; i++) {
                good = feed(&socket, span_first(span_from(bytes, i), 1), &story);
            }
        }
        if (good != (expected != NULL) || (good && strcmp(story.text, expected) != 0)) {
            fail_msg("cut at %zu: %s", cut, good ? story.text : "bad");
        }
    }
}

static void websocket_reads_frames_of_a_server(void **state)
{
    (void)state;
    reads(false, SPAN("\x81\x05hello"), "(1.hello)");
    reads(false, SPAN("\x82\x00"), "(2.)");
    reads(false, SPAN("\x01\x02he\x80\x03llo"), "(1he)(0.llo)");
    reads(false, SPAN("\x01\x02he\x89\x01p\x00\x00\x80\x03llo"), "(1he)(9.p)(0)(0.llo)");
    reads(false, SPAN("\x8a\x00\x88\x02\x03\xe8"), "(10.)(8.\x03\xe8)");
    reads(false, SPAN("\x81"), "");
}

static void websocket_reads_frames_of_a_client(void **state)
{
    (void)state;
    reads(true, SPAN("\x81\x82\x01\x02\x03\x04xy\x89\x80wxyz"), "(1.xy)(9.)");
    reads(true, SPAN("\x88\x80wxyz"), "(8.)");
}

static void websocket_refuses_what_no_side_may_send(void **state)
{
    (void)state;
    reads(true, SPAN("\x81\x02xy"), NULL);                  /* Not masked. */
    reads(false, SPAN("\x81\x82\x01\x02\x03\x04xy"), NULL); /* Masked. */
    reads(false, SPAN("\xc1\x01x"), NULL);                  /* Reserved bits. */
    reads(false, SPAN("\xa1\x01x"), NULL);
    reads(false, SPAN("\x91\x01x"), NULL);
    reads(false, SPAN("\x83\x01x"), NULL); /* Opcodes of nobody. */
    reads(false, SPAN("\x87\x01x"), NULL);
    reads(false, SPAN("\x8b\x01x"), NULL);
    reads(false, SPAN("\x8f\x01x"), NULL);
    reads(false, SPAN("\x80\x01x"), NULL); /* Goes on from nothing. */
    reads(false, SPAN("\x00\x01x"), NULL);
    reads(false, SPAN("\x01\x01x\x81\x01y"), NULL); /* Begins in a message. */
    reads(false, SPAN("\x02\x01x\x01\x01y"), NULL);
    reads(false, SPAN("\x09\x01x"), NULL); /* A control frame in pieces. */
    reads(false, SPAN("\x08\x00"), NULL);
    reads(false, SPAN("\x89\x7e\x00\x7e"), NULL); /* A large one. */
    reads(false, SPAN("\x88\x01x"), NULL);        /* Half a code. */
    reads(false, SPAN("\x88\x00\x81\x01x"), NULL);
}

static void websocket_takes_one_spelling_of_a_length(void **state)
{
    (void)state;
    reads(false, SPAN("\x82\x7e\x00\x7d"), NULL);
    reads(false, SPAN("\x82\x7e\x00\x7e"), "(2.");
    reads(false, SPAN("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"), NULL);
    reads(false, SPAN("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"), "(2.");
    reads(false, SPAN("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), NULL);
    reads(false, SPAN("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "(2.");
}

static void websocket_reads_the_headers_that_it_writes(void **state)
{
    static const uint64_t LENGTHS[] = {0, 1, 125, 126, 65535, 65536, UINT64_C(1) << 40};

    (void)state;
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        uint8_t header[WEBSOCKET_HEADER_MAX];
        struct websocket socket = {0};
        struct span payload = {0};
        struct span bytes = {.ptr = header,
                             .len = websocket_write_header(WEBSOCKET_BINARY, i % 2 == 0,
                                                           LENGTHS[i], header)};
        assert_int_equal(websocket_next(&socket, &bytes, &payload), WEBSOCKET_HEADER);
        assert_int_equal(bytes.len, 0);
        assert_int_equal(socket.left, LENGTHS[i]);
        assert_int_equal(socket.final, i % 2 == 0);
        assert_int_equal(socket.opcode, WEBSOCKET_BINARY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(websocket_reads_frames_of_a_server),
        cmocka_unit_test(websocket_reads_frames_of_a_client),
        cmocka_unit_test(websocket_refuses_what_no_side_may_send),
        cmocka_unit_test(websocket_takes_one_spelling_of_a_length),
        cmocka_unit_test(websocket_reads_the_headers_that_it_writes),
    };
    return RUN_TESTS(tests);
}
