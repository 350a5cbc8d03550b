/**
 * What a byte of a tag can end, by table.
 *
 * Layer: guard, for guard/scan*.c only. Pure.
 */
#pragma once

#include <stdint.h>

#include "base/span.h"

enum html_class {
    CLASS_SPACE = 1,
    CLASS_SLASH = 2,
    CLASS_CLOSE = 4, /**< > */
    CLASS_EQUALS = 8,
    CLASS_LETTER = 16,
    CLASS_CAPITAL = 32,

    CLASS_ENDS_NAME = CLASS_SPACE | CLASS_SLASH | CLASS_CLOSE,
    CLASS_ENDS_ATTRIBUTE = CLASS_ENDS_NAME | CLASS_EQUALS,
    CLASS_ENDS_BARE = CLASS_SPACE | CLASS_CLOSE,
};

/** Of each byte: bits of enum html_class. */
extern const uint8_t HTML_CLASSES[256];

/** Has `byte` one of `classes`? */
static inline int html_is(uint8_t byte, unsigned classes)
{
    return (HTML_CLASSES[byte] & classes) != 0;
}

/** The first byte from `at` on that has one of `classes`, or `end`. */
static inline const uint8_t *html_until(const uint8_t *at, const uint8_t *end,
                                        unsigned classes)
{
    while (at < end && !html_is(*at, classes)) {
        at++;
    }
    return at;
}

/** The first byte from `at` on that has none of `classes`, or `end`. */
static inline const uint8_t *html_past(const uint8_t *at, const uint8_t *end,
                                       unsigned classes)
{
    while (at < end && html_is(*at, classes)) {
        at++;
    }
    return at;
}

/** The bytes of `rest` before the first that has one of `classes`. */
static inline size_t html_len_until(struct span rest, unsigned classes)
{
    return (size_t)(html_until(rest.ptr, rest.ptr + rest.len, classes) - rest.ptr);
}
