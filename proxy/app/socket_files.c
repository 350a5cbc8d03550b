#include "app/socket_files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void socket_files_note(struct socket_files *self, const char *path)
{
    struct stat facts;
    size_t len = strlen(path);

    CHECK(self->count < SOCKET_FILES_MAX && len < LOCAL_PATH_SIZE_MAX);
    if (lstat(path, &facts) != 0) {
        return;
    }
    struct socket_file *file = &self->items[self->count++];
    memcpy(file->path, path, len + 1);
    file->device = facts.st_dev;
    file->inode = facts.st_ino;
}

void socket_files_adopt(struct socket_files *self, const struct socket_files *from)
{
    for (size_t i = 0; i < from->count && self->count < SOCKET_FILES_MAX; i++) {
        self->items[self->count++] = from->items[i];
    }
}

static bool is_ours(const struct socket_file *file)
{
    struct stat facts;

    return lstat(file->path, &facts) == 0 && S_ISSOCK(facts.st_mode) &&
           facts.st_dev == file->device && facts.st_ino == file->inode;
}

void socket_files_remove(struct socket_files *self)
{
    for (size_t i = 0; i < self->count; i++) {
        if (is_ours(&self->items[i])) {
            (void)unlink(self->items[i].path);
        }
    }
    self->count = 0;
}
