/*
 * Property: events read in pieces are the events read whole; data lies in the bytes given
 * and holds no end of a line.
 *
 * The first byte says how long the pieces are.
 */
#include "base/check.h"
#include "http/event_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t fold(uint64_t hash, uint64_t value)
{
    return (hash ^ value) * UINT64_C(1099511628211);
}

static uint64_t fold_data(uint64_t hash, struct span data)
{
    for (size_t i = 0; i < data.len; i++) {
        CHECK(data.ptr[i] != '\r' && data.ptr[i] != '\n');
        hash = fold(hash, data.ptr[i]);
    }
    return hash;
}

static uint64_t read_all(struct event_stream *stream, struct span bytes, uint64_t hash)
{
    struct span given = bytes;

    for (;;) {
        struct span data = {0};
        enum event_token token = event_stream_next(stream, &bytes, &data);
        if (token == EVENT_MORE) {
            CHECK(bytes.len == 0);
            return hash;
        }
        if (token == EVENT_DATA) {
            CHECK(data.len > 0 && data.ptr >= given.ptr);
            CHECK(data.ptr + data.len <= given.ptr + given.len);
            hash = fold_data(hash, data);
        } else {
            hash = fold(hash, (uint64_t)token + 256);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) {
        return 0;
    }
    struct event_stream whole = {0};
    struct event_stream parts = {0};
    struct span bytes = {.ptr = data + 1, .len = size - 1};
    size_t step = data[0] % 8 + 1U;
    uint64_t one = read_all(&whole, bytes, 0);
    uint64_t two = 0;

    while (bytes.len > 0) {
        two = read_all(&parts, span_first(bytes, step), two);
        bytes = span_from(bytes, step);
    }
    CHECK(one == two);
    return 0;
}
