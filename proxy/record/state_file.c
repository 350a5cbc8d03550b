#include "record/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/parse.h"

/*
 * Two slots of 8 KiB, each text so that an operator can read it:
 *   countermark-state 1 SEQUENCE CHECKSUM COUNT\n NAME STATE\n ... and blanks to the end.
 * All numbers have 16 hex digits. The checksum covers sequence, count and the lines.
 */
enum {
    SLOT_SIZE = 8192,
    SLOT_COUNT = 2,
};

#define HEADER        "countermark-state 1 "
#define HEADER_FORMAT HEADER "%016llx %016llx %016llx\n"

struct state_file {
    int fd;
    uint64_t sequence; /* Of the newest slot that can be read. */
    char path[1200];
};

static uint64_t checksum(uint64_t sequence, uint64_t count, struct span lines)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ sequence ^ (count << 32);
    for (size_t i = 0; i < lines.len; i++) {
        hash = (hash ^ lines.ptr[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static bool take_number(struct span *rest_p, uint64_t *value_out)
{
    struct span word = span_first(*rest_p, 16);
    uint8_t bytes[8];
    if (parse_hex(word, bytes, 8) != ERR_NONE || rest_p->len < 17 ||
        (rest_p->ptr[16] != ' ' && rest_p->ptr[16] != '\n')) {
        return false;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    *value_out = value;
    *rest_p = span_from(*rest_p, 17);
    return true;
}

static bool take_record(struct span line, struct state_file_record *record_out)
{
    struct span name;
    if (!span_next(&line, ' ', &name) || name.len == 0 ||
        name.len >= sizeof(record_out->name)) {
        return false;
    }
    span_copy(name, record_out->name, sizeof(record_out->name));
    record_out->state = span_equal(line, SPAN("trial")) ? FEATURE_TRIAL : FEATURE_DOWN;
    return true;
}

/* False: never written, or a write that was cut short. */
static bool parse_slot(struct span slot, uint64_t *sequence_out,
                       struct state_file_image *image_out)
{
    uint64_t sum = 0;
    uint64_t count = 0;

    *image_out = (struct state_file_image){0};
    if (!span_starts(slot, SPAN(HEADER))) {
        return false;
    }
    slot = span_from(slot, sizeof(HEADER) - 1);
    if (!take_number(&slot, sequence_out) || !take_number(&slot, &sum) ||
        !take_number(&slot, &count) || count > FEATURE_COUNT_MAX ||
        sum != checksum(*sequence_out, count, slot)) {
        return false;
    }
    for (; image_out->count < count; image_out->count++) {
        struct span line;
        if (!span_next(&slot, '\n', &line) ||
            !take_record(line, &image_out->records[image_out->count])) {
            return false;
        }
    }
    return true;
}

static bool write_slot(const struct state_file *self, const char *slot, uint64_t index)
{
    size_t done = 0;
    while (done < SLOT_SIZE) {
        ssize_t count = pwrite(self->fd, slot + done, SLOT_SIZE - done,
                               (off_t)(index * SLOT_SIZE + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return false;
        }
        done += (size_t)count;
    }
    return true;
}

/* The newest slot that can be read. */
static bool read_newest(struct state_file *self, struct state_file_image *image_out)
{
    uint8_t bytes[SLOT_SIZE];
    struct state_file_image image;
    uint64_t sequence = 0;
    bool found = false;

    for (uint64_t i = 0; i < SLOT_COUNT; i++) {
        ssize_t count = pread(self->fd, bytes, SLOT_SIZE, (off_t)(i * SLOT_SIZE));
        struct span slot = {.ptr = bytes, .len = SLOT_SIZE};
        if (count == SLOT_SIZE && parse_slot(slot, &sequence, &image) &&
            (!found || sequence > self->sequence)) {
            self->sequence = sequence;
            *image_out = image;
            found = true;
        }
    }
    return found;
}

static void lock_file(struct state_file *self, int how)
{
    while (flock(self->fd, how) != 0 && errno == EINTR) {
    }
}

void state_file_lock(struct state_file *self)
{
    lock_file(self, LOCK_EX);
}

void state_file_unlock(struct state_file *self)
{
    lock_file(self, LOCK_UN);
}

enum err state_file_write(struct state_file *self, const struct state_file_image *image)
{
    char slot[SLOT_SIZE];
    const size_t start = sizeof(HEADER) - 1 + (size_t)3 * 17;
    size_t len = start;
    struct state_file_image newest;

    (void)read_newest(self, &newest); /* Which may be another process's. */
    uint64_t sequence = self->sequence + 1;
    memset(slot, ' ', sizeof(slot));
    for (unsigned i = 0; i < image->count; i++) {
        int more =
            snprintf(slot + len, sizeof(slot) - len, "%s %s\n", image->records[i].name,
                     image->records[i].state == FEATURE_TRIAL ? "trial" : "down");
        CHECK(more > 0 && (size_t)more < sizeof(slot) - len);
        len += (size_t)more;
    }
    slot[len] = ' ';
    slot[SLOT_SIZE - 1] = '\n';
    struct span lines = {.ptr = (const uint8_t *)slot + start, .len = SLOT_SIZE - start};
    char header[128];
    int header_len =
        snprintf(header, sizeof(header), HEADER_FORMAT, (unsigned long long)sequence,
                 (unsigned long long)checksum(sequence, image->count, lines),
                 (unsigned long long)image->count);
    CHECK(header_len > 0 && (size_t)header_len == start);
    memcpy(slot, header, start);
    if (!write_slot(self, slot, sequence % SLOT_COUNT) || fdatasync(self->fd) != 0) {
        return ERR_STORAGE;
    }
    self->sequence = sequence;
    return ERR_NONE;
}

/* Made whole under another name first: a crash leaves no half file behind. */
static enum err make(struct state_file *self, struct fault *fault_out)
{
    const struct state_file_image empty = {0};
    char name[sizeof(self->path) + 8];
    char reason[128];

    int len = snprintf(name, sizeof(name), "%s.new", self->path);
    CHECK(len > 0 && (size_t)len < sizeof(name));
    self->fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                    S_IRUSR | S_IWUSR);
    if (self->fd < 0 ||
        posix_fallocate(self->fd, 0, (off_t)SLOT_SIZE * SLOT_COUNT) != 0 ||
        state_file_write(self, &empty) != ERR_NONE ||
        state_file_write(self, &empty) != ERR_NONE || fsync(self->fd) != 0 ||
        rename(name, self->path) != 0) {
        fault_set(fault_out, "%s: cannot be written: %s", self->path,
                  fault_errno_text(errno, reason, sizeof(reason)));
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

static enum err open_and_read(struct state_file *self, struct state_file_image *image_out,
                              struct fault *fault_out)
{
    char reason[128];

    self->fd = open(self->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (self->fd < 0) {
        fault_set(fault_out, "%s: %s", self->path,
                  fault_errno_text(errno, reason, sizeof(reason)));
        return ERR_STORAGE;
    }
    if (!read_newest(self, image_out)) {
        fault_set(
            fault_out,
            "%s: damaged, so it is unknown which features are down; restore it from "
            "a backup, or remove it if the ledger beside it is intact, and then "
            "look at the features' states before opening the site",
            self->path);
        return ERR_STORAGE;
    }
    return ERR_NONE;
}

enum err state_file_open(const char *path, bool create, struct state_file **self_out,
                         struct state_file_image *image_out, struct fault *fault_out)
{
    *image_out = (struct state_file_image){0};
    *self_out = NULL;
    struct state_file *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        fault_set(fault_out, "out of memory");
        return ERR_MEMORY;
    }
    self->fd = -1;
    int len = snprintf(self->path, sizeof(self->path), "%s", path);
    CHECK(len > 0 && (size_t)len < sizeof(self->path));
    enum err err =
        create ? make(self, fault_out) : open_and_read(self, image_out, fault_out);
    if (err != ERR_NONE) {
        state_file_close(&self);
    }
    *self_out = self;
    return err;
}

void state_file_close(struct state_file **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    if ((*self_p)->fd >= 0) {
        (void)close((*self_p)->fd);
    }
    free(*self_p);
    *self_p = NULL;
}

bool state_file_present(const struct state_file *self)
{
    struct stat open_file;
    struct stat named;

    return fstat(self->fd, &open_file) == 0 && stat(self->path, &named) == 0 &&
           open_file.st_ino == named.st_ino && open_file.st_dev == named.st_dev;
}
