#include <brotli/decode.h>
#include <stddef.h>
#include <stdlib.h>

#include "http/coding_step.h"

/* Windows of more than 16 MiB are not Brotli as RFC 7932 has it: the library refuses them
 * unless it is asked for them. */
struct brotli {
    BrotliDecoderState *state;
    size_t size; /* Of all that the library has. */
};

/* In front of what the library gets. */
union allocation {
    size_t size;
    max_align_t aligned;
};

static void *allocate(void *context, size_t size)
{
    struct brotli *self = context;
    union allocation *made =
        size <= SIZE_MAX - sizeof(*made) ? malloc(sizeof(*made) + size) : NULL;
    if (made == NULL) {
        return NULL;
    }
    made->size = size;
    self->size += size;
    return made + 1;
}

static void release(void *context, void *address)
{
    struct brotli *self = context;
    if (address == NULL) {
        return;
    }
    union allocation *made = (union allocation *)address - 1;
    self->size -= made->size;
    free(made);
}

static size_t size(const void *memory)
{
    const struct brotli *self = memory;
    return self->size;
}

static void *make(void)
{
    return calloc(1, sizeof(struct brotli));
}

static void rest(void *memory)
{
    struct brotli *self = memory;

    BrotliDecoderDestroyInstance(self->state);
    self->state = NULL;
}

static void drop(void *memory)
{
    rest(memory);
    free(memory);
}

/* The library cannot use a state for a second stream. */
static bool begin(void *memory, enum stream_form form)
{
    struct brotli *self = memory;

    (void)form;
    rest(self);
    self->state = BrotliDecoderCreateInstance(allocate, release, self);
    return self->state != NULL;
}

static enum decoded once(void *memory, struct span *bytes_p, uint8_t *piece,
                         size_t *len_out)
{
    struct brotli *self = memory;
    const uint8_t *next_in = bytes_p->ptr;
    size_t avail_in = bytes_p->len;
    size_t avail_out = CODING_PIECE_SIZE;

    BrotliDecoderResult result = BrotliDecoderDecompressStream(
        self->state, &avail_in, &next_in, &avail_out, &piece, NULL);
    *len_out = CODING_PIECE_SIZE - avail_out;
    *bytes_p = span_from(*bytes_p, bytes_p->len - avail_in);
    switch (result) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return DECODED_END;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return DECODED_MORE;
    case BROTLI_DECODER_RESULT_ERROR:
        break;
    }
    return DECODED_DAMAGED;
}

const struct decoder DECODER_BROTLI = {
    .make = make, .drop = drop, .begin = begin, .rest = rest, .size = size, .once = once};
