/* By what an exchange is judged: the entry, or what the exchange itself claims. */
#include "guard/become.h"
#include "guard/login.h"
#include "guard/standing.h"

const struct session *become_entry_of(const struct scene *scene)
{
    if (scene->evidence->now->id != 0) {
        return scene->evidence->now;
    }
    const struct session *view = &scene->evidence->asker->session;
    return view->id != 0 ? view : NULL;
}

/* A login that its rule calls successful, and that nothing else puts in doubt. */
static bool told(const struct scene *scene, const struct session *session)
{
    const struct login_policy *login = scene->evidence->rules->login;
    const struct user *name = &scene->evidence->asker->claim;
    bool by_rule = scene->success == LOGIN_SUCCEEDED;
    bool by_token = scene->success == LOGIN_UNTOLD && scene->issues_new &&
                    login->success_count == 0 && session->requester.len == 0;
    if (name->len == 0 || !(by_rule || by_token)) {
        return false;
    }
    bool settled = standing_settled(scene);
    if (by_rule && settled) {
        return true;
    }
    /* Who was there before us we do not know, and mostly it was nobody any more. */
    bool was_unknown = settled && !login->user_is_alias;
    for (unsigned i = 0; i < session->claim_count; i++) {
        bool same = user_equal(&session->claims[i], name);
        if (!same && !(was_unknown && session->claims[i].len == 0)) {
            return false;
        }
    }
    return true;
}

/* Whom the request names. What is said and cannot be checked is a claim like a typed
 * name: another user's page is refused, and nothing counts. */
static const struct session *named(const struct scene *scene, struct session *storage)
{
    const struct asker *asker = scene->evidence->asker;
    bool believed = asker->trust > CREDENTIAL_SAID;

    *storage = (struct session){
        .generation = 1,
        .binding = believed ? BINDING_CONFIRMED : BINDING_UNCONFIRMED,
        .by_login = asker->trust >= CREDENTIAL_CHECKED,
        .bound_at_ms = scene->evidence->at_ms,
    };
    user_copy(&storage->requester, &asker->named);
    if (!scene->evidence->rules->login->user_is_alias) {
        login_claim(storage, &asker->named);
    }
    return storage;
}

/* A session of somebody of whom nothing is known. */
static void begin(const struct asker *asker, struct session *storage)
{
    storage->id = 0;
    storage->version = 0;
    storage->generation = 1;
    storage->first = (struct fingerprint){0};
    storage->binding = BINDING_NONE;
    storage->is_public = false;
    storage->quarantined = false;
    storage->by_login = false;
    storage->family = 0;
    storage->stirred = asker->barred; /* A login that we did not see may be its. */
    storage->pending = 0;
    storage->bound_at_ms = 0;
    storage->claim_count = 0;
    storage->requester.len = 0;
    if (asker->kind == ASKER_UNKNOWN) {
        login_claim(storage, &storage->requester); /* It may be anybody's. */
    }
}

/* A new token alone told it, on a session of which nobody knows whose it was: a site that
 * hands out tokens with every answer does so for a wrong password too. */
static bool in_doubt(const struct scene *scene, const struct session *session)
{
    bool was_unknown = false;
    for (unsigned i = 0; i < session->claim_count; i++) {
        was_unknown = was_unknown || session->claims[i].len == 0;
    }
    return was_unknown && scene->success != LOGIN_SUCCEEDED;
}

/* The login was told successful: its name is the requester. */
static void bind_claim(const struct scene *scene, struct session *storage)
{
    const struct asker *asker = scene->evidence->asker;
    /* An alias names nobody yet: the next marker does. */
    bool named = !scene->evidence->rules->login->user_is_alias;
    bool certain = !in_doubt(scene, storage);

    storage->binding = BINDING_NONE;
    if (named) {
        storage->binding = certain ? BINDING_CONFIRMED : BINDING_UNCONFIRMED;
    }
    /* Without binding: told, by a name that is none. */
    storage->by_login = certain || !named;
    storage->generation++;
    storage->bound_at_ms = scene->evidence->at_ms;
    storage->requester.len = 0;
    if (named) {
        user_copy(&storage->requester, &asker->claim);
    }
    storage->claim_count = 0;
    login_claim(storage, &asker->claim);
}

const struct session *become_judged_by(const struct scene *scene, struct session *storage)
{
    const struct asker *asker = scene->evidence->asker;
    if (asker->kind == ASKER_STATELESS) {
        return named(scene, storage);
    }
    const struct session *entry = become_entry_of(scene);
    bool claims =
        login_opens_claim(asker->role) && asker->kind != ASKER_AMBIGUOUS && !asker->mixed;
    if (entry != NULL && !claims) {
        return entry;
    }
    if (entry != NULL) {
        session_copy(storage, entry);
    } else {
        begin(asker, storage);
    }
    if (!claims) {
        return storage;
    }
    if (scene->success == LOGIN_FAILED) {
        login_failed_claim(storage, &asker->claim);
        return storage;
    }
    if (entry == NULL || entry->id != asker->session.id) {
        login_claim(storage, &asker->claim); /* The entry that held it is gone. */
    }
    if (told(scene, storage)) {
        bind_claim(scene, storage);
    }
    return storage;
}
