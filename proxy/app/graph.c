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
#include "app/ports.h"
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

static unsigned worker_count_of(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = config->workers != 0 ? config->workers
                     : cores > 0          ? (unsigned)cores
                                          : 1;
    return count < GRAPH_WORKERS_MAX ? count : GRAPH_WORKERS_MAX;
}

/* The parents of the state directory, when it is where nobody has said it should be. */
static void make_parents(const char *path)
{
    char partial[STATE_DIR_PATH_MAX];

    for (size_t i = 1; path[i] != '\0' && i < sizeof(partial); i++) {
        if (path[i] == '/') {
            memcpy(partial, path, i);
            partial[i] = '\0';
            (void)mkdir(partial, 0700);
        }
    }
}

static bool load_config(struct graph *self)
{
    struct config_source source = cli_source(self->call);
    struct report *report = report_new();

    if (report == NULL) {
        return false;
    }
    self->config = config_load(&source, &self->features, report);
    report_sort(report);
    report_print(report, stderr);
    report_free(&report);
    return self->config != NULL;
}

/* Ledger and what is down: before any port is open. */
static int open_state(struct graph *self)
{
    struct fault fault = {{0}};
    struct registry_limits limits = {
        .entry_count_max = self->config->site->session.max,
        .idle_ms = self->config->site->session.idle_ms,
    };

    make_parents(self->config->state);
    if (state_dir_open(self->config->state, &self->state_dir, &fault) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "%s", fault.text);
        return CLI_USAGE;
    }
    memcpy(self->shared.fingerprint_key, state_dir_key(self->state_dir),
           FINGERPRINT_KEY_SIZE);
    self->shared.stats = stats_new();
    self->shared.registry = registry_new(&limits);
    self->shared.takedown = takedown_new();
    self->shared.shown = memo_new(self->config->site->session.max,
                                  self->config->site->session.idle_ms, false);
    self->shared.aliases = memo_new(self->config->site->session.max,
                                    self->config->site->login.alias_idle_ms, true);
    self->shared.rehearsal = takedown_new();
    self->shared.admission = admission_new(self->config->site->limits.connections_max);
    self->shared.health = health_new(self->shared.stats);
    self->shared.affinity = affinity_new(self->config->site->session.max);
    self->shared.features = &self->features;
    self->shared.budget.total_max = self->config->site->limits.hold_total_max;
    if (self->shared.stats == NULL || self->shared.registry == NULL ||
        self->shared.takedown == NULL || self->shared.aliases == NULL ||
        self->shared.shown == NULL || self->shared.rehearsal == NULL ||
        self->shared.admission == NULL || self->shared.health == NULL ||
        self->shared.affinity == NULL) {
        log_write(LOG_LEVEL_ERROR, "out of memory");
        return CLI_NO;
    }
    self->stats = stats_block_new(self->shared.stats);
    struct recorder_settings settings = {
        .directory = self->state_dir,
        .features = &self->features,
        .registry = self->shared.registry,
        .aliases = self->shared.aliases,
        .stats = self->shared.stats,
    };
    if (recorder_new(&settings, &self->recorder, &fault) != ERR_NONE ||
        query_open(self->state_dir, &self->query, &fault) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "%s", fault.text);
        return CLI_USAGE;
    }
    recorder_set_limits(self->recorder, self->config->ledger_max,
                        self->config->retention_ms);
    self->reporter = reporter_new(self->state_dir, self->recorder);
    if (self->reporter == NULL) {
        log_write(LOG_LEVEL_ERROR, "out of memory");
        return CLI_NO;
    }
    self->journal = recorder_journal(self->recorder);
    self->shared.journal = &self->journal;
    return CLI_DONE;
}

static bool open_notifier(struct graph *self)
{
    return notifier_new(self->state_dir, self->recorder, self->shared.stats,
                        &self->notifier) == ERR_NONE &&
           notifier_configure(self->notifier, self->config->alerts,
                              (unsigned)self->config->alert_count);
}

static void say_bind_error(const char *what, const char *detail)
{
    char text[128];
    log_write(LOG_LEVEL_ERROR, "cannot listen on %s%s: %s", what, detail,
              fault_errno_text(errno, text, sizeof(text)));
}

