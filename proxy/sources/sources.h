/**
 * The grant sources that run: kept over reloads, ended when no configuration uses them.
 *
 * Layer: sources. Owned by the graph. A configuration holds the sources it names, and so
 * do exchanges that still end under it; who lets go last may be any thread, so ending the
 * threads is left to sources_reap() on the control thread.
 */
#pragma once

#include "sources/source.h"

struct sources;

/** NULL: memory. */
struct sources *sources_new(void);

/** Ends the threads of all; every question is answered. Before the mailboxes go. */
void sources_stop(struct sources *self);

/** After every holder has let go. Sets NULL. NULL is fine. */
void sources_free(struct sources **self_p);

/**
 * One that answers as `settings` say, running already or made; the caller lets go of it
 * with grant_source_drop(). Control thread. NULL: memory, or too many.
 */
struct grant_source *sources_take(struct sources *self,
                                  const struct grant_settings *settings);

/** Ends those that nobody holds. Control thread. */
void sources_reap(struct sources *self);
