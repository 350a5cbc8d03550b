#include "record/recorder_house.h"

#include <stdlib.h>

#include "record/ledger_schema.h"
#include "record/recorder_private.h"

enum {
    FILES_VERSION = 1, /* One more with each new version of sessions.db, aliases.db or
                          features.state. */
};

uint64_t recorder_layout(uint64_t layout)
{
    return heap_layout(heap_layout(layout, ledger_schema_version()), FILES_VERSION);
}

void recorder_share(struct recorder *self, bool shared)
{
    atomic_store(&self->shared, shared);
}

bool recorder_keep_house(struct recorder *self, bool keeps, struct control_ticket *ticket)
{
    bool *body = malloc(sizeof(*body));
    struct recorder_item item = {.kind = RECORDER_HOUSE, .body = body, .control = ticket};

    if (body != NULL) {
        *body = keeps;
    }
    return recorder_push(self, &item);
}

void recorder_move_house(struct recorder *self, struct recorder_item *item)
{
    self->away = !*(const bool *)item->body;
    if (item->control != NULL) {
        item->control->result = CONTROL_DONE;
        mailbox_post(item->control->reply_to, &item->control->mail);
    }
    free(item->body);
}
