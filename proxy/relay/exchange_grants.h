/**
 * People whom an answer shows besides its requester: asking for grants, taking out whom
 * he must not see, and telling of each of them.
 *
 * Layer: relay. Only for exchange*.c; as exchange_rooms.h.
 */
#pragma once

#include "relay/exchange_rooms.h"

/* exchange_grants.c */

/** True when there are subjects nobody asked about, and nothing else refuses already. */
bool exchange_wants_grants(struct exchange *self);

/** Asks about all of them; comes back to the state it was called in. Where nothing is
 * enforced the answer leaves first. */
enum step exchange_ask_grants(struct exchange *self);

/** Nobody waits any more: who was not answered for counts as failed, but for those whose
 * grant is known. */
void exchange_stop_asking(struct exchange *self);

/** Puts what is known into the evidence. */
void exchange_summon_grants(struct exchange *self);

/** What was said is void: the next message has other subjects. Whoever still answers
 * finds nobody. */
void exchange_forget_grants(struct exchange *self);

/** The same, when nothing more of the answer leaves. */
void exchange_end_grants(struct exchange *self);

/* exchange_redact.c */

/** From the answer's head: whether its body is one that can be redacted. */
void exchange_note_redactable(struct exchange *self, enum scan_kind kind,
                              struct span charset);

/** Keeps decoded bytes of a coded body that may have to be redacted. */
void exchange_keep_plain(struct exchange *self, struct span decoded);
void exchange_drop_plain(struct exchange *self);

/** Takes out of the held body whom the requester must not see, if that can be done. */
void exchange_redact(struct exchange *self);

/** Records and waits; the redacted answer goes out when it is on disk. */
enum step exchange_commit_redacted(struct exchange *self,
                                   const struct judgement *judgement);

/* exchange_outcome.c */

/** What is found beside a release goes on record, or is corrected. */
void exchange_record_beside(struct exchange *self, const struct judgement *judgement);

/* exchange_judge.c */

/** The answer may leave, unless a flag says otherwise. */
enum step exchange_let_go(struct exchange *self);

/* exchange_subjects.c */

/** Puts every subject of the findings into the entry, once each; `base` has filled it. */
void exchange_fill_shown(struct exchange *self, const struct findings *findings,
                         const struct finding *base, struct journal_entry *entry);

/** After a finding about identity its sessions have to log in again: who saw, and with
 * `both` those of the subjects of strong findings. True: there were such sessions. */
bool exchange_quarantine(struct exchange *self, const struct judgement *judgement);
