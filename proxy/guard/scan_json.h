/**
 * JSON bytes in, markers of `json:` out, across any split.
 *
 * Layer: guard, for guard/scan*.c only. Pure.
 * A strict walker (RFC 8259) that keeps, for each open object and array, the set of
 * pointers that still fit the way to it. Several values in a row are allowed, as are
 * lines of JSON, and the line `)]}'` that some sites put in front. Malformed or too deep:
 * the body is undecodable. All values of duplicate keys count; null, objects and arrays
 * do not.
 */
#pragma once

#include "guard/scan_values.h"

enum {
    JSON_DEPTH_MAX = 512,
    JSON_TOKEN_SIZE = 4096, /**< Bytes kept of a key, string or number as written. */
};

enum json_state {
    JSON_VALUE = 0,   /**< A value, or at the outermost level the end. */
    JSON_FIRST_VALUE, /**< After `[`: a value or `]`. */
    JSON_FIRST_KEY,   /**< After `{`: a key or `}`. */
    JSON_KEY,         /**< After `,` in an object. */
    JSON_COLON,
    JSON_COMMA, /**< After a value within a container. */
    JSON_STRING,
    JSON_STRING_ESCAPE,
    JSON_LITERAL, /**< Number, true, false, null. */
    JSON_PREFIX,  /**< `)]}'` up to the end of its line. */
};

/** An open container. */
struct json_level {
    uint64_t rows;  /**< Pointers that fit the way to here. */
    uint32_t index; /**< Of the element at hand. */
    bool array;
};

struct json_scan {
    struct values *values;
    enum json_state state;
    bool is_key;        /**< The open string is a key. */
    bool keeping;       /**< The open token is kept in `token`. */
    bool started;       /**< Something but blanks was read. */
    bool tentative;     /**< It need not be JSON: the first error only ends the search. */
    bool stopped;       /**< It did. */
    uint8_t digits;     /**< Hex digits of `\u` still to come. */
    uint64_t rows;      /**< Pointers that fit the way to the value at hand. */
    const uint8_t *fed; /**< The piece being read, */
    const uint8_t *sent; /**< and as it was sent; NULL: the same. */
    uint64_t offset;
    uint64_t token_start;
    size_t token_len; /**< May pass JSON_TOKEN_SIZE: then it was cut. */
    size_t depth;
    uint8_t token[JSON_TOKEN_SIZE];
    struct json_level levels[JSON_DEPTH_MAX];
};

void json_init(struct json_scan *self, struct values *values);

/** `sent`: the bytes of the piece before charset_iso2022jp_text(), or NULL: none of the
 * text so far was turned. */
void scan_json_feed(struct json_scan *self, struct span piece, const uint8_t *sent);

/** The body is complete: what is still open is malformed. */
void scan_json_finish(struct json_scan *self);

/** Bytes of the string or number that is open. */
uint64_t json_open_len(const struct json_scan *self);
