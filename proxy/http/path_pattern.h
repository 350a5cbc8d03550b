/**
 * Patterns of paths: `*` is one segment, a last double star this
 * path and everything below.
 *
 * Layer: http. Pure. Patterns are written decoded and match the readings of http/path.h.
 * Case counts unless `ignore_case` (ASCII letters only).
 */
#pragma once

#include "base/check.h"
#include "base/span.h"

enum {
    PATH_PATTERN_SHARED_MAX = 4096, /**< Bytes of what two patterns share. */
};

/**
 * A compiled pattern.
 *
 * Keeps the text it was made from, which must outlive it.
 */
struct path_pattern {
    struct span text; /**< Without a last slash or double star; empty for the root. */
    bool below;
    bool wild; /**< Has a `*` segment. */
    bool ignore_case;
};

/**
 * Compiles `text`.
 *
 * Errors: a sentence without full stop for the configuration's error list, NULL when
 * fine.
 */
MUST_USE const char *path_pattern_parse(struct span text, bool ignore_case,
                                        struct path_pattern *pattern_out);

/** `path`: one reading of a normalised path. */
bool path_pattern_matches(const struct path_pattern *self, struct span path);

/** True when `self` matches everything that `other` matches. */
bool path_pattern_covers(const struct path_pattern *self,
                         const struct path_pattern *other);

/**
 * What both match, as a pattern; false: no path. Where the case counts in one of them
 * alone, the result says that it does not, in the spelling of that one.
 *
 * `text_out`: PATH_PATTERN_SHARED_MAX bytes, which the result keeps; the texts of both
 *             must fit into it together.
 */
bool path_pattern_shared(const struct path_pattern *self,
                         const struct path_pattern *other, char *text_out,
                         struct path_pattern *pattern_out);
