#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "http/coding_step.h"

enum {
    WINDOW_LOG_MAX = 23, /* 8 MiB: RFC 9659. */
    KEPT_SIZE_MAX = 1 << 18,
    MAGIC_SIZE = 4,
};

/* Frames of today and those that carry nothing: the library knows older ones, which no
 * client does. */
static const uint8_t FRAME[MAGIC_SIZE] = {0x28, 0xB5, 0x2F, 0xFD};
static const uint8_t EMPTY[MAGIC_SIZE] = {0x50, 0x2A, 0x4D, 0x18};

struct zstd {
    ZSTD_DCtx *context;
    const uint8_t *magic; /* What this frame begins with. */
    size_t magic_len;     /* Bytes of it that came. */
};

static void *make(void)
{
    return calloc(1, sizeof(struct zstd));
}

static void drop(void *memory)
{
    struct zstd *self = memory;

    ZSTD_freeDCtx(self->context);
    free(self);
}

static bool begin(void *memory, enum stream_form form)
{
    struct zstd *self = memory;

    (void)form;
    self->magic_len = 0;
    if (self->context == NULL) {
        self->context = ZSTD_createDCtx();
        return self->context != NULL &&
               !ZSTD_isError(ZSTD_DCtx_setParameter(self->context, ZSTD_d_windowLogMax,
                                                    WINDOW_LOG_MAX));
    }
    return !ZSTD_isError(ZSTD_DCtx_reset(self->context, ZSTD_reset_session_only));
}

/* A window is up to 8 MiB. */
static void rest(void *memory)
{
    struct zstd *self = memory;

    if (ZSTD_sizeof_DCtx(self->context) > KEPT_SIZE_MAX) {
        ZSTD_freeDCtx(self->context);
        self->context = NULL;
    }
}

static size_t size(const void *memory)
{
    const struct zstd *self = memory;
    return sizeof(*self) + ZSTD_sizeof_DCtx(self->context);
}

static bool begins_frame(struct zstd *self, struct span bytes)
{
    for (size_t i = 0; i < bytes.len && self->magic_len < MAGIC_SIZE; i++) {
        uint8_t byte = bytes.ptr[i];
        if (self->magic_len == 0) {
            self->magic = byte == FRAME[0] ? FRAME : EMPTY;
            byte = self->magic == FRAME ? byte : byte & 0xF0;
        }
        if (byte != self->magic[self->magic_len]) {
            return false;
        }
        self->magic_len++;
    }
    return true;
}

// NOLINTNEXTLINE(readability-non-const-parameter): written through the library.
static enum decoded once(void *memory, struct span *bytes_p, uint8_t *piece,
                         size_t *len_out)
{
    struct zstd *self = memory;
    ZSTD_inBuffer in = {.src = bytes_p->ptr, .size = bytes_p->len};
    ZSTD_outBuffer out = {.dst = piece, .size = CODING_PIECE_SIZE};

    *len_out = 0;
    if (!begins_frame(self, *bytes_p)) {
        return DECODED_DAMAGED;
    }
    size_t result = ZSTD_decompressStream(self->context, &out, &in);
    *len_out = out.pos;
    *bytes_p = span_from(*bytes_p, in.pos);
    if (result == 0) {
        return DECODED_END;
    }
    if (!ZSTD_isError(result)) {
        return DECODED_MORE;
    }
    bool window = ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge;
    return window ? DECODED_LIMIT : DECODED_DAMAGED;
}

const struct decoder DECODER_ZSTD = {
    .make = make, .drop = drop, .begin = begin, .rest = rest, .size = size, .once = once};
