/**
 * One tag of the HTML tokenizer: which attributes it keeps and what they say at its end.
 *
 * Layer: guard, for guard/scan*.c only. Pure.
 * Nothing is observed before the `>`: a tag that the body ends in is no tag.
 */
#pragma once

#include "guard/scan_html.h"

/** A tag begins. */
void tag_begin(struct html *self, bool end_tag);

/** Adds to the element's name. */
void tag_name(struct html *self, struct span part);

/** An attribute's name begins, grows, ends: then it is known whether it is kept. */
void tag_attribute_begin(struct html *self);
void tag_attribute(struct html *self, struct span part);
void tag_attribute_end(struct html *self);

/** A part of the attribute's value as written. */
void tag_value(struct html *self, struct span part);

/** A part of an XML declaration, and its end: it may name the encoding. */
void tag_declaration(struct html *self, struct span part);
void tag_declaration_end(struct html *self);

/** The tag's `>` was read: observes, and enters the state of the text after it. */
void tag_end(struct html *self, bool self_closing);

/* What nests too deep is no harm until something stands there that must be read. */
void tag_check_depth(const struct html *self);
