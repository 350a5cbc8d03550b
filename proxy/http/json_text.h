/**
 * The unescaped characters of one JSON string, gathered in a bounded buffer.
 *
 * Layer: http. Pure. A value inside the walker, which lends the bytes.
 */
#pragma once

#include "base/span.h"

struct json_text {
    bool kept;     /**< False: nobody will look at it. */
    bool too_long; /**< Did not fit; what is there is cut. */
    uint32_t high; /**< A high surrogate that waits for its other half, or 0. */
    uint32_t unit; /**< Of an escape so far. */
    unsigned hex_count;
    size_t len;
    size_t capacity;
    uint8_t *bytes;
};

/** Empties it for the next string. */
void json_text_start(struct json_text *self, bool kept);

/** Adds bytes as they are. */
void json_text_add(struct json_text *self, struct span bytes);

void json_text_add_byte(struct json_text *self, uint8_t byte);

/** Adds what a backslash and `letter` stand for, but `u`; false when that is nothing. */
bool json_text_add_escape(struct json_text *self, uint8_t letter);

/**
 * Takes a digit of a `\u` escape; with the fourth its unit is added. Two surrogates
 * become one character. False when it is no digit.
 */
bool json_text_add_hex(struct json_text *self, uint8_t digit, bool *complete_out);

/** The string has ended: a high surrogate that still waits stands for itself. */
void json_text_end(struct json_text *self);

/** How many bytes at the front of `bytes` mean themselves inside a string. */
size_t json_text_plain_len(struct span bytes);
