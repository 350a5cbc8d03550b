/**
 * The lines of an HTTP/1 head: where they end, and what the first one says.
 *
 * Layer: http. Pure. Strict: CRLF after every line and no folded lines, one blank between
 * the parts, HTTP/1.0 or 1.1, a target of visible ASCII without fragment.
 */
#pragma once

#include "http/h1.h"

/** What h1_find_head() does, for a codec without an error. */
enum h1_found line_find_last(enum h1_kind kind, struct span bytes, size_t *checked_p,
                             size_t *head_len_out);

/** Bytes of the one empty line that may precede a request line: 2 or 0. */
size_t line_empty_len(struct span bytes);

/**
 * True when the line of `field` has a tab behind its name, which llhttp 9.2 takes for a
 * part of an option of Connection. The line must end with CR.
 */
bool line_has_tab(const struct field *field);

/**
 * Sets method, target and version of `head`. `line` is without CRLF.
 *
 * Source: RFC 9112 section 3.
 */
MUST_USE enum h1_error line_parse_request(struct span line, size_t target_size_max,
                                          struct head *head);

/**
 * Sets status, reason and version of `head`. `line` is without CRLF; the blank before an
 * empty reason may be missing.
 *
 * Source: RFC 9112 section 4.
 */
MUST_USE enum h1_error line_parse_status(struct span line, struct head *head);
