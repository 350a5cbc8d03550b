/**
 * Break-glass: an operator lets everything pass for a while, with a reason and an end.
 *
 * Layer: app. Part of the graph, on the control thread; the workers read one atomic time.
 * It is recorded before it is in force, alerted when it begins, every quarter of an hour
 * and when it ends, and ends by itself. It is kept nowhere: a restart goes back to what
 * the file says, which protects at least as much.
 */
#pragma once

#include <stdint.h>

#include "admin/control.h"

struct graph;

enum {
    GLASS_TEXT_MAX = 512,
};

struct glass {
    uint64_t until_ms; /**< Of the loops' clock; 0: it is whole. */
    uint64_t until_unix_ms;
    uint64_t alert_at_ms; /**< When to say so again. */
    char who[GLASS_TEXT_MAX];
    char reason[GLASS_TEXT_MAX];
};

/** As admin_control.change_mode. */
enum err glass_change(struct graph *self, const struct mode_change *change);

/** Now and then: reminds, and ends what is over. */
void glass_watch(struct graph *self);
