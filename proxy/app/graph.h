/**
 * Makes every long-lived object in order and frees them in reverse: the only wiring.
 *
 * Layer: app. Owned by the serve command, on the control thread. The order is the order
 * of safety: what is down is known and on disk before a port is open, ports are bound
 * before any thread runs, and the ledger outlives everything that may still have to be
 * recorded.
 */
#pragma once

#include <stdatomic.h>

#include "admin/admin.h"
#include "app/cli.h"
#include "app/common.h"
#include "app/config.h"
#include "app/coverage.h"
#include "app/evicted.h"
#include "app/glass.h"
#include "app/graph_upgrade.h"
#include "app/hours.h"
#include "app/log_writer.h"
#include "app/service.h"
#include "app/socket_files.h"
#include "app/successor.h"
#include "app/worker.h"
#include "net/signals.h"
#include "net/tls_tickets.h"
#include "notify/notifier.h"
#include "record/query.h"
#include "record/recorder_evidence.h"
#include "record/reporter.h"
#include "sources/sources.h"

enum {
    GRAPH_WORKERS_MAX = 256,
    GRAPH_COVERAGE_MAX = 1024, /**< Routes whose coverage is watched. */
};

struct graph {
    const struct cli_call *call;
    struct service service;
    struct config *config;      /**< In force. */
    struct config *first;       /**< Of the start: its listen addresses stay. */
    struct successor successor; /**< What came from the process before. */
    struct common common;       /**< What the next one will share. */
    struct graph_upgrade upgrade;
    struct feature_table *features;    /**< In `common`. */
    struct feature_table own_features; /**< Until there is one. */
    struct relay_shared shared;
    struct journal journal;
    struct stats_block *stats; /**< The control thread's. */
    struct state_dir *state_dir;
    struct recorder *recorder;
    struct sources *sources;
    struct notifier *notifier;
    struct query *query;
    struct reporter *reporter;
    struct tls_tickets *tickets; /**< Of all configurations: reloads forget none. */
    struct log_writer *log;
    struct loop *loop;
    struct mailbox *mailbox;
    struct signals *signals;
    struct admin *admin;
    struct admin_sockets admin_sockets;
    struct socket_files socket_files; /**< Of `listen`; removed when that ends. */
    struct deadline tick;
    unsigned worker_count;
    struct worker *workers[GRAPH_WORKERS_MAX];
    uint64_t config_loaded_at_ms;
    struct coverage coverage[GRAPH_COVERAGE_MAX]; /**< By route, since the reload. */
    struct hours hours;                           /**< What was noted of it. */
    struct evicted evicted;                       /**< Sessions that were told of. */
    uint64_t coverage_at_ms;                      /**< When to look next. */
    struct glass glass;
    enum control_ready ready;
    int exit_code;
    struct control_status status; /**< Lent texts of the last answer. */
    struct query_feature feature; /**< Likewise. */
    struct graph_reopening reopenings[FEATURE_COUNT_MAX]; /**< By slot. */
    struct graph_drill *drill; /**< The last one; NULL: none since the start. */
};

/**
 * Everything up to the point where graph_run() can serve, or a message on standard error
 * and the exit code. Nothing is left half started.
 */
MUST_USE int graph_new(const struct cli_call *call, struct graph **self_out);

/** Serves until a signal ends it. Returns the exit code. */
MUST_USE int graph_run(struct graph *self);

/** Sets NULL. NULL is fine. */
void graph_free(struct graph **self_p);

/**
 * Reads the configuration again. `accept_weaker`: why it may protect less, or NULL.
 * `report` gets what is wrong, else what changes; false: the old one stays.
 */
bool graph_reload(struct graph *self, const char *who, const char *accept_weaker,
                  struct report *report);

/** Keeps that `self->config` is in force in place of `old`, and alerts what is weaker. */
void graph_note_reload(struct graph *self, const struct config *old, const char *who,
                       const char *accepted);

/** At the start: likewise, against what was kept of the last run. */
void graph_note_start(struct graph *self);

/** Keeps in the ledger which configuration is in force since when. */
void graph_note_config(struct graph *self, const char *who, const char *summary);

/** Gives each of the configuration's grants its running source. */
void graph_take_sources(struct graph *self, struct config *config);

/** Hands what was counted since the last time to the ledger. */
void graph_note_coverage(struct graph *self);

/** After a reload: counts from here on, for the routes that there are now. */
void graph_begin_coverage(struct graph *self);

/** Of struct admin_control; `context` is the graph. */
bool graph_mark(void *context, const char *who, const char *text,
                struct control_ticket *ticket);
bool graph_report(void *context, const char *reveal_to, struct reporter_ticket *ticket);
void graph_ledger(void *context, struct json_write *out);
enum err graph_coverage_history(void *context, struct json_write *out);

/** Alerts of routes that lost their marker. */
void graph_watch_coverage(struct graph *self);

/** Alerts that sessions of users were evicted. */
void graph_watch_evicted(struct graph *self);

/** Hands the tokens in force to the admin interface. False: memory, or too many. */
bool graph_set_tokens(struct graph *self);

/** The admin interface's view of the graph. */
struct admin_control graph_control(struct graph *self);
