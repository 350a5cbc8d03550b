/* Which features a request needs, and whether one of them is down. */
#include "guard/login.h"
#include "relay/exchange_rooms.h"
#include "relay/route.h"

/* A finding while login was down closes its route, until login is up again for all. */
static bool route_is_closed(const struct exchange *self, bool login_down)
{
    const struct site *site = self->plan->site;

    if (!route_closed(site, &self->routed)) {
        return false;
    }
    if (feature_table_down(self->relay->shared->features, FEATURE_LOGIN_BIT) == 0) {
        route_open_again(site, &self->routed);
    }
    return login_down;
}

/* The features whose trials this client may take part in, while there are any. */
static uint64_t passes_trials(const struct exchange *self)
{
    const struct site *site = self->plan->site;
    uint64_t mask = 0;

    if (!feature_table_has_trial(self->relay->shared->features)) {
        return 0;
    }
    for (size_t i = 0; i < site->feature_count; i++) {
        const struct feature_settings *feature = &site->features[i];
        for (size_t j = 0; j < feature->trial_count; j++) {
            const struct network *network = &feature->trial[j];
            if (address_in(&self->client_address, network->address,
                           network->prefix_len)) {
                mask |= UINT64_C(1) << feature->slot;
            }
        }
    }
    return mask;
}

bool exchange_gate_is_closed(struct exchange *self)
{
    const struct asker *asker = &self->asker;

    self->gate_mask = self->routed.features;
    self->trial_pass = passes_trials(self);
    bool login_down = exchange_down(self, FEATURE_LOGIN_BIT) != 0;
    /* Nobody logs in meanwhile, whatever the paths of the feature are. */
    if (route_is_closed(self, login_down) ||
        (login_down && login_opens_claim(self->routed.role))) {
        self->gate_mask |= FEATURE_LOGIN_BIT;
    }
    if (login_down && self->routed.logout_only) {
        self->logout_while_down = true;
        self->gate_mask &= ~FEATURE_LOGIN_BIT;
        return exchange_down(self, self->gate_mask) != 0;
    }
    if (exchange_down(self, self->gate_mask) != 0) {
        return true;
    }
    if (login_down) {
        exchange_remove_identity(self);
    } else if (asker->token_count > 0 || asker->remembered ||
               asker->kind == ASKER_AMBIGUOUS || asker->trust != CREDENTIAL_NONE) {
        self->gate_mask |= FEATURE_LOGIN_BIT;
    }
    return false;
}
