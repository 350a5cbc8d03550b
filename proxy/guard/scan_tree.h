/**
 * What the HTML tokenizer must know of the tree: whether text is raw, hidden or foreign.
 *
 * Layer: guard, for guard/scan*.c only. Pure.
 * HTML's tokenizer depends on its tree builder in three ways: some elements hold raw
 * text, but not in SVG and MathML; CDATA sections exist only there; and what stands in a
 * template is not part of the document. This keeps just enough of the tree for that.
 * `noscript` is read as markup, as a client without scripts does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum {
    TREE_FOREIGN_MAX = 96, /**< Nested elements of svg and math. */
    TREE_PLAIN_MAX = 64, /**< Up to here such as hold no HTML; beyond they are counted. */
};

/** How the text after a start tag is read. */
enum tree_text {
    TREE_TEXT_MARKUP = 0,
    TREE_TEXT_RAW,    /**< Up to the end tag of the same name. */
    TREE_TEXT_SCRIPT, /**< The same, with the escapes of script data. */
    TREE_TEXT_PLAIN,  /**< Up to the end of the body. */
};

/** Zeroed: at the start of an HTML document. */
struct tree {
    bool xml;
    bool too_deep;       /**< Latched: past TREE_FOREIGN_MAX. */
    uint32_t hidden;     /**< Open templates; in XML also script, textarea, ... */
    bool doubtful;       /**< Latched: what follows may be a section or may not. */
    bool styled_font;    /**< The start tag is a `font` that ends foreign content. */
    bool has_children;   /**< Elements of HTML, perhaps open, in the last of `foreign`. */
    uint8_t foreign_len; /**< Entries of `foreign`. */
    uint32_t past_room;  /**< Open elements beyond TREE_PLAIN_MAX. */
    uint8_t foreign[TREE_FOREIGN_MAX];
    uint16_t names[TREE_FOREIGN_MAX]; /**< Digests of their names. */
};

/** An attribute of a start tag, both names in lower case. */
void tree_attribute(struct tree *self, struct span name, struct span attribute);

/** A start tag, its name in lower case. Returns how the text after it is read. */
enum tree_text tree_start(struct tree *self, struct span name, bool self_closing);

/** An end tag, its name in lower case. */
void tree_end(struct tree *self, struct span name);

/** Markers here do not count. */
bool tree_hidden(const struct tree *self);

/** `<![CDATA[` opens a section here, or may. */
bool tree_has_cdata(const struct tree *self);

/** It was read: true when it opens one. False: nobody knows (`doubtful`). */
bool tree_open_cdata(struct tree *self);

/** Tags of this name, as written, change nothing here. False when in doubt. */
bool tree_is_plain(const struct tree *self, struct span name);
