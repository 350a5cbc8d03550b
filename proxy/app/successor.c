#include "app/successor.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"
#include "net/listener.h"
#include "net/local.h"
#include "net/passing.h"

enum {
    OFFER_MS = 10000,
    GO_MS = 60000,
    FIRST_FDS_MAX = 4,
};

static void close_fd(int *fd_p)
{
    if (*fd_p >= 0) {
        (void)close(*fd_p);
        *fd_p = -1;
    }
}

/* The socket to the predecessor, or -1. */
static int inherited(void)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread.
    const char *text = getenv(SUCCESSOR_VARIABLE);
    uint64_t number = 0;

    if (text == NULL || parse_u64(span_of(text), &number) != ERR_NONE || number < 3 ||
        number > 1023) {
        return -1;
    }
    (void)unsetenv(SUCCESSOR_VARIABLE); // NOLINT(concurrency-mt-unsafe): as above.
    (void)fcntl((int)number, F_SETFD, FD_CLOEXEC);
    return (int)number;
}

static bool fail(const char *why)
{
    log_write(LOG_LEVEL_ERROR, "cannot take over from the process before: %s", why);
    return false;
}

static bool take_common(const struct successor_offer *offer, int fd,
                        struct common *common_out)
{
    if (offer->layout != common_layout()) {
        (void)close(fd);
        return fail("this version lays out its memory or files in another way; restart");
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address of both processes.
    if (!common_join(common_out, fd, (void *)(uintptr_t)offer->region, offer->size)) {
        return fail("its memory cannot be mapped at its place here; try again");
    }
    return true;
}

/* Takes the descriptors of the first message, whatever comes of it. */
static bool take_offer(struct successor *self, const struct successor_offer *offer,
                       const int *fds, size_t count, struct common *common_out)
{
    size_t next = 2;

    if (count < 2 ||
        count != (size_t)2 + (offer->has_local != 0) + (offer->has_address != 0)) {
        for (size_t i = 0; i < count; i++) {
            (void)close(fds[i]);
        }
        return fail("the offer is not whole");
    }
    self->lock_fd = fds[1];
    self->local_fd = offer->has_local != 0 ? fds[next++] : -1;
    self->address_fd = offer->has_address != 0 ? fds[next] : -1;
    self->predecessor = (pid_t)offer->pid;
    self->worker_count = offer->worker_count;
    return take_common(offer, fds[0], common_out);
}

static bool receive_offer(struct successor *self, struct successor_offer *offer_out,
                          struct common *common_out)
{
    int fds[FIRST_FDS_MAX];
    struct passing_room room = {.bytes = offer_out,
                                .size = sizeof(*offer_out),
                                .fds = fds,
                                .fds_max = FIRST_FDS_MAX};

