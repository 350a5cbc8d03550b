/* Memory for what an answer holds, within the bound of all held bytes. */
#include "relay/exchange_rooms.h"

enum {
    HOLD_SLACK = 1048576, /* What an answer may take over hold_max, in whole blocks. */
};

/* Does it hold longest of its worker, or before anybody? */
bool exchange_is_oldest(const struct exchange *self)
{
    const struct list_link *first = list_first(&self->relay->holding);
    return first == NULL || first == &self->hold_link;
}

/* One whole answer of each worker. */
uint64_t exchange_hold_beyond(const struct exchange *self)
{
    uint64_t whole = exchange_limits(self)->hold_max + HOLD_SLACK;

    return whole * self->relay->shared->worker_count;
}

/* Room for the next read. At the bound of all held bytes the oldest of each worker may
 * still go on. */
struct stream_space exchange_hold_space(struct exchange *self)
{
    return hold_space(&self->hold,
                      exchange_is_oldest(self) ? exchange_hold_beyond(self) : 0);
}

void exchange_retry_holds(struct relay *relay)
{
    struct list_link *link = list_first(&relay->holding);

    while (link != NULL && link != &relay->holding.head) {
        struct exchange *self = LIST_ENTRY(link, struct exchange, hold_link);
        link = link->next;
        if (self->no_room && self->upstream != NULL) {
            if (exchange_hold_space(self).ptr == NULL) {
                return;
            }
            self->no_room = false;
            exchange_arm_ask(self);
            stream_resume(self->upstream->stream, PAUSE_HOLD);
        }
    }
}
