/**
 * The stretches of HTML in which tags mean nothing: raw text, comments, sections.
 *
 * Layer: guard, for guard/scan*.c only. Pure. Rooms of the tokenizer: each takes the
 * bytes that follow, returns how many it used, and changes the state where the stretch
 * ends.
 */
#pragma once

#include "guard/scan_html.h"

size_t raw_text(struct html *self, struct span rest);
size_t raw_declaration(struct html *self, struct span rest);
size_t raw_comment(struct html *self, struct span rest);
size_t raw_bogus(struct html *self, struct span rest);
size_t raw_cdata(struct html *self, struct span rest);
size_t raw_instruction(struct html *self, struct span rest);
