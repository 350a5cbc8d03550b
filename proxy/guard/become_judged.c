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
    const struct user *name = &scene->evidence->asker->claim;
    bool by_rule = scene->success == LOGIN_SUCCEEDED;
    bool by_token = scene->success == LOGIN_UNTOLD && scene->issues_new &&
                    scene->evidence->rules->login->success_count == 0 &&
                    session->requester.len == 0;
    if (name->len == 0 || !(by_rule || by_token)) {
        return false;
    }
    if (by_rule && standing_settled(scene)) {
        return true;
    }
    for (unsigned i = 0; i < session->claim_count; i++) {
        if (!user_equal(&session->claims[i], name)) {
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
    storage->stirred = false;
    storage->pending = 0;
    storage->bound_at_ms = 0;
    storage->claim_count = 0;
    storage->requester.len = 0;
    if (asker->kind == ASKER_UNKNOWN) {
        login_claim(storage, &storage->requester); /* It may be anybody's. */
    }
}

/* The login was told successful: its name is the requester. */
static void bind_claim(const struct scene *scene, struct session *storage)
{
    const struct asker *asker = scene->evidence->asker;
    /* An alias names nobody yet: the next marker does. */
    bool named = !scene->evidence->rules->login->user_is_alias;

    storage->binding = named ? BINDING_CONFIRMED : BINDING_NONE;
    storage->by_login = true; /* Without binding: told, by a name that is none. */
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
