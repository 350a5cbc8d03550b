/*
 * Property: a header that is whole stays what it is whatever follows it, and every
 * shorter piece of it asks for more.
 */
#include "base/check.h"
#include "net/proxy_protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span bytes = {.ptr = data, .len = size};
    struct proxy_protocol whole;
    struct proxy_protocol part;

    if (proxy_protocol_read(bytes, &whole) != PROXY_PROTOCOL_DONE) {
        return 0;
    }
    CHECK(whole.len <= size && whole.len <= PROXY_PROTOCOL_SIZE_MAX);
    CHECK(proxy_protocol_read(span_first(bytes, whole.len), &part) ==
          PROXY_PROTOCOL_DONE);
    CHECK(part.len == whole.len && part.known == whole.known);
    for (size_t len = 0; len < whole.len; len++) {
        CHECK(proxy_protocol_read(span_first(bytes, len), &part) == PROXY_PROTOCOL_MORE);
    }
    return 0;
}
