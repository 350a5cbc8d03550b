/**
 * What a process shares with its successor: memory that both have mapped at one address.
 *
 * Layer: app. One region (base/heap.h) of a memfd, made at every start, in which lies
 * what must never have two versions: which features are down, the sessions, the cases
 * counted towards a take-down, aliases, which server has which session, the keys of TLS
 * tickets. To all of it the workers of the successor are like more workers: a feature
 * that either process takes down is down for the other with that instruction (I3), and a
 * login that ends in the old process is known to the new one. What does not agree in
 * `layout`, a number made of the sizes and versions of all parts, is not joined. What is
 * not in here begins anew, as after a restart: counters, which servers are down, limits
 * by address.
 */
#pragma once

#include "app/glass.h"
#include "app/socket_files.h"
#include "base/check.h"
#include "base/heap.h"
#include "guard/feature.h"
#include "guard/memo.h"
#include "guard/registry.h"
#include "guard/takedown.h"
#include "net/tls_tickets.h"
#include "record/recorder.h"
#include "relay/affinity.h"
#include "relay/health_roll.h"

/** A feature that an operator wants up at a time. Kept in memory alone: after a restart
 * what was down stays down. */
struct graph_reopening {
    struct feature_change change;
    uint64_t at_ms; /**< Unix time; 0: none. */
    uint64_t asked; /**< feature_table_asked() when it was set. */
};

/** Its bounds; they stay until a restart. */
struct common_limits {
    uint64_t session_max;
    uint64_t session_idle_ms;
    uint64_t alias_idle_ms;
};

/** What the successor finds. */
struct common_root {
    struct common_limits limits;
    struct feature_table features;
    struct registry *registry;
    struct takedown *takedown;
    struct takedown *rehearsal;
    struct memo *aliases;
    struct memo *shown;
    struct affinity *affinity;
    struct health_roll *servers;
    struct tls_tickets *tickets;
    /* Copied when the house is handed over. */
    struct glass glass;
    struct graph_reopening reopenings[FEATURE_COUNT_MAX];
    struct socket_files socket_files;
};

struct common {
    int fd; /**< -1: memory of this process alone, which nobody can join. */
    void *region;
    size_t size;
    struct common_root *root;
};

/** The number that two programs agree in when they can share it. */
uint64_t common_layout(void);

/** Makes all of it; `now_ms` of the loops' clock. False: memory. Zeroed is none. */
MUST_USE bool common_make(struct common *self, const struct common_limits *limits,
                          uint64_t now_ms);

/** Maps what another process made; `fd` is taken. False: not at this address, or not its.
 */
MUST_USE bool common_join(struct common *self, int fd, void *region, size_t size);

/** Gives the memory back; another process goes on using it. Zeroed is fine. */
void common_leave(struct common *self);
