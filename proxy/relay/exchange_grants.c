/* Between a complete answer, or a whole message of one, and its verdict: asks the grant
 * sources about its subjects. */
#include <stdlib.h>

#include "base/check.h"
#include "relay/exchange_court.h"
#include "sources/source.h"

/* Subjects of the answer that one source is asked about. */
struct inquiry {
    size_t count;
    unsigned tag; /* Of the observation that is looked at. */
    struct span subjects[SCAN_DISTINCT_MAX];
    unsigned tags[SCAN_DISTINCT_MAX];
};

static size_t sight_count(const struct exchange *self)
{
    size_t count = 0;

    for (size_t i = 0; i < EXCHANGE_SIGHTS; i++) {
        const struct scan *scan = exchange_sight(self, i);
        count += scan != NULL ? scan_count(scan) : 0;
    }
    return count;
}

static uint32_t sight_mask(const struct exchange *self)
{
    uint32_t mask = 0;

    for (size_t i = 0; i < EXCHANGE_SIGHTS; i++) {
        const struct scan *scan = exchange_sight(self, i);
        mask |= scan != NULL ? scan_seen(scan) : 0;
    }
    return mask;
}

static size_t asked_count(const struct exchange *self)
{
    return self->grants != NULL ? self->grants->asked_count : 0;
}

/* What was found already refuses: nobody waits for a source then. */
bool exchange_wants_grants(struct exchange *self)
{
    return (sight_mask(self) & self->plan->granted_mask) != 0 &&
           asked_count(self) < sight_count(self) &&
           (exchange_observes(self) || exchange_judge_part(self) != VERDICT_REFUSE);
}

void exchange_summon_grants(struct exchange *self)
{
    const struct exchange_grants *grants = self->grants;
    struct answer *answer = &self->answer;

    answer->grants = grants != NULL ? grants->answers : NULL;
    answer->grant_count = grants != NULL ? grants->asked_count : 0;
    answer->granted_for =
        grants != NULL ? user_span(&grants->requester) : (struct span){0};
    answer->redacted = grants != NULL && grants->redacted;
}

/* What one source said, for each subject; `failure` when it said nothing. */
static void take_answer(struct exchange *self, const struct grant_settings *settings,
                        const struct grant_question *question, const char *failure)
{
    struct exchange_grants *grants = self->grants;
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    for (size_t i = 0; i < question->count; i++) {
        const struct grant_subject *subject = &question->subjects[i];
        struct grant_pair pair = {.requester = question->requester,
                                  .subject = subject->value};
        grants->answers[subject->tag] =
            failure != NULL ? GRANT_FAILED
                            : grants_note(grant_source_memory(settings->source), &pair,
                                          subject->granted, now_ms);
    }
    meter_grants(self->relay, settings->name, failure != NULL ? failure : "answered");
}

static void on_answer(struct mail *mail)
{
    struct grant_question *question = LIST_ENTRY(mail, struct grant_question, mail);
    struct exchange *self = question->owner;

    if (self == NULL) {
        grant_question_free(&question);
        return;
    }
    struct exchange_grants *grants = self->grants;
    for (size_t i = 0; i < self->plan->site->grant_count; i++) {
        if (grants->questions[i] == question) {
            grants->questions[i] = NULL;
            grants->pending--;
            take_answer(self, &self->plan->site->grants[i], question,
                        question->answered ? NULL : "failed");
        }
    }
    grant_question_free(&question);
    if (grants->pending == 0) {
        exchange_advance(self);
    }
}

/* Those that were not answered are nobody's from now on. */
static void forget_questions(struct exchange *self)
{
    struct exchange_grants *grants = self->grants;

    for (size_t i = 0; grants->pending > 0 && i < self->plan->site->grant_count; i++) {
        struct grant_question *question = grants->questions[i];
        if (question != NULL) {
            take_answer(self, &self->plan->site->grants[i], question, "late");
            question->owner = NULL;
            atomic_store(&question->abandoned, true);
            grants->questions[i] = NULL;
            grants->pending--;
        }
    }
}

/* One subject of the source: a valid yes answers it, or it is put down. Past what one
 * page may show it stays unanswered, which refuses. */
static void collect_one(struct exchange *self, unsigned index,
                        const struct observation *seen, struct inquiry *inquiry)
{
    struct exchange_grants *grants = self->grants;
    struct grant_source *source = self->plan->site->grants[index].source;
    struct grant_pair pair = {.requester = user_span(&grants->requester),
                              .subject = seen->value};
    enum grant_answer *answer = &grants->answers[inquiry->tag];

    if (source != NULL && grants_knows(grant_source_memory(source), &pair,
                                       loop_now_ms(self->relay->loop))) {
        *answer = GRANT_YES;
        return;
    }
    *answer = GRANT_FAILED;
    if (inquiry->count < SCAN_DISTINCT_MAX) {
        inquiry->tags[inquiry->count] = inquiry->tag;
        inquiry->subjects[inquiry->count++] = seen->value;
    }
}

/* All of them that were not asked about before. */
static void collect(struct exchange *self, unsigned index, struct inquiry *inquiry)
{
    const struct site *site = self->plan->site;

    inquiry->count = 0;
    inquiry->tag = 0;
    for (size_t part = 0; part < EXCHANGE_SIGHTS; part++) {
        const struct scan *scan = exchange_sight(self, part);
        size_t count = scan != NULL ? scan_count(scan) : 0;
        for (size_t i = 0; i < count; i++, inquiry->tag++) {
            const struct observation *seen = scan_at(scan, i);
            if (inquiry->tag >= self->grants->asked_count &&
                site->classes[seen->class_index].grant == index + 1) {
                collect_one(self, index, seen, inquiry);
            }
        }
    }
}

