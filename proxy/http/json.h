/**
 * A JSON text as it arrives, and the values at given pointers in it.
 *
 * Layer: http. Pure, no allocation after json_new(), no recursion. Any split. Strict
 * (RFC 8259) but for what sites put in front: a byte order mark and the guards
 * `)]}'`, `for(;;);` and `while(1);`. Of duplicate members all count. Malformed, deeper
 * than JSON_DEPTH_MAX, or with bytes behind the end: an error, which latches. Bytes from
 * 0x80 on are taken as they are.
 */
#pragma once

#include "base/check.h"
#include "http/pointer.h"

enum {
    JSON_DEPTH_MAX = 512,
    JSON_POINTERS_MAX = 32,
};

enum json_state {
    JSON_BAD,
    JSON_MORE, /**< Sound so far. */
    JSON_DONE, /**< Ended. */
};

enum json_kind {
    JSON_NULL,
    JSON_STRING,  /**< Unescaped; a lone surrogate as three bytes, like any other. */
    JSON_NUMBER,  /**< As spelled. */
    JSON_BOOLEAN, /**< `true` or `false`. */
    JSON_ARRAY,   /**< Begins here; `value` is its bracket. Only with `containers`. */
    JSON_OBJECT,  /**< The same. */
};

/** A value at one of the pointers. */
struct json_match {
    size_t pointer_index;
    enum json_kind kind;
    bool too_long;     /**< Longer than `value_size_max`; `value` is then empty. */
    struct span value; /**< Valid during the call. */
};

/** Called for every match, and once per pointer where several match one value. */
typedef void json_sink(void *context, const struct json_match *match);

struct json;

/** What to look for; everything but `context` outlives the walker. */
struct json_wanted {
    const struct pointer *pointers;
    size_t pointer_count; /**< At most JSON_POINTERS_MAX. */
    size_t value_size_max;
    bool containers; /**< Arrays and objects are told of as well. */
    json_sink *sink;
};

/** A walker at the start of a text. NULL: memory. The caller frees it. */
struct json *json_new(const struct json_wanted *wanted);

void json_free(struct json **self_p);

/** Back to the start for another text, whose matches come with `context`. */
void json_start(struct json *self, void *context);

/** Takes bytes; JSON_MORE or JSON_BAD. */
enum json_state json_feed(struct json *self, struct span bytes);

/** The text has ended: JSON_DONE where it was whole, else JSON_BAD. */
enum json_state json_finish(struct json *self);
