#include "app/graph.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/graph_drill.h"
#include "app/graph_open.h"
#include "app/process.h"
#include "base/check.h"
#include "base/log.h"
#include "net/listener.h"
#include "net/local.h"

/* As many descriptors as the system lets us have. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool load_config(struct graph *self)
{
    struct config_source source = cli_source(self->call);
    struct report *report = report_new();

    if (report == NULL) {
        return false;
    }
    self->config = config_load(&source, self->features, report);
    report_sort(report);
    report_print(report, stderr);
    report_free(&report);
    return self->config != NULL;
}

static bool open_notifier(struct graph *self)
{
    return notifier_new(self->state_dir, self->recorder, self->shared.stats,
                        &self->notifier) == ERR_NONE &&
           notifier_configure(self->notifier, self->config->alerts,
                              (unsigned)self->config->alert_count);
}

static bool open_control(struct graph *self)
{
    struct admin_control control = graph_control(self);

    self->loop = loop_new();
    if (self->loop == NULL) {
        return false;
    }
    config_set_tickets(self->config, self->tickets);
    self->mailbox = mailbox_new(self->loop);
    self->admin = admin_new(self->loop, &control, self->shared.stats);
    return self->mailbox != NULL && self->admin != NULL;
}

static enum err make_log_directory(const struct graph *self, const char *user)
{
    char path[STATE_DIR_PATH_MAX];

    return graph_log_directory(self, path) ? process_make_directory(path, user, 0700)
                                           : ERR_NONE;
}

/* Others may pass: the socket itself says who may connect. */
static enum err make_socket_directory(const struct graph *self, const char *user)
{
    char path[STATE_DIR_PATH_MAX];

    if (!graph_socket_directory(self, path)) {
        return ERR_NONE;
    }
    graph_make_parents(path, 0755);
    return process_make_directory(path, user, 0755);
}

/* Root for no longer than it takes to read the configuration. */
static bool become_user(struct graph *self)
{
    const char *user = self->config->user;
    char text[128];

    if (user == NULL || geteuid() != 0) {
        return true;
    }
    graph_make_parents(self->config->state, 0755); /* The user has to get through. */
    enum err err = process_make_directory(self->config->state, user, 0700);
    if (err == ERR_NONE) {
        err = make_log_directory(self, user);
    }
    if (err == ERR_NONE) {
        err = make_socket_directory(self, user);
    }
    if (err == ERR_NONE) {
        err = process_become(user);
    }
    if (err != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "cannot become user `%s`: %s", user,
                  err == ERR_SYNTAX ? "there is no such user"
                                    : fault_errno_text(errno, text, sizeof(text)));
    }
    return err == ERR_NONE;
}

/* Ports are bound: what is left of root's rights goes. */
static bool drop_rights(const struct graph *self)
{
    char text[128];

    if (self->config->user == NULL || process_drop_rights() == ERR_NONE) {
        return true;
    }
    log_write(LOG_LEVEL_ERROR, "cannot give up rights: %s",
              fault_errno_text(errno, text, sizeof(text)));
    return false;
}

static int build(struct graph *self)
{
    if (!load_config(self)) {
        return CLI_USAGE;
    }
    self->first = self->config;
    if (!become_user(self)) {
        return CLI_USAGE;
    }
    self->sources = sources_new();
    if (self->sources == NULL) {
        log_write(LOG_LEVEL_ERROR, "out of memory");
        return CLI_NO;
    }
    graph_take_sources(self, self->config);
    int code = graph_open_state(self);
    if (code != CLI_DONE) {
        return code;
    }
    if (!open_control(self) || !open_notifier(self)) {
        log_write(LOG_LEVEL_ERROR, "cannot start the alerts or the admin interface");
        return CLI_NO;
    }
    code = graph_open_ports(self);
    return code != CLI_DONE || drop_rights(self) ? code : CLI_NO;
}

int graph_new(const struct cli_call *call, struct graph **self_out)
{
    struct graph *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return CLI_NO;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    self->call = call;
    service_init(&self->service);
    self->admin_sockets = (struct admin_sockets){.local_fd = -1, .address_fd = -1};
    feature_table_init(&self->own_features, NULL);
    self->features = &self->own_features;
    int code = CLI_NO;
    if (successor_begin(&self->successor, &self->common)) {
        self->features =
            self->successor.joined ? &self->common.root->features : self->features;
        code = build(self);
    }
    if (code != CLI_DONE) {
        graph_free(&self);
    }
    *self_out = self;
    return code;
}

static void close_fd(int *fd_p)
{
    if (*fd_p >= 0) {
        (void)close(*fd_p);
        *fd_p = -1;
    }
}

/* Answers of recorder and sources come back by mail: they end before the mailboxes do. */
void graph_free(struct graph **self_p)
{
    struct graph *self = *self_p;
    if (self == NULL) {
        return;
    }
    graph_upgrade_end(self);
    signals_free(&self->signals);
    if (self->loop != NULL) {
        deadline_remove(&self->tick);
    }
    if (self->admin_sockets.local_fd >= 0 && !self->successor.joined) {
        (void)unlink(self->admin_sockets.local_path); /* Bound, and never served. */
    }
    close_fd(&self->admin_sockets.local_fd);
    close_fd(&self->admin_sockets.address_fd);
    socket_files_remove(&self->socket_files);
    notifier_free(&self->notifier);
    reporter_free(&self->reporter);
    if (self->sources != NULL) {
        sources_stop(self->sources);
    }
    recorder_free(&self->recorder);
    for (unsigned i = 0; i < self->worker_count; i++) {
        worker_free(&self->workers[i]);
    }
    admin_free(&self->admin);
    log_writer_free(&self->log);
    query_close(&self->query);
    mailbox_free(&self->mailbox);
    graph_drill_free(&self->drill);
    loop_free(&self->loop);
    admission_free(&self->shared.admission);
    health_free(&self->shared.health);
    if (self->first != self->config) {
        config_free(&self->first);
    }
    config_free(&self->config);
    sources_free(&self->sources);
    stats_free(&self->shared.stats);
    state_dir_close(&self->state_dir);
    common_leave(&self->common); /* A successor goes on with what is in it. */
    successor_end(&self->successor);
    explicit_bzero(self->shared.fingerprint_key, FINGERPRINT_KEY_SIZE);
    free(self);
    *self_p = NULL;
}
