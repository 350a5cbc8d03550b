#include "app/graph_upgrade.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/graph.h"
#include "app/graph_drill.h"
#include "app/launch.h"
#include "base/log.h"
#include "net/passing.h"
#include "record/recorder_house.h"

enum {
    START_MS = 60000, /* For configuration and files. */
    HAND_MS = 15000,  /* For our recorder, and for its threads. */
    LOOK_MS = 20,
    IDLE_MS = 10000,      /* A kept connection may send one more request. */
    PATIENCE_MS = 300000, /* Long answers go on so long. */
};

static uint64_t now_ms(const struct graph *graph)
{
    return loop_now_ms(graph->loop);
}

bool graph_upgrading(const struct graph *self)
{
    enum upgrade_step step = self->upgrade.step;
    return step != UPGRADE_NONE && step != UPGRADE_FAILED;
}

static void count(struct graph *graph, const char *labels)
{
    stats_add(graph->stats, stats_series(graph->shared.stats, STAT_UPGRADES, labels), 1);
}

static void close_fd(struct graph_upgrade *self)
{
    (void)close(self->fd);
    self->fd = -1;
}

static bool open_notifier_again(struct graph *graph)
{
    return notifier_new(graph->state_dir, graph->recorder, graph->shared.stats,
                        &graph->notifier) == ERR_NONE &&
           notifier_configure(graph->notifier, graph->config->alerts,
                              (unsigned)graph->config->alert_count) &&
           notifier_start(graph->notifier) == ERR_NONE;
}

/* The house comes back: all is as it was. */
static void take_back(struct graph_upgrade *self)
{
    struct graph *graph = self->graph;

    recorder_share(graph->recorder, false);
    if (!self->asked_house) {
        return;
    }
    if (!recorder_keep_house(graph->recorder, true, NULL) ||
        !open_notifier_again(graph)) {
        log_write(LOG_LEVEL_ERROR, "alerts or sessions are not written: restart");
    }
}

static void fail(struct graph_upgrade *self, const char *why)
{
    if (self->pid != 0) {
        launch_kill(self->pid); /* It may have hung. */
        self->pid = 0;
    }
    (void)snprintf(self->error, sizeof(self->error), "%s", why);
    log_write(LOG_LEVEL_ERROR, "upgrade failed: %s; process %d goes on serving",
              self->error, (int)getpid());
    close_fd(self);
    take_back(self);
    self->step = UPGRADE_FAILED;
    count(self->graph, "result=\"failed\"");
}

/* Our end of the house is closed: the successor may begin. */
static void on_house_moved(struct mail *mail)
{
    struct control_ticket *ticket = LIST_ENTRY(mail, struct control_ticket, mail);
    struct graph_upgrade *self = LIST_ENTRY(ticket, struct graph_upgrade, house);
    struct graph *graph = self->graph;
    char word = SUCCESSOR_GO;

    self->house_out = false;
    if (self->step != UPGRADE_MOVING) {
        return;
    }
    graph->common.root->glass = graph->glass;
    graph->common.root->socket_files = graph->socket_files;
    memcpy(graph->common.root->reopenings, graph->reopenings, sizeof(graph->reopenings));
    if (passing_send(self->fd, &word, 1, NULL, 0) != ERR_NONE) {
        fail(self, "the successor has ended");
        return;
    }
    self->step = UPGRADE_HANDING;
    self->until_ms = now_ms(graph) + HAND_MS;
}

static void on_ready(struct graph_upgrade *self)
{
    struct graph *graph = self->graph;

    notifier_free(&graph->notifier);
    self->asked_house = true;
    self->step = UPGRADE_MOVING;
    self->until_ms = now_ms(graph) + HAND_MS;
    self->house = (struct control_ticket){.mail = {.deliver = on_house_moved},
                                          .reply_to = graph->mailbox};
    self->house_out = recorder_keep_house(graph->recorder, false, &self->house);
    if (!self->house_out) {
        fail(self, "the ledger's queue is full");
    }
}