    if (passing_receive(self->fd, &room, OFFER_MS) != ERR_NONE) {
        return fail("no offer came");
    }
    if (room.len != sizeof(*offer_out) ||
        memcmp(offer_out->magic, SUCCESSOR_MAGIC, sizeof(SUCCESSOR_MAGIC)) != 0 ||
        offer_out->socket_count > SUCCESSOR_SOCKETS_MAX) {
        for (size_t i = 0; i < room.count; i++) {
            (void)close(fds[i]);
        }
        return fail("it speaks another language; restart");
    }
    return take_offer(self, offer_out, fds, room.count, common_out);
}

static bool receive_sockets(struct successor *self, size_t count)
{
    self->sockets = calloc(count > 0 ? count : 1, sizeof(*self->sockets));
    if (self->sockets == NULL) {
        return fail("out of memory");
    }
    while (self->count < count) {
        char word = 0;
        struct passing_room room = {.bytes = &word,
                                    .size = 1,
                                    .fds = self->sockets + self->count,
                                    .fds_max = count - self->count};
        if (passing_receive(self->fd, &room, OFFER_MS) != ERR_NONE ||
            word != SUCCESSOR_SOCKETS || room.count == 0) {
            return fail("not all sockets came");
        }
        self->count += room.count;
    }
    return true;
}

bool successor_begin(struct successor *self, struct common *common_out)
{
    struct successor_offer offer = {.magic = ""};

    *self = (struct successor){
        .fd = inherited(), .lock_fd = -1, .local_fd = -1, .address_fd = -1};
    self->joined = self->fd >= 0;
    return !self->joined || (receive_offer(self, &offer, common_out) &&
                             receive_sockets(self, offer.socket_count));
}

typedef bool fits_fn(int fd, const void *wanted);

static bool fits_address(int fd, const void *wanted)
{
    return listener_is_at(fd, wanted);
}

static bool fits_path(int fd, const void *wanted)
{
    return local_is_at(fd, wanted);
}

static size_t take_all(struct successor *self, fits_fn *fits, const void *wanted,
                       int *fds_out, size_t max)
{
    size_t taken = 0;

    for (size_t i = 0; i < self->count && taken < max; i++) {
        if (self->sockets[i] >= 0 && fits(self->sockets[i], wanted)) {
            fds_out[taken++] = self->sockets[i];
            self->sockets[i] = -1;
        }
    }
    return taken;
}

size_t successor_take(struct successor *self, const struct address *address, int *fds_out,
                      size_t max)
{
    return take_all(self, fits_address, address, fds_out, max);
}

size_t successor_take_path(struct successor *self, const char *path, int *fds_out,
                           size_t max)
{
    return take_all(self, fits_path, path, fds_out, max);
}

static int take(int *fd_p)
{
    int fd = *fd_p;
    *fd_p = -1;
    return fd;
}

int successor_take_lock(struct successor *self)
{
    return take(&self->lock_fd);
}

int successor_take_local(struct successor *self, const char *path)
{
    bool same = self->local_fd >= 0 && local_is_at(self->local_fd, path);
    return same ? take(&self->local_fd) : -1;
}

int successor_take_address(struct successor *self, const struct address *address)
{
    bool same = self->address_fd >= 0 && listener_is_at(self->address_fd, address);
    return same ? take(&self->address_fd) : -1;
}

static void close_rest(struct successor *self)
{
    for (size_t i = 0; i < self->count; i++) {
        close_fd(&self->sockets[i]);
    }
    free(self->sockets);
    self->sockets = NULL;
    self->count = 0;
    close_fd(&self->lock_fd);
    close_fd(&self->local_fd);
    close_fd(&self->address_fd);
}

static bool say(struct successor *self, enum successor_word what)
{
    char word = (char)what;
    return passing_send(self->fd, &word, 1, NULL, 0) == ERR_NONE;
}

bool successor_await(struct successor *self)
{
    char word = 0;
    struct passing_room room = {.bytes = &word, .size = 1};

    close_rest(self);
    if (!say(self, SUCCESSOR_READY) ||
        passing_receive(self->fd, &room, GO_MS) != ERR_NONE || word != SUCCESSOR_GO) {
        return fail("it has changed its mind");
    }
    return true;
}

void successor_serve(struct successor *self)
{
    if (!say(self, SUCCESSOR_SERVING)) {
        log_write(LOG_LEVEL_WARNING, "process %d, which served before, has ended already",
                  (int)self->predecessor);
    }
}

bool successor_left_alone(struct successor *self)
{
    char word = 0;
    struct passing_room room = {.bytes = &word, .size = 1};

    if (self->fd < 0) {
        return false;
    }
    enum err err = passing_receive(self->fd, &room, 0);
    if (err == ERR_TIMEOUT || err == ERR_NONE) {
        self->confirmed = self->confirmed || (err == ERR_NONE && word == SUCCESSOR_ALONE);
        return false;
    }
    self->confirmed = true;
    close_fd(&self->fd);
    return true;
}

void successor_end(struct successor *self)
{
    close_rest(self);
    close_fd(&self->fd);
}
