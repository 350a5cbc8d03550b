#include "base/check.h"
#include "relay/exchange_rooms.h"

enum {
    LOOK_AT_SESSIONS = 4,    /* Every so many rounds of exchange_watch(). */
    TOUCH_SESSIONS = 4 * 64, /* An open answer is use of its session. */
};

/* The features of `mask` that are down for this client. */
uint64_t exchange_down(const struct exchange *self, uint64_t mask)
{
    return feature_table_down_for(self->relay->shared->features, mask, self->trial_pass);
}

bool exchange_is_down(const struct exchange *self)
{
    return exchange_down(self, self->gate_mask) != 0;
}

static void take_pin(struct exchange_pin *pin, const struct session *session)
{
    pin->id = session->id;
    pin->version = session->version;
    pin->generation = session->generation;
    pin->binding = session->binding;
    user_copy(&pin->requester, &session->requester);
}

/* Remembers the session as it was when the request was forwarded. */
void exchange_pin(struct exchange *self)
{
    const struct asker *asker = &self->asker;

    self->pin.id = 0;
    if (asker->token_count > 0 && self->entry_ids[0] == asker->session.id) {
        take_pin(&self->pin, &asker->session);
    }
    list_push_back(&self->relay->open, &self->open_link);
}

/* Was the user changed? Where logins are configured each one and each logout makes a new
 * generation; where they are not every unsafe request does, and only the user counts. */
static bool is_another(const struct exchange *self, const struct session *now)
{
    const struct exchange_pin *pin = &self->pin;

    if (now->id != pin->id || now->quarantined) {
        return true;
    }
    if (self->plan->site->login.request.count > 0) {
        return now->generation != pin->generation;
    }
    return pin->binding != BINDING_NONE &&
           (now->binding == BINDING_NONE ||
            !user_equal(&now->requester, &pin->requester));
}

/* True when a login or logout came since, or the session is not known any more. */
static bool session_moved(struct exchange *self, bool touch)
{
    struct registry *registry = self->relay->shared->registry;
    struct exchange_pin *pin = &self->pin;
    struct session now;

    if (self->asker.token_count == 0 || exchange_observes(self)) {
        return false;
    }
    if (!touch && pin->id != 0 && registry_is_current(registry, pin->id, pin->version)) {
        return false;
    }
    registry_find(registry, &self->asker.tokens[0], loop_now_ms(self->relay->loop), touch,
                  &now);
    if (pin->id == 0) {
        /* An entry that a marker made is this one's; a login's has more to it. */
        if (now.id != 0) {
            take_pin(pin, &now);
        }
        return now.id != 0 && (now.generation > 1 || now.pending > 0);
    }
    if (is_another(self, &now)) {
        return true;
    }
    if (pin->binding == BINDING_NONE) {
        take_pin(pin, &now);
    }
    pin->version = now.version;
    return false;
}

/* Also where a finding on a route without feature closed it while login was down. */
static bool must_close(struct exchange *self)
{
    return exchange_is_down(self) || (route_closed(self->plan->site, &self->routed) &&
                                      exchange_down(self, FEATURE_LOGIN_BIT) != 0);
}

/* What closes an open answer at once, whatever waits to be read or written. Asked before
 * every write. True: `step_out` says how it goes on. */
bool exchange_is_closed(struct exchange *self, enum step *step_out)
{
    if (must_close(self)) {
        *step_out =
            self->streaming ? exchange_cut(self, ENDING_CUT) : exchange_settle(self);
        return true;
    }
    if (self->delivery != DELIVERY_WHOLE && session_moved(self, false)) {
        /* Also before its head: a browser asks again after a break, not after a page. */
        *step_out = exchange_cut(self, ENDING_SESSION_CHANGED);
        return true;
    }
    if (self->client_gone) {
        *step_out = exchange_close_silently(self, ENDING_CLIENT_GONE);
        return true;
    }
    return false;
}

/* Memory that was given for a read of which nothing came, or nothing is left. */
static void give_idle_memory(struct exchange *self)
{
    bool unread = self->socket != NULL && self->socket->rest.len > 0;

    if (self->streaming && self->hold.len == 0 && self->segments_sent == 0 && !unread &&
        !self->no_room) {
        hold_clear(&self->hold, false);
        list_remove(&self->hold_link);
    }
}

/* Nothing may come for hours on an open answer, so that it is looked at from outside.
 * Advancing one may end it, and what ends leaves the list. */
void exchange_watch(struct relay *relay)
{
    bool down = feature_table_down(relay->shared->features, UINT64_MAX) != 0;
    bool sessions = ++relay->watched % LOOK_AT_SESSIONS == 0;
    bool touch = relay->watched % TOUCH_SESSIONS == 0;
    struct list looked;

    if (list_empty(&relay->open) || !(down || sessions || relay->draining)) {
        return;
    }
    list_init(&looked);
    for (struct list_link *link = list_take_first(&relay->open); link != NULL;
         link = list_take_first(&relay->open)) {
        list_push_back(&looked, link);
    }
    for (struct list_link *link = list_take_first(&looked); link != NULL;
         link = list_take_first(&looked)) {
        struct exchange *self = LIST_ENTRY(link, struct exchange, open_link);
        bool open = sessions && self->delivery != DELIVERY_WHOLE;
        bool moved = open && session_moved(self, touch);
        list_push_back(&relay->open, link);
        if (open) {
            give_idle_memory(self);
        }
        if (moved || relay->draining || (down && must_close(self))) {
            exchange_advance(self);
        }
    }
}
