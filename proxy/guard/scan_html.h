/**
 * HTML and XML bytes in, markers of `meta:` and `attr:` out, across any split.
 *
 * Layer: guard, for guard/scan*.c only. Pure.
 * The tokenizer of the HTML standard (section 13.2.5) without its output: it keeps the
 * values of the attributes that a selector names, and nothing else. It is exact, because
 * both errors are bad: a marker that is missed shows someone else's page, and text that a
 * visitor typed must not become a marker. It can be behind the bytes received: it needs
 * to go on only when the matcher saw a literal of a selector further on.
 */
#pragma once

#include "guard/charset.h"
#include "guard/scan_tree.h"
#include "guard/scan_values.h"

enum {
    HTML_NAME_SIZE = 16, /**< Longer element names mean nothing to the tree. */
    HTML_CAPTURES_MAX = MARKER_SELECTORS_MAX + 4,
    HTML_CAPTURE_MAX = 4096, /**< Bytes kept of one attribute as written. */
    HTML_TEXT_SIZE = 8192,   /**< Of all attributes of a tag. */
    HTML_CANDIDATES_MAX = 32,
};

enum html_state {
    HTML_TEXT = 0,
    HTML_TAG_OPEN,
    HTML_END_OPEN,
    HTML_TAG_NAME,
    HTML_BEFORE_ATTRIBUTE,
    HTML_SELF_CLOSING,
    HTML_ATTRIBUTE_NAME,
    HTML_AFTER_NAME,
    HTML_BEFORE_VALUE,
    HTML_VALUE_DOUBLE,
    HTML_VALUE_SINGLE,
    HTML_VALUE_BARE,
    HTML_AFTER_VALUE,
    HTML_DECLARATION, /**< After `<!`. */
    HTML_COMMENT,
    HTML_BOGUS, /**< Up to the next `>`. */
    HTML_CDATA,
    HTML_INSTRUCTION, /**< XML, up to `?>`. */
    HTML_RAW,
    HTML_PLAIN,
};

/** A kept attribute of the open tag. */
struct html_capture {
    uint64_t rows; /**< `attr:` rows that it answers, or 0: one that meta needs. */
    uint16_t start;
    uint16_t len;
    uint8_t use; /**< enum html_use, in scan_html.c. */
    bool cut;
};

/** Within raw text: what could be its end. */
struct html_raw {
    uint8_t seen[12]; /**< Bytes after `<`, in lower case. */
    uint8_t len;      /**< 0: no `<` is open; else bytes of `seen` + 1. */
    uint8_t escape;   /**< Script data: 0, 1 escaped, 2 double escaped. */
    uint8_t dashes;
    bool script;
    bool closes; /**< The end tag being read is its own. */
};

struct html {
    uint64_t candidates[HTML_CANDIDATES_MAX]; /**< Where literals ended, ascending. */
    size_t candidate_count;
    bool dense; /**< There were more: nothing is skimmed up to the last one. */
    const struct markers *markers;
    struct values *values;
    enum html_state state;
    uint64_t offset;    /**< Bytes read. */
    uint64_t tag_start; /**< Of its `<`. */
    uint64_t goal;      /**< See html_goal(). */
    uint64_t deep_at;   /**< Where the first tag began that nests too deep. */
    struct tree tree;
    struct html_raw raw;
    struct charset_state jis_seek; /**< Of what looks for it, scan_kept.c. */
    struct charset_state jis_state;
    const uint8_t *jis_turned; /**< Bytes being read of ISO-2022-JP, */
    const uint8_t *jis_sent;   /**< and as they were sent; NULL: the same. */
    uint64_t jis_at;           /**< Behind the first escape sequence; 0: none is known. */
    bool jis;                  /**< Bytes are ISO-2022-JP. */
    bool jis_guessed;          /**< By an escape sequence, and nothing else. */
    bool charset_open;         /**< A meta element may still name the encoding. */
    bool declaring;            /**< `text` takes an XML declaration. */
    bool end_tag;
    uint8_t match_len; /**< In declarations, comments, ...: see there. */
    uint8_t name_len;  /**< HTML_NAME_SIZE: too long. */
    uint8_t attribute_len;
    uint8_t capture_count;
    bool capturing; /**< The last capture takes the value. */
    uint16_t text_len;
    uint64_t rows_seen; /**< In this tag: the first of duplicate attributes wins. */
    uint8_t uses_seen;
    uint8_t name[HTML_NAME_SIZE];
    uint8_t attribute[SELECTOR_NAME_MAX + 1];
    struct html_capture captures[HTML_CAPTURES_MAX];
    uint8_t text[HTML_TEXT_SIZE];
};

/** At the start of a document. `charset_open`: the encoding was not declared. */
void html_init(struct html *self, struct values *values, bool xml, bool charset_open);

/** The matcher saw a literal of a selector end at offset `end`. */
void html_candidate(struct html *self, uint64_t end);

/** Up to where there is something to read: where the last literal ended; 0 when there was
 * none. Of what may be ISO-2022-JP: UINT64_MAX, all must be looked at. */
uint64_t html_goal(const struct html *self);

/**
 * Reads on from `self->offset` where `piece` begins. Stops when it has read to `goal` and
 * is not within a tag; UINT64_MAX reads all. Returns the bytes read.
 */
size_t html_feed(struct html *self, struct span piece, uint64_t goal);

/** Bytes read of a tag that is still open. */
uint64_t html_open_len(const struct html *self);
