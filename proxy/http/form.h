/**
 * Fields of a submitted form, for reading the name of who logs in.
 *
 * Layer: http. Pure, no allocation. Works on a whole body that the caller has kept; a
 * body too large to keep has no name. What is given twice or cannot be decoded has none
 * either; nor has a form that another reader may read differently (form_name.h).
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum form_result {
    FORM_BAD, /**< Malformed, or the value is longer than the buffer. */
    FORM_ABSENT,
    FORM_TWICE, /**< Or under a name that some servers take for it. */
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
 * Finds a text field of a `multipart/form-data` body. A file of that name counts as a
 * second value; with a transfer encoding or a type but UTF-8 text it is bad. A part that
 * is not exactly `form-data; name=...`, with or without a file name, or a Content-Type
 * with other parameters, makes all of it bad.
 *
 * `content_type`: the field's value, for its boundary. Source: RFC 7578.
 */
enum form_result form_find_multipart(struct span body, struct span content_type,
                                     struct span name, struct form_buffer buffer,
                                     struct span *value_out);
