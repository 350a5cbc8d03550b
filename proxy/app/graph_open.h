/**
 * What the graph opens before anything runs: files, shared memory, ports.
 *
 * Layer: app. Part of the graph, on the control thread; graph.c has the order.
 */
#pragma once

#include <sys/types.h>

#include "app/graph.h"

/** Makes the parents of `path` that are not there, with `mode`. */
void graph_make_parents(const char *path, mode_t mode);

/** The directory of the access log, which is made when it alone is missing. False: none.
 */
bool graph_log_directory(const struct graph *self, char path_out[STATE_DIR_PATH_MAX]);

/** Likewise of the admin socket, with all its parents. */
bool graph_socket_directory(const struct graph *self, char path_out[STATE_DIR_PATH_MAX]);

/** Ledger, memory and what is down: before any port. CLI_DONE, or said in the log. */
MUST_USE int graph_open_state(struct graph *self);

/** Ports, admin sockets, access log, workers. CLI_DONE, or said in the log. */
MUST_USE int graph_open_ports(struct graph *self);
