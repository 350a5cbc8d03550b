/**
 * What the admin interface asks of the rest of the program.
 *
 * Layer: admin. Implemented by app/graph.c; every function runs on the control thread and
 * must not wait for other threads. What takes time answers later: changes through a
 * control_ticket of the recorder, a reload through control_reload_done(). Reads of the
 * ledger run on a connection of their own and on this thread; they are bounded by the
 * counts below, never delay a commit, and hold up only other admin requests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "admin/control_facts.h"
#include "base/check.h"
#include "base/err.h"
#include "base/json_write.h"
#include "guard/feature.h"
#include "record/query.h"
#include "record/recorder_evidence.h"
#include "record/reporter.h"

enum {
    CONTROL_INCIDENTS_MAX = 500,     /**< Incidents of one answer. */
    CONTROL_GLASS_MS_MAX = 86400000, /**< A day of break-glass; longer is for the file. */
    CONTROL_DISPLAYS_MAX = 500,      /**< Displays of one answer. */
    CONTROL_CHANGES_MAX = 100,       /**< Changes of each kind of one answer. */
};

struct control_reload; /**< One reload under way; owned by admin. */

/**
 * Ends a reload: the control calls it exactly once for each accepted reload, from within
 * reload() or later on the control thread, until admin_free().
 *
 * `lines`: what is wrong, or what was warned of, one a line; copied, may be empty.
 */
void control_reload_done(struct control_reload *reload, bool in_force, struct span lines);

/** All functions are set but those marked optional; `self` is handed to each. */
struct admin_control {
    void *self;

    /** Cheap; for /readyz. */
    enum control_ready (*ready)(void *self);

    void (*status)(void *self, struct control_status *status_out);

    /** Feature `index`, from 0; false past the last one. */
    bool (*feature)(void *self, unsigned index, struct control_feature *feature_out);

    /** As recorder_change_feature(). The ticket is never NULL and outlives the call. */
    bool (*change_feature)(void *self, const struct feature_change *change,
                           struct control_ticket *ticket);

    /** Brings a feature up at a time; else why not. `incident_out`: its open one or 0. */
    const char *(*schedule_up)(void *self, const struct feature_change *change,
                               uint64_t at_ms, uint64_t *incident_out);

    /** As query_alerts() and query_deliveries(): one array each. */
    enum err (*alerts)(void *self, struct json_write *out);
    enum err (*deliveries)(void *self, const struct query_delivery_filter *filter,
                           struct json_write *out);

    /** Undelivered ones are tried once more; `id` 0: all. Returns how many. */
    uint64_t (*retry_alerts)(void *self, uint64_t id, const char *who);

    /**
     * Sends `ping` to one receiver, "": to all; its deliveries have numbers higher than
     * `after_out`. False: there is no such receiver.
     */
    bool (*test_alert)(void *self, const char *alert, const char *who,
                       uint64_t *after_out);

    /** As recorder_close_incident(). */
    bool (*close_incident)(void *self, uint64_t incident, const char *who,
                           const char *reason, struct control_ticket *ticket);

    /**
     * Forgets the alias of a login name, which is recorded first. ERR_SYNTAX: none is
     * known. ERR_FULL: it could not be recorded, and nothing was forgotten.
     */
    enum err (*forget)(void *self, const char *who, struct span login);

    /** As recorder_mark(). */
    bool (*mark)(void *self, const char *who, const char *text,
                 struct control_ticket *ticket);

    /**
     * As reporter_ask(), after what the workers have counted so far went to the ledger.
     * `reveal_to`: as in incident(). False: too many are under way.
     */
    bool (*report)(void *self, const char *reveal_to, struct reporter_ticket *ticket);

    /** Object with the ledger's path, for commands on the same machine. */
    void (*ledger)(void *self, struct json_write *out);

    /**
     * Enforces nothing for `change->for_ms`, at once and in all workers, or goes back to
     * what the configuration says. ERR_FULL: it could not be recorded, nothing changed.
     */
    enum err (*change_mode)(void *self, const struct mode_change *change);

    /** Begins an upgrade, or a drill; a sentence: why not. How far it is: one object. */
    const char *(*upgrade)(void *self, const char *who);
    void (*upgrade_state)(void *self, struct json_write *out);
    const char *(*drill)(void *self, const struct control_drill *what);
    void (*drill_state)(void *self, struct json_write *out);
    /**
     * Reads the configuration again. `accept_weaker`: why it may protect less than the
     * one in force; NULL: then it is refused. False: one is under way already.
     */
    bool (*reload)(void *self, const char *who, const char *accept_weaker,
                   struct control_reload *reload);

    /** Sets gauges that need computing, before metrics are rendered. */
    void (*refresh)(void *self);

    /** As query_incidents(): one array. */
    enum err (*incidents)(void *self, bool open_only, unsigned count_max,
                          struct json_write *out);

    /**
     * As query_incident(): one object; ERR_SYNTAX: no such incident. `reveal_to`: NULL,
     * or who sees values instead of pseudonyms, which is recorded first
     * (recorder_note_access); without that record no value is shown.
     */
    enum err (*incident)(void *self, uint64_t incident, const char *reveal_to,
                         unsigned count_max, struct json_write *out);

    /** Optional. Array of `{"route","required","marked","unmarked","ratio"}`. */
    void (*coverage)(void *self, struct json_write *out);

    /** As query_coverage(): one array. */
    enum err (*coverage_history)(void *self, struct json_write *out);

    /** As query_changes(): one object. */
    enum err (*changes)(void *self, unsigned count_max, struct json_write *out);

    /** As query_events(): one array. */
    enum err (*events)(void *self, uint64_t after, unsigned count_max, uint64_t *last_out,
                       struct json_write *out);

    /** As query_last_event(). */
    enum err (*last_event)(void *self, uint64_t *last_out);

    /** Optional. Object of one session; false: unknown. */
    bool (*session)(void *self, struct span fingerprint, struct json_write *out);
};
