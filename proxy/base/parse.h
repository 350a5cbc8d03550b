/**
 * Numbers, durations, sizes and hex from text: all of the text or an error.
 *
 * Layer: base. Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/check.h"
#include "base/err.h"
#include "base/span.h"

/** Decimal digits only, no sign, no blanks. ERR_SYNTAX or ERR_LIMIT past 2^64-1. */
MUST_USE enum err parse_u64(struct span text, uint64_t *value_out);

/** `10ms`, `10s`, `5m`, `2h`, `400d`, `3y` (365 days); several joined: `1h30m`. In ms. */
MUST_USE enum err parse_duration(struct span text, uint64_t *milliseconds_out);

/** `512`, `16KiB`, `1MiB`, `10GiB`. In bytes. */
MUST_USE enum err parse_size(struct span text, uint64_t *bytes_out);

/** Exactly `count` bytes from 2 * `count` hex digits, either case. */
MUST_USE enum err parse_hex(struct span text, uint8_t *bytes_out, size_t count);

/** 0 to 15, or -1. */
int parse_hex_digit(uint8_t byte);

/** Writes 2 * `count` lower-case digits and no NUL. */
void format_hex(const uint8_t *bytes, size_t count, char *digits_out);

/** Writes `value` in decimal without NUL and returns the digits written, at most 20. */
size_t format_u64(uint64_t value, char *digits_out);
