#include "sources/source.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/queue.h"
#include "base/thread.h"
#include "net/loop.h"
#include "sources/backend.h"

enum {
    THREADS_MAX = 4,
    QUEUE_MAX = 1024,     /* Questions that wait for one thread. */
    IDLE_WAIT_MS = 60000, /* How long a thread waits before it looks up again. */
    SAY_AGAIN_US = 10000000,
};

static const struct grant_backend *const BACKENDS[] = {
    [GRANT_SOURCE_SQLITE] = &GRANT_BACKEND_SQLITE,
    [GRANT_SOURCE_CSV] = &GRANT_BACKEND_CSV,
    [GRANT_SOURCE_HTTP] = &GRANT_BACKEND_HTTP,
    [GRANT_SOURCE_REDIS] = &GRANT_BACKEND_REDIS,
};

enum {
    KIND_COUNT = sizeof(BACKENDS) / sizeof(BACKENDS[0]),
};

/* One thread with what it alone touches. */
struct crew {
    struct grant_source *source;
    struct queue *queue;
    pthread_t thread;
    bool started;
    void *backend;
    bool failing;
    uint64_t said_us;
};

struct grant_source {
    struct grant_settings settings; /* Copies. */
    const struct grant_backend *kind;
    struct grants *memory;
    _Atomic(unsigned) holders;
    _Atomic(unsigned) turn;
    _Atomic(bool) stopping;
    pthread_mutex_t lock; /* Of `started` and `stopped`. */
    bool stopped;
    struct crew crews[THREADS_MAX];
};

static char **texts_of(struct grant_settings *settings, size_t index)
{
    char **const texts[] = {&settings->name, &settings->sqlite, &settings->csv,
                            &settings->http, &settings->redis,  &settings->query,
                            &settings->key};

    return index < sizeof(texts) / sizeof(texts[0]) ? texts[index] : NULL;
}

enum grant_source_kind grant_settings_kind(const struct grant_settings *self)
{
    if (self->sqlite != NULL) {
        return GRANT_SOURCE_SQLITE;
    }
    if (self->csv != NULL) {
        return GRANT_SOURCE_CSV;
    }
    if (self->http != NULL) {
        return GRANT_SOURCE_HTTP;
    }
    return self->redis != NULL ? GRANT_SOURCE_REDIS : GRANT_SOURCE_NONE;
}

static const struct grant_backend *backend_of(const struct grant_settings *settings)
{
    enum grant_source_kind kind = grant_settings_kind(settings);

    CHECK(kind != GRANT_SOURCE_NONE && (size_t)kind < KIND_COUNT);
    return BACKENDS[kind];
}

enum grant_check grant_settings_check(const struct grant_settings *self,
                                      char error[GRANT_ERROR_SIZE])
{
    error[0] = '\0';
    return backend_of(self)->check(self, error);
}

static bool copy_texts(struct grant_settings *settings, const struct grant_settings *from)
{
    *settings = *from;
    bool good = true;
    for (size_t i = 0; texts_of(settings, i) != NULL; i++) {
        char **text = texts_of(settings, i);
        if (*text != NULL) {
            *text = strdup(*text);
            good = good && *text != NULL;
        }
    }
    return good;
}

static bool make_crews(struct grant_source *self)
{
    CHECK(self->kind->thread_count > 0 && self->kind->thread_count <= THREADS_MAX);
    struct grant_backend_settings settings = {.settings = &self->settings,
                                              .stopping = &self->stopping};
    for (unsigned i = 0; i < self->kind->thread_count; i++) {
        struct crew *crew = &self->crews[i];
        crew->source = self;
        crew->queue = queue_new(sizeof(struct grant_question *), QUEUE_MAX);
        crew->backend = self->kind->make(&settings);
        if (crew->queue == NULL || crew->backend == NULL) {
            return false;
        }
    }
    return true;
}

struct grant_source *grant_source_new(const struct grant_settings *settings)
{
    struct grant_source *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    int result = pthread_mutex_init(&self->lock, NULL);
    CHECK(result == 0);
    bool whole = copy_texts(&self->settings, settings);
    self->kind = backend_of(settings);
    self->memory = grants_new(settings->cache_ms, settings->lag_ms);
    if (!whole || self->memory == NULL || !make_crews(self)) {
        grant_source_free(&self);
    }
    return self;
}

