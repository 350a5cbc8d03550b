#include "net/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

#include <uv.h>

#include "base/check.h"
#include "net/loop.h"

struct mailbox {
    uv_async_t async;
    pthread_mutex_t lock;
    struct list posted; /* Guarded by `lock`. */
};

static struct mail *take_first(struct mailbox *self)
{
    (void)pthread_mutex_lock(&self->lock);
    struct list_link *link = list_first(&self->posted);
    if (link != NULL) {
        list_remove(link);
    }
    (void)pthread_mutex_unlock(&self->lock);
    return link == NULL ? NULL : LIST_ENTRY(link, struct mail, link);
}

static void on_async(uv_async_t *async)
{
    struct mailbox *self = async->data;
    struct mail *mail = NULL;

    while (!uv_is_closing((uv_handle_t *)async) && (mail = take_first(self)) != NULL) {
        mail->deliver(mail);
    }
}

struct mailbox *mailbox_new(struct loop *loop)
{
    struct mailbox *self = malloc(sizeof(*self));
    if (self == NULL) {
        return NULL;
    }
    if (uv_async_init(loop_handle(loop), &self->async, on_async) != 0) {
        free(self);
        return NULL;
    }
    self->async.data = self;
    (void)pthread_mutex_init(&self->lock, NULL);
    list_init(&self->posted);
    return self;
}

static void on_closed(uv_handle_t *handle)
{
    struct mailbox *self = handle->data;
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

void mailbox_free(struct mailbox **self_p)
{
    struct mailbox *self = *self_p;
    if (self == NULL) {
        return;
    }
    uv_close((uv_handle_t *)&self->async, on_closed);
    *self_p = NULL;
}

void mailbox_post(struct mailbox *self, struct mail *mail)
{
    CHECK(mail->deliver != NULL);

    (void)pthread_mutex_lock(&self->lock);
    CHECK(!list_linked(&mail->link));
    list_push_back(&self->posted, &mail->link);
    (void)pthread_mutex_unlock(&self->lock);
    (void)uv_async_send(&self->async);
}
