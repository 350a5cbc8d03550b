/* What says who asks, taken out of a request: while login is down, where an unknown token
 * has to be renewed, and after a finding. */
#include "base/check.h"
#include "guard/login.h"
#include "relay/exchange_rooms.h"

/* True for a token that was issued while login was down, to somebody without any. */
static bool is_public(struct exchange *self, struct span token)
{
    struct session session;
    struct fingerprint fingerprint = client_fingerprint(self->client, token);

    registry_find(self->relay->shared->registry, &fingerprint,
                  loop_now_ms(self->relay->loop), false, &session);
    return session.id != 0 && session_is_public(&session);
}

/* While login is down a public token goes on. */
static bool is_public_cookie(const struct removal *removal, const struct cookie *cookie)
{
    for (unsigned i = 0; i < removal->identity->token_count; i++) {
        struct span token = removal->identity->tokens[i].value;
        if (token.ptr == cookie->value.ptr) {
            return is_public(removal->exchange, token);
        }
    }
    return false;
}

/* Index of the token of that source and name, or -1. */
static int token_at(const struct identity *identity, enum identity_source source,
                    struct span name)
{
    for (unsigned i = 0; i < identity->token_count; i++) {
        if (identity->tokens[i].source == source &&
            (name.len == 0 || span_equal(identity->tokens[i].name, name))) {
            return (int)i;
        }
    }
    return -1;
}

static bool is_gone(const struct removal *removal, enum identity_source source,
                    struct span name)
{
    int index = token_at(removal->identity, source, name);
    return index >= 0 && (removal->gone_mask >> index & 1U) != 0;
}

bool exchange_cookie_stays(void *context, const struct cookie *cookie)
{
    const struct removal *removal = context;
    const struct session_policy *policy = &removal->exchange->plan->site->session;

    if (removal->kind != REMOVAL_NONE && identify_is_doubtful_cookie(policy, cookie)) {
        return false;
    }
    if (identify_is_remember_cookie(policy, cookie->name)) {
        return removal->kind == REMOVAL_UNKNOWN;
    }
    if (policy->jwt.cookie != NULL &&
        span_equal(cookie->name, span_of(policy->jwt.cookie))) {
        return removal->kind == REMOVAL_UNKNOWN;
    }
    if (!identify_is_session_cookie(policy, cookie->name)) {
        return true;
    }
    switch (removal->kind) {
    case REMOVAL_ALL:
        return false;
    case REMOVAL_NONE:
        return true;
    case REMOVAL_DOWN:
        return is_public_cookie(removal, cookie);
    case REMOVAL_UNKNOWN:
        return !is_gone(removal, IDENTITY_COOKIE, cookie->name);
    }
    UNREACHABLE();
}

bool exchange_token_goes(void *context, const struct field *field)
{
    const struct removal *removal = context;
    const struct session_policy *policy = &removal->exchange->plan->site->session;

    if (removal->kind == REMOVAL_UNKNOWN) {
        return policy->header != NULL &&
               span_equal_nocase(field->name, span_of(policy->header)) &&
               is_gone(removal, IDENTITY_HEADER, (struct span){0});
    }
    return identify_is_token_field(policy, field) ||
           identify_is_certificate_field(field) ||
           credential_is_field(&policy->jwt, policy->basic, field);
}

size_t exchange_write_target(const struct removal *removal, struct span target,
                             uint8_t *buffer)
{
    struct session_policy policy = removal->exchange->plan->site->session;

    if (removal->kind == REMOVAL_UNKNOWN) {
        policy.url_name_count = 0;
        if (!is_gone(removal, IDENTITY_PARAMETER, (struct span){0})) {
            memcpy(buffer, target.ptr, target.len);
            return target.len;
        }
    }
    return identify_write_target(target, &policy, buffer);
}

/* Keeps the name of a cookie that went, to take it away from the client too. */
static void note_removed(struct exchange *self, struct span name)
{
    size_t room = sizeof(self->removed_names) - self->removed_names_len;

    if (name.len > 0 && name.len < room) {
        memcpy(self->removed_names + self->removed_names_len, name.ptr, name.len);
        self->removed_names_len += name.len;
        self->removed_names[self->removed_names_len++] = '\0';
    }
}

static bool names_identity(const struct session_policy *policy, struct span name)
{
    return identify_is_session_cookie(policy, name) ||
           identify_is_remember_cookie(policy, name) ||
           (policy->jwt.cookie != NULL && span_equal(name, span_of(policy->jwt.cookie)));
}

static void note_removed_cookies(struct removal *removal, const struct head *head)
{
    struct exchange *self = removal->exchange;
    const struct session_policy *policy = &self->plan->site->session;
    struct cookie_reader reader;
    struct cookie cookie;

    cookie_start(&reader, head);
    while (cookie_next(&reader, &cookie)) {
        bool goes = self->logout_while_down || !exchange_cookie_stays(removal, &cookie);
        if (goes && names_identity(policy, cookie.name)) {
            note_removed(self, cookie.name);
        }
    }
}

/* The tokens that no entry has. */
static unsigned unknown_mask(struct exchange *self, const struct identity *identity)
{
    unsigned mask = 0;

    for (unsigned i = 0; i < identity->token_count; i++) {
        struct session session;
        registry_find(self->relay->shared->registry, &self->asker.tokens[i],
                      loop_now_ms(self->relay->loop), false, &session);
        mask |= session.id == 0 ? 1U << i : 0;
    }
    return mask;
}

