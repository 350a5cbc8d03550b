/**
 * JSON pointers (RFC 6901) with one addition: a token `*` matches any member or element.
 *
 * Layer: http. Pure, no allocation: a value that owns its bytes.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum {
    POINTER_SIZE_MAX = 256, /**< Bytes of the text. */
    POINTER_TOKENS_MAX = 32,
};

struct pointer {
    size_t token_count; /**< 0: the whole document. */
    bool folded;        /**< Names that are form_name_alike() match too. Set by hand. */
    struct {
        uint16_t start;
        uint16_t len;
        bool any; /**< `*` */
    } tokens[POINTER_TOKENS_MAX];
    uint8_t text[POINTER_SIZE_MAX]; /**< Tokens unescaped, one behind the other. */
};

/**
 * Compiles `text`, such as `/user/id`.
 *
 * Errors: a sentence without full stop for the configuration's error list, NULL when
 * fine.
 */
MUST_USE const char *pointer_parse(struct span text, struct pointer *pointer_out);

/** The unescaped token at `index` < token_count. */
struct span pointer_token(const struct pointer *self, size_t index);
