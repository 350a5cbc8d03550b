/**
 * The path of a request as routes and features see it.
 *
 * Layer: http. Pure, no allocation. A path is matched on a copy: `;...` removed from
 * every segment, `%XX` decoded once (a `;` that appears then counts too), `//` made one,
 * a trailing `/` dropped. Forwarded is the received target, unchanged. What servers are
 * known to read in different ways is refused: dot segments, plain or encoded, `\`,
 * control bytes, malformed escapes. `%2F`, `%5C` and what is still encoded after one
 * decoding give two readings, and only a route that says so may take them.
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum path_error {
    PATH_ERROR_NONE,
    PATH_ERROR_FORM,    /**< Neither `/...` nor `http(s)://...` nor `*`. */
    PATH_ERROR_DOTS,    /**< A segment `.` or `..`. */
    PATH_ERROR_BYTE,    /**< `\`, `#`, a control byte, plain or encoded. */
    PATH_ERROR_ESCAPE,  /**< `%` without two hex digits. */
    PATH_ERROR_ENCODED, /**< Encoded more often than anyone would. */
};

struct path {
    /** Decoded once; `%2F` and `%5C` stay as they are and are no separators. */
    struct span once;
    /** Decoded to the end, with every slash and backslash a separator. */
    struct span full;
    /** The two differ, or could: 400 unless the route of `once` says `encoded_slash`. */
    bool encoded;
    /** What follows `?`, as received. */
    struct span query;
};

/** Bytes that path_normalize() needs for a target of `target_len` bytes. */
#define PATH_BUFFER_SIZE(target_len) (2 * (target_len) + 2)

/**
 * Reads a request target; `*` counts as `/`.
 *
 * `buffer`: PATH_BUFFER_SIZE(target.len) bytes; `path_out` points into it and into the
 * target.
 */
MUST_USE enum path_error path_normalize(struct span target, uint8_t *buffer,
                                        struct path *path_out);

/** A short lower-case name for logs and counters. Static storage. */
const char *path_error_name(enum path_error error);
