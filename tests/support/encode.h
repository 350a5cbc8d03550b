/** Bodies coded as sites code them. For tests of decoding and for fuzzing. */
#pragma once

#include "base/span.h"

enum encode_form {
    ENCODE_GZIP,
    ENCODE_ZLIB,
    ENCODE_RAW, /**< Deflate without its envelope. */
    ENCODE_BROTLI,
    ENCODE_ZSTD,
    ENCODE_FORMS,
};

/** The name for Content-Encoding. */
const char *encode_name(enum encode_form form);

/** Codes `bytes` with quality `level`, 1 to 9. Returns the bytes at `out`, 0: no room. */
size_t encode_bytes(struct span bytes, enum encode_form form, int level, uint8_t *out,
                    size_t capacity);
