#include "app/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Words for the errors that operators meet. Static, unlike strerror(). */
static const char *reason_of(int number)
{
    switch (number) {
    case ENOENT:
        return "it does not exist";
    case EACCES:
    case EPERM:
        return "permission denied";
    case ENOTDIR:
        return "a part of its path is no directory";
    case ELOOP:
        return "too many symbolic links";
    case ENAMETOOLONG:
        return "its name is too long";
    default:
        return "reading it failed";
    }
}

static const char *read_whole(int fd, uint8_t *bytes, size_t size, size_t *len_out)
{
    size_t len = 0;

    while (len < size) {
        ssize_t count = read(fd, bytes + len, size - len);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return reason_of(errno);
        }
        if (count == 0) {
            break;
        }
        len += (size_t)count;
    }
    *len_out = len;
    return NULL;
}

static const char *read_open(struct arena *arena, int fd, size_t size_max,
                             struct span *content_out)
{
    struct stat facts;
    size_t len = 0;

    if (fstat(fd, &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return "it is not a file";
    }
    if (facts.st_size < 0 || (size_t)facts.st_size > size_max) {
        return "it is too large";
    }
    size_t size = (size_t)facts.st_size;
    uint8_t *bytes = arena_alloc(arena, size + 1);
    if (bytes == NULL) {
        return "out of memory";
    }
    const char *error = read_whole(fd, bytes, size, &len);
    bytes[len] = '\0';
    *content_out = (struct span){.ptr = bytes, .len = len};
    return error;
}

const char *file_read(struct arena *arena, const char *path, size_t size_max,
                      struct span *content_out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    *content_out = (struct span){0};
    if (fd < 0) {
        return reason_of(errno);
    }
    const char *error = read_open(arena, fd, size_max, content_out);
    (void)close(fd);
    return error;
}

unsigned file_others_may(const char *path)
{
    struct stat facts;

    if (stat(path, &facts) != 0) {
        return 0;
    }
    unsigned read = (facts.st_mode & S_IROTH) != 0 ? FILE_READ : 0;
    unsigned write = (facts.st_mode & S_IWOTH) != 0 ? FILE_WRITE : 0;
    return read | write;
}
