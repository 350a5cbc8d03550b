/*
 * Property: bytes of a client, whole or in pieces, give the same heads, the same content
 * and the same end; spans stay inside the bytes; a head that is taken has one framing.
 */
#include <stdlib.h>

#include "fuzz/h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_h1_compare(H1_REQUEST, METHOD_OTHER, (struct span){.ptr = data, .len = size});
    return 0;
}
