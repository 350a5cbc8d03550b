#include "net/local.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <uv.h>

enum {
    LOCAL_BACKLOG = 64,
    LOCAL_BATCH = 16,        /* Clients of one round, so that others get their turn. */
    LOCAL_REST_MS = 100,     /* How long accepting rests when descriptors run out. */
    LOCAL_ENTRY_SIZE = 4096, /* A row of the user database. */
};

struct local {
    uv_poll_t poll;
    uv_timer_t rest;
    int fd;
    unsigned open_handles;
    local_fn *on_client;
    void *owner;
};

static void close_keeping_errno(int fd)
{
    int saved = errno;
    (void)close(fd);
    errno = saved;
}

static int open_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* True when the file is a socket that nobody listens on. */
static bool is_stale(const struct sockaddr_un *name)
{
    struct stat status;
    if (lstat(name->sun_path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
        return false;
    }
    int fd = open_socket();
    if (fd < 0) {
        return false;
    }
    bool refused = connect(fd, (const struct sockaddr *)name, sizeof(*name)) != 0 &&
                   errno == ECONNREFUSED;
    (void)close(fd);
    return refused;
}

static int bind_once(int fd, const struct sockaddr_un *name)
{
    return bind(fd, (const struct sockaddr *)name, sizeof(*name));
}

/* The mode of the descriptor becomes that of the file, which is so never more open. */
static enum err bind_name(int fd, const struct sockaddr_un *name)
{
    if (fchmod(fd, S_IRUSR | S_IWUSR) != 0) {
        return ERR_SYSTEM;
    }
    if (bind_once(fd, name) == 0) {
        return ERR_NONE;
    }
    if (errno != EADDRINUSE) {
        return ERR_SYSTEM;
    }
    if (!is_stale(name) || unlink(name->sun_path) != 0) {
        errno = EADDRINUSE;
        return ERR_ADDRESS;
    }
    return bind_once(fd, name) == 0 ? ERR_NONE : ERR_SYSTEM;
}

/* Who may connect to a socket: its file's group, or (gid_t)-1 for the process's, and
 * mode. */
struct local_access {
    gid_t group;
    mode_t mode;
};

static enum err open_to(const char *path, const struct local_access *access)
{
    if (access->group != (gid_t)-1 && chown(path, (uid_t)-1, access->group) != 0) {
        return ERR_SYSTEM;
    }
    if (access->mode != (S_IRUSR | S_IWUSR) && chmod(path, access->mode) != 0) {
        return ERR_SYSTEM;
    }
    return ERR_NONE;
}

static enum err bind_path(const char *path, const struct local_access *access,
                          int *fd_out)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof(name.sun_path)) {
        errno = ENAMETOOLONG;
        return ERR_LIMIT;
    }
    memcpy(name.sun_path, path, len + 1);
    int fd = open_socket();
    if (fd < 0) {
        return ERR_SYSTEM;
    }
    enum err err = bind_name(fd, &name);
    if (err != ERR_NONE) {
        close_keeping_errno(fd);
        return err;
    }
    err = open_to(path, access);
    if (err == ERR_NONE && listen(fd, LOCAL_BACKLOG) != 0) {
        err = ERR_SYSTEM;
    }
    if (err != ERR_NONE) {
        close_keeping_errno(fd);
        (void)unlink(path);
        return err;
    }
    *fd_out = fd;
    return ERR_NONE;
}

enum err local_bind(const char *path, gid_t group, int *fd_out)
{
    struct local_access access = {.group = group, .mode = S_IRUSR | S_IWUSR};

    if (group != (gid_t)-1) {
        access.mode |= S_IRGRP | S_IWGRP;
    }
    return bind_path(path, &access, fd_out);
}

enum err local_bind_mode(const char *path, unsigned mode, int *fd_out)
{
    const struct local_access access = {.group = (gid_t)-1, .mode = (mode_t)mode};
    return bind_path(path, &access, fd_out);
}

bool local_is_at(int fd, const char *path)
{
    struct sockaddr_un name = {0};
    socklen_t len = sizeof(name);
    int listening = 0;
    socklen_t size = sizeof(listening);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
           listening != 0 && getsockname(fd, (struct sockaddr *)&name, &len) == 0 &&
           name.sun_family == AF_UNIX &&
           strncmp(name.sun_path, path, sizeof(name.sun_path)) == 0;
}

static void learn_user(struct local_peer *peer)
{
    char memory[LOCAL_ENTRY_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;
    int failed = getpwuid_r(peer->uid, &entry, memory, sizeof(memory), &found);

    if (failed == 0 && found != NULL && strlen(found->pw_name) < sizeof(peer->user)) {
        memcpy(peer->user, found->pw_name, strlen(found->pw_name) + 1);
        return;
    }
    (void)snprintf(peer->user, sizeof(peer->user), "uid:%u", (unsigned)peer->uid);
}

/* False: the kernel does not say who it is. */
static bool learn_peer(int fd, struct local_peer *peer_out)
{
    struct ucred credentials;
    socklen_t len = sizeof(credentials);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) != 0) {
        return false;
    }
    *peer_out = (struct local_peer){
        .uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid};
    learn_user(peer_out);
    return true;
}

static void on_ready(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *timer)
{
    struct local *self = timer->data;
    (void)uv_poll_start(&self->poll, UV_READABLE, on_ready);
}

/* A waiting client keeps the socket readable: without a rest this would spin. */
static void rest(struct local *self)
{
    (void)uv_poll_stop(&self->poll);
    (void)uv_timer_start(&self->rest, on_rested, LOCAL_REST_MS, 0);
}

/* False: nobody waits, or accepting rests. */
static bool accept_one(struct local *self)
{
    struct local_peer peer;
    int fd = accept4(self->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
            rest(self);
        }
        return false;
    }
    if (!learn_peer(fd, &peer)) {
        (void)close(fd);
        return true;
    }
    self->on_client(self->owner, fd, &peer);
    return true;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct local *self = poll->data;

    (void)events;
    if (status != 0) {
        rest(self);
        return;
    }
    for (int i = 0; i < LOCAL_BATCH && !uv_is_closing((uv_handle_t *)&self->poll); i++) {
        if (!accept_one(self)) {
            return;
        }
    }
}

static void on_closed(uv_handle_t *handle)
{
    struct local *self = handle->data;

    self->open_handles--;
    if (self->open_handles == 0) {
        (void)close(self->fd);
        free(self);
    }
}

struct local *local_new(struct loop *loop, int fd, local_fn *on_client, void *owner)
{
    struct local *self = malloc(sizeof(*self));

    if (self == NULL || uv_poll_init(loop_handle(loop), &self->poll, fd) != 0) {
        free(self);
        (void)close(fd);
        return NULL;
    }
    self->fd = fd;
    self->on_client = on_client;
    self->owner = owner;
    self->poll.data = self;
    (void)uv_timer_init(loop_handle(loop), &self->rest);
    self->rest.data = self;
    self->open_handles = 2;
    if (uv_poll_start(&self->poll, UV_READABLE, on_ready) != 0) {
        local_free(&self);
    }
    return self;
}

int local_fd(const struct local *self)
{
    return self->fd;
}

void local_free(struct local **self_p)
{
    struct local *self = *self_p;
    if (self == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&self->poll, on_closed);
    uv_close((uv_handle_t *)&self->rest, on_closed);
    *self_p = NULL;
}
