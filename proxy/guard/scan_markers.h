/**
 * What the rooms of the scanner know of the compiled markers.
 *
 * Layer: guard, for guard/scan*.c only. The library types are named but not included.
 */
#pragma once

#include "guard/markers.h"

struct hs_database;
struct pcre2_real_code_8;

enum {
    SCAN_META = MARKER_SELECTORS_MAX, /**< Matcher id of `<meta`; the others are rows. */
    SCAN_VALUE_SIZE_MAX = 1024,       /**< Bound of `value_max`. */
    SCAN_PREFIX_MAX = 64,             /**< Bytes of a pattern's literal beginning. */
};

/** One selector of one class. */
struct marker_row {
    struct selector selector;
    uint8_t class_index;
    uint8_t selector_index;
    bool trusted;
    struct marker_signature signature;
    uint8_t prefix_len; /**< Bytes of literal text a pattern begins with; 0: none. */
    char prefix[SCAN_PREFIX_MAX];
    struct pcre2_real_code_8 *code; /**< SELECTOR_REGEX only. */
};

/** What the matcher of a body kind looks for: literals, all of them. */
enum scan_matcher {
    SCAN_MATCHER_MARKUP = 0, /**< `<meta`, attributes, patterns. */
    SCAN_MATCHER_TEXT,       /**< Patterns only. */
    SCAN_MATCHER_COUNT,
};

struct markers {
    size_t value_max;
    size_t row_count;
    uint32_t kinds_seen[SELECTOR_COOKIE + 1];         /**< Classes by kind of selector. */
    struct hs_database *matchers[SCAN_MATCHER_COUNT]; /**< NULL: nothing to look for. */
    struct marker_row rows[MARKER_SELECTORS_MAX];
};

/** Rows of this kind exist. */
static inline bool markers_have(const struct markers *self, enum selector_kind kind)
{
    return self->kinds_seen[kind] != 0;
}
