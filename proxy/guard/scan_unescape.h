/**
 * Character references of HTML and escapes of JSON back to the text they stand for.
 *
 * Layer: guard. Pure.
 * Both write at most `capacity` bytes and return the bytes the text has: a result above
 * `capacity` means that the text was cut, and only then is it not exact.
 */
#pragma once

#include <stdbool.h>

#include "base/span.h"

/**
 * HTML: named and numeric references, CR and CR LF as LF, NUL as U+FFFD.
 *
 * `attribute`: within an attribute value `&copy=` and `&copyx` stay as they are.
 * Source: HTML standard, sections 13.2.3.5 and 13.2.5.72 to 13.2.5.80.
 */
size_t scan_unescape_html(struct span text, bool attribute, uint8_t *out,
                          size_t capacity);

/** JSON: RFC 8259 section 7. What is no valid escape stays; lone surrogates U+FFFD. */
size_t scan_unescape_json(struct span text, uint8_t *out, size_t capacity);
