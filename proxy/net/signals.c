#include "net/signals.h"

#include <stdlib.h>

#include <uv.h>

#include "base/check.h"

struct signals {
    signals_fn *on_signal;
    void *owner;
    size_t count;
    size_t open;
    uv_signal_t handles[SIGNALS_MAX];
};

static void on_uv_signal(uv_signal_t *handle, int number)
{
    struct signals *self = handle->data;
    self->on_signal(self->owner, number);
}

struct signals *signals_new(struct loop *loop, const int *numbers, size_t count,
                            signals_fn *on_signal, void *owner)
{
    CHECK(count <= SIGNALS_MAX);

    struct signals *self = calloc(1, sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    self->on_signal = on_signal;
    self->owner = owner;
    self->count = count;
    self->open = count;
    for (size_t i = 0; i < count; i++) {
        (void)uv_signal_init(loop_handle(loop), &self->handles[i]);
        self->handles[i].data = self;
        (void)uv_signal_start(&self->handles[i], on_uv_signal, numbers[i]);
        uv_unref((uv_handle_t *)&self->handles[i]);
    }
    return self;
}

static void on_closed(uv_handle_t *handle)
{
    struct signals *self = handle->data;

    self->open--;
    if (self->open == 0) {
        free(self);
    }
}

void signals_free(struct signals **self_p)
{
    struct signals *self = *self_p;
    if (self == NULL) {
        return;
    }
    *self_p = NULL;
    for (size_t i = 0; i < self->count; i++) {
        uv_close((uv_handle_t *)&self->handles[i], on_closed);
    }
}
