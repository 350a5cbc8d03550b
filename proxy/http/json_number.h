/**
 * The grammar of a JSON number, byte by byte (RFC 8259 section 6).
 *
 * Layer: http. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum json_number {
    JSON_NUMBER_BAD,
    JSON_NUMBER_END,   /**< The byte is behind the number. */
    JSON_NUMBER_MINUS, /**< A digit must follow. */
    JSON_NUMBER_ZERO,
    JSON_NUMBER_INTEGER,
    JSON_NUMBER_POINT, /**< A digit must follow. */
    JSON_NUMBER_FRACTION,
    JSON_NUMBER_SIGN,  /**< A sign or digit must follow. */
    JSON_NUMBER_POWER, /**< A digit must follow. */
    JSON_NUMBER_EXPONENT,
};

/** The state behind the first byte; BAD when no number starts with it. */
enum json_number json_number_start(uint8_t byte);

/** The state behind the next byte. */
enum json_number json_number_step(enum json_number self, uint8_t byte);
