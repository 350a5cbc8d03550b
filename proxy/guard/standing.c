#include "guard/standing.h"

#include "base/check.h"
#include "guard/alike.h"
#include "guard/login.h"
#include "guard/staff.h"

size_t standing_identity_class(const struct rules *rules)
{
    size_t i = 0;
    while (i < rules->class_count && rules->classes[i].must_be != MARKER_RULE_REQUESTER) {
        i++;
    }
    return i;
}

static bool value_is(const struct marker_class *class, struct span value,
                     const struct user *user)
{
    (void)class;
    return span_equal(value, user_span(user));
}

bool standing_names_asker(const struct asker *asker, struct span value)
{
    char digits[FINGERPRINT_DIGITS];

    if (fingerprint_none(&asker->sent) || value.len != FINGERPRINT_DIGITS) {
        return false;
    }
    fingerprint_format(&asker->sent, digits);
    return memcmp(value.ptr, digits, FINGERPRINT_DIGITS) == 0;
}

bool standing_names_nobody(const struct marker_class *class, struct span value)
{
    for (size_t i = 0; i < class->nobody_count; i++) {
        if (span_equal(value, class->nobody[i])) {
            return true;
        }
    }
    /* What we send with a request that has no session. */
    bool none = class->must_be == MARKER_RULE_SESSION && span_equal(value, SPAN("none"));
    return none || value.len == 0 || value.len > USER_SIZE_MAX;
}

/* An open claim for `value`, or for anybody. */
static enum standing claimed(const struct scene *scene, const struct session *session,
                             struct span value)
{
    enum standing best = STANDING_STRANGER;
    for (unsigned i = 0; i < session->claim_count; i++) {
        switch (login_claim_match(scene->evidence->rules, &session->claims[i], value)) {
        case CLAIM_OTHER:
            break;
        case CLAIM_ANYBODY:
            best = STANDING_ANYBODY;
            break;
        case CLAIM_NAMES:
            return STANDING_CLAIMED;
        }
    }
    return best;
}

/* A login that this answer told: it is judged by its claim alone. */
static bool is_told(const struct scene *scene)
{
    return login_opens_claim(scene->evidence->asker->role) &&
           scene->session->generation == scene->evidence->now->generation + 1;
}

/* The view at forwarding counts too when a login or logout came between. */
static enum standing before(const struct scene *scene, const struct marker_class *class,
                            struct span value)
{
    const struct session *view = &scene->evidence->asker->session;
    if (view->id == 0 || view->id != scene->session->id) {
        return STANDING_STRANGER;
    }
    if (view->generation == scene->session->generation &&
        view->claim_count <= scene->session->claim_count) {
        return STANDING_STRANGER;
    }
    if (view->requester.len > 0 && value_is(class, value, &view->requester)) {
        return STANDING_BEFORE;
    }
    enum standing by_claim = claimed(scene, view, value);
    if (by_claim == STANDING_ANYBODY && is_told(scene)) {
        return STANDING_STRANGER;
    }
    return by_claim == STANDING_STRANGER ? STANDING_STRANGER : STANDING_BEFORE;
}

enum standing standing_of(const struct scene *scene, const struct marker_class *class,
                          struct span value)
{
    const struct session *session = scene->session;
    if (scene->anonymous) {
        return STANDING_STRANGER;
    }
    enum standing by_claim = claimed(scene, session, value);
    if (by_claim == STANDING_CLAIMED) {
        return STANDING_CLAIMED;
    }
    if (session->requester.len > 0 && value_is(class, value, &session->requester)) {
        return session->binding != BINDING_NONE ? STANDING_REQUESTER : STANDING_FORMER;
    }
    enum standing overlapped = before(scene, class, value);
    if (overlapped != STANDING_STRANGER) {
        return overlapped;
    }
    /* Also beside a remember cookie: many sites give it out at the login that we could
     * not tell, and then anybody's page would pass as a first one. */
    if (session->binding == BINDING_NONE && session->claim_count == 0 &&
        scene->first_marker) {
        return STANDING_ANYBODY;
    }
    return by_claim;
}

