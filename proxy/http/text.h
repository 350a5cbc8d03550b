/**
 * Classes of bytes that several readers of this layer share.
 *
 * Layer: http. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/** A byte of a token (RFC 9110 section 5.6.2). */
bool text_is_token_byte(uint8_t byte);

/** One or more token bytes and nothing else. */
bool text_is_token(struct span text);

/** No control byte but HTAB (RFC 9110 section 5.5); bytes from 0x80 on are allowed. */
bool text_is_field_value(struct span text);
