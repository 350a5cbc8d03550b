/* What looks at all sessions: for after a finding. */
#include "guard/recall.h"
#include "guard/registry_room.h"

/* The lock is held. */
static bool mark(struct registry_shard *shard, uint64_t id, struct entry *entry)
{
    if ((entry->flags & ENTRY_QUARANTINED) != 0) {
        return false;
    }
    entry->flags |= ENTRY_QUARANTINED;
    (void)registry_shard_next_version(shard, id);
    registry_shard_change(shard, id);
    return true;
}

bool registry_quarantine(struct registry *self, uint64_t id)
{
    struct registry_shard *shard = registry_room_shard(self, id);

    heap_lock(&shard->lock);
    struct entry *entry = registry_shard_entry(shard, id);
    bool marked = entry != NULL && mark(shard, id, entry);
    heap_unlock(&shard->lock);
    return marked;
}

static bool belongs_to(const struct entry *entry, const struct user *user)
{
    struct session session;

    if ((entry->flags & ENTRY_BOUND) == 0 || entry->binding == BINDING_NONE) {
        return false;
    }
    entry_view(entry, 0, &session);
    return user_equal(&session.requester, user);
}

static size_t mark_all(struct registry_shard *shard, const struct user *user)
{
    size_t count = 0;
    uint64_t id = 0;

    heap_lock(&shard->lock);
    for (uint32_t slot = 1; slot <= shard->slot_count; slot++) {
        struct entry *entry = registry_shard_live(shard, slot, &id);
        if (entry != NULL && belongs_to(entry, user) && mark(shard, id, entry)) {
            count++;
        }
    }
    heap_unlock(&shard->lock);
    return count;
}

size_t registry_quarantine_user(struct registry *self, const struct user *user)
{
    size_t count = 0;

    for (unsigned i = 0; user->len > 0 && i < REGISTRY_SHARD_COUNT; i++) {
        count += mark_all(&self->shards[i], user);
    }
    return count;
}

static bool is_of(const struct entry *entry, uint64_t family)
{
    uint64_t own = 0;

    memcpy(&own, entry->first.bytes, sizeof(own));
    return (entry->flags & ENTRY_BOUND) != 0 &&
           recall_same_family(entry->family != 0 ? entry->family : own, family);
}

bool registry_find_family(struct registry *self, uint64_t family,
                          struct session *session_out)
{
    bool found = false;
    uint64_t id = 0;

    for (unsigned i = 0; !found && i < REGISTRY_SHARD_COUNT; i++) {
        struct registry_shard *shard = &self->shards[i];
        heap_lock(&shard->lock);
        for (uint32_t slot = 1; !found && slot <= shard->slot_count; slot++) {
            const struct entry *entry = registry_shard_live(shard, slot, &id);
            found = entry != NULL && is_of(entry, family);
            if (found) {
                entry_view(entry, id, session_out);
            }
        }
        heap_unlock(&shard->lock);
    }
    return found;
}
