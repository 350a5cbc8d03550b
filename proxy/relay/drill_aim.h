/**
 * What a drill asks for: a path of the feature whose answers are judged, the host it is
 * asked of, and the class of markers that says who the user is.
 *
 * Layer: relay. Pure look-up in the site: the same for whoever asks, so that what cannot
 * be drilled is told before anything was started.
 */
#pragma once

#include "base/writer.h"
#include "relay/site.h"

enum {
    DRILL_TEXT_MAX = 256, /**< Bytes of a text below, with the NUL. */
};

struct drill_aim {
    unsigned slot;               /**< Of the feature. */
    unsigned class_index;        /**< The identity class. */
    char target[DRILL_TEXT_MAX]; /**< The path, percent-encoded. */
    char host[DRILL_TEXT_MAX];
    char route[DRILL_TEXT_MAX]; /**< Its pattern. */
};

/**
 * `feature`: slot of a feature of the site. `path`: which one to ask for, as in a request
 * line; "": the first that fits, rather one whose route requires the marker.
 *
 * Errors: a sentence for the operator; NULL when fine.
 */
MUST_USE const char *drill_aim_find(const struct site *site, unsigned feature,
                                    const char *path, struct drill_aim *aim_out);

/** Where a session token stands in a request. */
enum drill_place {
    DRILL_PLACE_NONE, /**< The site's sessions have no token that a drill could make. */
    DRILL_PLACE_COOKIE,
    DRILL_PLACE_PARAMETER,
    DRILL_PLACE_HEADER,
};

/** Where a token goes that a drill makes up; `name_out`: DRILL_TEXT_MAX bytes. */
enum drill_place drill_aim_place(const struct session_policy *policy, char *name_out);

/** The request of a session with `token`. `out` is full when there was no room. */
void drill_aim_write(const struct drill_aim *self, const struct session_policy *policy,
                     struct span token, struct writer *out);
