/**
 * A process that takes over from one that serves: what it is handed, and what the two
 * tell each other.
 *
 * Layer: app. Part of the graph, on the control thread; graph_upgrade.c is the other
 * side.
 *
 *   predecessor                                  successor
 *   starts it with a socket         ------>      reads the offer: memory, lock, sockets
 *   serves; refuses reloads                      reads its configuration, opens all
 *                                   <------      ready
 *   gives the house away; go        ------>      its threads run: both serve
 *                                   <------      serving
 *   accepts nothing more; alone     ------>      every new connection is its own
 *   ends what is under way, itself  ------>      hears of its end
 *
 * The socket is $COUNTERMARK_SUCCESSOR, a number. Whatever fails before `serving` ends
 * the successor, and the predecessor goes on.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "app/common.h"
#include "net/address.h"

#define SUCCESSOR_VARIABLE "COUNTERMARK_SUCCESSOR"

enum {
    SUCCESSOR_SOCKETS_MAX = 8192,
};

/** The first message. Its descriptors: memory, lock, then the admin sockets. */
struct successor_offer {
    char magic[16]; /**< SUCCESSOR_MAGIC */
    uint64_t layout;
    uint64_t region;
    uint64_t size;
    uint32_t worker_count;
    uint32_t socket_count; /**< In messages of their own, after this one. */
    int32_t has_local;
    int32_t has_address;
    int64_t pid; /**< Of the predecessor. */
};

#define SUCCESSOR_MAGIC "countermark 1"

/** What one says to the other, each a message of one byte. */
enum successor_word {
    SUCCESSOR_SOCKETS = 's', /**< With descriptors. */
    SUCCESSOR_READY = 'r',
    SUCCESSOR_GO = 'g',
    SUCCESSOR_SERVING = 'S',
    SUCCESSOR_ALONE = 'a', /**< From here on the predecessor accepts nothing. */
};

struct successor {
    int fd;         /**< To the predecessor; -1: there is none, or it has ended. */
    bool joined;    /**< There was one. */
    bool confirmed; /**< It accepts nothing more. */
    pid_t predecessor;
    unsigned worker_count; /**< Workers that it had; at least as many are needed. */
    int lock_fd;
    int local_fd;
    int address_fd;
    size_t count;
    int *sockets; /**< -1: taken. */
};

/**
 * Reads the environment, and the offer if there is one; `common_out` is then joined.
 * False: said in the log; this process must end. Once, before any thread.
 */
MUST_USE bool successor_begin(struct successor *self, struct common *common_out);

/** All sockets that listen at `address`, at most `max`; the caller's from now on. */
size_t successor_take(struct successor *self, const struct address *address, int *fds_out,
                      size_t max);

/** The same for a Unix socket. */
size_t successor_take_path(struct successor *self, const char *path, int *fds_out,
                           size_t max);

/** The lock of the state directory; the caller's from now on. */
int successor_take_lock(struct successor *self);

/** The admin sockets, if they are these; -1: no. */
int successor_take_local(struct successor *self, const char *path);
int successor_take_address(struct successor *self, const struct address *address);

/** Everything is open: what was not taken is closed, and the house is waited for. False:
 * the predecessor does not want it any more. */
MUST_USE bool successor_await(struct successor *self);

/** Tells that both serve now. */
void successor_serve(struct successor *self);

/** True once: the predecessor has ended. Now and then; hears also what it says. */
bool successor_left_alone(struct successor *self);

/** Zeroed is not fine: after successor_begin(). */
void successor_end(struct successor *self);
