/**
 * The configuration snapshot as the relay sees it: upstreams, routes, features, limits.
 *
 * Layer: relay. Made by app/config.c, immutable afterwards, shared by all threads. The
 * one object with a reference count: exchanges that began under it keep it while new ones
 * use the next (site_ref, site_unref). Strings are NUL-terminated and live in the
 * snapshot.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/feature.h"
#include "guard/marker.h"
#include "guard/policy.h"
#include "guard/staff.h"
#include "http/host.h"
#include "relay/endpoint.h"
#include "relay/limits.h"
#include "sources/source.h"

enum over_limit {
    OVER_LIMIT_REFUSE, /**< Zero: the safe one. */
    OVER_LIMIT_STREAM,
};

/** `routes:`; first match wins; the last one is the implied `/ **`. */
struct route {
    char *host; /**< Pattern for host_matches(); NULL: any host. */
    struct path_pattern *path;
    char *pattern; /**< As written: the metrics label. */
    char *screen;  /**< "" when it has none. */
    char *shows;   /**< Items as of items.h. */
    unsigned upstream;
    struct requirement requirement;
    _Atomic(bool) closed; /**< A finding closed it while login was down; mutable. */
    bool encoded_slash_keep;
    bool websocket; /**< Upgrades to WebSocket are forwarded. */
    enum over_limit over_limit;
};

/** `features:` */
struct feature_settings {
    char *name;
    unsigned slot; /**< In the feature table. */
    struct path_pattern **paths;
    size_t path_count;
    struct take_down_policy take_down;
    char *page; /**< The maintenance page's HTML; NULL: built in. */
    size_t page_len;
    uint64_t retry_after_ms;
    struct network *trial; /**< Clients that get through while it is on trial. */
    size_t trial_count;
};

struct site {
    _Atomic(unsigned) references;
    char hash[65]; /**< SHA-256 of the effective configuration, hex. */
    bool observe;
    char **hosts; /**< Known hosts, patterns for host_matches(); empty: any. */
    size_t host_count;
    struct upstream_settings *upstreams;
    size_t upstream_count;
    struct route *routes;
    size_t route_count;
    struct feature_settings *features;
    size_t feature_count;
    struct session_policy session;
    struct login_policy login;
    struct marker_class *classes;
    size_t class_count;
    struct markers *markers;       /**< Compiled from `classes`. */
    struct grant_settings *grants; /**< By `grant` - 1 of a class. */
    size_t grant_count;
    struct staff_rule *staff;
    size_t staff_count;
    size_t marker_max;
    uint32_t detectors_off; /**< Bit of each enum detector that is switched off. */
    struct limits limits;
    enum quarantine quarantine;
    unsigned refusal_status;
    uint64_t ledger_deadline_ms;
    void *arena; /**< Everything above; freed with the snapshot. */
    void (*free_arena)(void *arena);
};

/** One more holder. */
struct site *site_ref(struct site *self);

/** Lets go and sets NULL; the last one frees all of it. NULL is fine. */
void site_unref(struct site **self_p);

/** Closes the routes with the host and pattern of `like`. True: one of them was open. */
bool site_close_route(struct site *self, const struct route *like);

/**
 * Closes what is closed in `old`. Each worker does it when it takes the site: after that
 * it closes in both (relay_close_route), before that `old` has it.
 */
void site_keep_closed(struct site *self, const struct site *old);
