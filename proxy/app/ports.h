/**
 * The listening sockets of all workers: bound before any thread runs.
 *
 * Layer: app. Each worker has a socket of its own on each address (SO_REUSEPORT), or,
 * when it is a Unix socket or the service manager handed it over, a descriptor of that
 * one socket. What the process before listened on is taken over whole, so that nobody who
 * waits is lost.
 */
#pragma once

#include "app/config.h"
#include "app/service.h"
#include "app/socket_files.h"
#include "app/successor.h"
#include "app/worker.h"
#include "base/check.h"

enum {
    PORTS_WORKERS_MAX = 256,
};

struct ports {
    int fds[WORKER_LISTENERS_MAX][PORTS_WORKERS_MAX];
    size_t bound; /**< Addresses. */
    unsigned worker_count;
    struct socket_files files; /**< Of the Unix sockets that were made here. */
};

/** Binds all of `listen`. False: said in the log, and nothing is left open. */
MUST_USE bool ports_open(struct ports *self, const struct config *config,
                         unsigned worker_count, struct service *service,
                         struct successor *successor);

/** Closes those of the workers from `first` on. */
void ports_close(struct ports *self, unsigned first);