static bool is_quarantined(struct exchange *self)
{
    bool quarantined = false;

    if (self->plan->site->quarantine == QUARANTINE_NONE) {
        return false;
    }
    for (unsigned i = 0; i < self->asker.token_count; i++) {
        struct session session;
        registry_find(self->relay->shared->registry, &self->asker.tokens[i],
                      loop_now_ms(self->relay->loop), false, &session);
        quarantined = quarantined || (session.id != 0 && session.quarantined);
    }
    return quarantined;
}

/* A login whose session we and the site may read differently would bind it to somebody
 * without our knowledge: it begins without any. So does what may be a login. */
static bool begins_anew(const struct exchange *self, const struct removal *removal)
{
    const struct rules rules = exchange_rules(self);

    return removal->identity->kind == IDENTITY_AMBIGUOUS &&
           self->asker.role != ROLE_LOGOUT && login_may_change(&rules, &self->asker);
}

static enum removal_kind kind_of(struct exchange *self, struct removal *removal)
{
    const struct session_policy *policy = &self->plan->site->session;
    const struct asker *asker = &self->asker;
    bool known = asker->token_count == 1 && asker->session.id != 0;

    removal->gone_mask = 0;
    if (self->identity_removed) {
        return REMOVAL_DOWN;
    }
    if (exchange_observes(self) || self->logout_while_down) {
        return REMOVAL_NONE;
    }
    if (begins_anew(self, removal)) {
        return REMOVAL_ALL;
    }
    if (asker->token_count == 0) {
        return REMOVAL_NONE;
    }
    /* A logout ends the session at the site as well. */
    if (asker->role != ROLE_LOGOUT &&
        (known ? asker->session.quarantined : is_quarantined(self))) {
        return REMOVAL_ALL;
    }
    /* Whom a credential names is known whatever his cookies are. */
    if (!policy->unknown_renew || known || asker->kind == ASKER_AMBIGUOUS ||
        asker->kind == ASKER_STATELESS) {
        return REMOVAL_NONE;
    }
    removal->gone_mask = unknown_mask(self, removal->identity);
    return removal->gone_mask != 0 ? REMOVAL_UNKNOWN : REMOVAL_NONE;
}

/* Who asks with what is left. */
static void identify_rest(struct exchange *self, const struct removal *removal)
{
    struct identity rest = *removal->identity;

    rest.token_count = 0;
    if (removal->kind == REMOVAL_ALL) {
        rest.remembered = false;
        self->spelling = (struct spelling){0};
    } else {
        for (unsigned i = 0; i < removal->identity->token_count; i++) {
            if ((removal->gone_mask >> i & 1U) == 0) {
                rest.tokens[rest.token_count++] = removal->identity->tokens[i];
            }
        }
    }
    rest.kind = rest.token_count > 0 ? IDENTITY_TOKEN
                : rest.remembered    ? IDENTITY_UNKNOWN
                                     : IDENTITY_ANONYMOUS;
    exchange_ask_as(self, &rest);
}

void exchange_remove(struct exchange *self, const struct head *head,
                     const struct identity *identity, struct removal *out)
{
    out->exchange = self;
    out->identity = identity;
    out->kind = kind_of(self, out);
    if (out->kind == REMOVAL_ALL || out->kind == REMOVAL_UNKNOWN) {
        meter_removed(self->relay, out->kind == REMOVAL_UNKNOWN ? "unknown"
                                   : begins_anew(self, out)     ? "ambiguous"
                                                                : "quarantine");
        note_removed_cookies(out, head);
        identify_rest(self, out);
    } else if (self->logout_while_down) {
        note_removed_cookies(out, head); /* The site gets them, our page deletes them. */
    }
}

/* A name that the answer itself sets needs no deletion. */
static bool sets_cookie(const struct head *head, struct span name)
{
    for (size_t i = 0; head != NULL && i < head->field_count; i++) {
        struct set_cookie cookie;
        if (head->fields[i].id == FIELD_SET_COOKIE &&
            cookie_parse_set(head->fields[i].value, &cookie) &&
            span_equal(cookie.name, name)) {
            return true;
        }
    }
    return false;
}

/* Browsers take a name with such a prefix only from a Set-Cookie with Secure, whatever
 * its case (RFC 6265bis section 4.1.3). */
static bool wants_secure(struct span name)
{
    const struct span host = SPAN("__Host-");
    const struct span secure = SPAN("__Secure-");

    return span_equal_nocase(span_first(name, host.len), host) ||
           span_equal_nocase(span_first(name, secure.len), secure);
}

static void put_deletion(struct span name, struct writer *out)
{
    writer_put(out, SPAN("Set-Cookie: "));
    writer_put(out, name);
    writer_put(out, SPAN("=; Path=/; Max-Age=0; HttpOnly"));
    writer_put(out, wants_secure(name) ? SPAN("; Secure\r\n") : SPAN("\r\n"));
}

void exchange_write_deletions(const struct exchange *self, const struct head *head,
                              struct writer *out)
{
    for (size_t at = 0; at < self->removed_names_len;) {
        struct span name = span_of(self->removed_names + at);
        if (!sets_cookie(head, name)) {
            put_deletion(name, out);
        }
        at += name.len + 1;
    }
}
