#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/graph.h"
#include "app/graph_operate.h"
#include "app/restart.h"
#include "app/weaker.h"
#include "base/check.h"
#include "base/log.h"
#include "net/loop.h"

enum {
    DRAIN_MS = 15000,
    TICK_MS = 250,
    COVERAGE_MS = 15000,
    EXPIRE_COUNT = 4096,
    STUCK_MS = 10000,
};

static void stop_when_drained(struct graph *self)
{
    for (unsigned i = 0; i < self->worker_count; i++) {
        if (worker_running(self->workers[i])) {
            return;
        }
    }
    loop_stop(self->loop);
}

/* A worker whose loop does not come round serves nobody: then the service manager is not
 * told that all is well, and starts us again. */
static bool all_turn(const struct graph *self, uint64_t now_ms)
{
    for (unsigned i = 0; i < self->worker_count; i++) {
        uint64_t beat_ms = worker_beat_ms(self->workers[i]);
        if (worker_running(self->workers[i]) && beat_ms + STUCK_MS < now_ms) {
            return false;
        }
    }
    return true;
}

static void on_tick(struct deadline *deadline)
{
    struct graph *self = LIST_ENTRY(deadline, struct graph, tick);
    uint64_t now_ms = loop_now_ms(self->loop);

    registry_expire(self->shared.registry, now_ms, EXPIRE_COUNT);
    tls_tickets_turn(self->tickets, now_ms);
    if (now_ms >= self->coverage_at_ms) {
        self->coverage_at_ms = now_ms + COVERAGE_MS;
        graph_watch_coverage(self);
        graph_watch_evicted(self);
        graph_note_coverage(self);
    }
    sources_reap(self->sources);
    graph_reopen_due(self);
    if (all_turn(self, now_ms)) {
        service_alive(&self->service, now_ms);
    }
    glass_watch(self);
    graph_watch_predecessor(self);
    if (self->ready == CONTROL_DRAINING || self->upgrade.step == UPGRADE_DONE) {
        stop_when_drained(self);
    }
    deadline_set(&self->tick, loop_wheel(self->loop), now_ms + TICK_MS);
}

static void drain(struct graph *self)
{
    if (self->ready == CONTROL_DRAINING) {
        return;
    }
    self->ready = CONTROL_DRAINING;
    service_stopping(&self->service);
    socket_files_remove(&self->socket_files);
    log_write(LOG_LEVEL_NOTICE, "draining: no new connections, at most %d s",
              DRAIN_MS / 1000);
    for (unsigned i = 0; i < self->worker_count; i++) {
        if (!worker_drain(self->workers[i], DRAIN_MS, 0)) {
            log_write(LOG_LEVEL_ERROR, "out of memory: stopping at once");
            self->exit_code = CLI_NO;
            loop_stop(self->loop);
        }
    }
}

static void log_report(const struct report *report, enum log_level level)
{
    const char *text = NULL;
    for (size_t i = 0; (text = report_text(report, i)) != NULL; i++) {
        log_write(level, "reload: %s", text);
    }
}

static void reload_by_signal(struct graph *self)
{
    struct report *report = report_new();
    if (report == NULL) {
        return;
    }
    (void)graph_reload(self, "signal", NULL, report);
    report_free(&report);
}

static void upgrade_by_signal(struct graph *self)
{
    const char *refused = graph_upgrade(self, "signal");
    if (refused != NULL) {
        log_write(LOG_LEVEL_ERROR, "upgrade refused: %s", refused);
    }
}

static void on_signal(void *owner, int number)
{
    struct graph *self = owner;

    switch (number) {
    case SIGTERM:
    case SIGINT:
        drain(self);
        return;
    case SIGHUP:
        reload_by_signal(self);
        return;
    case SIGUSR2:
        upgrade_by_signal(self);
        return;
    case SIGUSR1:
        if (self->log != NULL) {
            log_writer_reopen(self->log);
        }
        return;
    default:
        UNREACHABLE();
    }
}

static void reload_failed(struct graph *self, const struct report *report)
{
    log_report(report, LOG_LEVEL_ERROR);
    stats_set(self->stats, stats_series(self->shared.stats, STAT_CONFIG_RELOAD_OK, ""),
              0);
    log_write(LOG_LEVEL_ERROR, "reload refused: the configuration in force stays");
}

static void put_in_force(struct graph *self, struct config *config, const char *who,
                         const char *accepted)
{
    struct config *old = self->config;

    graph_note_coverage(self); /* Under the routes that it was counted for. */
    graph_take_sources(self, config);
    self->config = config;
    graph_begin_coverage(self);
    recorder_set_limits(self->recorder, config->ledger_max, config->retention_ms);
    recorder_show_take_downs(self->recorder);
    config_set_tickets(config, self->tickets);
    admin_set_tls(self->admin, config->admin.tls);
    memset(self->coverage, 0, sizeof(self->coverage)); /* Routes have other places. */
    health_use(self->shared.health, self->stats, config->site->upstreams,
               config->site->upstream_count);
    for (unsigned i = 0; i < self->worker_count; i++) {
        if (!worker_use(self->workers[i], config)) {
            log_write(LOG_LEVEL_ERROR,
                      "out of memory: a worker keeps the old configuration");
        }
    }
    if (self->notifier == NULL ||
        !notifier_configure(self->notifier, config->alerts,
                            (unsigned)config->alert_count) ||
        !graph_set_tokens(self)) {
        log_write(LOG_LEVEL_ERROR, "the receivers of alerts or the tokens are unchanged");
    }
    graph_note_reload(self, old, who, accepted);
    if (old != self->first) {
        config_free(&old);
    }
    log_write(LOG_LEVEL_NOTICE, "configuration %.12s in force", config->hash);
}

