/**
 * Reads the ledger for the admin interface and the command line.
 *
 * Layer: record. Each user thread opens its own; a read-only connection never delays a
 * commit. Results are JSON values written to a json_write. People appear as pseudonyms
 * (`u-` and 12 hex digits, stable for one state directory) unless `reveal` (I7); whoever
 * passes it records that with recorder_note_access().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json_write.h"
#include "record/fault.h"
#include "record/state_dir.h"

struct query;

/** Figures of one incident, drills and "one of two" left out (product section 15). */
struct query_figures {
    uint64_t displays;
    uint64_t withheld;
    uint64_t cut;
    uint64_t delivered;
    uint64_t cases;        /**< Distinct ordered (viewer, subject). */
    uint64_t pairs;        /**< The same, unordered. */
    uint64_t mutual_pairs; /**< Pairs seen in both directions. */
    uint64_t subjects;
    uint64_t viewers;
    uint64_t viewers_unidentified;
    uint64_t both; /**< Persons who are viewer and subject. */
};

/** The ledger must exist. The caller ends it with query_close(). */
MUST_USE enum err query_open(const struct state_dir *directory, struct query **self_out,
                             struct fault *fault_out);

void query_close(struct query **self_p);

/** ERR_SYNTAX: no such incident. */
MUST_USE enum err query_figures(struct query *self, uint64_t incident,
                                struct query_figures *figures_out);

/** Number of open incidents. */
MUST_USE enum err query_open_count(struct query *self, uint64_t *count_out);

/** The open incident of feature `name`, as ledger_incident_of(); 0: none. */
MUST_USE enum err query_incident_of(struct query *self, const char *name,
                                    uint64_t *incident_out);

/** Array of incidents, newest first, at most `count_max`, each with its figures. */
MUST_USE enum err query_incidents(struct query *self, bool open_only, unsigned count_max,
                                  struct json_write *out);

/** One incident with figures, screens and at most `count_max` displays. ERR_SYNTAX: none.
 */
MUST_USE enum err query_incident(struct query *self, uint64_t incident, bool reveal,
                                 unsigned count_max, struct json_write *out);

/** Who last changed a feature, when and why. */
struct query_feature {
    uint64_t at_ms; /**< Unix time; 0: never changed. */
    uint64_t incident;
    char who[64];
    char reason[512];
};

/** The last change of feature `name`; zeroed when there was none. */
MUST_USE enum err query_feature(struct query *self, const char *name,
                                struct query_feature *feature_out);

/**
 * Array of what happened after number `after`, oldest first: incidents, displays, feature
 * changes, each with `number`, `type`, `at`. The last number goes to `last_out`.
 */
MUST_USE enum err query_events(struct query *self, uint64_t after, unsigned count_max,
                               uint64_t *last_out, struct json_write *out);

/** The number of the last of them, 0: none. */
MUST_USE enum err query_last_event(struct query *self, uint64_t *last_out);

/**
 * Object of what was changed and looked at, each an array, newest first, of at most
 * `count_max`: `config`, `marks`, `features`, `accesses`.
 */
MUST_USE enum err query_changes(struct query *self, unsigned count_max,
                                struct json_write *out);

/** Array of what was counted on each route in each hour, newest first. */
MUST_USE enum err query_coverage(struct query *self, unsigned count_max,
                                 struct json_write *out);

/** Array of alerts with the numbers of their waiting and failed deliveries. */
MUST_USE enum err query_alerts(struct query *self, struct json_write *out);

/** Which deliveries; zeroed: all. */
struct query_delivery_filter {
    const char *state; /**< `waiting`, `done`, `stopped`, `given-up`; NULL: any. */
    const char *type;  /**< NULL: any. */
    uint64_t after;    /**< With a higher number. */
    unsigned count_max;
};

/** Array of deliveries, newest first. */
MUST_USE enum err query_deliveries(struct query *self,
                                   const struct query_delivery_filter *filter,
                                   struct json_write *out);

enum {
    QUERY_ARRIVALS_MAX = 16, /**< Receivers that are looked at. */
};

/** How far one alert of a drill came at one receiver. */
struct query_arrival {
    char alert[64];
    bool done;      /**< It took it, at `at_ms`. */
    uint64_t at_ms; /**< Unix time. */
    unsigned tries;
    char error[128]; /**< Of the last try; "": none failed. */
};

struct query_arrivals {
    unsigned count;
    struct query_arrival items[QUERY_ARRIVALS_MAX];
};

/** `incident.opened` of one incident at each receiver, among the deliveries with a higher
 * number than `after`. */
MUST_USE enum err query_arrivals(struct query *self, uint64_t incident, uint64_t after,
                                 struct query_arrivals *arrivals_out);

/** The open incident of a feature's drill, which a crash may have left; 0: none. */
MUST_USE enum err query_open_drill(struct query *self, const char *feature,
                                   uint64_t *incident_out);

/** Number of the newest delivery, 0: none. */
MUST_USE enum err query_last_delivery(struct query *self, uint64_t *id_out);

/** How many were given up or stopped; `id` 0: of all, else whether that one was. */
MUST_USE enum err query_undelivered(struct query *self, uint64_t id, uint64_t *count_out);

/** As ledger_file_verify(). ERR_SYNTAX and a fault that names the first broken row. */
MUST_USE enum err query_verify(struct query *self, uint64_t *rows_out,
                               struct fault *fault_out);
