/**
 * The states of the HTML tokenizer behind an element's name, up to the tag's `>`.
 *
 * Layer: guard, for guard/scan_html.c only. Pure.
 * Each uses some of `rest`, which is not empty, or changes the state, or both; returns
 * the bytes used.
 */
#pragma once

#include "guard/scan_html.h"

/** After the name, a value or a blank. */
size_t attribute_before(struct html *self, struct span rest);

/** After a `/`. */
size_t attribute_self_closing(struct html *self, struct span rest);

size_t attribute_name(struct html *self, struct span rest);
size_t attribute_after_name(struct html *self, struct span rest);

/** After the `=`. */
size_t attribute_before_value(struct html *self, struct span rest);

size_t attribute_value_quoted(struct html *self, struct span rest, uint8_t quote);
size_t attribute_value_bare(struct html *self, struct span rest);
