/*
 * Property: bytes of an upstream, whole or in pieces, give the same heads, the same
 * content and the same end. The first byte says which method was asked.
 */
#include <stdlib.h>

#include "fuzz/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    enum method asked = data[0] == 'H' ? METHOD_GET : (enum method)(data[0] % 10);
    struct span bytes = {.ptr = data, .len = size};
    fuzz_h1_compare(H1_RESPONSE, asked, data[0] == 'H' ? bytes : span_from(bytes, 1));
    return 0;
}