static void ask_source(struct exchange *self, unsigned index)
{
    struct exchange_grants *grants = self->grants;
    const struct grant_settings *settings = &self->plan->site->grants[index];
    struct inquiry inquiry;

    collect(self, index, &inquiry);
    if (inquiry.count == 0) {
        return;
    }
    struct grant_question *question = grant_question_new(
        user_span(&grants->requester), inquiry.subjects, inquiry.tags, inquiry.count);
    if (question == NULL || settings->source == NULL) {
        grant_question_free(&question);
        meter_grants(self->relay, settings->name, "failed");
        return;
    }
    question->mail.deliver = on_answer;
    question->reply_to = self->relay->mailbox;
    question->owner = self;
    question->deadline_us = loop_clock_us() + settings->deadline_ms * 1000;
    if (!grant_source_ask(settings->source, question)) {
        grant_question_free(&question);
        meter_grants(self->relay, settings->name, "busy");
        return;
    }
    grants->questions[index] = question;
    grants->pending++;
}

static uint64_t longest_deadline(const struct site *site)
{
    uint64_t longest_ms = 0;

    for (size_t i = 0; i < site->grant_count; i++) {
        uint64_t deadline_ms = site->grants[i].deadline_ms;
        longest_ms = deadline_ms > longest_ms ? deadline_ms : longest_ms;
    }
    return longest_ms;
}

static void ask_sources(struct exchange *self)
{
    struct exchange_grants *grants = self->grants;
    const struct site *site = self->plan->site;
    size_t count = sight_count(self);

    if (!exchange_requester(self, &grants->requester)) {
        grants->asked_count = count;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        bool before = i < grants->asked_count;
        grants->answers[i] = before ? grants->answers[i] : GRANT_UNASKED;
    }
    for (unsigned i = 0; i < site->grant_count; i++) {
        ask_source(self, i);
    }
    grants->asked_count = count;
}

/* For another requester than before: what was said about him is void. */
static void keep_requester(struct exchange *self)
{
    struct exchange_grants *grants = self->grants;
    struct user requester;

    if (grants->asked_count > 0 && (!exchange_requester(self, &requester) ||
                                    !user_equal(&requester, &grants->requester))) {
        grants->asked_count = 0;
    }
}

/* Where nothing is enforced nobody waits for a source: the answer leaves, is judged when
 * all of it was sent, and only its record waits. */
static bool sends_first(struct exchange *self)
{
    return exchange_observes(self) && self->state == STATE_HOLD && !self->overflow &&
           self->delivery == DELIVERY_WHOLE && self->asker.role == ROLE_NONE &&
           self->answer.issued_count == 0 && self->hold.len > 0 &&
           exchange_may_stream(self);
}

/* Of an answer more may come to be seen, of a message not. */
static bool make_room(struct exchange *self)
{
    size_t count =
        self->delivery == DELIVERY_WHOLE ? SCAN_DISTINCT_MAX : sight_count(self);

    if (self->grants == NULL) {
        self->grants =
            calloc(1, sizeof(*self->grants) + count * sizeof(self->grants->answers[0]));
    }
    return self->grants != NULL;
}

enum step exchange_ask_grants(struct exchange *self)
{
    CHECK(self->plan->site->grant_count <= GRANTS_MAX);
    if (!make_room(self)) {
        return exchange_reply_error(self, 503, ENDING_INTERNAL);
    }
    if (sends_first(self)) {
        exchange_pin(self);
        self->state = STATE_STREAM;
        return exchange_start_stream(self);
    }
    self->grants->return_to = self->state;
    keep_requester(self);
    ask_sources(self);
    if (self->grants->pending == 0) {
        return STEP_AGAIN;
    }
    if (self->upstream != NULL && self->answer_part != ANSWER_COMPLETE) {
        stream_pause(self->upstream->stream, PAUSE_SINK_FULL);
    }
    exchange_set_deadline(self, longest_deadline(self->plan->site));
    return exchange_become(self, STATE_GRANTS);
}

/* Waits for the sources; late is as good as no answer. */
enum step exchange_step_grants(struct exchange *self)
{
    struct exchange_grants *grants = self->grants;
    enum step step = STEP_WAIT;

    if (self->delivery != DELIVERY_WHOLE && exchange_is_closed(self, &step)) {
        return step;
    }
    if (self->client_gone) {
        return exchange_close_silently(self, ENDING_CLIENT_GONE);
    }
    if (grants->pending > 0 && !self->timed_out) {
        return STEP_WAIT;
    }
    forget_questions(self);
    self->timed_out = false;
    deadline_clear(&self->deadline);
    /* Between messages reading goes on when the last one is done. */
    if (self->upstream != NULL && self->answer_part != ANSWER_COMPLETE &&
        self->delivery == DELIVERY_WHOLE) {
        stream_resume(self->upstream->stream, PAUSE_SINK_FULL);
    }
    return exchange_become(self, grants->return_to);
}

void exchange_stop_asking(struct exchange *self)
{
    if (exchange_wants_grants(self) && make_room(self)) {
        keep_requester(self);
        ask_sources(self); /* For those who are known already. */
    }
    if (self->grants != NULL) {
        forget_questions(self);
    }
}

void exchange_forget_grants(struct exchange *self)
{
    if (self->grants != NULL) {
        forget_questions(self);
        free(self->grants);
        self->grants = NULL;
    }
}

void exchange_end_grants(struct exchange *self)
{
    exchange_drop_plain(self);
    exchange_forget_grants(self);
}
