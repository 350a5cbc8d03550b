/**
 * The report on an incident or a time range: every figure that a regulator asks for.
 *
 * Layer: record. Made over a reader of its own, in one snapshot of the ledger, so that it
 * may take minutes and never delays a commit. A plain value once made, for
 * dossier_print.h. Drills are in no figure, "one of two" only in the upper bound.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "record/dossier_event.h"
#include "record/state_dir.h"

enum {
    DOSSIER_CASES_MAX = 20000, /**< Listed; figures count all. */
    DOSSIER_PERSONS_MAX = 40000,
    DOSSIER_ROWS_MAX = 2000, /**< Of screens, grants and events. */
    DOSSIER_SITE_SIZE_MAX = 256,
};

/** What to report on. */
struct dossier_scope {
    uint64_t incident; /**< 0: all in the time range: */
    uint64_t from_ms;  /**< Of a time range, inclusive ... */
    uint64_t to_ms;    /**< ... to here, exclusive. */
    uint64_t now_ms;
    bool reveal; /**< Values instead of pseudonyms, and the list of persons. */
    char site[DOSSIER_SITE_SIZE_MAX]; /**< The name people know it by; "": not known. */
};

/** Which displays a tally counts. */
enum dossier_part {
    DOSSIER_ALL,
    DOSSIER_WITHHELD,
    DOSSIER_CUT,
    DOSSIER_DELIVERED,
    DOSSIER_LEFT, /**< Cut or delivered. */
    DOSSIER_STRONG,
    DOSSIER_PART_COUNT,
};

struct dossier_tally {
    uint64_t displays;
    uint64_t cases;        /**< Distinct ordered (viewer, subject). */
    uint64_t pairs;        /**< The same, unordered. */
    uint64_t mutual_pairs; /**< Pairs seen in both directions. */
    uint64_t subjects;
    uint64_t viewers;
    uint64_t viewers_unidentified;
    uint64_t both; /**< Persons who are viewer and subject. */
};

struct dossier_screen {
    const char *screen;
    const char *shows; /**< Items as of items.h. */
    uint64_t displays;
    uint64_t left;  /**< Of the displays: cut or delivered. */
    uint64_t cases; /**< One per viewer, subject and screen. */
};

/** Of one marker class whose subjects need a grant. */
struct dossier_grant {
    const char *marker;
    uint64_t viewers;
    uint64_t subjects_max;  /**< Subjects of one viewer, at most. */
    uint64_t subjects_mean; /**< Rounded half up. */
};

struct dossier_person {
    const char *name;   /**< A pseudonym, or the value. */
    const char *id;     /**< All digits of the pseudonym. */
    bool identified;    /**< Else known by session or address alone. */
    uint64_t as_viewer; /**< Cases. */
    uint64_t as_subject;
    bool left;     /**< Bytes of their data left the proxy. */
    bool received; /**< Bytes of another's data were sent to them. */
};

struct dossier_case {
    size_t viewer; /**< Place in `persons`. */
    size_t subject;
    uint64_t screens;
    uint64_t displays;
    uint64_t withheld;
    uint64_t cut;
    uint64_t delivered;
    bool strong;
    uint64_t first_ms;
    uint64_t last_ms;
    const char *screen_names; /**< Joined by " / ". */
};

struct dossier {
    struct dossier_scope scope;
    uint64_t from_ms;     /**< The window: first display ... */
    uint64_t to_ms;       /**< ... until closed, or now. */
    uint64_t detected_ms; /**< 0: nothing was found. */
    uint64_t first_ms;    /**< Of the first display, 0: none; ... */
    uint64_t last_ms;     /**< ... and of the last. */
    bool open;
    bool drill; /**< The one incident is a drill: it has no figures. */
    uint64_t incident_count;
    const char *feature; /**< As the next three, of the first incident. */
    const char *detector;
    const char *reason;
    const char *closing; /**< Why it was closed; "": it is open. */
    struct dossier_tally tallies[DOSSIER_PART_COUNT];
    uint64_t weak_cases;
    uint64_t writes;
    uint64_t uninspected; /**< Responses that left, of routes that require a marker. */
    uint64_t unmarked;
    uint64_t one_of_two;
    uint64_t one_of_two_left; /**< Of these: cut or delivered. */
    uint64_t upper_bound;     /**< The sum of these three. */
    struct dossier_screen *screens;
    size_t screen_count;
    struct dossier_grant *grants;
    size_t grant_count;
    struct dossier_event *events; /**< In order of time. */
    size_t event_count;
    struct dossier_glass *glasses; /**< In order of time. */
    size_t glass_count;
    bool observed; /**< Something was delivered outside of these, as configured. */
    struct dossier_person *persons;
    size_t person_count;
    struct dossier_case *cases;
    size_t case_count;
    struct dossier_pool *pool; /**< Owns the texts. */
};

/**
 * Reads everything, or gives up once `cancel` (which may be NULL) is true.
 * Owns:   the caller ends it with dossier_free().
 * Errors: ERR_SYNTAX: no such incident; ERR_STORAGE; ERR_MEMORY.
 */
MUST_USE enum err dossier_new(const struct state_dir *directory,
                              const struct dossier_scope *scope,
                              const _Atomic(bool) *cancel, struct dossier **self_out);

void dossier_free(struct dossier **self_p);