bool standing_may_be_typed(const struct observation *seen,
                           const struct marker_class *class)
{
    return seen->weak || (seen->kind == SELECTOR_REGEX && !marker_is_trusted(class));
}

static void keep_allowed(struct owner *owner, const struct observation *seen,
                         enum standing standing, const struct marker_class *class)
{
    if (owner->seen == NULL) {
        owner->seen = seen;
        owner->standing = standing;
        return;
    }
    bool same = span_equal(owner->seen->value, seen->value);
    if (same) {
        return;
    }
    const struct observation *lower = standing > owner->standing ? owner->seen : seen;
    bool outranked = standing != owner->standing && standing_may_be_typed(lower, class);
    if (standing > owner->standing) {
        owner->seen = seen;
        owner->standing = standing;
    }
    /* Typed text beside the requester's own marker is only text. */
    if (!outranked) {
        owner->second = lower;
    }
}

static void read_one(struct scene *scene, const struct observation *seen,
                     const struct marker_class *class)
{
    struct owner *owner = &scene->owner;
    owner->marked = true;
    enum standing standing = standing_of(scene, class, seen->value);
    if (standing != STANDING_STRANGER) {
        keep_allowed(owner, seen, standing, class);
    } else if (!standing_may_be_typed(seen, class)) {
        owner->foreign = owner->foreign != NULL ? owner->foreign : seen;
    } else {
        owner->typed = owner->typed != NULL ? owner->typed : seen;
    }
}

/* A requester who is surely the one that logged in, on a route where he may see all. */
static bool is_staff(const struct scene *scene)
{
    const struct rules *rules = scene->evidence->rules;
    const struct asker *asker = scene->evidence->asker;
    const struct session *session = scene->session;
    uint32_t rule_mask = rules->requirement->staff_mask;

    if (rule_mask == 0 || asker->kind == ASKER_AMBIGUOUS || asker->mixed ||
        scene->anonymous || session->binding != BINDING_CONFIRMED || !session->by_login) {
        return false;
    }
    for (unsigned i = 0; i < session->claim_count; i++) {
        if (!user_equal(&session->claims[i], &session->requester)) {
            return false;
        }
    }
    return staff_has(rules->staff, rules->staff_count, rule_mask,
                     user_span(&session->requester));
}

void standing_read(struct scene *scene)
{
    const struct rules *rules = scene->evidence->rules;
    const struct answer *answer = scene->evidence->answer;
    size_t identity = standing_identity_class(rules);
    for (size_t i = 0; i < answer->observation_count; i++) {
        const struct observation *seen = answer->observations[i];
        CHECK(seen->class_index < rules->class_count);
        const struct marker_class *class = &rules->classes[seen->class_index];
        if (standing_names_nobody(class, seen->value)) {
            continue;
        }
        if (class->must_be == MARKER_RULE_SESSION &&
            !standing_names_asker(scene->evidence->asker, seen->value)) {
            continue;
        }
        scene->seen_mask |= UINT32_C(1) << seen->class_index;
        if (seen->class_index == identity) {
            read_one(scene, seen, class);
        } else if (class->must_be == MARKER_RULE_REQUESTER) {
            scene->owner.marked = true;
        }
    }
    /* Asked last: nearly always there is nobody else to be seen. */
    if (scene->owner.foreign != NULL || scene->owner.second != NULL ||
        scene->owner.typed != NULL || rules->class_count > 1 || identity > 0) {
        scene->staff = is_staff(scene);
    }
    if (scene->staff) {
        scene->owner.foreign = NULL;
        scene->owner.second = NULL;
        scene->owner.typed = NULL;
    }
}

bool standing_settled(const struct scene *scene)
{
    const struct asker *asker = scene->evidence->asker;
    const struct session *now = scene->evidence->now;
    const struct session *view = &asker->session;
    uint32_t own = login_may_change(scene->evidence->rules, asker) ? 1 : 0;
    return view->id == now->id && view->generation == now->generation &&
           view->pending <= own && now->pending <= own;
}

