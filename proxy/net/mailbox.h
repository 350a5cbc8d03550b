/**
 * Messages from any thread to the one that runs a loop.
 *
 * Layer: net. Owned by the thread of its loop. Mail is intrusive: whoever posts owns the
 * memory until `deliver` has been called on the loop's thread, so posting never allocates
 * and the number of messages is bounded by the number of their owners.
 */
#pragma once

#include "base/list.h"

struct loop;
struct mailbox;

/** Embedded in a message. */
struct mail {
    struct list_link link;
    /** Runs on the loop's thread; the message is the receiver's from then on. */
    void (*deliver)(struct mail *self);
};

/** Belongs to `loop`, freed with mailbox_free() before it. NULL: memory. */
struct mailbox *mailbox_new(struct loop *loop);

/** Delivers nothing more; undelivered mail stays its posters'. */
void mailbox_free(struct mailbox **self_p);

/** Any thread. `mail` must not be posted already. */
void mailbox_post(struct mailbox *self, struct mail *mail);
