#include "record/reporter.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "base/queue.h"
#include "base/thread.h"
#include "record/recorder_evidence.h"

enum {
    WAIT_MS = 60000,
    NOTED_MS = 150, /* Within this workers hand over what they have noted. */
    SYNC_STEP_MS = 10,
    SYNC_STEPS = 300, /* Then the report goes without. */
};

struct reporter {
    const struct state_dir *directory;
    struct recorder *recorder;
    struct queue *queue;
    pthread_t thread;
    bool started;
    _Atomic(bool) ended;
};

static void nap(long ms)
{
    const struct timespec wanted = {.tv_nsec = ms * 1000000};
    (void)nanosleep(&wanted, NULL);
}

/* What happened before somebody asked belongs into the report. */
static void catch_up(const struct reporter *self)
{
    nap(NOTED_MS);
    uint64_t number = recorder_sync(self->recorder);
    for (int i = 0;
         number != 0 && i < SYNC_STEPS && !recorder_synced(self->recorder, number) &&
         !atomic_load(&self->ended);
         i++) {
        nap(SYNC_STEP_MS);
    }
}

static void make(const struct reporter *self, struct reporter_ticket *ticket)
{
    struct dossier *dossier = NULL;

    catch_up(self);
    ticket->err = dossier_new(self->directory, &ticket->scope, &self->ended, &dossier);
    if (ticket->err == ERR_NONE) {
        dossier_print(dossier, ticket->format, ticket->lang, &ticket->page);
        ticket->err = ticket->page.failed ? ERR_LIMIT : ERR_NONE;
    }
    dossier_free(&dossier);
    mailbox_post(ticket->reply_to, &ticket->mail);
}

static void *run(void *context)
{
    enum { NICENESS = 10 };
    struct reporter *self = context;
    struct reporter_ticket *ticket = NULL;

    /* Of this thread alone, on Linux: workers and the recorder go first. */
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    while (!atomic_load(&self->ended)) {
        if (queue_pop(self->queue, &ticket, 1, WAIT_MS) == 1) {
            make(self, ticket);
        }
    }
    return NULL;
}

struct reporter *reporter_new(const struct state_dir *directory,
                              struct recorder *recorder)
{
    struct reporter *self = calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    self->directory = directory;
    self->recorder = recorder;
    self->queue = queue_new(sizeof(struct reporter_ticket *), REPORTER_QUEUE_MAX);
    self->started =
        self->queue != NULL && thread_start(&self->thread, "reporter", run, self);
    if (!self->started) {
        reporter_free(&self);
    }
    return self;
}

void reporter_free(struct reporter **self_p)
{
    struct reporter *self = *self_p;
    if (self == NULL) {
        return;
    }
    atomic_store(&self->ended, true);
    if (self->queue != NULL) {
        queue_end(self->queue);
    }
    if (self->started) {
        (void)pthread_join(self->thread, NULL);
    }
    queue_free(&self->queue);
    free(self);
    *self_p = NULL;
}

bool reporter_ask(struct reporter *self, struct reporter_ticket *ticket)
{
    return queue_push(self->queue, &ticket);
}
