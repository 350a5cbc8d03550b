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

/** What a text stands in. */
enum scan_form {
    SCAN_FORM_PLAIN = 0, /**< Nothing is escaped. */
    SCAN_FORM_HTML,
    SCAN_FORM_ATTRIBUTE,
    SCAN_FORM_JSON,
};

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

enum {
    SCAN_UNESCAPE_MAX = 4096, /**< Bytes of ISO-2022-JP at once. */
};

/** As the form has it. */
size_t scan_unescape(enum scan_form form, struct span text, uint8_t *out,
                     size_t capacity);

/**
 * The same of a text that was read as `turned`, byte for byte: those that differ are part
 * of no escape and stay as they are in `text`.
 */
size_t scan_unescape_turned(enum scan_form form, struct span text, const uint8_t *turned,
                            uint8_t *out, size_t capacity);

/**
 * The same of at most SCAN_UNESCAPE_MAX bytes of ISO-2022-JP that were read as
 * charset_iso2022jp() or charset_iso2022jp_text() turns them. A value begins outside of
 * its two-byte characters: there what opens it would be nothing.
 */
size_t scan_unescape_iso2022jp(enum scan_form form, struct span text, uint8_t *out,
                               size_t capacity);
