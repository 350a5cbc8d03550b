/**
 * People whom an answer shows besides its requester: asking for grants, and telling of
 * each of them.
 *
 * Layer: relay. Only for exchange*.c; as exchange_rooms.h.
 */
#pragma once

#include "relay/exchange_rooms.h"

/* exchange_grants.c */

/** True when there are subjects nobody asked about, and nothing else refuses already. */
bool exchange_wants_grants(struct exchange *self);

/** Asks about all of them; comes back to the state it was called in. */
enum step exchange_ask_grants(struct exchange *self);

/** Puts what is known into the evidence. */
void exchange_summon_grants(struct exchange *self);

/** Whoever still answers finds nobody. */
void exchange_end_grants(struct exchange *self);

/* exchange_judge.c */

/** For whom grants are asked; false: that is not known. */
bool exchange_requester(struct exchange *self, struct user *user_out);

/* exchange_subjects.c */

/** Puts every subject of `granted-marker` findings into the entry. */
void exchange_fill_shown(struct exchange *self, const struct findings *findings,
                         const struct finding *base, struct journal_entry *entry);
