/**
 * The page that a drill's site answers with: it carries another user's marker, in every
 * form that the class is looked for.
 *
 * Layer: relay. Pure: the class, the value and the request in, bytes out.
 */
#pragma once

#include "base/writer.h"
#include "guard/marker.h"

enum {
    DRILL_PAGE_SIZE_MAX = 65536, /**< Room for MARKER_SELECTORS_MAX of the longest. */
};

/**
 * Writes a whole response to the request with the head `request`. A signed class is
 * signed with its own key. `out` is full when there was no room.
 */
void drill_page_write(const struct marker_class *class, struct span value,
                      struct span request, struct writer *out);

/** The value of field `name` in a request's head; empty: it has none. */
struct span drill_page_field(struct span head, struct span name);
