#include "base/check.h"
#include "guard/alias.h"
#include "http/forwarded.h"
#include "relay/exchange_certificate.h"

enum {
    COMMIT_TRIES_MAX = 16, /* Times another worker may be faster in the registry. */
};

/* The entry of one token now; id 0: none. */
static void find_entry(struct exchange *self, unsigned index, bool touch,
                       struct session *session_out)
{
    registry_find(self->relay->shared->registry, &self->asker.tokens[index],
                  loop_now_ms(self->relay->loop), touch, session_out);
}

/* What a further token says beside the first. */
static void look_up_other(struct exchange *self, unsigned index)
{
    struct asker *asker = &self->asker;
    struct session other;

    find_entry(self, index, true, &other);
    asker->mixed = asker->mixed || judge_mixed(asker->role, &asker->session, &other);
    if (other.id != asker->session.id && other.id != 0 && asker->session.id != 0 &&
        other.binding != BINDING_NONE && asker->session.binding != BINDING_NONE &&
        !user_equal(&other.requester, &asker->session.requester)) {
        asker->kind = ASKER_AMBIGUOUS;
    }
}

static void look_up(struct exchange *self, const struct identity *identity)
{
    struct asker *asker = &self->asker;

    asker->token_count = identity->token_count;
    for (unsigned i = 0; i < identity->token_count; i++) {
        asker->tokens[i] = client_fingerprint(self->client, identity->tokens[i].value);
    }
    find_entry(self, 0, true, &asker->session);
    asker->kind = asker->session.id != 0 ? ASKER_SESSION : ASKER_UNKNOWN;
    for (unsigned i = 1; i < identity->token_count; i++) {
        look_up_other(self, i);
    }
}

/* Walks back over one field's hops while those who wrote them are trusted. False: the
 * walk is over. */
static bool walk_back(struct exchange *self, struct span hops, bool *moved_p)
{
    const struct listen_settings *listen = client_listen(self->client);

    struct span text;

    while (address_trusted(&self->client_address, listen) &&
           (listen->forwarded ? forwarded_last(&hops, &text)
                              : forwarded_last_plain(&hops, &text))) {
        struct address hop;
        if (address_parse(text, &hop) != ERR_NONE || address_is_none(&hop)) {
            return false;
        }
        self->client_address = hop;
        *moved_p = true;
    }
    return true;
}

/* The address that the nearest proxy we do not trust had asked from. True: it is not the
 * peer's. */
bool exchange_find_client(struct exchange *self, const struct head *head)
{
    enum field_id id =
        client_listen(self->client)->forwarded ? FIELD_FORWARDED : FIELD_X_FORWARDED_FOR;
    bool moved = false;

    self->client_address = client_peer(self->client);
    for (size_t i = head->field_count; i-- > 0;) {
        if (head->fields[i].id == id && !walk_back(self, head->fields[i].value, &moved)) {
            break;
        }
    }
    return moved;
}

void exchange_clear_asker(struct asker *asker)
{
    asker->kind = ASKER_ANONYMOUS;
    asker->role = ROLE_NONE;
    asker->unsafe = false;
    asker->remembered = false;
    asker->barred = false;
    asker->mixed = false;
    asker->several = false;
    asker->token_count = 0;
    asker->trust = CREDENTIAL_NONE;
    asker->named.len = 0;
    asker->credential = (struct fingerprint){{0}};
    asker->sent = (struct fingerprint){{0}};
    asker->claim.len = 0;
    asker->session.id = 0;
    asker->session.generation = 0;
    asker->session.version = 0;
    asker->session.binding = BINDING_NONE;
    asker->session.is_public = false;
    asker->session.quarantined = false;
    asker->session.by_login = false;
    asker->session.stirred = false;
    asker->session.pending = 0;
    asker->session.requester.len = 0;
    asker->session.claim_count = 0;
}

static void ask_as(struct exchange *self, const struct identity *identity)
{
    struct asker *asker = &self->asker;

    asker->remembered = identity->remembered;
    if (identity->token_count > 0) {
        look_up(self, identity);
    } else if (asker->remembered) {
        asker->kind = ASKER_UNKNOWN;
    }
    if (identity->kind == IDENTITY_AMBIGUOUS) {
        asker->kind = ASKER_AMBIGUOUS;
    }
}

