/**
 * Dates of HTTP and of cookies, as seconds since 1970.
 *
 * Layer: http. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/span.h"

enum { DATE_LEN = 29 /**< Bytes of `Sun, 06 Nov 1994 08:49:37 GMT`. */ };

/**
 * Reads any date a browser would take in a cookie, which includes the three forms of
 * HTTP.
 *
 * Errors: false when it is none, or the year is before 1601.
 * Source: RFC 6265 section 5.1.1; RFC 9110 section 5.6.7.
 */
MUST_USE bool date_parse(struct span text, int64_t *unix_s_out);

/** Writes DATE_LEN bytes of IMF-fixdate, no NUL. Years outside 1 to 9999 are clamped. */
void date_format(int64_t unix_s, char *text_out);
