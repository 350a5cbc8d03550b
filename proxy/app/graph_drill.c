/* A drill from the operator's word to its end: asked of a worker, followed to the ledger
 * and the receivers, with the feature down meanwhile if so wanted. */
#include "app/graph_drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

enum {
    LOOK_MS = 50,
    PATIENCE_MS = 15000, /* For everything that has to arrive. */
};

static uint64_t now_ms(const struct graph_drill *self)
{
    return loop_now_ms(self->graph->loop);
}

static uint64_t since_began_ms(const struct graph_drill *self)
{
    uint64_t now = loop_unix_ms(self->graph->loop);
    uint64_t began = self->order.result.began_ms;
    return now > began ? now - began : 1;
}

/* ---- The feature ---- */

static void on_changed(struct mail *mail);

static bool change(struct graph_drill *self, enum feature_state state)
{
    struct feature_change change = {.state = state, .anyway = true, .drill = true};

    (void)span_copy(span_of(self->feature), change.name, sizeof(change.name));
    (void)span_copy(span_of(self->who), change.who, sizeof(change.who));
    (void)snprintf(change.reason, sizeof(change.reason), "drill: %.480s", self->reason);
    self->change = (struct control_ticket){.mail = {.deliver = on_changed},
                                           .reply_to = self->graph->mailbox};
    return recorder_change_feature(self->graph->recorder, &change, &self->change);
}

static void take_down(struct graph_drill *self)
{
    self->taken = feature_table_asked(self->graph->features, self->order.aim.slot);
    self->step = change(self, FEATURE_DOWN) ? FEATURE_GOING_DOWN : FEATURE_LEFT;
}

/* As it was, also where an older incident is open; but what a finding wants down since
 * then stays down. */
static void bring_up(struct graph_drill *self)
{
    struct feature_table *features = self->graph->features;
    unsigned slot = self->order.aim.slot;

    if (feature_table_asked(features, slot) != self->taken) {
        log_write(LOG_LEVEL_WARNING,
                  "feature `%s` stays down after the drill: it was taken down again",
                  self->feature);
        self->step = FEATURE_LEFT;
        return;
    }
    self->step = change(self, FEATURE_UP) ? FEATURE_COMING_UP : FEATURE_LEFT;
}

static void on_changed(struct mail *mail)
{
    struct control_ticket *ticket = LIST_ENTRY(mail, struct control_ticket, mail);
    struct graph_drill *self = LIST_ENTRY(ticket, struct graph_drill, change);

    bool again = ticket->result == CONTROL_UNCHANGED && self->step == FEATURE_COMING_UP;
    if (self->step == FEATURE_LEFT || (ticket->result != CONTROL_DONE && !again)) {
        self->step = FEATURE_LEFT;
    } else if (self->step == FEATURE_GOING_DOWN) {
        self->step = FEATURE_IS_DOWN;
        self->down_ms = since_began_ms(self);
        self->up_at_ms = now_ms(self) + self->take_down_s * 1000;
    } else {
        self->step = FEATURE_IS_BACK;
        self->up_ms = since_began_ms(self);
    }
}

/* ---- The way ---- */

static void on_closed(struct mail *mail)
{
    struct control_ticket *ticket = LIST_ENTRY(mail, struct control_ticket, mail);
    struct graph_drill *self = LIST_ENTRY(ticket, struct graph_drill, close);

    self->closing = false;
    self->closed = true;
}

/* Everything has arrived, or it took too long: the incident is of no more use. */
static void close_incident(struct graph_drill *self)
{
    uint64_t incident = self->order.result.incident;

    self->close = (struct control_ticket){.mail = {.deliver = on_closed},
                                          .reply_to = self->graph->mailbox};
    self->closing =
        incident != 0 && recorder_close_incident(self->graph->recorder, incident,
                                                 self->who, "drill", &self->close);
    self->closed = incident == 0;
}

static void finish(struct graph_drill *self)
{
    struct graph *graph = self->graph;
    bool passed = graph_drill_has_passed(self);

    self->done = true;
    stats_add(graph->stats,
              stats_series(graph->shared.stats, STAT_DRILLS,
                           passed ? "result=\"arrived\"" : "result=\"failed\""),
              1);
    log_write(passed ? LOG_LEVEL_NOTICE : LOG_LEVEL_WARNING,
              "drill of feature `%s` by %s: %s", self->feature, self->who,
              passed ? "everything arrived" : "not everything arrived");
}

static bool is_late(const struct graph_drill *self)
{
    return now_ms(self) >= self->until_ms;
}

static void look_at_alerts(struct graph_drill *self)
{
    if (graph_drill_is_recorded(self) &&
        query_arrivals(self->graph->query, self->order.result.incident, self->after,
                       &self->arrivals) == ERR_NONE) {
        self->looked = true;
    }
}

/* True: the feature is as it was, or nobody waits for it. */
static bool feature_settled(struct graph_drill *self)
{
    if (self->step == FEATURE_IS_DOWN && now_ms(self) >= self->up_at_ms) {
        bring_up(self);
    }
    return self->step == FEATURE_UNTOUCHED || self->step >= FEATURE_IS_BACK;
}