/* A login is under way, and not only as the user whom the credential names. */
static bool claims_another(const struct session *session, const struct user *named)
{
    for (unsigned i = 0; i < session->claim_count; i++) {
        if (!user_equal(&session->claims[i], named)) {
            return true;
        }
    }
    return false;
}

/* Does the session that the request carries say something else than its credential? */
static bool contradicts(const struct asker *asker)
{
    const struct session *session = &asker->session;

    return asker->kind == ASKER_AMBIGUOUS || asker->mixed ||
           claims_another(session, &asker->named) ||
           (session->id != 0 && session->binding != BINDING_NONE &&
            !user_equal(&session->requester, &asker->named));
}

/* A credential that names the user in every request. One that is void makes the exchange
 * ambiguous: the site may take it for valid, by a clock that is late. */
static void name_asker(struct exchange *self, const struct head *head)
{
    const struct session_policy *policy = &self->plan->site->session;
    struct asker *asker = &self->asker;
    struct credential credential;

    if (!policy->basic && policy->jwt.cookie == NULL && policy->jwt.header == NULL &&
        policy->certificate == CERTIFICATE_OFF) {
        return;
    }
    credential_read(head, &policy->jwt, policy->basic,
                    (int64_t)(loop_unix_ms(self->relay->loop) / 1000), &credential);
    if (credential.trust != CREDENTIAL_NONE) {
        asker->credential = client_fingerprint(self->client, credential.text);
    }
    exchange_join_certificate(self, head, &credential);
    if (credential.trust == CREDENTIAL_NONE) {
        return;
    }
    asker->trust = credential.trust;
    user_copy(&asker->named, &credential.user);
    asker->kind = credential.trust == CREDENTIAL_BAD || contradicts(asker)
                      ? ASKER_AMBIGUOUS
                      : ASKER_STATELESS;
}

void exchange_identify(struct exchange *self, const struct head *head,
                       struct identity *identity_out)
{
    struct asker *asker = &self->asker;

    exchange_clear_asker(asker);
    asker->role = self->routed.role;
    asker->unsafe = !method_is_safe(head->method);
    identify_request(head, &self->plan->site->session, identity_out);
    ask_as(self, identity_out);
    self->spelling = identity_out->spelling;
    if (spelling_is_odd(&self->relay->shared->spelling, &self->spelling,
                        asker->session.id != 0)) {
        identity_out->kind = IDENTITY_AMBIGUOUS;
        asker->kind = ASKER_AMBIGUOUS;
    }
    name_asker(self, head);
    exchange_note_request_bound(self, head);
}

void exchange_ask_as(struct exchange *self, const struct identity *identity)
{
    enum asker_role role = self->asker.role;
    bool unsafe = self->asker.unsafe;

    exchange_clear_asker(&self->asker);
    self->asker.role = role;
    self->asker.unsafe = unsafe;
    ask_as(self, identity);
    exchange_note_proof(self);
}

/* With login down the rest of the site is there for everybody as anonymous. */
void exchange_remove_identity(struct exchange *self)
{
    struct asker *asker = &self->asker;
    bool public_session =
        asker->kind == ASKER_SESSION && session_is_public(&asker->session);
    bool unsafe = asker->unsafe;

    self->identity_removed = true;
    self->spelling = (struct spelling){0};
    if (public_session && asker->trust == CREDENTIAL_NONE) {
        asker->kind = ASKER_ANONYMOUS;
        asker->role = ROLE_NONE;
        asker->remembered = false;
        asker->barred = true;
        return;
    }
    self->had_token = asker->token_count > 0 || asker->kind == ASKER_AMBIGUOUS ||
                      asker->trust != CREDENTIAL_NONE;
    exchange_clear_asker(asker);
    asker->unsafe = unsafe;
    asker->barred = true;
}

