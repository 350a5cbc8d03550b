/**
 * One thread that serves clients: a loop, its listeners, its relay.
 *
 * Layer: app. Made, told and freed by the graph on the control thread; everything between
 * worker_start() and worker_join() that touches the relay happens on the worker's thread,
 * told by mail.
 */
#pragma once

#include "app/config.h"
#include "app/log_writer.h"
#include "relay/drill.h"
#include "relay/relay.h"

enum {
    WORKER_LISTENERS_MAX = 32,
};

struct worker;

/** What a worker is made of; borrowed, but the sockets are taken. */
struct worker_settings {
    struct relay_shared *shared;
    struct site *site;
    struct log_writer *log; /**< NULL: no access log. */
    const struct listen_settings *listens;
    const int *fds; /**< One per listen address. */
    size_t count;
};

/** NULL: memory. */
struct worker *worker_new(const struct worker_settings *settings);

/** Runs its thread. */
MUST_USE bool worker_start(struct worker *self);

/** New exchanges use the site, and new connections the certificates of `config` from soon
 * on. Any thread. False: memory. */
bool worker_use(struct worker *self, const struct config *config);

/** Makes a drill on its thread; the order stays the caller's. Any thread. */
void worker_drill(struct worker *self, struct drill_order *order);

/** Stops accepting, lets what is under way end, then the thread ends; what is left after
 * `patience_ms` is broken off. `idle_ms`: as relay_drain(). Any thread; again, with less
 * patience, is fine. False: memory. */
bool worker_drain(struct worker *self, uint64_t patience_ms, uint64_t idle_ms);

/** Its listening socket of address `index`, lent, to hand it on; before worker_drain().
 */
int worker_socket(const struct worker *self, size_t index);

/** Waits for the end of the thread, if it was started. */
void worker_join(struct worker *self);

/** After worker_join() and after the recorder has answered all tickets. Sets NULL. */
void worker_free(struct worker **self_p);

/** False once its thread has ended. */
bool worker_running(const struct worker *self);

/** When its loop came round last, by the clock of loop_now_ms(). Any thread. */
uint64_t worker_beat_ms(const struct worker *self);
