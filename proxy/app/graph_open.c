#include "app/graph_open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/ports.h"
#include "base/log.h"
#include "net/listener.h"
#include "net/local.h"

void graph_make_parents(const char *path, mode_t mode)
{
    char partial[STATE_DIR_PATH_MAX];

    for (size_t i = 1; path[i] != '\0' && i < sizeof(partial); i++) {
        if (path[i] == '/') {
            memcpy(partial, path, i);
            partial[i] = '\0';
            (void)mkdir(partial, mode);
        }
    }
}

/* The directory of a file. False: it is named without one, or too long. */
static bool directory_of(const char *path, char path_out[STATE_DIR_PATH_MAX])
{
    const char *name = strrchr(path, '/');

    if (name == NULL || name == path || (size_t)(name - path) >= STATE_DIR_PATH_MAX) {
        return false;
    }
    memcpy(path_out, path, (size_t)(name - path));
    path_out[name - path] = '\0';
    return true;
}

bool graph_log_directory(const struct graph *self, char path_out[STATE_DIR_PATH_MAX])
{
    const struct access_log_settings *log = &self->config->access_log;
    return log->kind == ACCESS_LOG_FILE && directory_of(log->path, path_out);
}

bool graph_socket_directory(const struct graph *self, char path_out[STATE_DIR_PATH_MAX])
{
    return directory_of(self->config->admin.socket, path_out);
}

static enum err open_directory(struct graph *self, struct fault *fault_out)
{
    if (self->successor.joined) {
        return state_dir_join(self->config->state, successor_take_lock(&self->successor),
                              &self->state_dir, fault_out);
    }
    return state_dir_open(self->config->state, &self->state_dir, fault_out);
}

static struct common_limits limits_of(const struct config *config)
{
    return (struct common_limits){
        .session_max = config->site->session.max,
        .session_idle_ms = config->site->session.idle_ms,
        .alias_idle_ms = config->site->login.alias_idle_ms,
    };
}

/* The configuration was read before there was any room for the features that it names. */
static bool move_features(struct graph *self)
{
    const struct feature_table *from = self->features;
    struct feature_table *to = &self->common.root->features;
    unsigned slot = 0;

    for (unsigned i = 0; i < atomic_load(&from->count); i++) {
        if (feature_table_slot(to, span_of(from->names[i]), &slot) != ERR_NONE) {
            return false;
        }
        CHECK(slot == i);
    }
    self->features = to;
    return true;
}

/* What is shared with a successor: made, or joined already. */
static bool open_common(struct graph *self)
{
    struct common_limits limits = limits_of(self->config);

    if (self->successor.joined) {
        if (memcmp(&limits, &self->common.root->limits, sizeof(limits)) != 0) {
            log_write(LOG_LEVEL_WARNING, "`session.max`, `session.idle` and `alias_idle` "
                                         "change only with a restart");
        }
    } else if (!common_make(&self->common, &limits, loop_clock_us() / 1000) ||
               !move_features(self)) {
        return false;
    }
    struct common_root *root = self->common.root;
    self->tickets = root->tickets;
    self->shared.features = self->features;
    self->shared.registry = root->registry;
    self->evicted.told = registry_counts(root->registry).evicted_bound;
    self->shared.takedown = root->takedown;
    self->shared.rehearsal = root->rehearsal;
    self->shared.aliases = root->aliases;
    self->shared.shown = root->shown;
    self->shared.affinity = root->affinity;
    return true;
}

/* Ledger and what is down: before any port is open. */
int graph_open_state(struct graph *self)
{
    struct fault fault = {{0}};
    graph_make_parents(self->config->state, 0700);
    if (open_directory(self, &fault) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "%s", fault.text);
        return CLI_USAGE;
    }
    memcpy(self->shared.fingerprint_key, state_dir_key(self->state_dir),
           FINGERPRINT_KEY_SIZE);
    self->shared.stats = stats_new();
    self->shared.admission = admission_new(self->config->site->limits.connections_max);
    self->shared.budget.total_max = self->config->site->limits.hold_total_max;
    bool opened = open_common(self);
    if (opened) {
        self->shared.health = health_new(self->shared.stats, self->common.root->servers);
    }
    if (self->shared.stats == NULL || self->shared.admission == NULL ||
        self->shared.health == NULL) {
        log_write(LOG_LEVEL_ERROR, "out of memory");
        return CLI_NO;
    }
    self->stats = stats_block_new(self->shared.stats);
    struct recorder_settings settings = {
        .directory = self->state_dir,
        .features = self->features,
        .registry = self->shared.registry,
        .aliases = self->shared.aliases,
        .takedown = self->shared.takedown,
        .stats = self->shared.stats,
        .joins = self->successor.joined,
    };
    if (recorder_new(&settings, &self->recorder, &fault) != ERR_NONE ||
        query_open(self->state_dir, &self->query, &fault) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "%s", fault.text);
        return CLI_USAGE;
    }
    recorder_set_limits(self->recorder, self->config->ledger_max,
                        self->config->retention_ms);
    recorder_show_take_downs(self->recorder);
    self->reporter = reporter_new(self->state_dir, self->recorder);
    if (self->reporter == NULL) {
        log_write(LOG_LEVEL_ERROR, "out of memory");
        return CLI_NO;
    }
    self->journal = recorder_journal(self->recorder);
    self->shared.journal = &self->journal;
    return CLI_DONE;
}

static unsigned worker_count_of(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = config->workers != 0 ? config->workers
                     : cores > 0          ? (unsigned)cores
                                          : 1;
    return count < GRAPH_WORKERS_MAX ? count : GRAPH_WORKERS_MAX;
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
    sockets->local_fd = successor_take_local(&self->successor, settings->socket);
    if (sockets->local_fd < 0) {
        graph_make_parents(settings->socket, 0755); /* Else it cannot be bound either. */
    }
    if (sockets->local_fd < 0 && local_bind_mode(settings->socket, settings->socket_mode,
                                                 &sockets->local_fd) != ERR_NONE) {
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
    sockets->address_fd = successor_take_address(&self->successor, &sockets->address);
    if (sockets->address_fd < 0 &&
        listener_bind(&sockets->address, &sockets->address_fd, 1) != ERR_NONE) {
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

int graph_open_ports(struct graph *self)
{
    static struct ports ports; /* Large, and there is one. */
    unsigned count = worker_count_of(self->config);

    if (count < self->successor.worker_count) {
        count =
            self->successor.worker_count; /* Each has a socket that somebody serves. */
    }
    self->shared.worker_count = count;
    if (!ports_open(&ports, self->config, count, &self->service, &self->successor)) {
        return CLI_USAGE;
    }
    self->socket_files = ports.files;
    if (!bind_admin(self)) {
        ports_close(&ports, 0);
        return CLI_USAGE;
    }
    if (self->config->access_log.kind != ACCESS_LOG_OFF) {
        char directory[STATE_DIR_PATH_MAX];
        if (graph_log_directory(self, directory)) {
            (void)mkdir(directory, S_IRWXU); /* Else the log cannot be opened either. */
        }
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
