/**
 * Names of request fields that are not the client's to write, in any spelling that a
 * server might take for them: in any case, with `_` counted as `-`.
 *
 * Layer: relay. Pure.
 */
#pragma once

#include "http/head.h"

/** True for `prefix...`. */
bool rewrite_looks_like(struct span name, struct span prefix);

bool rewrite_same_name(struct span name, struct span other);

/**
 * Another path than the one of the request line, on which gate, route and login role
 * rest: some servers and frameworks serve that one. No proxy in front has reason to say
 * so.
 */
bool rewrite_names_another_path(const struct field *field);

/** Ours, or what a server would take for ours. */
bool rewrite_is_reserved(const struct field *field);