/* Binds the admin interface's sockets. */
static bool bind_admin(struct graph *self)
{
    const struct admin_settings *settings = &self->config->admin;
    struct admin_sockets *sockets = &self->admin_sockets;

    sockets->local_path = settings->socket;
    if (local_bind(settings->socket, (gid_t)-1, &sockets->local_fd) != ERR_NONE) {
        sockets->local_fd = -1;
        say_bind_error("the admin socket ", settings->socket);
        return false;
    }
    if (settings->host == NULL) {
        return true;
    }
    if (address_parse(span_of(settings->host), &sockets->address) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "admin.address %s is not an address", settings->host);
        return false;
    }
    sockets->address.port = settings->port;
    if (listener_bind(&sockets->address, &sockets->address_fd, 1) != ERR_NONE) {
        char text[ADDRESS_TEXT_MAX];
        sockets->address_fd = -1;
        (void)address_format_port(&sockets->address, text);
        say_bind_error("the admin address ", text);
        return false;
    }
    return true;
}

/* Worker `index` takes its sockets, whatever comes of it. */
static struct worker *make_worker(struct graph *self, const struct ports *ports,
                                  unsigned index)
{
    int fds[WORKER_LISTENERS_MAX];

    for (size_t i = 0; i < ports->bound; i++) {
        fds[i] = ports->fds[i][index];
    }
    struct worker_settings settings = {
        .shared = &self->shared,
        .site = self->config->site,
        .log = self->log,
        .listens = self->config->listens,
        .fds = fds,
        .count = ports->bound,
    };
    return worker_new(&settings);
}

static bool make_workers(struct graph *self, struct ports *ports)
{
    for (unsigned i = 0; i < self->worker_count; i++) {
        self->workers[i] = make_worker(self, ports, i);
        if (self->workers[i] == NULL) {
            ports_close(ports, i + 1);
            return false;
        }
    }
    return true;
}

static int open_ports(struct graph *self)
{
    static struct ports ports; /* Large, and there is one. */
    unsigned count = worker_count_of(self->config);

    self->shared.worker_count = count;
    if (!ports_open(&ports, self->config, count, &self->service)) {
        return CLI_USAGE;
    }
    self->socket_files = ports.files;
    if (!bind_admin(self)) {
        ports_close(&ports, 0);
        return CLI_USAGE;
    }
    if (self->config->access_log.kind != ACCESS_LOG_OFF) {
        self->log = log_writer_new(&self->config->access_log);
        if (self->log == NULL) {
            char text[128];
            log_write(LOG_LEVEL_ERROR, "cannot open the access log %s: %s",
                      self->config->access_log.path,
                      fault_errno_text(errno, text, sizeof(text)));
            ports_close(&ports, 0);
            return CLI_USAGE;
        }
    }
    self->worker_count = count;
    if (!make_workers(self, &ports)) {
        log_write(LOG_LEVEL_ERROR, "out of memory");
        return CLI_NO;
    }
    return CLI_DONE;
}

static bool open_control(struct graph *self)
{
    struct admin_control control = graph_control(self);

    self->loop = loop_new();
    if (self->loop == NULL) {
        return false;
    }
    self->tickets = tls_tickets_new(loop_now_ms(self->loop));
    if (self->tickets == NULL) {
        return false;
    }
    config_set_tickets(self->config, self->tickets);
    self->mailbox = mailbox_new(self->loop);
    self->admin = admin_new(self->loop, &control, self->shared.stats);
    return self->mailbox != NULL && self->admin != NULL;
}

/* Root for no longer than it takes to read the configuration. */
static bool become_user(struct graph *self)
{
    const char *user = self->config->user;
    char text[128];

    if (user == NULL || geteuid() != 0) {
        return true;
    }
    make_parents(self->config->state);
    enum err err = process_make_directory(self->config->state, user);
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
    int code = open_state(self);
    if (code != CLI_DONE) {
        return code;
    }
    if (!open_control(self) || !open_notifier(self)) {
        log_write(LOG_LEVEL_ERROR, "cannot start the alerts or the admin interface");
        return CLI_NO;
    }
    code = open_ports(self);
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
    feature_table_init(&self->features);
    int code = build(self);
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
    signals_free(&self->signals);
    if (self->loop != NULL) {
        deadline_remove(&self->tick);
    }
    if (self->admin_sockets.local_fd >= 0) {
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
    registry_free(&self->shared.registry);
    takedown_free(&self->shared.takedown);
    memo_free(&self->shared.aliases);
    memo_free(&self->shared.shown);
    takedown_free(&self->shared.rehearsal);
    admission_free(&self->shared.admission);
    health_free(&self->shared.health);
    affinity_free(&self->shared.affinity);
    if (self->first != self->config) {
        config_free(&self->first);
    }
    config_free(&self->config);
    sources_free(&self->sources);
    tls_tickets_free(&self->tickets);
    stats_free(&self->shared.stats);
    state_dir_close(&self->state_dir);
    explicit_bzero(self->shared.fingerprint_key, FINGERPRINT_KEY_SIZE);
    free(self);
    *self_p = NULL;
}
