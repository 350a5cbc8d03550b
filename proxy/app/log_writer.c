#include "app/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/list.h"
#include "base/log.h"
#include "base/thread.h"

struct buffer {
    struct list_link link;
    size_t len;
    uint8_t bytes[ACCESS_LOG_BUFFER];
};

struct log_writer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct list waiting; /* Guarded by `lock`, as all below. */
    struct list spare;
    unsigned count; /* Buffers made. */
    bool ending;
    bool reopen;
    char *path; /* NULL: standard output. */
    int fd;     /* The thread's own. */
    bool failing;
};

static int open_log(const char *path)
{
    return open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

/* Writes all of it; says once when that does not work, and once when it does again. */
static void write_all(struct log_writer *self, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(self->fd, bytes, len);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            if (!self->failing) {
                log_write(LOG_LEVEL_ERROR, "access log: cannot write: lines are lost");
            }
            self->failing = true;
            return;
        }
        bytes += written;
        len -= (size_t)written;
    }
    if (self->failing) {
        log_write(LOG_LEVEL_NOTICE, "access log: writing again");
        self->failing = false;
    }
}

static void reopen(struct log_writer *self)
{
    int fd = open_log(self->path);
    if (fd < 0) {
        log_write(LOG_LEVEL_ERROR,
                  "access log: cannot open %s again: the old file is kept", self->path);
        return;
    }
    (void)close(self->fd);
    self->fd = fd;
}

static void *run(void *arg)
{
    struct log_writer *self = arg;

    (void)pthread_mutex_lock(&self->lock);
    for (;;) {
        struct list_link *link = list_first(&self->waiting);
        if (link == NULL && self->ending) {
            break;
        }
        if (self->reopen && self->path != NULL) {
            self->reopen = false;
            (void)pthread_mutex_unlock(&self->lock);
            reopen(self);
            (void)pthread_mutex_lock(&self->lock);
            continue;
        }
        if (link == NULL) {
            (void)pthread_cond_wait(&self->more, &self->lock);
            continue;
        }
        struct buffer *buffer = LIST_ENTRY(link, struct buffer, link);
        list_remove(link);
        (void)pthread_mutex_unlock(&self->lock);
        write_all(self, buffer->bytes, buffer->len);
        (void)pthread_mutex_lock(&self->lock);
        list_push_back(&self->spare, &buffer->link);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return NULL;
}

struct log_writer *log_writer_new(const struct access_log_settings *settings)
{
    CHECK(settings->kind != ACCESS_LOG_OFF);

    struct log_writer *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    list_init(&self->waiting);
    list_init(&self->spare);
    self->fd = STDOUT_FILENO;
    if (settings->kind == ACCESS_LOG_FILE) {
        self->path = strdup(settings->path);
        self->fd = self->path != NULL ? open_log(self->path) : -1;
    }
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_cond_init(&self->more, NULL);
    int error = self->fd < 0 ? errno : EAGAIN;
    if (self->fd < 0 || !thread_start(&self->thread, "access-log", run, self)) {
        free(self->path);
        free(self);
        errno = error;
        return NULL;
    }
    return self;
}

static void free_buffers(struct list *list)
{
    struct list_link *next = NULL;

    for (struct list_link *link = list->head.next; link != &list->head; link = next) {
        next = link->next;
        free(LIST_ENTRY(link, struct buffer, link));
    }
    list_init(list);
}

void log_writer_free(struct log_writer **self_p)
{
    struct log_writer *self = *self_p;
    if (self == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&self->lock);
    self->ending = true;
    (void)pthread_cond_signal(&self->more);
    (void)pthread_mutex_unlock(&self->lock);
    (void)pthread_join(self->thread, NULL);
    if (self->path != NULL) {
        (void)close(self->fd);
    }
    free_buffers(&self->spare);
    (void)pthread_mutex_destroy(&self->lock);
    (void)pthread_cond_destroy(&self->more);
    free(self->path);
    free(self);
    *self_p = NULL;
}

static struct buffer *take_spare(struct log_writer *self)
{
    struct list_link *link = list_first(&self->spare);
    if (link != NULL) {
        list_remove(link);
        return LIST_ENTRY(link, struct buffer, link);
    }
    if (self->count == LOG_WRITER_PENDING) {
        return NULL;
    }
    struct buffer *buffer = malloc(sizeof(*buffer));
    if (buffer != NULL) {
        buffer->link = (struct list_link){0};
        self->count++;
    }
    return buffer;
}

static bool take(void *context, struct span text)
{
    struct log_writer *self = context;

    CHECK(text.len <= ACCESS_LOG_BUFFER);
    (void)pthread_mutex_lock(&self->lock);
    struct buffer *buffer = take_spare(self);
    if (buffer != NULL) {
        memcpy(buffer->bytes, text.ptr, text.len);
        buffer->len = text.len;
        list_push_back(&self->waiting, &buffer->link);
        (void)pthread_cond_signal(&self->more);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return buffer != NULL;
}

struct access_log_sink log_writer_sink(struct log_writer *self)
{
    return (struct access_log_sink){.self = self, .take = take};
}

void log_writer_reopen(struct log_writer *self)
{
    (void)pthread_mutex_lock(&self->lock);
    self->reopen = true;
    (void)pthread_cond_signal(&self->more);
    (void)pthread_mutex_unlock(&self->lock);
}
