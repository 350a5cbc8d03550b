/**
 * What the rooms of an exchange, exchange_*.c, do for each other.
 *
 * Layer: relay. Nobody else includes this. Each function stands in the file it is listed
 * under; those that answer a `step` may have moved the exchange to another state.
 */
#pragma once

#include "base/check.h"
#include "guard/identify.h"
#include "relay/exchange_live.h"
#include "relay/exchange_state.h"
#include "relay/exchange_wire.h"

/* The states: each file has those that belong to it. */
#define EXCHANGE_STATE_FUNCTION(id, function, name)                                      \
    enum step function(struct exchange *self);
EXCHANGE_STATES(EXCHANGE_STATE_FUNCTION)
#undef EXCHANGE_STATE_FUNCTION

/* exchange.c: the machine */
void exchange_advance(struct exchange *self);
enum step exchange_become(struct exchange *self, enum exchange_state state);
void exchange_set_deadline(struct exchange *self, uint64_t timeout_ms);
const struct limits *exchange_limits(const struct exchange *self);
void exchange_drop_upstream(struct exchange *self);
void exchange_part_with_upstream(struct exchange *self);

/* exchange_open.c, exchange_gate.c: from a request head to the first state */
void exchange_open(struct exchange *self, const struct head *head);
COLD enum step exchange_refuse_request(struct exchange *self, unsigned status,
                                       enum ending ending);
bool exchange_gate_is_closed(struct exchange *self);

/* exchange_redirect.c: an address that sends everybody to where TLS is */
enum step exchange_redirect(struct exchange *self, struct span host, struct span target);

/* exchange_identity.c: who asks, and what the registry is told of it */
void exchange_clear_asker(struct asker *asker);
bool exchange_find_client(struct exchange *self, const struct head *head);
void exchange_identify(struct exchange *self, const struct head *head,
                       struct identity *identity_out);
void exchange_ask_as(struct exchange *self, const struct identity *identity);

void exchange_remove_identity(struct exchange *self);
void exchange_forward_identity(struct exchange *self);
void exchange_note_mixed(struct exchange *self, const struct session *now);
void exchange_settle_token(struct exchange *self, unsigned index);
void exchange_settle_identity(struct exchange *self);
void exchange_recall(struct exchange *self, const struct evidence *evidence,
                     struct recalled *found, struct user *subject);
bool exchange_note_shown(struct exchange *self, const struct evidence *evidence,
                         const struct judgement *judgement);
void exchange_learn(struct exchange *self, const struct judgement *judgement);

/* exchange_removal.c: what says who asks, taken out of a request */
enum removal_kind {
    REMOVAL_ALL,     /* Zero: after a finding, to log in again. */
    REMOVAL_DOWN,    /* login is down: all but public tokens. */
    REMOVAL_UNKNOWN, /* Tokens without entry, where `session.unknown` is `renew`. */
    REMOVAL_NONE,
};
struct removal {
    struct exchange *exchange;
    const struct identity *identity; /* As received. */
    enum removal_kind kind;
    unsigned gone_mask; /* REMOVAL_UNKNOWN: bit per token that goes. */
};
void exchange_remove(struct exchange *self, const struct head *head,
                     const struct identity *identity, struct removal *out);
bool exchange_cookie_stays(void *removal, const struct cookie *cookie);
bool exchange_token_goes(void *removal, const struct field *field);
size_t exchange_write_target(const struct removal *removal, struct span target,
                             uint8_t *buffer);
/* `head`: the site's, which needs none for what it sets itself; NULL: ours. */
void exchange_write_deletions(const struct exchange *self, const struct head *head,
                              struct writer *out);

/* exchange_ask.c: the request on its way */
void exchange_start_answer(struct exchange *self);
void exchange_arm_ask(struct exchange *self);
void exchange_send_piece(struct exchange *self, struct span content, enum piece piece);
enum step exchange_settle(struct exchange *self);
COLD void exchange_fail_upstream(struct exchange *self, enum ending failure);
bool exchange_is_over(struct exchange *self, enum step *step_out);

/* exchange_body.c: the body of the request */
void exchange_send_continue(struct exchange *self);
void exchange_note_upload(struct exchange *self);

/* exchange_head.c: the head of the answer */
void exchange_take_head(struct exchange *self, const struct head *head);
enum scan_kind exchange_scan_kind(enum media media);
void exchange_scan_fields(struct scan *scan, const struct head *head, int64_t now_s);

/* exchange_answer.c: the answer until it is complete */
extern const struct stream_events EXCHANGE_UPSTREAM_EVENTS;
void exchange_stop_answer(struct exchange *self, bool refused);

/* exchange_decoder.c: the decoder of a coded body */
struct exchange_decoder *exchange_take_decoder(struct exchange *self);
void exchange_give_decoder(struct exchange *self);
enum coding_state exchange_decode(struct exchange *self, struct span content);

/* exchange_court.c, exchange_judge.c: the verdict and what follows from it */
struct rules exchange_rules(const struct exchange *self);
enum verdict exchange_judge_part(struct exchange *self);
bool exchange_is_down(const struct exchange *self);
uint64_t exchange_down(const struct exchange *self, uint64_t mask);
enum step exchange_judge(struct exchange *self);
bool exchange_may_stream(struct exchange *self);
bool exchange_judge_message(struct exchange *self, enum step *step_out);

/* exchange_observe.c: where nothing is enforced */
bool exchange_observes(const struct exchange *self);
void exchange_observe(struct exchange *self, const struct judgement *judgement);
void exchange_correct(struct exchange *self);
bool exchange_flows(struct exchange *self);

/* exchange_record.c, exchange_count.c: take-down, counters and the record */
void exchange_count_findings(struct exchange *self, const struct judgement *judgement);
void exchange_count_answer(struct exchange *self, const struct judgement *judgement);
void exchange_note_write(struct exchange *self);
void exchange_note_doubt(struct exchange *self, enum journal_doubt_kind kind);
uint64_t exchange_note_cases(struct exchange *self, const struct judgement *judgement,
                             struct takedown *takedown);
uint64_t exchange_take_down(struct exchange *self, const struct judgement *judgement);
void exchange_fill_entry(struct exchange *self, const struct judgement *judgement,
                         struct journal_entry *entry);
bool exchange_post(struct exchange *self, const struct journal_entry *entry);
void exchange_ticket_forget(struct exchange *self);

/* exchange_reply.c: what the client gets */
COLD enum step exchange_reply_error(struct exchange *self, unsigned status,
                                    enum ending ending);
enum step exchange_reply_elsewhere(struct exchange *self, unsigned status,
                                   struct span location);
enum step exchange_reply_refused(struct exchange *self, enum ending ending);
enum step exchange_reply_maintenance(struct exchange *self);
enum step exchange_reply_logged_out(struct exchange *self);
enum step exchange_release(struct exchange *self);
enum step exchange_close_silently(struct exchange *self, enum ending ending);
bool exchange_make_reply_room(struct exchange *self, size_t size);
enum step exchange_send(struct exchange *self, const struct caller_part *part);
bool exchange_charge(struct exchange *self);
bool exchange_still_sending(struct exchange *self, enum step *step_out);
void exchange_keep_private(struct exchange *self);
struct span exchange_complete_head(struct exchange *self, bool chunked, uint64_t length);
enum step exchange_finish(struct exchange *self);