static bool reload(struct graph *self, const char *who, const char *accept_weaker,
                   struct report *report)
{
    struct config_source source = cli_source(self->call);
    struct config *config = NULL;

    if (graph_upgrading(self)) {
        report_error(report, (struct place){.source = "reload"},
                     "an upgrade is under way: the next process reads the configuration");
    } else {
        config = config_load(&source, self->features, report);
    }
    report_sort(report);
    if (config != NULL && !weaker_check(self->config, config, self->features,
                                        accept_weaker != NULL, report)) {
        config_free(&config);
    }
    if (config == NULL) {
        reload_failed(self, report);
        return false;
    }
    restart_check(self->first, config, report);
    put_in_force(self, config, who, accept_weaker);
    log_report(report, LOG_LEVEL_WARNING);
    return true;
}

static void tell_serving(const struct graph *self)
{
    char status[96];

    (void)snprintf(status, sizeof(status), "serving, configuration %.12s",
                   self->config->hash);
    service_ready(&self->service, status);
}

bool graph_reload(struct graph *self, const char *who, const char *accept_weaker,
                  struct report *report)
{
    service_reloading(&self->service, loop_clock_us());
    bool in_force = reload(self, who, accept_weaker, report);
    tell_serving(self);
    return in_force;
}

static bool start_threads(struct graph *self)
{
    if (recorder_start(self->recorder) != ERR_NONE ||
        notifier_start(self->notifier) != ERR_NONE) {
        return false;
    }
    for (unsigned i = 0; i < self->worker_count; i++) {
        if (!worker_start(self->workers[i])) {
            return false;
        }
    }
    return true;
}

static bool start_control(struct graph *self)
{
    static const int SIGNALS[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    struct admin_sockets sockets = self->admin_sockets;

    self->admin_sockets.local_fd = -1;
    self->admin_sockets.address_fd = -1;
    self->signals = signals_new(self->loop, SIGNALS, sizeof(SIGNALS) / sizeof(SIGNALS[0]),
                                on_signal, self);
    self->tick.on_due = on_tick;
    deadline_set(&self->tick, loop_wheel(self->loop), loop_now_ms(self->loop) + TICK_MS);
    admin_set_tls(self->admin, self->config->admin.tls);
    return graph_set_tokens(self) && admin_start(self->admin, &sockets) == ERR_NONE &&
           self->signals != NULL;
}

/* Workers end before the graph is freed, whatever went wrong. */
static void stop_workers(struct graph *self)
{
    for (unsigned i = 0; i < self->worker_count; i++) {
        if (worker_running(self->workers[i])) {
            (void)worker_drain(self->workers[i], 0, 0);
        }
    }
    for (unsigned i = 0; i < self->worker_count; i++) {
        worker_join(self->workers[i]);
    }
}

static void say_serving(const struct graph *self)
{
    for (size_t i = 0; i < self->config->listen_count; i++) {
        const struct listen_settings *listen = &self->config->listens[i];
        if (listen->path != NULL) {
            log_write(LOG_LEVEL_NOTICE, "listening on %s", listen->host);
            continue;
        }
        bool ipv6 = strchr(listen->host, ':') != NULL;
        log_write(LOG_LEVEL_NOTICE, "listening on %s%s%s:%u", ipv6 ? "[" : "",
                  listen->host, ipv6 ? "]" : "", listen->port);
    }
    log_write(LOG_LEVEL_NOTICE, "serving: %u workers, configuration %.12s",
              self->worker_count, self->config->hash);
}

int graph_run(struct graph *self)
{
    if (self->successor.joined && !successor_await(&self->successor)) {
        return CLI_NO;
    }
    if (!start_control(self) || !start_threads(self)) {
        log_write(LOG_LEVEL_ERROR, "cannot start threads or the admin interface");
        if (self->successor.joined) {
            admin_leave(self->admin); /* The process before listens there. */
        }
        admin_stop(self->admin);
        stop_workers(self);
        return CLI_NO;
    }
    graph_note_start(self);
    self->ready = CONTROL_READY;
    say_serving(self);
    tell_serving(self);
    graph_take_over(self);
    loop_run(self->loop);
    admin_stop(self->admin);
    stop_workers(self);
    graph_note_coverage(self);
    log_write(LOG_LEVEL_NOTICE, "stopped");
    return self->exit_code;
}
