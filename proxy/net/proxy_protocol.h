/**
 * The PROXY protocol: a proxy in front says whose connection this is, before all else.
 *
 * Layer: net. Pure. Versions 1 (a line of text) and 2 (binary), as in HAProxy's
 * doc/proxy-protocol.txt; what else version 2 tells (TLVs) is skipped.
 */
#pragma once

#include <stdbool.h>

#include "net/address.h"

enum {
    PROXY_PROTOCOL_SIZE_MAX = 4096, /**< Of a header; a longer one is refused. */
};

enum proxy_protocol_step {
    PROXY_PROTOCOL_BAD,  /**< Zero. This is no such header. */
    PROXY_PROTOCOL_MORE, /**< It may become one. */
    PROXY_PROTOCOL_DONE,
};

struct proxy_protocol {
    size_t len;            /**< Bytes of the header. */
    bool known;            /**< Else the proxy speaks for itself, or does not know. */
    struct address source; /**< Whose connection it is, when known. */
};

/** Reads a header at the front of `bytes`; `result_out` is set with DONE. */
enum proxy_protocol_step proxy_protocol_read(struct span bytes,
                                             struct proxy_protocol *result_out);
