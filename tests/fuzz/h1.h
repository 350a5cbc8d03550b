/**
 * Reads a stream of messages twice, whole and in pieces, and checks that both agree.
 *
 * Shared by the two HTTP/1 fuzz targets.
 */
#pragma once

#include <stdlib.h>

#include "http/h1.h"

enum { FUZZ_H1_MESSAGES_MAX = 8 };

/* What was read, as one number: any difference shows. */
struct fuzz_h1_digest {
    uint64_t hash;
    size_t consumed;
};

static inline void fuzz_h1_mix(struct fuzz_h1_digest *digest, struct span bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        digest->hash = (digest->hash ^ bytes.ptr[i]) * 1099511628211U;
    }
}

static inline void fuzz_h1_mix_number(struct fuzz_h1_digest *digest, uint64_t number)
{
    fuzz_h1_mix(digest, (struct span){.ptr = (uint8_t *)&number, .len = sizeof(number)});
}

static inline void fuzz_h1_check_inside(struct span outer, struct span inner)
{
    CHECK(inner.len == 0 ||
          (inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len));
}

static inline void fuzz_h1_mix_head(struct fuzz_h1_digest *digest, struct span bytes,
                                    const struct head *head)
{
    fuzz_h1_mix_number(digest, (uint64_t)head->framing);
    fuzz_h1_mix_number(digest, head->content_length);
    fuzz_h1_mix_number(digest, head->status);
    fuzz_h1_mix(digest, head->target);
    for (size_t i = 0; i < head->field_count; i++) {
        fuzz_h1_check_inside(bytes, head->fields[i].name);
        fuzz_h1_check_inside(bytes, head->fields[i].value);
        CHECK(span_find(head->fields[i].value, '\n') == head->fields[i].value.len);
        CHECK(span_find(head->fields[i].value, '\r') == head->fields[i].value.len);
        fuzz_h1_mix(digest, head->fields[i].name);
        fuzz_h1_mix(digest, head->fields[i].value);
    }
    CHECK(head_field_count(head, FIELD_CONTENT_LENGTH) +
              head_field_count(head, FIELD_TRANSFER_ENCODING) <=
          1);
}

/* The body, `step` bytes at a time; true when the message ended. */
static inline bool fuzz_h1_body(struct h1 *h1, struct span rest, size_t step,
                                struct fuzz_h1_digest *digest)
{
    size_t taken = 0;

    for (;;) {
        struct span content;
        size_t consumed = 0;
        struct span piece = span_first(span_from(rest, taken), step);
        enum piece end = h1_parse_body(h1, piece, &content, &consumed);
        CHECK(consumed <= piece.len);
        fuzz_h1_check_inside(piece, content);
        if (end == PIECE_BROKEN) {
            digest->hash = PIECE_BROKEN; /* How much came before depends on the pieces. */
            return false;
        }
        fuzz_h1_mix(digest, content);
        taken += consumed;
        if (end == PIECE_LAST) {
            digest->consumed += taken;
            return true;
        }
        if (taken == rest.len) {
            fuzz_h1_mix_number(digest, (uint64_t)h1_finish(h1) + 10);
            return false;
        }
    }
}

/* One message; true when it ended and another may follow. */
static inline bool fuzz_h1_message(struct h1 *h1, struct span bytes, size_t step,
                                   struct fuzz_h1_digest *digest)
{
    static struct head head;
    const struct h1_limits limits = {
        .head_size_max = 2000, .target_size_max = 500, .field_count_max = 20};
    size_t checked = 0;
    size_t len = 0;
    size_t given = 0;
    enum h1_found found = H1_FOUND_NOT;

    while (found == H1_FOUND_NOT && given < bytes.len) {
        given = given + step < bytes.len ? given + step : bytes.len;
        found = h1_find_head(h1, span_first(bytes, given), &checked, &len);
    }
    fuzz_h1_mix_number(digest, (uint64_t)found);
    if (found != H1_FOUND_HEAD) {
        return false;
    }
    struct span text = span_first(bytes, len);
    enum h1_error error = h1_parse_head(h1, text, &limits, &head);
    fuzz_h1_mix_number(digest, (uint64_t)error);
    if (error != H1_ERROR_NONE) {
        return false;
    }
    fuzz_h1_mix_head(digest, text, &head);
    digest->consumed += len;
    return fuzz_h1_body(h1, span_from(bytes, len), step, digest);
}

static inline struct fuzz_h1_digest fuzz_h1_read(enum h1_kind kind, enum method asked,
                                                 struct span bytes, size_t step)
{
    struct fuzz_h1_digest digest = {.hash = 14695981039346656037U};
    struct h1 *h1 = h1_new(kind);

    if (kind == H1_RESPONSE) {
        h1_expect(h1, asked);
    }
    for (int i = 0; i < FUZZ_H1_MESSAGES_MAX; i++) {
        if (!fuzz_h1_message(h1, span_from(bytes, digest.consumed), step, &digest)) {
            break;
        }
    }
    h1_free(&h1);
    return digest;
}

static inline void fuzz_h1_compare(enum h1_kind kind, enum method asked,
                                   struct span bytes)
{
    struct fuzz_h1_digest whole = fuzz_h1_read(kind, asked, bytes, bytes.len + 1);
    struct fuzz_h1_digest bytewise = fuzz_h1_read(kind, asked, bytes, 1);
    struct fuzz_h1_digest pieces = fuzz_h1_read(kind, asked, bytes, 5);

    CHECK(whole.hash == bytewise.hash && whole.consumed == bytewise.consumed);
    CHECK(whole.hash == pieces.hash && whole.consumed == pieces.consumed);
}
