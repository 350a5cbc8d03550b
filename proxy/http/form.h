/**
 * Fields of a submitted form, for reading the name of who logs in.
 *
 * Layer: http. Pure, no allocation. Works on a whole body that the caller has kept; a
 * body too large to keep has no name. What is given twice or cannot be decoded has none
 * either.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum form_result {
    FORM_BAD, /**< Malformed, or the value is longer than the buffer. */
    FORM_ABSENT,
    FORM_TWICE,
    FORM_FOUND,
};

/** Where a value goes. */
struct form_buffer {
    uint8_t *bytes;
    size_t capacity;
};

/**
 * Finds a field of an `application/x-www-form-urlencoded` body by its decoded name.
 *
 * `value_out`: the decoded value inside `buffer`; set with FORM_FOUND.
 * Also reads a query. Source: WHATWG URL, section 5.1.
 */
enum form_result form_find(struct span body, struct span name, struct form_buffer buffer,
                           struct span *value_out);

/**
 * Finds a text field of a `multipart/form-data` body. Parts with a file name are passed
 * over, parts with a transfer encoding are bad.
 *
 * `content_type`: the field's value, for its boundary. Source: RFC 7578.
 */
enum form_result form_find_multipart(struct span body, struct span content_type,
                                     struct span name, struct form_buffer buffer,
                                     struct span *value_out);
