#include "net/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <uv.h>

#include "base/check.h"

struct loop {
    uv_loop_t uv;
    uv_timer_t ticker;
    uv_idle_t idle; /* Active while tasks wait, so that no round sleeps. */
    struct list tasks;
    uv_prepare_t prepare; /* Runs before each round asks what is ready. */
    uint64_t turn;
    uint64_t round_us; /* Of this round; 0: not read yet. */
    unsigned events;   /* Of this round. */
    struct wheel wheel;
    struct loop_task wheel_task; /* Waits while deadlines may be due. */
    void *shared;
    uint64_t unix_base_ms; /* Unix time minus monotonic time. */
    uint64_t unix_read_ms; /* When it was read. */
    uint8_t read_buffer[LOOP_READ_SIZE];
};

enum {
    /* libuv asks for at most 1024 ready sockets, and again in the same round when there
     * were as many. */
    EVENTS_TOLD_MAX = 512,
    DUE_MIN = 16,          /* About half a millisecond of refused slow clients. */
    UNIX_REREAD_MS = 1000, /* How long a stepped wall clock may go unnoticed. */
};

/* Thousands of deadlines may end at once, and sockets wait meanwhile: a round has a few,
 * or as many as the last one had events, so that a busy loop does not fall behind. */
static void on_wheel_task(struct loop_task *task)
{
    struct loop *self = LIST_ENTRY(task, struct loop, wheel_task);
    unsigned due_max = self->events > DUE_MIN ? self->events : DUE_MIN;

    if (!wheel_turn(&self->wheel, uv_now(&self->uv), due_max)) {
        loop_defer(self, task);
    }
}

static void on_tick(uv_timer_t *timer)
{
    struct loop *self = timer->data;
    loop_defer(self, &self->wheel_task);
}

static void on_prepare(uv_prepare_t *prepare)
{
    struct loop *self = prepare->data;
    self->turn++;
    self->round_us = 0;
    self->events = 0;
}

struct loop *loop_new(void)
{
    struct loop *self = malloc(sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    if (uv_loop_init(&self->uv) != 0) {
        free(self);
        return NULL;
    }
    /* libuv writes to sockets whose peer is gone; that must be an error, not the end. */
    (void)signal(SIGPIPE, SIG_IGN);
    self->unix_read_ms = 0;
    wheel_init(&self->wheel, uv_now(&self->uv));
    self->wheel_task = (struct loop_task){.run = on_wheel_task};
    self->shared = NULL;
    list_init(&self->tasks);
    (void)uv_idle_init(&self->uv, &self->idle);
    self->idle.data = self;
    (void)uv_timer_init(&self->uv, &self->ticker);
    self->ticker.data = self;
    (void)uv_timer_start(&self->ticker, on_tick, WHEEL_TICK_MS, WHEEL_TICK_MS);
    uv_unref((uv_handle_t *)&self->ticker);
    self->turn = 0;
    self->round_us = 0;
    self->events = 0;
    (void)uv_prepare_init(&self->uv, &self->prepare);
    self->prepare.data = self;
    (void)uv_prepare_start(&self->prepare, on_prepare);
    uv_unref((uv_handle_t *)&self->prepare);
    return self;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

void loop_free(struct loop **self_p)
{
    struct loop *self = *self_p;
    if (self == NULL) {
        return;
    }
    uv_walk(&self->uv, close_handle, NULL);
    (void)uv_run(&self->uv, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&self->uv) == 0);
    free(self->shared);
    free(self);
    *self_p = NULL;
}

void loop_run(struct loop *self)
{
    uv_ref((uv_handle_t *)&self->ticker);
    (void)uv_run(&self->uv, UV_RUN_DEFAULT);
    uv_unref((uv_handle_t *)&self->ticker);
}

void loop_step(struct loop *self)
{
    uv_ref((uv_handle_t *)&self->ticker);
    (void)uv_run(&self->uv, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&self->ticker);
}

void loop_poll(struct loop *self)
{
    (void)uv_run(&self->uv, UV_RUN_NOWAIT);
}

void loop_stop(struct loop *self)
{
    uv_stop(&self->uv);
}

uint64_t loop_turn(const struct loop *self)
{
    return self->turn;
}

bool loop_in_turn(const struct loop *self, uint64_t turn)
{
    return self->turn == turn && self->events < EVENTS_TOLD_MAX;
}

void loop_note_event(struct loop *self)
{
    self->events++;
}

uint64_t loop_now_ms(const struct loop *self)
{
    return uv_now(&self->uv);
}

uint64_t loop_clock_us(void)
{
    return uv_hrtime() / 1000;
}

uint64_t loop_round_us(struct loop *self)
{
    if (self->round_us == 0) {
        self->round_us = loop_clock_us();
    }
    return self->round_us;
}

uint64_t loop_unix_ms(struct loop *self)
{
    uint64_t now = uv_now(&self->uv);

    if (self->unix_read_ms == 0 || now - self->unix_read_ms > UNIX_REREAD_MS) {
        struct timespec wall;
        (void)clock_gettime(CLOCK_REALTIME, &wall);
        self->unix_read_ms = now;
        self->unix_base_ms =
            (uint64_t)wall.tv_sec * 1000 + (uint64_t)wall.tv_nsec / 1000000 - now;
    }
    return self->unix_base_ms + now;
}

struct wheel *loop_wheel(struct loop *self)
{
    return &self->wheel;
}

void *loop_handle(struct loop *self)
{
    return &self->uv;
}

uint8_t *loop_read_buffer(struct loop *self)
{
    return self->read_buffer;
}

/* A task that defers itself again has its turn in the next round. */
static void on_idle(uv_idle_t *idle)
{
    struct loop *self = idle->data;
    struct list_link *link = NULL;
    struct list now;

    list_init(&now);
    while ((link = list_take_first(&self->tasks)) != NULL) {
        list_push_back(&now, link);
    }
    while ((link = list_take_first(&now)) != NULL) {
        struct loop_task *task = LIST_ENTRY(link, struct loop_task, link);
        task->run(task);
    }
    if (list_empty(&self->tasks)) {
        (void)uv_idle_stop(idle);
    }
}

void loop_defer(struct loop *self, struct loop_task *task)
{
    if (!list_linked(&task->link)) {
        list_push_back(&self->tasks, &task->link);
        (void)uv_idle_start(&self->idle, on_idle);
    }
}

void loop_forget(struct loop_task *task)
{
    list_remove(&task->link);
}

void **loop_shared(struct loop *self)
{
    return &self->shared;
}