/* One entry at a time: what it becomes when the request goes out. */
static void forward_token(struct exchange *self, const struct rules *rules,
                          unsigned index)
{
    struct registry *registry = self->relay->shared->registry;
    struct asker *asker = &self->asker;
    struct session now = {0};
    struct change change;

    for (unsigned tries = 0; tries < COMMIT_TRIES_MAX; tries++) {
        find_entry(self, index, false, &now);
        for (unsigned i = 0; i < index; i++) {
            if (now.id != 0 && self->entry_ids[i] == now.id) {
                return;
            }
        }
        bool changes = judge_forward(rules, asker, index, &now, &change);
        if (!changes) {
            break;
        }
        if (registry_commit(registry, &change.next, change.tokens, change.token_count,
                            asker->forwarded_at_ms) == REGISTRY_STORED) {
            self->forward_changed |= 1U << index;
            session_copy(&now, &change.next);
            break;
        }
    }
    self->entry_ids[index] = now.id;
    self->generations[index] = now.generation;
    if (index == 0) {
        session_copy(&asker->session, &now);
    }
}

/* Tells the registry that the request goes out now, as far as it matters: nearly always
 * the view of the session is still current, and nothing changes. */
void exchange_forward_identity(struct exchange *self)
{
    struct registry *registry = self->relay->shared->registry;
    struct rules rules = exchange_rules(self);
    struct asker *asker = &self->asker;
    struct change change;

    asker->forwarded_at_ms = loop_now_ms(self->relay->loop);
    self->forwarded = true;
    if (asker->token_count == 1 && asker->session.id != 0 &&
        registry_is_current(registry, asker->session.id, asker->session.version) &&
        !judge_forward(&rules, asker, 0, &asker->session, &change)) {
        self->entry_ids[0] = asker->session.id;
        self->generations[0] = asker->session.generation;
        return;
    }
    for (unsigned i = 0; i < asker->token_count; i++) {
        self->entry_ids[i] = 0;
        self->generations[i] = 0;
        forward_token(self, &rules, i);
    }
}

/* At the time of judging: do the other tokens' entries say something else by now? */
void exchange_note_mixed(struct exchange *self, const struct session *now)
{
    struct asker *asker = &self->asker;

    for (unsigned i = 1; i < asker->token_count; i++) {
        struct session other;
        find_entry(self, i, false, &other);
        bool changed =
            self->entry_ids[i] != 0 && other.generation != self->generations[i];
        asker->several = asker->several || other.id != now->id;
        asker->mixed = asker->mixed || changed || judge_mixed(asker->role, now, &other);
    }
}

/* Takes back what judge_forward() had counted on the entry of token `index`. */
void exchange_settle_token(struct exchange *self, unsigned index)
{
    struct registry *registry = self->relay->shared->registry;
    struct rules rules = exchange_rules(self);
    uint64_t now_ms = loop_now_ms(self->relay->loop);

    for (unsigned tries = 0; tries < COMMIT_TRIES_MAX; tries++) {
        struct session now;
        struct change change;
        registry_get(registry, self->entry_ids[index], now_ms, &now);
        if (now.id == 0 || !judge_settle(&rules, &self->asker, &now, &change) ||
            registry_commit(registry, &change.next, change.tokens, change.token_count,
                            now_ms) != REGISTRY_CHANGED) {
            return;
        }
    }
}

/* The first entry was settled by the judgement, unless there was none or it could not
 * say whose the exchange was. */
void exchange_settle_identity(struct exchange *self)
{
    bool first_done = self->judged && self->asker.kind != ASKER_AMBIGUOUS;

    for (unsigned i = first_done ? 1 : 0; i < self->asker.token_count; i++) {
        if ((self->forward_changed >> i & 1) != 0) {
            exchange_settle_token(self, i);
        }
    }
    self->forward_changed = 0;
}

/* A login's name and the marker of its page, which is released. */
void exchange_learn(struct exchange *self, const struct judgement *judgement)
{
    struct memo *aliases = self->relay->shared->aliases;

    if (judgement->learns && judgement->verdict == VERDICT_RELEASE && aliases != NULL) {
        (void)alias_learn(aliases, &judgement->learned_login, &judgement->learned_marker,
                          loop_now_ms(self->relay->loop));
    }
}
