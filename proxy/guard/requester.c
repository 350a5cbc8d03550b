#include "guard/requester.h"

#include "guard/standing.h"

/* A visitor cannot have typed it. */
static bool is_the_sites(const struct scene *scene, const struct observation *seen)
{
    const struct marker_class *class =
        &scene->evidence->rules->classes[seen->class_index];

    return !seen->weak && (seen->kind != SELECTOR_REGEX || class->trusted);
}

/* The one owner marker of the answer; it fits, for a stranger's is not `seen`. */
static bool read_owner(const struct scene *scene, struct requester *out)
{
    const struct owner *owner = &scene->owner;

    if (owner->seen == NULL || !is_the_sites(scene, owner->seen)) {
        return false;
    }
    out->name = owner->seen->value;
    out->confirmed = owner->standing == STANDING_CLAIMED ||
                     (owner->standing == STANDING_REQUESTER &&
                      scene->session->binding == BINDING_CONFIRMED);
    return true;
}

void requester_read(const struct scene *scene, struct requester *out)
{
    const struct session *session = scene->session;
    const struct owner *owner = &scene->owner;
    bool mixed = scene->evidence->asker->mixed;

    *out = (struct requester){0};
    if (scene->anonymous || owner->foreign != NULL || owner->second != NULL ||
        read_owner(scene, out)) {
        return;
    }
    /* Without a marker only a session that nothing stirs tells. */
    if (!mixed && session->binding == BINDING_CONFIRMED && session->claim_count == 0 &&
        standing_settled(scene)) {
        out->name = user_span(&session->requester);
        out->confirmed = true;
    }
}
