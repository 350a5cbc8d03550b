/**
 * What the graph opens before anything runs: files, shared memory, ports.
 *
 * Layer: app. Part of the graph, on the control thread; graph.c has the order.
 */
#pragma once

#include "app/graph.h"

/** The parents of `path`, when it is where nobody has said it should be. */
void graph_make_parents(const char *path);

/** Ledger, memory and what is down: before any port. CLI_DONE, or said in the log. */
MUST_USE int graph_open_state(struct graph *self);

/** Ports, admin sockets, access log, workers. CLI_DONE, or said in the log. */
MUST_USE int graph_open_ports(struct graph *self);
