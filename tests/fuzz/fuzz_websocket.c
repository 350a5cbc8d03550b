/*
 * Property: frames read in pieces are the frames read whole; what is bad stays bad; a
 * payload lies in the bytes given; control frames are small.
 *
 * The first byte says which side speaks, the second how long the pieces are.
 */
#include <string.h>

#include "base/check.h"
#include "http/websocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read, folded up. */
struct story {
    uint64_t hash;
    bool bad;
};

static void tell(struct story *story, uint64_t value)
{
    story->hash = (story->hash ^ value) * UINT64_C(1099511628211);
}

static void tell_header(struct story *story, const struct websocket *socket)
{
    CHECK(!websocket_is_control(socket->opcode) ||
          (socket->final && socket->left <= WEBSOCKET_CONTROL_MAX));
    tell(story, (uint64_t)socket->opcode + 256);
    tell(story, socket->final ? 1 : 0);
    tell(story, socket->left);
}

static void read_all(struct websocket *socket, struct span bytes, struct story *story)
{
    struct span given = bytes;

    while (!story->bad) {
        struct span payload = {0};
        switch (websocket_next(socket, &bytes, &payload)) {
        case WEBSOCKET_BAD:
            story->bad = true;
            CHECK(websocket_next(socket, &bytes, &payload) == WEBSOCKET_BAD);
            break;
        case WEBSOCKET_MORE:
            CHECK(bytes.len == 0);
            return;
        case WEBSOCKET_HEADER:
            tell_header(story, socket);
            break;
        case WEBSOCKET_PAYLOAD:
            CHECK(payload.len > 0 && payload.ptr >= given.ptr);
            CHECK(payload.ptr + payload.len <= given.ptr + given.len);
            for (size_t i = 0; i < payload.len; i++) {
                tell(story, payload.ptr[i]);
            }
            break;
        case WEBSOCKET_FRAME_END:
            CHECK(socket->left == 0);
            tell(story, 512);
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) {
        return 0;
    }
    struct websocket whole = {.masks = (data[0] & 1) != 0};
    struct websocket parts = whole;
    struct story one = {0};
    struct story two = {0};
    struct span bytes = {.ptr = data + 2, .len = size - 2};
    size_t step = data[1] % 16 + 1U;

    read_all(&whole, bytes, &one);
    while (bytes.len > 0) {
        read_all(&parts, span_first(bytes, step), &two);
        bytes = span_from(bytes, step);
    }
    CHECK(one.bad == two.bad && (one.bad || one.hash == two.hash));
    return 0;
}
