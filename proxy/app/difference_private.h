/**
 * What the files of the comparison share.
 *
 * Layer: app. Only for difference*.c.
 */
#pragma once

#include "app/difference.h"

struct comparison {
    const struct config *before;
    const struct config *after; /**< Looked at for what it lacks. */
    struct difference *result;
    enum taken taken;
    bool backward; /**< `before` is the new one: what is less is what was gained. */
};

/**
 * Something of which there is less in `after`: `lost` says so, `gained` says what it is
 * the other way round. Both take the same arguments.
 */
void difference_say(struct comparison *self, const char *lost, const char *gained, ...)
    __attribute__((format(printf, 2, 4), format(printf, 3, 4)));

/** Something that may be less, whichever way it changes: told in one direction. */
void difference_say_once(struct comparison *self, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** NULL equals NULL. */
bool difference_same_text(const char *a, const char *b);

/** The class of that name, or NULL. */
const struct marker_class *difference_find_class(const struct site *site,
                                                 struct span name, size_t *index_out);

/** difference_login.c: what a login is, and what follows from it. */
void difference_login(struct comparison *self);

/** difference_markers.c: classes, and whom they ask. */
void difference_markers(struct comparison *self);

/** difference_net.c: addresses, receivers of alerts. */
void difference_net(struct comparison *self);

/** All of `narrow` is in one of `networks`. */
bool difference_has_network(const struct network *networks, size_t count,
                            const struct network *narrow);

/** difference_session.c: what tells sessions and requesters. */
void difference_session(struct comparison *self);

/** difference_upstreams.c: what has the same name. */
void difference_upstreams(struct comparison *self);

/**
 * What `before` handled is handled by `after` now, of another upstream; `demanding`:
 * something is demanded there. Else only where the old upstream is gone.
 */
void difference_moved(struct comparison *self, const struct route *before,
                      const struct route *after, bool demanding, const char *where);

/** difference_routes.c: features and routes. */
void difference_routes(struct comparison *self);
