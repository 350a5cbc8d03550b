/**
 * One drill as the control thread follows it.
 *
 * Layer: app. graph_drill.c takes it along its way and graph_drill_tell.c says how far it
 * is; nobody else looks inside. Owned by the graph until its end: the recorder holds its
 * tickets.
 */
#pragma once

#include "app/graph.h"

/* What is told of the feature: whether it went down, and came back. */
enum drill_feature_step {
    FEATURE_UNTOUCHED,
    FEATURE_GOING_DOWN,
    FEATURE_IS_DOWN,
    FEATURE_COMING_UP,
    FEATURE_IS_BACK,
    FEATURE_LEFT, /* Somebody else has taken it over, or it could not be changed. */
};

struct graph_drill {
    struct graph *graph;
    struct deadline deadline;
    struct drill_order order;
    struct control_ticket change; /* Of the feature. */
    struct control_ticket close;
    bool looked;       /* `arrivals` were read. */
    bool asked;        /* The worker has the order. */
    bool closing;      /* The recorder has `close`. */
    bool done;         /* Nothing is under way. */
    bool closed;       /* Its incident is. */
    uint64_t number;   /* Of this run of the process. */
    uint64_t until_ms; /* Of the loop: when to stop waiting. */
    uint64_t after;    /* Deliveries of this drill have higher numbers. */
    struct query_arrivals arrivals;
    enum drill_feature_step step;
    uint64_t take_down_s;
    uint64_t down_ms; /* Since it began; 0: not. */
    uint64_t up_ms;
    uint64_t up_at_ms; /* Of the loop: when it is to come up. */
    uint64_t taken;    /* feature_table_asked() when it was down. */
    char feature[FEATURE_NAME_SIZE_MAX];
    char who[RECORDER_NAME_SIZE_MAX];
    char reason[RECORDER_REASON_SIZE_MAX];
};

/* graph_drill_tell.c: what has to arrive, and whether it did */
bool graph_drill_is_refused(const struct graph_drill *self);
bool graph_drill_is_recorded(const struct graph_drill *self);
bool graph_drill_is_delivered(const struct graph_drill *self);
bool graph_drill_has_passed(const struct graph_drill *self);

/* graph_drill.c: as struct admin_control has them. */
const char *graph_drill(void *context, const struct control_drill *what);
void graph_drill_state(void *context, struct json_write *out);
void graph_drill_free(struct graph_drill **self_p);

/** An operator decides about the feature: a drill under way leaves it alone. */
void graph_drill_leave(struct graph *graph, const char *feature);
