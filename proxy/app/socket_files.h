/**
 * The files of the Unix sockets that this process listens on, to be removed at its end.
 *
 * Layer: app. Owned by the graph. A file is known by its inode: one that somebody else
 * has put in its place meanwhile is not ours and stays.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "net/local.h"

enum {
    SOCKET_FILES_MAX = 64,
};

struct socket_file {
    char path[LOCAL_PATH_SIZE_MAX];
    uint64_t device;
    uint64_t inode;
};

struct socket_files {
    struct socket_file items[SOCKET_FILES_MAX];
    size_t count;
};

/** Remembers the file at `path`, which has just been made. */
void socket_files_note(struct socket_files *self, const char *path);

/** Remembers what `from` does, too. */
void socket_files_adopt(struct socket_files *self, const struct socket_files *from);

/** Removes those that are still ours, and forgets all. */
void socket_files_remove(struct socket_files *self);
