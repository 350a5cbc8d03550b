/**
 * What a lenient server may take for a session token and the strict parse does not.
 *
 * Layer: guard. Pure, no allocation. PHP makes `_` of some bytes in names, Perl splits
 * pairs at commas, Python at blanks and within quotes, CGI folds names of fields, servlet
 * containers read `;jsessionid=` unasked, ASP.NET compares names without case. A request
 * that is spelled so is ambiguous: we know of no session, the site may.
 */
#pragma once

#include "guard/policy.h"
#include "http/head.h"

/**
 * True when a name of session.cookies, session.remember or session.jwt.cookie with a
 * value can be read out of the pair otherwise than strictly. `taken`: the strict parse
 * knows the pair by its name.
 */
bool lax_cookie(const struct session_policy *policy, const struct cookie *cookie,
                bool taken);

/** True for another spelling of session.header or session.jwt.header. */
bool lax_field(const struct session_policy *policy, const struct field *field);

/**
 * True when `NAME` or `NAME=...` of a target names a session: one of session.url_names,
 * and in a path also session.path_parameter and, where sessions are configured,
 * `jsessionid`. Names compare decoded once and in any case.
 */
bool lax_item(const struct session_policy *policy, struct span item, bool in_query);

/** Where the item of a target that begins at `start` ends. */
size_t lax_item_end(struct span target, size_t start, bool in_query);
