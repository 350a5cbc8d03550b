/**
 * Unix sockets: bound once at start; for operators accepted on one loop, with the peer's
 * user.
 *
 * Layer: net. Accepting them is apart from listener.h because what counts of an operator
 * is the user; the connection itself is a stream like any other.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"
#include "net/loop.h"

enum {
    LOCAL_NAME_SIZE_MAX = 64,  /**< Of a user's name, with its NUL. */
    LOCAL_PATH_SIZE_MAX = 108, /**< Of a socket's path, with its NUL (sockaddr_un). */
};

struct local;

/** Who is at the other end (SO_PEERCRED). */
struct local_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
    char user[LOCAL_NAME_SIZE_MAX]; /**< From the user database; `uid:1000` without. */
};

/** A client has connected. The callee owns `fd` and opens it with stream_open(). */
typedef void local_fn(void *owner, int fd, const struct local_peer *peer);

/**
 * Binds and listens on `path`. The file is never open to more than it is in the end.
 *
 * `group`: who may connect besides the owner (mode 0660), or (gid_t)-1 (mode 0600).
 * A socket file that nobody answers on is replaced. Errors, with errno set: ERR_ADDRESS
 * when somebody answers there, or the file is no socket; ERR_LIMIT: path too long;
 * ERR_SYSTEM. The caller owns `fd_out`.
 */
MUST_USE enum err local_bind(const char *path, gid_t group, int *fd_out);

/** Starts accepting on `fd`, which it owns from now on. NULL: memory or limit. */
struct local *local_new(struct loop *loop, int fd, local_fn *on_client, void *owner);

/** As local_bind() with a file of `mode` (permission bits, as of chmod). */
MUST_USE enum err local_bind_mode(const char *path, unsigned mode, int *fd_out);

/** Its socket, lent, to hand it on. */
int local_fd(const struct local *self);

/** Is `fd` a Unix socket that listens at `path`? */
bool local_is_at(int fd, const char *path);

/** Closes the socket and sets NULL; the file stays. NULL is fine. */
void local_free(struct local **self_p);
