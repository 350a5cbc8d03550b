#include "admin/operation.h"

#include <stdlib.h>
#include <string.h>

/* control.h promises control_reload_done(); a reload is an operation. */
struct control_reload {
    struct operation operation;
};

void operations_init(struct operations *self, struct mailbox *mailbox)
{
    *self = (struct operations){.mailbox = mailbox};
    list_init(&self->list);
}

void operations_clear(struct operations *self)
{
    struct list_link *next = NULL;

    for (struct list_link *link = list_first(&self->list); link != NULL; link = next) {
        struct operation *operation = LIST_ENTRY(link, struct operation, link);
        next = link->next == &self->list.head ? NULL : link->next;
        operation_free(&operation);
    }
}

static void finish(struct operation *self)
{
    CHECK(!self->done);
    self->done = true;
    if (self->owner == NULL) {
        operation_free(&self);
        return;
    }
    self->on_done(self->owner);
}

static void on_ticket(struct mail *mail)
{
    finish(LIST_ENTRY(mail, struct operation, ticket.mail));
}

static void on_report(struct mail *mail)
{
    finish(LIST_ENTRY(mail, struct operation, report.mail));
}

struct operation *operation_new(struct operations *all, void (*on_done)(void *owner),
                                void *owner)
{
    struct control_reload *room = NULL;

    if (all->count < OPERATIONS_MAX) {
        room = calloc(1, sizeof(*room));
    }
    if (room == NULL) {
        return NULL;
    }
    struct operation *self = &room->operation;
    self->ticket.mail.deliver = on_ticket;
    self->ticket.reply_to = all->mailbox;
    self->report.mail.deliver = on_report;
    self->report.reply_to = all->mailbox;
    self->all = all;
    self->on_done = on_done;
    self->owner = owner;
    list_push_back(&all->list, &self->link);
    all->count++;
    return self;
}

struct control_reload *operation_reload(struct operation *self)
{
    CHECK(self->kind == OPERATION_RELOAD);
    return (struct control_reload *)(void *)self;
}

void operation_release(struct operation **self_p)
{
    if (*self_p == NULL) {
        return;
    }
    if ((*self_p)->done) {
        operation_free(self_p);
        return;
    }
    (*self_p)->owner = NULL;
    *self_p = NULL;
}

void operation_free(struct operation **self_p)
{
    struct operation *self = *self_p;
    if (self == NULL) {
        return;
    }
    list_remove(&self->link);
    self->all->count--;
    free(self->lines.bytes);
    page_free(&self->report.page);
    free(self);
    *self_p = NULL;
}

/* Without memory for them the lines are left out; the result itself is not. */
static void keep_lines(struct operation *self, struct span lines)
{
    lines = span_first(lines, OPERATION_TEXT_MAX);
    self->lines.bytes = lines.len > 0 ? malloc(lines.len) : NULL;
    if (self->lines.bytes != NULL) {
        memcpy(self->lines.bytes, lines.ptr, lines.len);
        self->lines.len = lines.len;
    }
}

void control_reload_done(struct control_reload *reload, bool in_force, struct span lines)
{
    struct operation *self = &reload->operation;

    CHECK(self->kind == OPERATION_RELOAD);
    self->in_force = in_force;
    keep_lines(self, lines);
    finish(self);
}
