/**
 * How the body of a message is framed, and every reason to doubt it.
 *
 * Layer: http. Pure. Works on parsed fields, so that HTTP/1 messages are judged by one
 * small piece of code that needs no parser to be tested. Sets `framing`,
 * `content_length`, `has_content_length` and `keep_alive` of the head.
 */
#pragma once

#include "http/h1.h"

/** Also checks Host: exactly one valid one, in HTTP/1.0 at most one. */
MUST_USE enum h1_error framing_of_request(struct head *head);

/**
 * `asked`: the method of the request; the answer to HEAD has no body.
 *
 * Source: RFC 9112 section 6.3.
 */
MUST_USE enum h1_error framing_of_response(struct head *head, enum method asked);
