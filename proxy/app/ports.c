#include "app/ports.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "net/listener.h"
#include "net/local.h"
#include "record/fault.h"

void ports_close(struct ports *self, unsigned first)
{
    for (size_t i = 0; i < self->bound; i++) {
        for (unsigned j = first; j < self->worker_count; j++) {
            (void)close(self->fds[i][j]);
        }
    }
}

/* One descriptor for each worker of the sockets that are there already. */
static bool share(int *fds_p, unsigned opened, unsigned count)
{
    unsigned given = opened;

    while (opened < count) {
        int copy = fcntl(fds_p[opened % given], F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            break;
        }
        fds_p[opened++] = copy;
    }
    if (opened == count) {
        return true;
    }
    int saved = errno;
    while (opened > 0) {
        (void)close(fds_p[--opened]);
    }
    errno = saved;
    return false;
}

static void say_failed(const char *text)
{
    char reason[128];
    log_write(LOG_LEVEL_ERROR, "cannot listen on %s: %s", text,
              fault_errno_text(errno, reason, sizeof(reason)));
}

/* Those of the process before, or else the one of the service manager. */
static unsigned take_given(struct service *service, struct successor *successor,
                           const struct address *address, int *fds_out, unsigned count)
{
    unsigned given = (unsigned)successor_take(successor, address, fds_out, count);

    if (given == 0) {
        fds_out[0] = service_take_socket(service, address);
        given = fds_out[0] >= 0 ? 1 : 0;
    }
    return given;
}

/* The same for a Unix socket, which is made here when there is none. 0: errno says why.
 */
static unsigned take_or_bind(struct ports *self, const struct listen_settings *listen,
                             struct service *service, struct successor *successor)
{
    int *fds = self->fds[self->bound];
    unsigned given =
        (unsigned)successor_take_path(successor, listen->path, fds, self->worker_count);

    if (given > 0) {
        return given;
    }
    fds[0] = service_take_local(service, listen->path);
    if (fds[0] < 0) {
        if (local_bind_mode(listen->path, listen->socket_mode, &fds[0]) != ERR_NONE) {
            return 0;
        }
        socket_files_note(&self->files, listen->path);
    }
    return 1;
}

static bool open_local(struct ports *self, const struct listen_settings *listen,
                       struct service *service, struct successor *successor)
{
    unsigned given = take_or_bind(self, listen, service, successor);

    if (given == 0 || !share(self->fds[self->bound], given, self->worker_count)) {
        say_failed(listen->host);
        return false;
    }
    self->bound++;
    return true;
}

static bool open_one(struct ports *self, const struct listen_settings *listen,
                     struct service *service, struct successor *successor)
{
    struct address address;
    char text[ADDRESS_TEXT_MAX];
    int *fds = self->fds[self->bound];

    if (listen->path != NULL) {
        return open_local(self, listen, service, successor);
    }
    if (address_parse(span_of(listen->host), &address) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "listen address %s is not an address", listen->host);
        return false;
    }
    address.port = listen->port;
    unsigned given = take_given(service, successor, &address, fds, self->worker_count);
    bool opened = given > 0
                      ? share(fds, given, self->worker_count)
                      : listener_bind(&address, fds, self->worker_count) == ERR_NONE;
    if (!opened) {
        (void)address_format_port(&address, text);
        say_failed(text);
        return false;
    }
    self->bound++;
    return true;
}

bool ports_open(struct ports *self, const struct config *config, unsigned worker_count,
                struct service *service, struct successor *successor)
{
    self->bound = 0;
    self->files.count = 0;
    self->worker_count = worker_count;
    if (config->listen_count > WORKER_LISTENERS_MAX) {
        log_write(LOG_LEVEL_ERROR, "more than %d listen addresses", WORKER_LISTENERS_MAX);
        return false;
    }
    for (size_t i = 0; i < config->listen_count; i++) {
        if (!open_one(self, &config->listens[i], service, successor)) {
            ports_close(self, 0);
            socket_files_remove(&self->files);
            return false;
        }
    }
    if (service_has_left(service)) {
        log_write(LOG_LEVEL_WARNING, "the service manager handed over sockets that no "
                                     "`listen` address fits: they stay unused");
    }
    return true;
}
