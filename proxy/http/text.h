/**
 * Classes of bytes and small decoders that several readers share.
 *
 * Layer: http. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

/** A byte of a token (RFC 9110 section 5.6.2). */
bool text_is_token_byte(uint8_t byte);

/** One or more token bytes and nothing else. */
bool text_is_token(struct span text);

/** No control byte but HTAB (RFC 9110 section 5.5); bytes from 0x80 on are allowed. */
bool text_is_field_value(struct span text);

/**
 * True when `text` is `lower`, ASCII letters compared without case. `lower` consists of
 * small letters, digits and `-`, as names of fields do; fast for those.
 */
bool text_equal_lower(struct span text, struct span lower);

/** Without blanks, tabs and line ends on either side. */
struct span text_trim(struct span text);

/** The byte that `%XX` at the front of `text` stands for, or -1 when there is none. */
int text_escaped_byte(struct span text);

/**
 * Decodes `%XX`, and `+` as a blank when `plus`. `buffer` has room for `text.len` bytes
 * and may be the text itself.
 *
 * Errors: false when an escape is malformed.
 */
MUST_USE bool text_decode_percent(struct span text, bool plus, uint8_t *buffer,
                                  size_t *len_out);
