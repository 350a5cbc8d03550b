#include "record/state_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"

struct state_dir {
    int lock_fd;
    bool used; /* A ledger was there before. */
    uint8_t key[FINGERPRINT_KEY_SIZE];
    uint8_t pseudonym_key[SECRET_DIGEST_SIZE];
    char path[STATE_DIR_PATH_MAX];
};

_Static_assert((int)SECRET_DIGEST_SIZE == (int)FINGERPRINT_KEY_SIZE, "one size of keys");

static enum err errno_fault(const char *path, struct fault *fault_out)
{
    char reason[128];
    fault_set(fault_out, "%s: %s", path, fault_errno_text(errno, reason, sizeof(reason)));
    return ERR_STORAGE;
}

static bool is_of_every_volume(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           strcmp(name, "lost+found") == 0;
}

/*
 * Closes to others what `mkdir` or a container made for us and nobody has used: what was
 * in it could have been read. Anything else may be a directory named by mistake (`/etc`,
 * a home), and one where everybody may write, with the sticky bit, is meant to be open.
 */
static bool close_when_empty(const char *path, const struct stat *found)
{
    DIR *directory = (found->st_mode & S_ISVTX) == 0 ? opendir(path) : NULL;
    bool empty = directory != NULL;

    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own.
    for (struct dirent *entry = NULL; empty && (entry = readdir(directory)) != NULL;) {
        empty = is_of_every_volume(entry->d_name);
    }
    bool closed = empty && fchmod(dirfd(directory), S_IRWXU) == 0;
    if (directory != NULL) {
        (void)closedir(directory);
    }
    if (closed) {
        log_write(LOG_LEVEL_NOTICE,
                  "%s: was empty and open to other users (mode %03o); it will hold "
                  "personal data and has mode 700 now",
                  path, (unsigned)found->st_mode & 0777U);
    }
    return closed;
}

static enum err check_directory(const char *path, struct fault *fault_out)
{
    struct stat found;

