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

/* One descriptor for each worker of a socket that is there already. */
static bool share(int fd, int *fds_out, unsigned count)
{
    unsigned opened = 0;

    fds_out[opened++] = fd;
    while (opened < count) {
        int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) {
            break;
        }
        fds_out[opened++] = copy;
    }
    if (opened == count) {
        return true;
    }
    int saved = errno;
    while (opened > 0) {
        (void)close(fds_out[--opened]);
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

static bool open_local(struct ports *self, const struct listen_settings *listen,
                       struct service *service)
{
    int *fds = self->fds[self->bound];
    int fd = service_take_local(service, listen->path);
    bool ours = fd < 0;
    bool bound =
        !ours || local_bind_mode(listen->path, listen->socket_mode, &fd) == ERR_NONE;

    if (bound && ours) {
        socket_files_note(&self->files, listen->path);
    }
    if (!bound || !share(fd, fds, self->worker_count)) {
        say_failed(listen->host);
        return false;
    }
    self->bound++;
    return true;
}

static bool open_one(struct ports *self, const struct listen_settings *listen,
                     struct service *service)
{
    struct address address;
    char text[ADDRESS_TEXT_MAX];
    int *fds = self->fds[self->bound];

    if (listen->path != NULL) {
        return open_local(self, listen, service);
    }
    if (address_parse(span_of(listen->host), &address) != ERR_NONE) {
        log_write(LOG_LEVEL_ERROR, "listen address %s is not an address", listen->host);
        return false;
    }
    address.port = listen->port;
    int given = service_take_socket(service, &address);
    bool opened = given >= 0
                      ? share(given, fds, self->worker_count)
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
                struct service *service)
{
    self->bound = 0;
    self->files.count = 0;
    self->worker_count = worker_count;
    if (config->listen_count > WORKER_LISTENERS_MAX) {
        log_write(LOG_LEVEL_ERROR, "more than %d listen addresses", WORKER_LISTENERS_MAX);
        return false;
    }
    for (size_t i = 0; i < config->listen_count; i++) {
        if (!open_one(self, &config->listens[i], service)) {
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
