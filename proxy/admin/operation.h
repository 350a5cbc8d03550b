/**
 * A change that answers later: who asked, what for, and what became of it.
 *
 * Layer: admin. Owned by the server's list. The asker may go before the answer comes; the
 * operation stays until it is done, because the recorder holds its ticket.
 */
#pragma once

#include <stdbool.h>

#include "admin/control.h"
#include "base/list.h"
#include "net/mailbox.h"
#include "record/reporter.h"

enum {
    OPERATIONS_MAX = 128,       /**< Under way at once, with those nobody waits for. */
    OPERATION_TEXT_MAX = 65536, /**< Bytes of a reload's lines; more are cut. */
};

enum operation_kind {
    OPERATION_FEATURE,
    OPERATION_CLOSE,
    OPERATION_RELOAD,
    OPERATION_MARK,
    OPERATION_REPORT,
};

/** All operations of one server. */
struct operations {
    struct mailbox *mailbox; /**< Where tickets are answered. */
    struct list list;
    unsigned count;
};

struct operation {
    struct control_ticket ticket; /**< The result of a change. */
    struct reporter_ticket report;
    struct list_link link;
    struct operations *all;
    enum operation_kind kind;
    bool done;
    bool in_force;                    /**< The result of a reload. */
    char name[FEATURE_NAME_SIZE_MAX]; /**< Of a feature. */
    enum feature_state state;         /**< What it was asked to become. */
    struct {
        char *bytes;
        size_t len;
    } lines;                      /**< What a reload says; may be empty. */
    void (*on_done)(void *owner); /**< Not called for one that nobody waits for. */
    void *owner;                  /**< NULL: nobody waits. */
};

/** `mailbox` belongs to the loop of the control thread and is not owned. */
void operations_init(struct operations *self, struct mailbox *mailbox);

/** Frees all, also those under way: whoever holds their tickets has ended. */
void operations_clear(struct operations *self);

/** A new one for `owner`. NULL: too many, or no memory. */
struct operation *operation_new(struct operations *all, void (*on_done)(void *owner),
                                void *owner);

/** What the control ends with control_reload_done(). */
struct control_reload *operation_reload(struct operation *self);

/** The owner wants no answer any more: freed at once when done, else when it is. */
void operation_release(struct operation **self_p);

/** Never started, or done and answered: freed. Sets NULL. */
void operation_free(struct operation **self_p);
