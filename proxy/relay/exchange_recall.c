/* What sessions were shown before, asked for one answer (guard/recall.h). */
#include "guard/recall.h"
#include "relay/exchange_rooms.h"

/* Nearly always there is no such class: then nothing is asked. */
static bool recalls(const struct exchange *self)
{
    const struct site *site = self->plan->site;
    unsigned requesters = 0;
    bool own = false;

    for (size_t i = 0; i < site->class_count; i++) {
        own = own || site->classes[i].must_be == MARKER_RULE_OWN;
        requesters += site->classes[i].must_be == MARKER_RULE_REQUESTER ? 1 : 0;
    }
    return (own || requesters > 1) && self->relay->shared->shown != NULL;
}

static struct recall recall_of(const struct exchange *self)
{
    return (struct recall){
        .memo = self->relay->shared->shown,
        .hasher = self->relay->fingerprinter,
        .request = {.ptr = self->request_text, .len = self->request_text_len},
        .now_ms = loop_now_ms(self->relay->loop),
    };
}

static void find(const struct exchange *self, const struct fingerprint *token,
                 struct session *session_out)
{
    registry_find(self->relay->shared->registry, token, loop_now_ms(self->relay->loop),
                  false, session_out);
}

/* The families of all tokens that the request carried. */
static void read_families(const struct exchange *self, const struct session *now,
                          struct recall_families *out)
{
    const struct asker *asker = &self->asker;

    out->count = asker->token_count;
    for (unsigned i = 0; i < asker->token_count; i++) {
        struct session session;
        if (i > 0) {
            find(self, &asker->tokens[i], &session);
        }
        out->items[i] = recall_family(i == 0 ? now : &session, &asker->tokens[i]);
    }
}

void exchange_recall(struct exchange *self, const struct evidence *evidence,
                     struct recalled *found, struct user *subject)
{
    struct recall_families families;
    struct session session;
    uint64_t family = 0;

    self->answer.recalled = found;
    self->answer.recalled_count = 0;
    self->answer.recalled_subject = NULL;
    if (self->answer.observation_count == 0 || !recalls(self)) {
        return;
    }
    struct recall recall = recall_of(self);
    read_families(self, evidence->now, &families);
    self->answer.recalled_count =
        recall_read(&recall, evidence, &families, found, &family);
    /* All entries are looked at, so only for what is about to be refused. */
    if (family != 0 && self->answer.complete &&
        registry_find_family(self->relay->shared->registry, family, &session)) {
        user_copy(subject, &session.requester);
        self->answer.recalled_subject = subject;
    }
}

/* To whose session the answer goes: the one that it begins, or the request's. */
static uint64_t family_of(const struct exchange *self, const struct evidence *evidence,
                          const struct judgement *judgement)
{
    const struct asker *asker = &self->asker;

    if (asker->kind == ASKER_AMBIGUOUS || asker->mixed) {
        return 0;
    }
    if (judgement->fresh.store) {
        return judgement->fresh.next.family != 0
                   ? judgement->fresh.next.family
                   : recall_family(&(struct session){0}, &judgement->fresh.tokens[0]);
    }
    struct recall_families families;
    read_families(self, evidence->now, &families);
    return recall_common_family(&families);
}

bool exchange_note_shown(struct exchange *self, const struct evidence *evidence,
                         const struct judgement *judgement)
{
    struct recall recall = recall_of(self);

    return recall_note(&recall, evidence, family_of(self, evidence, judgement),
                       self->answer.recalled, self->answer.recalled_count);
}
