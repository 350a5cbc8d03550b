/**
 * What the files of the comparison share.
 *
 * Layer: app. Only for weaker*.c.
 */
#pragma once

#include "app/weaker.h"

struct comparison {
    const struct config *in_force;
    const struct config *next;
    struct report *report;
    struct place place;
    bool weaker_allowed;
    bool refused;
};

/** Something that is less than before. */
void weaker_say(struct comparison *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** NULL equals NULL. */
bool weaker_same_text(const char *a, const char *b);

/** The class of that name, or NULL. */
const struct marker_class *weaker_find_class(const struct site *site, struct span name,
                                             size_t *index_out);

/** weaker_markers.c: classes, and whom they ask. */
void weaker_markers(struct comparison *self);

/** weaker_net.c: TLS of addresses and upstreams. */
void weaker_net(struct comparison *self);