/* Both serve. From here on there is no way back. */
static void on_serving(struct graph_upgrade *self)
{
    struct graph *graph = self->graph;
    char word = SUCCESSOR_ALONE;

    self->step = UPGRADE_DONE;
    log_write(LOG_LEVEL_NOTICE,
              "process %d serves; process %d accepts nothing more and ends what is under "
              "way",
              (int)self->pid, (int)getpid());
    service_main_is(&graph->service, self->pid);
    admin_leave(graph->admin);
    if (passing_send(self->fd, &word, 1, NULL, 0) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "process %d has ended already", (int)self->pid);
    }
    memset(graph->reopenings, 0, sizeof(graph->reopenings));
    graph->socket_files.count = 0; /* They go when the last of the line does. */
    graph->glass.until_ms = 0;     /* The workers read the one that is shared. */
    for (unsigned i = 0; i < graph->worker_count; i++) {
        if (!worker_drain(graph->workers[i], PATIENCE_MS, IDLE_MS)) {
            log_write(LOG_LEVEL_ERROR, "out of memory: stopping at once");
            loop_stop(graph->loop);
        }
    }
}

static void on_word(struct graph_upgrade *self, char word)
{
    if (word == SUCCESSOR_READY && self->step == UPGRADE_STARTING) {
        on_ready(self);
    } else if (word == SUCCESSOR_SERVING && self->step == UPGRADE_HANDING) {
        on_serving(self);
    } else {
        fail(self, "the successor said what nobody asked for");
    }
}

static void on_gone(struct graph_upgrade *self)
{
    char why[sizeof(self->error)];
    int status = 0;

    if (!launch_has_ended(self->pid, &status)) {
        return; /* It closed its end and is about to. */
    }
    self->pid = 0;
    (void)snprintf(
        why, sizeof(why),
        "the successor ended before it served, with %s %d; its own words are in "
        "the log",
        status > 128 ? "signal" : "exit code", status > 128 ? status - 128 : status);
    fail(self, why);
}

static void look(struct graph_upgrade *self)
{
    char word = 0;
    struct passing_room room = {.bytes = &word, .size = 1};
    enum err err = passing_receive(self->fd, &room, 0);

    if (err == ERR_NONE) {
        on_word(self, word);
    } else if (err != ERR_TIMEOUT) {
        on_gone(self);
    }
    if (graph_upgrading(self->graph) && self->step != UPGRADE_DONE &&
        now_ms(self->graph) >= self->until_ms) {
        fail(self, "the successor did not come to serve in time");
    }
}

static void on_look(struct deadline *deadline)
{
    struct graph_upgrade *self = LIST_ENTRY(deadline, struct graph_upgrade, deadline);
    struct graph *graph = self->graph;

    if (self->step != UPGRADE_MOVING) {
        look(self);
    } else if (now_ms(graph) >= self->until_ms) {
        fail(self, "the ledger did not answer in time");
    }
    if (graph_upgrading(graph) && self->step != UPGRADE_DONE) {
        deadline_set(&self->deadline, loop_wheel(graph->loop), now_ms(graph) + LOOK_MS);
    }
}

static const char *why_not(const struct graph *graph)
{
    if (graph_upgrading(graph)) {
        return "An upgrade is under way already.";
    }
    if (graph->successor.fd >= 0) {
        return "The process before this one still ends what it had under way; try again "
               "when it has ended.";
    }
    if (graph->ready == CONTROL_DRAINING || graph->ready == CONTROL_STARTING) {
        return "This process is about to start or to end.";
    }
    if (graph->drill != NULL && !graph->drill->done) {
        return "A drill is under way; try again when it is done.";
    }
    if (graph->upgrade.house_out) {
        return "The ledger has not answered the last one yet.";
    }
    if (graph->common.fd < 0) {
        return "This system lets no memory be shared: restart instead.";
    }
    if (getpid() == 1) {
        return "This is process 1 of its container, which ends with it: replace the "
               "container instead.";
    }
    return NULL;
}

