/**
 * Fields of HTTP/2 to the text of an HTTP/1.1 request head, and of an answer's head back.
 *
 * Layer: http. Pure. A request of HTTP/2 is written out as HTTP/1.1 would have it and
 * then read by h1_parse_head(), so that it passes the same checks, in the same words, as
 * every other request, and nothing that has two readings is forwarded. Written only when
 * no byte of a name or value could end a line; what HTTP/2 forbids besides (capital
 * letters, fields of the connection, pseudo-fields late, twice, missing or unknown) is
 * refused here, whatever the library below has let through (RFC 9113 section 8).
 */
#pragma once

#include "http/h1.h"

/** Collects the fields of one block. Zeroed is empty; the memory is kept from block to
 * block until h2_head_free(). */
struct h2_head {
    uint8_t *items; /**< Names and values in order, each with its length. */
    size_t len;
    size_t capacity;
    size_t size; /**< Bytes of all fields of the block, also of those not kept. */
    size_t field_count;
    uint8_t *text; /**< What h2_head_text() wrote. */
    size_t text_capacity;
    enum h1_error error; /**< Latched. */
};

void h2_head_free(struct h2_head *self);

/** Starts a block. */
void h2_head_begin(struct h2_head *self);

/** Adds a field. What is wrong with it, or too much, is told by h2_head_text(). */
void h2_head_add(struct h2_head *self, const struct h1_limits *limits, struct span name,
                 struct span value);

/**
 * The block as a request head of HTTP/1.1, valid until the next block begins.
 *
 * `ended`: no body follows; else one does, in chunks unless there is a Content-Length.
 * Errors: memory counts as H1_ERROR_FIELDS_LARGE.
 */
MUST_USE enum h1_error h2_head_text(struct h2_head *self, bool ended,
                                    struct span *text_out);

/**
 * Takes the next field line of an answer's head of ours off `rest_p`; false at its end.
 * Fields that only mean something to HTTP/1 are passed over.
 */
bool h2_head_next_field(struct span *rest_p, struct span *name_out,
                        struct span *value_out);

/** Takes the status line off `rest_p`; the three digits. */
struct span h2_head_take_status(struct span *rest_p);
