/**
 * What a service manager wants to hear and may hand over: sd_notify and socket
 * activation.
 *
 * Layer: app. The protocol is one datagram to $NOTIFY_SOCKET (systemd: sd_notify(3)) and
 * file descriptors from 3 on ($LISTEN_FDS: sd_listen_fds(3)); both are a page of code, so
 * no library of systemd is needed. Without a service manager every call does nothing.
 * Used by the control thread alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/address.h"

enum {
    SERVICE_FDS_MAX = 64,
};

struct service {
    char socket[108];        /**< Where to tell; "": nowhere. */
    uint64_t watchdog_ms;    /**< 0: nobody watches. */
    uint64_t watchdog_at_ms; /**< When to tell next. */
    unsigned fd_count;       /**< Sockets handed over, from 3 on. */
    bool taken[SERVICE_FDS_MAX];
};

/** Reads the environment and clears it, so that no child believes it is meant. Once,
 * before any thread. */
void service_init(struct service *self);

/** It serves. `status` is one line for `systemctl status`. */
void service_ready(const struct service *self, const char *status);

/** A reload has begun; service_ready() ends it. `monotonic_us`: CLOCK_MONOTONIC. */
void service_reloading(const struct service *self, uint64_t monotonic_us);

void service_stopping(const struct service *self);

/** Another process is the service from now on; `pid`: which. */
void service_main_is(const struct service *self, pid_t pid);

/** Tells that all is well, when it is time. Only call it when all is well. */
void service_alive(struct service *self, uint64_t now_ms);

/**
 * A listening socket of the service manager for `address`, or -1. The caller gets it as
 * it is, listening; each socket is given out once.
 */
int service_take_socket(struct service *self, const struct address *address);

/** As service_take_socket() for the Unix socket at `path`, whose file is not ours. */
int service_take_local(struct service *self, const char *path);

/** True when the service manager handed over sockets that nobody has taken. */
bool service_has_left(const struct service *self);
