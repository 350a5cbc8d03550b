/**
 * The listening sockets of all workers: bound before any thread runs.
 *
 * Layer: app. Each worker has a socket of its own on each address (SO_REUSEPORT), or,
 * when the service manager handed the address over, a descriptor of that one socket.
 */
#pragma once

#include "app/config.h"
#include "app/service.h"
#include "app/worker.h"
#include "base/check.h"

enum {
    PORTS_WORKERS_MAX = 256,
};

struct ports {
    int fds[WORKER_LISTENERS_MAX][PORTS_WORKERS_MAX];
    size_t bound; /**< Addresses. */
    unsigned worker_count;
};

/** Binds all of `listen`. False: said in the log, and nothing is left open. */
MUST_USE bool ports_open(struct ports *self, const struct config *config,
                         unsigned worker_count, struct service *service);

/** Closes those of the workers from `first` on. */
void ports_close(struct ports *self, unsigned first);