void grant_source_stop(struct grant_source *self)
{
    atomic_store(&self->stopping, true);
    pthread_mutex_lock(&self->lock);
    self->stopped = true;
    pthread_mutex_unlock(&self->lock);
    for (unsigned i = 0; i < self->kind->thread_count; i++) {
        struct crew *crew = &self->crews[i];
        if (crew->queue != NULL) {
            queue_end(crew->queue);
        }
        if (crew->started) {
            (void)pthread_join(crew->thread, NULL);
            crew->started = false;
        }
    }
}

void grant_source_free(struct grant_source **self_p)
{
    struct grant_source *self = *self_p;
    if (self == NULL) {
        return;
    }
    grant_source_stop(self);
    for (unsigned i = 0; i < self->kind->thread_count; i++) {
        if (self->crews[i].backend != NULL) {
            self->kind->end(self->crews[i].backend);
        }
        queue_free(&self->crews[i].queue);
    }
    for (size_t i = 0; texts_of(&self->settings, i) != NULL; i++) {
        free(*texts_of(&self->settings, i));
    }
    grants_free(&self->memory);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
    *self_p = NULL;
}

/* Says once that it fails, and now and then again while it does. */
static void note_result(struct crew *crew, bool answered, const char *error)
{
    const char *name = crew->source->settings.name;
    uint64_t now_us = loop_clock_us();

    if (answered && crew->failing) {
        log_write(LOG_LEVEL_NOTICE, "grants `%s` answers again", name);
    }
    if (!answered && (!crew->failing || now_us - crew->said_us > SAY_AGAIN_US)) {
        log_write(LOG_LEVEL_ERROR, "grants `%s`: %s; what needs it is refused", name,
                  error);
        crew->said_us = now_us;
    }
    crew->failing = !answered;
}

static void answer(struct crew *crew, struct grant_question *question)
{
    const struct grant_source *source = crew->source;
    char error[GRANT_ERROR_SIZE] = "it does not answer in time";

    question->answered = false;
    if (!grant_question_late(question) && !atomic_load(&source->stopping)) {
        question->answered = source->kind->answer(crew->backend, question, error);
        note_result(crew, question->answered, error);
    }
    mailbox_post(question->reply_to, &question->mail);
}

static void *run(void *context)
{
    struct crew *crew = context;
    struct grant_question *question = NULL;

    while (!queue_ended(crew->queue)) {
        if (queue_pop(crew->queue, &question, 1, IDLE_WAIT_MS) == 1) {
            answer(crew, question);
        }
    }
    return NULL;
}

/* Its thread runs, from the first question on. */
static bool starts(struct crew *crew)
{
    struct grant_source *source = crew->source;

    pthread_mutex_lock(&source->lock);
    if (!crew->started && !source->stopped) {
        crew->started = thread_start(&crew->thread, "grants", run, crew);
    }
    bool started = crew->started && !source->stopped;
    pthread_mutex_unlock(&source->lock);
    return started;
}

bool grant_source_ask(struct grant_source *self, struct grant_question *question)
{
    unsigned turn = atomic_fetch_add_explicit(&self->turn, 1, memory_order_relaxed);
    struct crew *crew = &self->crews[turn % self->kind->thread_count];

    CHECK(question->reply_to != NULL && question->mail.deliver != NULL);
    return starts(crew) && queue_push(crew->queue, &question);
}

struct grants *grant_source_memory(struct grant_source *self)
{
    return self->memory;
}

bool grant_source_fits(const struct grant_source *self,
                       const struct grant_settings *settings)
{
    struct grant_settings mine = self->settings;
    struct grant_settings theirs = *settings;

    for (size_t i = 0; texts_of(&mine, i) != NULL; i++) {
        const char *a = *texts_of(&mine, i);
        const char *b = *texts_of(&theirs, i);
        if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0)) {
            return false;
        }
    }
    return mine.cache_ms == theirs.cache_ms && mine.lag_ms == theirs.lag_ms;
}

void grant_source_hold(struct grant_source *self)
{
    (void)atomic_fetch_add(&self->holders, 1);
}

void grant_source_drop(struct grant_source *self)
{
    unsigned before = atomic_fetch_sub(&self->holders, 1);
    CHECK(before > 0);
}

bool grant_source_held(const struct grant_source *self)
{
    return atomic_load(&self->holders) > 0;
}