static bool start(struct graph_upgrade *self)
{
    struct graph *graph = self->graph;
    char text[128];
    int ends[2];

    if (passing_pair(ends) != ERR_NONE) {
        return false;
    }
    enum err err = launch(graph->call->argv, ends[1], &graph->service, &self->pid);
    int saved = errno;
    (void)close(ends[1]);
    self->fd = ends[0];
    if (err != ERR_NONE) {
        close_fd(self);
        (void)snprintf(self->error, sizeof(self->error), "%s cannot be run: %s",
                       graph->call->argv[0], fault_errno_text(saved, text, sizeof(text)));
        return false;
    }
    recorder_share(graph->recorder, true);
    graph_upgrade_offer(graph, self->fd);
    return true;
}

const char *graph_upgrade(void *context, const char *who)
{
    struct graph *graph = context;
    struct graph_upgrade *self = &graph->upgrade;
    const char *refused = why_not(graph);

    if (refused != NULL) {
        return refused;
    }
    deadline_remove(&self->deadline);
    *self = (struct graph_upgrade){.graph = graph,
                                   .deadline = {.on_due = on_look},
                                   .until_ms = now_ms(graph) + START_MS};
    log_write(LOG_LEVEL_NOTICE, "upgrade asked for by %s: starting %s", who,
              graph->call->argv[0]);
    if (!start(self)) {
        if (self->step != UPGRADE_FAILED) {
            self->step = UPGRADE_FAILED;
            log_write(LOG_LEVEL_ERROR, "upgrade failed: %s", self->error);
            count(graph, "result=\"failed\"");
        }
        return NULL; /* The state says it. */
    }
    self->step = UPGRADE_STARTING;
    deadline_set(&self->deadline, loop_wheel(graph->loop), now_ms(graph) + LOOK_MS);
    return NULL;
}

static const char *state_name(const struct graph *graph)
{
    if (graph->upgrade.step == UPGRADE_FAILED) {
        return "failed";
    }
    if (!graph->successor.joined && !graph_upgrading(graph)) {
        return "none";
    }
    if (graph_upgrading(graph) || !graph->successor.confirmed) {
        return "running";
    }
    return graph->successor.fd >= 0 ? "ending" : "done";
}

void graph_upgrade_state(void *context, struct json_write *out)
{
    const struct graph *graph = context;

    json_write_begin_object(out);
    json_write_member(out, "state", span_of(state_name(graph)));
    json_write_member_u64(out, "pid", (uint64_t)getpid());
    json_write_member(out, "version", span_of(VERSION));
    if (graph->successor.joined) {
        json_write_member_u64(out, "predecessor", (uint64_t)graph->successor.predecessor);
    }
    if (graph->upgrade.step == UPGRADE_FAILED) {
        json_write_member(out, "error", span_of(graph->upgrade.error));
    }
    json_write_end_object(out);
}

void graph_take_over(struct graph *self)
{
    const struct common_root *root = self->common.root;

    if (!self->successor.joined) {
        return;
    }
    self->glass = root->glass;
    memcpy(self->reopenings, root->reopenings, sizeof(self->reopenings));
    socket_files_adopt(&self->socket_files, &root->socket_files);
    if (!recorder_keep_house(self->recorder, true, NULL)) {
        log_write(LOG_LEVEL_ERROR,
                  "the ledger's queue is full: sessions are not written");
    }
    successor_serve(&self->successor);
    count(self, "result=\"done\"");
    log_write(LOG_LEVEL_NOTICE, "process %d has taken over from process %d",
              (int)getpid(), (int)self->successor.predecessor);
}

void graph_watch_predecessor(struct graph *self)
{
    if (successor_left_alone(&self->successor)) {
        recorder_share(self->recorder, false);
        log_write(LOG_LEVEL_NOTICE, "process %d, which served before, has ended",
                  (int)self->successor.predecessor);
    }
}

void graph_upgrade_end(struct graph *self)
{
    struct graph_upgrade *upgrade = &self->upgrade;

    deadline_remove(&upgrade->deadline);
    if (graph_upgrading(self) && upgrade->step != UPGRADE_DONE) {
        launch_kill(upgrade->pid);
    }
    if (graph_upgrading(self)) {
        close_fd(upgrade);
    }
    upgrade->step = UPGRADE_NONE;
}