/* What is to be done next; everything else comes by mail. */
static void step(struct graph_drill *self)
{
    bool settled = feature_settled(self);

    if (self->asked || self->closing) {
        return;
    }
    if (!self->closed) {
        look_at_alerts(self);
        bool complete = self->looked || !graph_drill_is_recorded(self);
        if ((complete && graph_drill_is_delivered(self)) || is_late(self)) {
            close_incident(self);
        }
        return;
    }
    if (settled) {
        finish(self);
    }
}

static void on_look(struct deadline *deadline)
{
    struct graph_drill *self = LIST_ENTRY(deadline, struct graph_drill, deadline);

    step(self);
    if (!self->done) {
        deadline_set(&self->deadline, loop_wheel(self->graph->loop),
                     now_ms(self) + LOOK_MS);
    }
}

static void on_drilled(struct mail *mail)
{
    struct drill_order *order = LIST_ENTRY(mail, struct drill_order, mail);
    struct graph_drill *self = LIST_ENTRY(order, struct graph_drill, order);

    self->asked = false;
    if (graph_drill_is_refused(self) && self->take_down_s > 0) {
        take_down(self);
    }
}

/* ---- The beginning ---- */

/* What cannot be drilled now, or NULL. */
static const char *fault_of(struct graph *graph, const struct control_drill *what,
                            struct drill_aim *aim_out)
{
    unsigned slot = 0;

    if (graph->drill != NULL && !graph->drill->done) {
        return "A drill is under way.";
    }
    if (graph->ready != CONTROL_READY || !worker_running(graph->workers[0])) {
        return "The proxy is starting or ending.";
    }
    if (graph->config->site->observe || graph->glass.until_ms != 0) {
        return "Nothing is enforced now, so nothing would be refused.";
    }
    if (!feature_table_find(graph->features, span_of(what->feature), &slot)) {
        return "There is no such feature.";
    }
    if (feature_table_state(graph->features, slot) != FEATURE_UP ||
        feature_table_state(graph->features, FEATURE_LOGIN) != FEATURE_UP) {
        return "It is down or on trial, or `login` is: a drill needs both up.";
    }
    return drill_aim_find(graph->config->site, slot, what->path, aim_out);
}

/* Who asked goes to the ledger before anything is done, and what a crash left is closed:
 * the recorder works in order. */
static bool note(struct graph *graph, const struct control_drill *what)
{
    char text[RECORDER_REASON_SIZE_MAX];
    uint64_t left = 0;

    (void)snprintf(text, sizeof(text), "drill of feature `%s`%s%.400s", what->feature,
                   what->reason[0] != '\0' ? ": " : "", what->reason);
    if (!recorder_note_access(graph->recorder, what->who, text) ||
        query_open_drill(graph->query, what->feature, &left) != ERR_NONE) {
        return false;
    }
    return left == 0 ||
           recorder_close_incident(graph->recorder, left, what->who, "drill", NULL);
}

const char *graph_drill(void *context, const struct control_drill *what)
{
    struct graph *graph = context;
    struct drill_aim aim;
    uint64_t after = 0;

    const char *fault = fault_of(graph, what, &aim);
    if (fault != NULL) {
        return fault;
    }
    struct graph_drill *self = graph->drill;
    if (self == NULL) {
        self = calloc(1, sizeof(*self));
    }
    if (self == NULL || query_last_delivery(graph->query, &after) != ERR_NONE ||
        !note(graph, what)) {
        if (graph->drill == NULL) {
            free(self);
        }
        return "It could not be recorded, so nothing was done.";
    }
    uint64_t number = self->number + 1;
    deadline_remove(&self->deadline);
    *self = (struct graph_drill){
        .graph = graph,
        .number = number,
        .asked = true,
        .after = after,
        .take_down_s = what->take_down_s,
        .until_ms = loop_now_ms(graph->loop) + PATIENCE_MS,
        .deadline = {.on_due = on_look},
        .order = {.reply_to = graph->mailbox,
                  .on_done = on_drilled,
                  .aim = aim,
                  .patience_ms = PATIENCE_MS},
    };
    (void)span_copy(span_of(what->feature), self->feature, sizeof(self->feature));
    (void)span_copy(span_of(what->who), self->who, sizeof(self->who));
    (void)span_copy(span_of(what->reason), self->reason, sizeof(self->reason));
    graph->drill = self;
    worker_drill(graph->workers[0], &self->order);
    deadline_set(&self->deadline, loop_wheel(graph->loop), now_ms(self) + LOOK_MS);
    return NULL;
}

void graph_drill_leave(struct graph *graph, const char *feature)
{
    struct graph_drill *self = graph->drill;

    if (self != NULL && !self->done && self->step != FEATURE_UNTOUCHED &&
        strcmp(self->feature, feature) == 0) {
        self->step = FEATURE_LEFT;
    }
}

void graph_drill_free(struct graph_drill **self_p)
{
    if (*self_p != NULL) {
        deadline_remove(&(*self_p)->deadline);
        free(*self_p);
        *self_p = NULL;
    }
}
