/* How entries go to disk and come back. */
#include "guard/registry_commit.h"

static void describe(const struct registry *self, const struct entry *entry, uint64_t id,
                     uint64_t now_ms, struct registry_record *record_out)
{
    uint64_t at_ms = registry_room_clock(self, now_ms);

    entry_view(entry, id, &record_out->session);
    record_out->removed = (entry->flags & ENTRY_LIVE) == 0;
    record_out->idle_for_ms = at_ms > entry->used_at_ms ? at_ms - entry->used_at_ms : 0;
    record_out->token_count = entry->tokens.count;
    memcpy(record_out->tokens, entry_tokens_of(entry),
           entry->tokens.count * sizeof(struct fingerprint));
}

static bool drain_one(struct registry *self, struct registry_shard *shard,
                      uint64_t now_ms, struct registry_record *record_out)
{
    uint64_t id = 0;

    heap_lock(&shard->lock);
    struct entry *entry = registry_shard_next_change(shard, &id);
    if (entry != NULL) {
        describe(self, entry, id, now_ms, record_out);
        if (record_out->removed) {
            registry_shard_give(shard, id);
        } else {
            entry->flags |= ENTRY_STORED;
            entry->reported_at_ms = entry->used_at_ms;
        }
    }
    heap_unlock(&shard->lock);
    return entry != NULL;
}

size_t registry_drain_changes(struct registry *self, uint64_t now_ms, size_t count_max,
                              registry_record_fn *on_record, void *context)
{
    struct registry_record record;
    size_t count = 0;
    unsigned empty = 0;

    while (count < count_max && empty < REGISTRY_SHARD_COUNT) {
        if (drain_one(self, &self->shards[self->drain_next], now_ms, &record)) {
            on_record(context, &record);
            count++;
            empty = 0;
        } else {
            self->drain_next = (self->drain_next + 1) % REGISTRY_SHARD_COUNT;
            empty++;
        }
    }
    return count;
}

/* False: not something that was ever handed out. */
static bool well_formed(const struct registry_record *record)
{
    bool good = !record->removed && !fingerprint_none(&record->session.first) &&
                record->token_count > 0 && record->token_count <= REGISTRY_TOKENS_MAX &&
                record->session.claim_count <= SESSION_CLAIMS_MAX &&
                record->session.requester.len <= USER_SIZE_MAX;

    for (unsigned i = 0; good && i < record->token_count; i++) {
        good = !fingerprint_none(&record->tokens[i]);
    }
    for (unsigned i = 0; good && i < record->session.claim_count; i++) {
        good = record->session.claims[i].len <= USER_SIZE_MAX;
    }
    return good;
}

bool registry_restore(struct registry *self, const struct registry_record *record,
                      uint64_t now_ms)
{
    struct session session;
    struct token_list tokens = {.count = record->token_count};
    uint64_t id = 0;

    if (!well_formed(record) || record->idle_for_ms > self->idle_ms ||
        !registry_room_reserve(self, now_ms, false)) {
        return false;
    }
    memcpy(tokens.items, record->tokens, record->token_count * sizeof(tokens.items[0]));
    session = record->session;
    session.bound_at_ms = 0;
    session.pending = 0;
    struct registry_shard *shard = registry_room_shard_of(self, &session.first);
    heap_lock(&shard->lock);
    enum registry_outcome outcome = registry_commit_make(
        self, &session, &tokens, registry_room_clock(self, now_ms) - record->idle_for_ms,
        &id);
    if (outcome == REGISTRY_STORED) {
        registry_shard_entry(shard, id)->flags |= ENTRY_STORED;
    }
    heap_unlock(&shard->lock);
    if (outcome != REGISTRY_STORED) {
        registry_room_uncount(&self->entries);
    }
    return outcome == REGISTRY_STORED;
}

bool registry_describe(struct registry *self, const struct fingerprint *token,
                       uint64_t now_ms, struct registry_record *record_out)
{
    uint64_t id = registry_index_find(self->index, token);

    if (id == 0) {
        return false;
    }
    struct registry_shard *shard = registry_room_shard(self, id);
    heap_lock(&shard->lock);
    const struct entry *entry = registry_shard_entry(shard, id);
    bool found = entry != NULL && entry_has_token(entry, token) &&
                 !registry_room_expired(self, entry->used_at_ms, now_ms);
    if (found) {
        describe(self, entry, id, now_ms, record_out);
    }
    heap_unlock(&shard->lock);
    return found;
}
