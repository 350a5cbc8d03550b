/**
 * A doubly linked list whose links live in the listed objects.
 *
 * Layer: base. The list owns nothing; whoever owns an object takes it out before freeing
 * it. A zeroed link is not in a list.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list_link {
    struct list_link *prev;
    struct list_link *next;
};

/** The head is a link that stands for the ends. */
struct list {
    struct list_link head;
};

/** The object of type `type` whose member `member` is `link`. */
#define LIST_ENTRY(link, type, member)                                                   \
    ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void list_init(struct list *self)
{
    self->head.prev = &self->head;
    self->head.next = &self->head;
}

static inline bool list_empty(const struct list *self)
{
    return self->head.next == &self->head;
}

static inline bool list_linked(const struct list_link *link)
{
    return link->next != NULL;
}

/** Adds before `before`, which may be the head (then: at the end). */
static inline void list_insert(struct list_link *before, struct list_link *link)
{
    link->prev = before->prev;
    link->next = before;
    before->prev->next = link;
    before->prev = link;
}

static inline void list_push_back(struct list *self, struct list_link *link)
{
    list_insert(&self->head, link);
}

static inline void list_push_front(struct list *self, struct list_link *link)
{
    list_insert(self->head.next, link);
}

/** Takes `link` out of its list. Not being in one is fine. */
static inline void list_remove(struct list_link *link)
{
    if (link->next == NULL) {
        return;
    }
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = NULL;
    link->next = NULL;
}

/** The first link, or NULL when empty. */
static inline struct list_link *list_first(const struct list *self)
{
    return list_empty(self) ? NULL : self->head.next;
}

/** Takes the first link out of its list; NULL when empty. */
static inline struct list_link *list_take_first(struct list *self)
{
    struct list_link *link = list_first(self);

    if (link != NULL) {
        self->head.next = link->next;
        link->next->prev = &self->head;
        link->prev = NULL;
        link->next = NULL;
    }
    return link;
}

/** The last link, or NULL when empty. */
static inline struct list_link *list_last(const struct list *self)
{
    return list_empty(self) ? NULL : self->head.prev;
}
