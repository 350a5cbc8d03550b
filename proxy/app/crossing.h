/**
 * Requests that one list of routes gives to one route and another list to another.
 *
 * Layer: app. Pure but for memory. For comparing configurations: the first match wins, so
 * a route that is new or was moved takes requests away from those behind it, also when it
 * takes but some of them. Whether there is such a request is asked of the router itself,
 * with requests made for it: names that are in no pattern for `*`, every length of path
 * that some pattern can tell from another, every host that is named. So nothing is told
 * of requests that nobody can make.
 */
#pragma once

#include "base/check.h"
#include "relay/site.h"

enum {
    CROSSING_TEXT_MAX = 256, /**< Bytes of what is told; longer is cut. */
};

struct crossing;

/** Owns: crossing_free(). Both sites outlive it. NULL: memory. */
struct crossing *crossing_new(const struct site *before, const struct site *after);

/** Sets NULL. NULL is fine. */
void crossing_free(struct crossing **self_p);

/**
 * True: some request goes to `from` in the one and to `to` in the other site; `text_out`,
 * CROSSING_TEXT_MAX bytes, says which: a path, behind its host where it has one.
 */
MUST_USE bool crossing_find(const struct crossing *self, const struct route *from,
                            const struct route *to, char *text_out);
