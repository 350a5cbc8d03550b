/**
 * Should a balancer send clients here: is there a route that can be served?
 *
 * Layer: app. Part of the graph; on the control thread. A feature that is down does not
 * count, for the rest of the site is up and a balancer must not eject it too.
 */
#pragma once

#include "admin/control_facts.h"

struct graph;

/** From what is known at this moment: an upstream that nobody asked yet is up. */
enum control_ready graph_ready(const struct graph *self);
