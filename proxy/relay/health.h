/**
 * What all workers know about the servers of upstreams: up, down, drained, who has which
 * session. It outlives reloads, so that one does not bring back what a finding drained;
 * nor does an upgrade (health_roll.h).
 *
 * Layer: relay. Owned by the graph; safe for all threads. Times are of the loops' clock.
 *
 *             connect fails, or checks fail          first success
 *   UP  ------------------------------------>  DOWN  ------------->  UP, started slowly
 *                                               |  each `eject_ms` one request, or a
 *                                               |  check, tries it
 *   any ------- a finding, on_finding: drain -------> DRAINED, for `drain_ms`
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/stats.h"
#include "guard/fingerprint.h"
#include "relay/endpoint.h"
#include "relay/health_roll.h"

enum {
    HEALTH_FAILURES_MAX = 3, /**< In a row, and a server is down. */
};

struct health;
struct server_health;

/** How a server does, best first. */
enum server_state {
    SERVER_UP,
    SERVER_DOWN,
    SERVER_DRAINED,
};

/** `roll` must outlive it. NULL: memory. */
struct health *health_new(struct stats *stats, struct health_roll *roll);

/** Sets NULL. NULL is fine. */
void health_free(struct health **self_p);

/** The server called `server` of `upstream`; up when it is new. NULL: memory, or too
 * many. `block`: the calling thread's counters. */
struct server_health *health_of(struct health *self, struct stats_block *block,
                                const char *upstream, const char *server);

/**
 * Shows the gauges of these servers and of no others: those of a configuration that comes
 * into force. What it no longer names is still known, and shown when it comes back. Only
 * the control thread, before the workers take the configuration: none of them makes a
 * gauge of it when the next one is in force already. `block`: that thread's counters.
 */
void health_use(struct health *self, struct stats_block *block,
                const struct upstream_settings *upstreams, size_t count);

/** Its number until a restart, under HEALTH_SERVERS_MAX. */
unsigned server_health_number(const struct server_health *self);

/**
 * Is it known that nobody answers there? False for a server that nobody asked yet.
 *
 * `checked`: there are checks. Without them only a request can find it well again, so
 * that it is known for `eject_ms` after the last failure and no longer.
 */
bool health_is_down(struct health *self, const char *upstream, const char *server,
                    bool checked, uint64_t now_ms);

enum server_state server_health_state(const struct server_health *self, uint64_t now_ms);

/**
 * May this request go there? For a server that is down: once in `eject_ms`, to whoever
 * asks first.
 */
bool server_health_try(struct server_health *self, uint64_t now_ms, uint64_t eject_ms);

/** A connection came up, or did not. True: its state has changed. */
bool server_health_note(struct server_health *self, bool good, uint64_t now_ms,
                        uint64_t eject_ms);

/** No new requests for `drain_ms`, because of a finding. True: it was not drained yet. */
bool server_health_drain(struct server_health *self, uint64_t now_ms, uint64_t drain_ms);

/** An operator has it back. */
void server_health_return(struct server_health *self);

/** Claims the next active check. False: it is not due, or another worker does it. */
bool server_health_claim(struct server_health *self, uint64_t now_ms,
                         uint64_t interval_ms);

/** Milliseconds for which it has been up; large for one that never was down. */
uint64_t server_health_up_ms(const struct server_health *self, uint64_t now_ms);

/** Brings the gauge up to date; `block`: the calling thread's counters. */
void server_health_show(struct server_health *self, struct stats_block *block,
                        uint64_t now_ms);