    if (stat(path, &found) != 0) {
        return errno_fault(path, fault_out);
    }
    if (!S_ISDIR(found.st_mode)) {
        fault_set(fault_out, "%s: not a directory", path);
        return ERR_STORAGE;
    }
    if (found.st_uid != geteuid()) {
        fault_set(fault_out, "%s: belongs to user %u and not to the one running this",
                  path, (unsigned)found.st_uid);
        return ERR_STORAGE;
    }
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0 && !close_when_empty(path, &found)) {
        fault_set(
            fault_out,
            "%s: open to other users (mode %03o); it holds personal data: chmod 700",
            path, (unsigned)found.st_mode & 0777U);
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

/* One that was handed over must be this directory's. */
static enum err check_lock(struct state_dir *self, const char *path,
                           struct fault *fault_out)
{
    struct stat named;
    struct stat held;

    if (stat(path, &named) != 0 || fstat(self->lock_fd, &held) != 0 ||
        named.st_ino != held.st_ino || named.st_dev != held.st_dev) {
        fault_set(fault_out,
                  "%s: not the directory of the process that is to be succeeded; `state` "
                  "changes only with a restart",
                  self->path);
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

static enum err take_lock(struct state_dir *self, struct fault *fault_out)
{
    char path[STATE_DIR_PATH_MAX + 64];

    state_dir_file(self, "lock", path);
    if (self->lock_fd >= 0) {
        return check_lock(self, path, fault_out);
    }
    self->lock_fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (self->lock_fd < 0) {
        return errno_fault(path, fault_out);
    }
    if (flock(self->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        fault_set(fault_out, "%s: in use by another process; give each its own `state`",
                  self->path);
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

/* Written whole under another name, so that a crash leaves no short key behind. */
static enum err make_key(const char *path, struct fault *fault_out)
{
    char name[STATE_DIR_PATH_MAX + 80];
    uint8_t key[FINGERPRINT_KEY_SIZE];

    int len = snprintf(name, sizeof(name), "%s.new", path);
    CHECK(len > 0 && (size_t)len < sizeof(name));
    if (secret_random(key, sizeof(key)) != ERR_NONE) {
        fault_set(fault_out, "%s: no random bytes", path);
        return ERR_SYSTEM;
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                  S_IRUSR | S_IWUSR);
    bool done = fd >= 0 && write(fd, key, sizeof(key)) == (ssize_t)sizeof(key) &&
                fsync(fd) == 0 && rename(name, path) == 0;
    enum err err = done ? ERR_NONE : errno_fault(path, fault_out);
    if (fd >= 0) {
        (void)close(fd);
    }
    secret_wipe(key, sizeof(key));
    return err;
}

static enum err check_key_file(const char *path, int fd, struct fault *fault_out)
{
    struct stat found;

    if (fstat(fd, &found) != 0) {
        return errno_fault(path, fault_out);
    }
    if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fault_set(fault_out, "%s: open to other users (mode %03o): chmod 600", path,
                  (unsigned)found.st_mode & 0777U);
        return ERR_STORAGE;
    }
    if (found.st_size != FINGERPRINT_KEY_SIZE) {
        fault_set(
            fault_out,
            "%s: has %lld bytes, not %d; restore it from a backup: with another key "
            "every session is unknown and pseudonyms change",
            path, (long long)found.st_size, FINGERPRINT_KEY_SIZE);
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

static enum err read_key(struct state_dir *self, struct fault *fault_out)
{
    char path[STATE_DIR_PATH_MAX + 64];
    char ledger[STATE_DIR_PATH_MAX + 64];

    state_dir_file(self, "fingerprint.key", path);
    state_dir_file(self, "ledger.db", ledger);
    self->used = access(ledger, F_OK) == 0;
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        if (self->used) {
            fault_set(fault_out, "%s: missing beside a ledger; restore it from a backup",
                      path);
            return ERR_STORAGE;
        }
        enum err err = make_key(path, fault_out);
        if (err != ERR_NONE) {
            return err;
        }
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno_fault(path, fault_out);
    }
    enum err err = check_key_file(path, fd, fault_out);
    if (err == ERR_NONE &&
        read(fd, self->key, sizeof(self->key)) != (ssize_t)sizeof(self->key)) {
        err = errno_fault(path, fault_out);
    }
    (void)close(fd);
    return err;
}

/* Best effort where the kernel refuses: the key must still be usable. */
static void forbid_core_dumps(void)
{
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

static enum err enter(struct state_dir *self, struct fault *fault_out)
{
    if (mkdir(self->path, S_IRWXU) != 0 && errno != EEXIST) {
        return errno_fault(self->path, fault_out);
    }
    enum err err = check_directory(self->path, fault_out);
    if (err == ERR_NONE) {
        err = take_lock(self, fault_out);
    }
    if (err == ERR_NONE) {
        forbid_core_dumps();
        err = read_key(self, fault_out);
    }
    if (err == ERR_NONE) {
        struct span key = {.ptr = self->key, .len = sizeof(self->key)};
        secret_mac_once(key, SPAN("pseudonym"), self->pseudonym_key);
    }
    return err;
}

static enum err open_with(const char *path, int lock_fd, struct state_dir **self_out,
                          struct fault *fault_out)
{
    *self_out = NULL;
    struct state_dir *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    self->lock_fd = lock_fd;
    if (path[0] == '\0' ||
        span_copy(span_of(path), self->path, sizeof(self->path)) != span_of(path).len) {
        fault_set(fault_out, "state: the path is empty or longer than %d bytes",
                  STATE_DIR_PATH_MAX - 1);
        free(self);
        return ERR_LIMIT;
    }
    enum err err = enter(self, fault_out);
    if (err != ERR_NONE) {
        state_dir_close(&self);
    }
    *self_out = self;
    return err;
}

enum err state_dir_open(const char *path, struct state_dir **self_out,
                        struct fault *fault_out)
{
    return open_with(path, -1, self_out, fault_out);
}

enum err state_dir_join(const char *path, int lock_fd, struct state_dir **self_out,
                        struct fault *fault_out)
{
    CHECK(lock_fd >= 0);
    return open_with(path, lock_fd, self_out, fault_out);
}

bool state_dir_used(const struct state_dir *self)
{
    return self->used;
}

int state_dir_lock(const struct state_dir *self)
{
    return self->lock_fd;
}

enum err state_dir_peek(const char *path, uint8_t *key_out)
{
    char name[STATE_DIR_PATH_MAX + 64];
    uint8_t key[FINGERPRINT_KEY_SIZE];
    struct span whole = {.ptr = key, .len = sizeof(key)};
    uint8_t derived[SECRET_DIGEST_SIZE];

    int len = snprintf(name, sizeof(name), "%s/fingerprint.key", path);
    if (len < 0 || (size_t)len >= sizeof(name)) {
        return ERR_STORAGE;
    }
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool whole_read = fd >= 0 && read(fd, key, sizeof(key)) == (ssize_t)sizeof(key);
    if (fd >= 0) {
        (void)close(fd);
    }
    if (whole_read) {
        secret_mac_once(whole, SPAN("pseudonym"), derived);
        memcpy(key_out, derived, FINGERPRINT_KEY_SIZE);
    }
    secret_wipe(key, sizeof(key));
    secret_wipe(derived, sizeof(derived));
    return whole_read ? ERR_NONE : ERR_STORAGE;
}

void state_dir_close(struct state_dir **self_p)
{
    struct state_dir *self = *self_p;
    if (self == NULL) {
        return;
    }
    if (self->lock_fd >= 0) {
        (void)close(self->lock_fd);
    }
    secret_wipe(self, sizeof(*self));
    free(self);
    *self_p = NULL;
}

const uint8_t *state_dir_key(const struct state_dir *self)
{
    return self->key;
}

const uint8_t *state_dir_pseudonym_key(const struct state_dir *self)
{
    return self->pseudonym_key;
}

const char *state_dir_path(const struct state_dir *self)
{
    return self->path;
}

void state_dir_file(const struct state_dir *self, const char *name, char *path_out)
{
    int len = snprintf(path_out, STATE_DIR_PATH_MAX + 64, "%s/%s", self->path, name);
    CHECK(len > 0 && len < STATE_DIR_PATH_MAX + 64);
}
