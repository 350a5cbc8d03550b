#include "support/encode.h"

#include <brotli/encode.h>
#include <zstd.h>

#include <zlib.h>

const char *encode_name(enum encode_form form)
{
    static const char *const NAMES[ENCODE_FORMS] = {
        [ENCODE_GZIP] = "gzip", [ENCODE_ZLIB] = "deflate", [ENCODE_RAW] = "deflate",
        [ENCODE_BROTLI] = "br", [ENCODE_ZSTD] = "zstd",
    };
    return NAMES[form];
}

static size_t encode_zlib(struct span bytes, int window_bits, int level, uint8_t *out,
                          size_t capacity)
{
    z_stream stream = {0};
    union {
        const uint8_t *lent;
        uint8_t *wanted;
    } input = {.lent = bytes.ptr}; /* zlib's older prototype lacks a const. */
    size_t len = 0;

    if (deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, 0) != Z_OK) {
        return 0;
    }
    stream.next_in = input.wanted;
    stream.avail_in = (unsigned)bytes.len;
    stream.next_out = out;
    stream.avail_out = (unsigned)capacity;
    if (deflate(&stream, Z_FINISH) == Z_STREAM_END) {
        len = stream.total_out;
    }
    deflateEnd(&stream);
    return len;
}

size_t encode_bytes(struct span bytes, enum encode_form form, int level, uint8_t *out,
                    size_t capacity)
{
    size_t len = capacity;

    switch (form) {
    case ENCODE_GZIP:
        return encode_zlib(bytes, 15 + 16, level, out, capacity);
    case ENCODE_ZLIB:
        return encode_zlib(bytes, 15, level, out, capacity);
    case ENCODE_RAW:
        return encode_zlib(bytes, -15, level, out, capacity);
    case ENCODE_BROTLI:
        return BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT,
                                     bytes.len, bytes.ptr, &len, out) == BROTLI_TRUE
                   ? len
                   : 0;
    case ENCODE_ZSTD:
        len = ZSTD_compress(out, capacity, bytes.ptr, bytes.len, level);
        return ZSTD_isError(len) ? 0 : len;
    case ENCODE_FORMS:
        break;
    }
    return 0;
}
