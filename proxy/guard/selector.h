/**
 * One marker selector from its text: where in a response a marker stands.
 *
 * Layer: guard. Pure: no I/O, no clock, no allocation.
 * A selector is `kind:argument`, the same in the configuration and on the command line.
 * What the argument means is decided here once, so that a mistake is told at start with
 * the selector in hand, and never while a response waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

enum {
    SELECTOR_ARGUMENT_MAX = 511, /**< Bytes of an argument. */
    SELECTOR_NAME_MAX = 127,     /**< Bytes of a field, meta, attribute or cookie name. */
};

enum selector_kind {
    SELECTOR_NONE = 0, /**< Nothing: a zeroed selector matches nothing. */
    SELECTOR_HEADER,   /**< `header:X-User-Marker`: the field's value. */
    SELECTOR_META,     /**< `meta:user-marker`: `content` of the meta element. */
    SELECTOR_ATTR,     /**< `attr:data-user-id`: that attribute of any element. */
    SELECTOR_JSON,     /**< `json:/user/id`: RFC 6901, `*` any element or member. */
    SELECTOR_REGEX,    /**< `regex:uid=([0-9]+)`: group 1. */
    SELECTOR_COOKIE,   /**< `cookie:login_name`: the value in Set-Cookie. */
};

/** A value: copied freely, owns nothing. */
struct selector {
    enum selector_kind kind;
    uint16_t len; /**< Bytes of `argument`, > 0. */
    char
        argument[SELECTOR_ARGUMENT_MAX + 1]; /**< As written, names in lower case, NUL. */
};

/**
 * Reads one selector. ERR_NONE, or ERR_SYNTAX with one sentence for the operator in
 * `error` (always ends with a NUL, names the selector, no full stop).
 *
 * `error_size`: bytes at `error`, > 0.
 * Names of fields, `meta:` and `attr:` are without case and stored in lower case; cookie
 * names, pointers and patterns are as written.
 * Whether Vectorscan takes a pattern is told by markers_new().
 */
MUST_USE enum err selector_parse(struct span text, struct selector *out, char *error,
                                 size_t error_size);

/** The argument as a span, valid as long as `self`. */
static inline struct span selector_argument(const struct selector *self)
{
    return (struct span){.ptr = (const uint8_t *)self->argument, .len = self->len};
}

/** `header`, `meta`, ... for logs. Static storage. */
const char *selector_kind_name(enum selector_kind kind);
