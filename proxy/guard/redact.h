/**
 * What to take out of a page so that it no longer shows those who must not be seen.
 *
 * Layer: guard. Pure: no I/O, no clock; working memory alone. Works on a whole decoded
 * body in an ASCII-compatible encoding; JSON in one without backslashes in characters. It
 * proposes cuts that leave a document as well formed as it was; whether nothing forbidden
 * remains is told by scanning the result, not by this. Never cuts inside of a comment, a
 * script or another text that is no markup.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "guard/marker.h"
#include "guard/markers.h"
#include "guard/scan.h"

enum {
    REDACT_CUTS_MAX = 4096, /**< In one body; more: not redacted. */
};

/** Bytes that go. */
struct redact_cut {
    size_t start;
    size_t end;
};

/** Who must not be seen: an observation, with its class. Sorted by redact_order(). */
struct redact_wanted {
    const struct marker_class *class;
    struct span value;
};

/** What is to be done. Borrowed. */
struct redact_order {
    struct span body;
    enum scan_kind kind;
    const struct redact_wanted *wanted;
    size_t count; /**< > 0 */
    struct redact_cut *cuts;
    size_t cut_count; /**< Out: sorted, none touches another. */
};

/** Sorts what is wanted by value, as redact_find() needs it. */
void redact_sort(struct redact_wanted *wanted, size_t count);

/**
 * Finds the cuts; `cuts` has room for REDACT_CUTS_MAX. False: someone stands where no
 * sensible element is, or the body cannot be read.
 */
bool redact_find(struct redact_order *self);

/* For redact_*.c: */

bool redact_html(struct redact_order *self);
bool redact_json(struct redact_order *self);

/** A signed value without what is behind its last point; else as it is. */
struct span redact_unsigned(struct span value);

/** True when the class reads values of this form, signed or not. */
static inline bool redact_reads(const struct marker_class *class, bool with_signature)
{
    return (class->signature.mac != NULL) == with_signature;
}

/** The first wanted one with this value, after trimming; `from`: NULL, or the last. */
const struct redact_wanted *redact_next(const struct redact_order *self,
                                        struct span value,
                                        const struct redact_wanted *from);

/** False: too many. */
bool redact_add(struct redact_order *self, size_t start, size_t end);
