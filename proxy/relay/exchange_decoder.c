/* The decoder of a coded body: taken from the relay's spares, and its memory counted with
 * what is held, because a window is up to 16 MiB whatever hold_max says. */
#include <stdlib.h>

#include "base/check.h"
#include "relay/exchange_grants.h"

enum {
    SPARES_MAX = 64,             /* Decoders that a worker keeps. */
    OLDEST_MEMORY_MAX = 67108864 /* What the oldest response's may have past the bound. */
};

/* Decoded bytes from the coding. */
static void on_decoded(void *context, struct span decoded)
{
    struct exchange_decoder *decoder = context;
    struct exchange *self = decoder->exchange;

    self->decoded_len += decoded.len;
    if (exchange_is_recoded(self)) {
        exchange_keep_decoded(self, decoded);
        return;
    }
    exchange_keep_plain(self, decoded);
    self->undecodable =
        scan_feed(self->scan, decoded, SCAN_LEASE_BORROWED) == SCAN_UNDECODABLE ||
        self->undecodable;
}

static void decoder_free(struct exchange_decoder *decoder)
{
    coding_free(&decoder->coding);
    free(decoder);
}

static struct exchange_decoder *decoder_new(const struct coding_limits *bounds)
{
    struct exchange_decoder *decoder = malloc(sizeof(*decoder));
    if (decoder == NULL) {
        return NULL;
    }
    *decoder = (struct exchange_decoder){.coding = coding_new(bounds, on_decoded)};
    if (decoder->coding == NULL) {
        free(decoder);
        return NULL;
    }
    return decoder;
}

struct exchange_decoder *exchange_take_decoder(struct exchange *self)
{
    struct relay *relay = self->relay;
    const struct limits *limits = exchange_limits(self);
    struct coding_limits bounds = {.decoded_size_max = limits->decoded_size_max,
                                   .ratio_max = limits->decoded_ratio_max};
    struct list_link *link = list_first(&relay->spare_decoders);
    struct exchange_decoder *decoder = NULL;

    if (link != NULL) {
        list_remove(link);
        relay->spare_decoder_count--;
        decoder = LIST_ENTRY(link, struct exchange_decoder, link);
        coding_limit(decoder->coding, &bounds); /* A reload may have changed them. */
    } else {
        decoder = decoder_new(&bounds);
        if (decoder == NULL) {
            return NULL;
        }
    }
    decoder->exchange = self;
    return decoder;
}

void exchange_free_decoders(struct relay *relay)
{
    for (struct list_link *link = list_take_first(&relay->spare_decoders); link != NULL;
         link = list_take_first(&relay->spare_decoders)) {
        decoder_free(LIST_ENTRY(link, struct exchange_decoder, link));
    }
}

void exchange_give_decoder(struct exchange *self)
{
    struct relay *relay = self->relay;
    struct exchange_decoder *decoder = self->decoder;

    if (decoder == NULL) {
        return;
    }
    self->decoder = NULL;
    block_store_discharge(relay->blocks, decoder->charged);
    decoder->charged = 0;
    decoder->exchange = NULL;
    coding_rest(decoder->coding);
    if (relay->spare_decoder_count >= SPARES_MAX) {
        decoder_free(decoder);
        return;
    }
    relay->spare_decoder_count++;
    list_push_front(&relay->spare_decoders, &decoder->link);
}

/* What a decoder has now is counted. At the bound only the oldest may have more. */
static void charge(struct exchange *self)
{
    struct exchange_decoder *decoder = self->decoder;
    uint64_t size = coding_memory(decoder->coding);

    if (size <= decoder->charged) {
        return;
    }
    if (!block_store_charge(self->relay->blocks, size - decoder->charged,
                            exchange_is_oldest(self) ? OLDEST_MEMORY_MAX : 0)) {
        exchange_fail_upstream(self, ENDING_HOLD_FULL);
        return;
    }
    decoder->charged = size;
}

enum coding_state exchange_decode(struct exchange *self, struct span content)
{
    enum coding_state state = coding_feed(self->decoder->coding, content, PIECE_MORE);

    charge(self);
    return state;
}
