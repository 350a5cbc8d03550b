/**
 * Where a reference in an answer (`Location`) leads, seen from the request.
 *
 * Layer: http. Pure, no allocation. Absolute, without scheme, without host, relative: all
 * that RFC 3986 section 5.2 resolves, dots included. Hosts are compared without their
 * ports: behind a balancer a site seldom knows the one that its users see.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum {
    REFERENCE_PATH_MAX = 2048, /**< Bytes of a path, before and after it is resolved. */
};

enum reference_kind {
    REFERENCE_UNREADABLE, /**< Zero: empty, too long, or not of http or https. */
    REFERENCE_OWN,        /**< The host that was asked. */
    REFERENCE_OTHER,      /**< Another one, or none that can be read. */
};

/** What was asked: `Host`, and the target in origin form. Empty: none. */
struct reference_base {
    struct span host;
    struct span target;
};

/**
 * Resolves `text`.
 *
 * `buffer`: REFERENCE_PATH_MAX bytes. `path_out` points into it, starts with `/`, and has
 * neither query nor fragment nor plain dot segments; empty with REFERENCE_UNREADABLE.
 * Source: RFC 3986 sections 5.2 and 5.3.
 */
MUST_USE enum reference_kind reference_resolve(struct span text,
                                               const struct reference_base *base,
                                               uint8_t *buffer, struct span *path_out);
