/**
 * All marker classes compiled: what the scanner looks for.
 *
 * Layer: guard. Immutable once made, shared by all threads. Holds Vectorscan databases
 * and PCRE2 patterns (guard/scan_*.c), whose memory is bounded by MARKER_SELECTORS_MAX.
 */
#pragma once

#include "guard/marker.h"

struct markers;

/** How a body is read. Zero guesses: JSON when it starts with `{` or `[`, else HTML. */
enum scan_kind {
    SCAN_KIND_UNKNOWN = 0, /**< No Content-Type, or octets that are not an attachment. */
    SCAN_KIND_HTML,
    SCAN_KIND_XML,    /**< XHTML too: no raw text elements, CDATA sections. */
    SCAN_KIND_JSON,   /**< `json:` and `regex:`. */
    SCAN_KIND_SCRIPT, /**< JavaScript: `regex:`, values JSON-unescaped. */
    SCAN_KIND_TEXT,   /**< CSV, plain text: `regex:`, values as they are. */
    SCAN_KIND_NONE,   /**< Not inspected (images, archives): the body is not looked at. */
};

/**
 * Compiles the selectors of all classes.
 *
 * `classes`:   copied, their selectors too; `name` and `nobody` are not looked at. The
 *              key of `signature` is borrowed.
 * `value_max`: bytes of a marker, 1 to 1024 (`marker_max`).
 * Owns:   the caller ends it with markers_free(), after all scanners made from it.
 * Errors: NULL with one sentence in `error` (a pattern Vectorscan cannot take, a class
 *         without selector, more than MARKER_CLASSES_MAX, ...).
 */
struct markers *markers_new(const struct marker_class *classes, size_t count,
                            size_t value_max, char *error, size_t error_size);

void markers_free(struct markers **self_p);
