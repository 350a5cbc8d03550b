/**
 * The name in a login's body.
 *
 * Layer: guard. Pure: no I/O, no clock; JSON needs memory for a walker.
 */
#pragma once

#include "guard/session.h"

/**
 * Reads the login name by `user_field`: a form field, or with `/` first a JSON pointer.
 *
 * `content_type`: of the request, with its parameters.
 * `body`: all of it, decoded from its transfer coding.
 * Nobody when there is none, it is given twice (also under a name that some servers take
 * for it, form_name.h), cannot be decoded, or is empty or over USER_SIZE_MAX bytes.
 */
void claim_read(const char *user_field, struct span content_type, struct span body,
                struct user *name_out);

/**
 * True when the query gives the form field too, or cannot be read: then many servers take
 * that one, and the name in the body is void.
 */
bool claim_in_query(const char *user_field, struct span query);
