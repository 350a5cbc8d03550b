#include "guard/login.h"

#include "guard/alias.h"
#include "http/path.h"
#include "http/path_pattern.h"

static bool header_holds(const struct success_rule *rule, const struct head *head)
{
    struct span name = span_of(rule->name);
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (span_equal_nocase(field->name, name) &&
            (rule->value == NULL || span_equal(field->value, span_of(rule->value)))) {
            return true;
        }
    }
    return false;
}

/* Another host's path of that form says nothing: the site may send its users to their
 * pages there, or back to a central login. */
static enum login_success location_says(const struct success_rule *rule,
                                        const struct field *location,
                                        const struct reference_base *asked)
{
    uint8_t resolved[REFERENCE_PATH_MAX];
    uint8_t buffer[PATH_BUFFER_SIZE(REFERENCE_PATH_MAX)];
    struct span target;
    struct path path;

    if (location == NULL || location->value.len == 0) {
        return LOGIN_FAILED;
    }
    enum reference_kind kind =
        reference_resolve(location->value, asked, resolved, &target);
    if (kind == REFERENCE_UNREADABLE) {
        return LOGIN_UNTOLD;
    }
    if (path_normalize(target, buffer, &path) != PATH_ERROR_NONE ||
        !path_pattern_matches(rule->location, path.once)) {
        return LOGIN_FAILED;
    }
    return kind == REFERENCE_OWN ? LOGIN_SUCCEEDED : LOGIN_UNTOLD;
}

enum login_success login_success_by_head(const struct login_policy *policy,
                                         const struct head *head,
                                         const struct reference_base *asked)
{
    bool open = policy->success_count == 0;
    bool by_marker = false;
    const struct field *location = head_field(head, FIELD_LOCATION);
    for (size_t i = 0; i < policy->success_count; i++) {
        const struct success_rule *rule = &policy->success[i];
        enum login_success said = LOGIN_FAILED;
        bool holds = false;
        switch (rule->kind) {
        case SUCCESS_STATUS:
            holds = head->status == rule->status;
            break;
        case SUCCESS_LOCATION:
            said = location_says(rule, location, asked);
            holds = said == LOGIN_SUCCEEDED;
            open = open || said == LOGIN_UNTOLD;
            break;
        case SUCCESS_HEADER:
            holds = header_holds(rule, head);
            break;
        case SUCCESS_MARKER:
            by_marker = true;
            break;
        }
        if (holds) {
            return LOGIN_SUCCEEDED;
        }
    }
    if (open) {
        return LOGIN_UNTOLD;
    }
    return by_marker ? LOGIN_BY_MARKER : LOGIN_FAILED;
}

static bool class_seen(const struct rules *rules, const struct answer *answer,
                       struct span name)
{
    for (size_t i = 0; i < answer->observation_count; i++) {
        const struct observation *seen = answer->observations[i];
        if (seen->value.len > 0 &&
            span_equal(rules->classes[seen->class_index].name, name)) {
            return true;
        }
    }
    return false;
}

enum login_success login_success_by_markers(const struct rules *rules,
                                            const struct answer *answer)
{
    if (answer->success == LOGIN_FAILED || answer->success == LOGIN_SUCCEEDED) {
        return answer->success;
    }
    for (size_t i = 0; i < rules->login->success_count; i++) {
        const struct success_rule *rule = &rules->login->success[i];
        if (rule->kind == SUCCESS_MARKER &&
            class_seen(rules, answer, span_of(rule->name))) {
            return LOGIN_SUCCEEDED;
        }
    }
    bool missed = answer->success == LOGIN_BY_MARKER && answer->complete;
    return missed ? LOGIN_FAILED : LOGIN_UNTOLD;
}

bool login_opens_claim(enum asker_role role)
{
    return role == ROLE_LOGIN || role == ROLE_CALLBACK;
}

bool login_may_change(const struct rules *rules, const struct asker *asker)
{
    return asker->role != ROLE_NONE ||
           (asker->unsafe && rules->login->request.count == 0);
}

/* More logins in flight than are told apart: each of them may be anybody's. */
static bool claims_lost(const struct session *self)
{
    bool lost = self->claim_count == SESSION_CLAIMS_MAX;

    for (unsigned i = 0; lost && i < SESSION_CLAIMS_MAX; i++) {
        lost = self->claims[i].len == 0;
    }
    return lost;
}

void login_claim(struct session *self, const struct user *name)
{
    self->is_public = false;
    if (self->claim_count == SESSION_CLAIMS_MAX) {
        for (unsigned i = 0; i < SESSION_CLAIMS_MAX; i++) {
            self->claims[i].len = 0;
        }
        return;
    }
    user_copy(&self->claims[self->claim_count++], name);
}

void login_unclaim(struct session *self, const struct user *name)
{
    if (claims_lost(self)) {
        return; /* One that fails does not speak for the others. */
    }
    for (unsigned i = 0; i < self->claim_count; i++) {
        if (user_equal(&self->claims[i], name)) {
            self->claim_count--;
            if (i < self->claim_count) {
                user_copy(&self->claims[i], &self->claims[self->claim_count]);
            }
            return;
        }
    }
}

void login_failed_claim(struct session *self, const struct user *name)
{
    bool told = self->binding == BINDING_NONE && self->by_login;

    if (!told) {
        login_unclaim(self, name);
    }
}

void login_unite_claims(struct session *self)
{
    for (unsigned i = 0; i < self->claim_count; i++) {
        unsigned k = i + 1;
        while (k < self->claim_count) {
            if (!user_equal(&self->claims[i], &self->claims[k])) {
                k++;
                continue;
            }
            self->claim_count--;
            if (k < self->claim_count) {
                user_copy(&self->claims[k], &self->claims[self->claim_count]);
            }
        }
    }
}

bool login_names_equal(const struct login_policy *policy, struct span name,
                       struct span value)
{
    return policy->ignore_case ? span_equal_nocase(name, value) : span_equal(name, value);
}

enum claim_match login_claim_match(const struct rules *rules, const struct user *claim,
                                   struct span value)
{
    if (claim->len == 0) {
        return CLAIM_ANYBODY;
    }
    if (!rules->login->user_is_alias) {
        return login_names_equal(rules->login, user_span(claim), value) ? CLAIM_NAMES
                                                                        : CLAIM_OTHER;
    }
    switch (alias_match(rules->hasher, claim, value)) {
    case ALIAS_OTHER:
        return CLAIM_OTHER;
    case ALIAS_UNKNOWN:
        return CLAIM_ANYBODY;
    case ALIAS_SAME:
        return CLAIM_NAMES;
    }
    UNREACHABLE();
}