bool standing_confirms(const struct scene *scene)
{
    const struct session *session = scene->session;
    const struct session *before = &scene->evidence->asker->session;

    return session->binding == BINDING_UNCONFIRMED &&
           before->binding == BINDING_UNCONFIRMED &&
           before->bound_at_ms == session->bound_at_ms &&
           user_equal(&before->requester, &session->requester);
}

bool standing_passed_through(const struct scene *scene)
{
    const struct session *now = scene->evidence->now;
    const struct session *view = &scene->evidence->asker->session;
    if (view->id == 0) {
        return now->generation > 1; /* The entry is younger than the exchange. */
    }
    return view->id == now->id && now->generation - view->generation > 1;
}

/* A login told by rule stands against a name that is surely not another spelling. */
static bool told_otherwise(const struct session *session, struct span value)
{
    if (session->binding != BINDING_CONFIRMED) {
        return false;
    }
    for (unsigned i = 0; i < session->claim_count; i++) {
        if (!user_equal(&session->claims[i], &session->requester)) {
            return false;
        }
    }
    return !alike_names(user_span(&session->requester), value);
}

/* A login may be this one's; by a remember cookie too the site may know somebody else. */
static bool login_is_open(const struct scene *scene, struct span value)
{
    const struct asker *asker = scene->evidence->asker;
    const struct session *session = scene->session;
    bool remembered = asker->remembered && asker->kind != ASKER_STATELESS;

    return session->claim_count > 0 && (remembered || !told_otherwise(session, value));
}

static bool stirred(const struct scene *scene)
{
    const struct asker *asker = scene->evidence->asker;
    return scene->session->stirred || asker->session.stirred || asker->unsafe ||
           scene->session->pending > 0 || asker->session.pending > 0 || scene->issues_new;
}

/* A login by a way that is not configured looks like this too. */
static enum strength grade_for_nobody(const struct scene *scene, bool *counts_p)
{
    bool unseen_login = scene->issues_new && !scene->evidence->answer->cache_sign;

    *counts_p = !unseen_login;
    return unseen_login ? STRENGTH_WEAK : STRENGTH_STRONG;
}

static enum strength grade(const struct scene *scene, struct span value, bool *counts_p)
{
    const struct asker *asker = scene->evidence->asker;
    const struct session *session = scene->session;
    bool logins_known = scene->evidence->rules->login->request.count > 0;
    *counts_p = false;
    if (asker->kind == ASKER_AMBIGUOUS || asker->mixed) {
        return STRENGTH_NONE;
    }
    if (login_is_open(scene, value)) {
        return STRENGTH_WEAK;
    }
    if (asker->kind == ASKER_STATELESS) {
        *counts_p = asker->trust > CREDENTIAL_SAID;
        return *counts_p ? STRENGTH_STRONG : STRENGTH_WEAK;
    }
    if (standing_passed_through(scene) || (asker->remembered && scene->issues_new)) {
        return STRENGTH_WEAK;
    }
    if (session->binding == BINDING_UNCONFIRMED) {
        *counts_p = true;
        return STRENGTH_WEAK;
    }
    if (scene->anonymous) {
        return grade_for_nobody(scene, counts_p);
    }
    if (session->binding == BINDING_NONE) {
        *counts_p = !stirred(scene) && !asker->remembered;
        return STRENGTH_WEAK;
    }
    *counts_p = true;
    return !logins_known && stirred(scene) ? STRENGTH_WEAK : STRENGTH_STRONG;
}

void standing_grade(const struct scene *scene, struct span value, struct finding *out)
{
    out->strength = grade(scene, value, &out->counts);
    out->one_of_two = scene->evidence->asker->kind != ASKER_STATELESS &&
                      scene->session->binding == BINDING_UNCONFIRMED &&
                      scene->session->claim_count == 0 &&
                      out->strength != STRENGTH_NONE &&
                      !standing_passed_through(scene); /* Then it is of another time. */
}
