#include "guard/registry_commit.h"

/* Makes all tokens lead to `id`, or none. The lock of the shard of `id` is held. */
static enum registry_outcome join(struct registry *self, uint64_t id,
                                  const struct token_list *tokens)
{
    enum index_outcome outcome[REGISTRY_TOKENS_MAX];
    enum registry_outcome result = REGISTRY_STORED;
    unsigned done = 0;

    while (done < tokens->count && result == REGISTRY_STORED) {
        outcome[done] = registry_index_add(self->index, &tokens->items[done], id);
        if (outcome[done] == INDEX_TAKEN) {
            result = REGISTRY_CHANGED;
        } else if (outcome[done] == INDEX_MEMORY) {
            result = REGISTRY_FULL;
        }
        done++;
    }
    while (result != REGISTRY_STORED && done-- > 0) {
        if (outcome[done] == INDEX_ADDED) {
            registry_index_remove(self->index, &tokens->items[done], id);
        }
    }
    return result;
}

static bool list_has(const struct token_list *list, const struct fingerprint *token)
{
    for (unsigned i = 0; i < list->count; i++) {
        if (fingerprint_equal(&list->items[i], token)) {
            return true;
        }
    }
    return false;
}

/* Keeps the name from other entries where no token of `tokens` does. */
static enum registry_outcome reserve_name(struct registry *self,
                                          const struct fingerprint *first, uint64_t id,
                                          const struct token_list *tokens)
{
    struct fingerprint key = registry_room_name_key(first);

    if (list_has(tokens, first)) {
        return REGISTRY_STORED;
    }
    enum index_outcome outcome = registry_index_add(self->index, &key, id);
    return outcome == INDEX_TAKEN    ? REGISTRY_CHANGED
           : outcome == INDEX_MEMORY ? REGISTRY_FULL
                                     : REGISTRY_STORED;
}

/* Names and tokens of a new entry. */
static enum registry_outcome fill(struct registry *self, struct entry *entry, uint64_t id,
                                  const struct session *session,
                                  const struct token_list *tokens)
{
    entry->first = session->first;
    if (!entry_names_pack(&entry->names, self->heap, session) ||
        !entry_tokens_pack(&entry->tokens, self->heap, &entry->first, tokens->items,
                           tokens->count)) {
        return REGISTRY_FULL;
    }
    enum registry_outcome outcome = reserve_name(self, &entry->first, id, tokens);
    if (outcome == REGISTRY_STORED) {
        outcome = join(self, id, tokens);
        if (outcome != REGISTRY_STORED) {
            registry_room_free_name(self, &entry->first, id);
        }
    }
    return outcome;
}

enum registry_outcome registry_commit_make(struct registry *self,
                                           const struct session *session,
                                           const struct token_list *tokens,
                                           uint64_t used_at_ms, uint64_t *id_out)
{
    struct registry_shard *shard = registry_room_shard_of(self, &session->first);
    struct entry *entry = NULL;
    uint64_t id = registry_shard_take(shard, &entry);

    if (id == 0) {
        return REGISTRY_FULL;
    }
    enum registry_outcome outcome = fill(self, entry, id, session, tokens);
    if (outcome != REGISTRY_STORED) {
        registry_shard_give(shard, id);
        return outcome;
    }
    entry_set(entry, session);
    entry->used_at_ms = used_at_ms;
    entry->reported_at_ms = used_at_ms;
    registry_shard_enlist(shard, id);
    if ((entry->flags & ENTRY_BOUND) != 0) {
        registry_room_count(&self->bound);
    }
    *id_out = id;
    return REGISTRY_STORED;
}

/* The given tokens, newest first, each once. */
static struct token_list newest_first(const struct fingerprint *tokens, size_t count)
{
    struct token_list list = {0};
    CHECK(count <= REGISTRY_TOKENS_MAX);

    for (size_t i = count; i-- > 0;) {
        CHECK(!fingerprint_none(&tokens[i]));
        if (!list_has(&list, &tokens[i])) {
            list.items[list.count++] = tokens[i];
        }
    }
    return list;
}

static bool any_taken(struct registry *self, const struct token_list *tokens)
{
    for (unsigned i = 0; i < tokens->count; i++) {
        if (registry_index_find(self->index, &tokens->items[i]) != 0) {
            return true;
        }
    }
    return false;
}

/* The token, or what is near it while an entry is named after it that has it no more. */
static struct fingerprint free_name(struct registry *self,
                                    const struct fingerprint *token)
{
    struct fingerprint name = *token;

    for (uint8_t i = 1; i != 0; i++) {
        struct fingerprint key = registry_room_name_key(&name);
        if (registry_index_find(self->index, &key) == 0) {
            break;
        }
        name = *token;
        name.bytes[0] ^= i;
    }
    return name;
}

static enum registry_outcome make(struct registry *self, struct session *session_p,
                                  const struct fingerprint *tokens, size_t count,
                                  uint64_t now_ms)
{
    struct token_list list = newest_first(tokens, count);
    uint64_t id = 0;
    CHECK(count > 0);

    /* Asked again when the tokens join; asked here so that nothing is evicted in vain. */
    if (any_taken(self, &list)) {
        return REGISTRY_CHANGED;
    }
    if (!registry_room_reserve(self, now_ms, true)) {
        return REGISTRY_FULL;
    }
    session_p->first = free_name(self, &tokens[0]);
    struct registry_shard *shard = registry_room_shard_of(self, &session_p->first);
    heap_lock(&shard->lock);
    enum registry_outcome outcome = registry_commit_make(
        self, session_p, &list, registry_room_clock(self, now_ms), &id);
    if (outcome == REGISTRY_STORED) {
        registry_shard_change(shard, id);
        session_p->id = id;
        session_p->version = 1;
    }
    heap_unlock(&shard->lock);
    if (outcome != REGISTRY_STORED) {
        registry_room_uncount(&self->entries);
    }
    return outcome;
}

/* Appends the entry's former tokens to `list` while there is room, the rest to
 * `dropped_out`. */
static void merge_tokens(const struct entry *entry, struct token_list *list,
                         struct token_list *dropped_out)
{
    const struct fingerprint *tokens = entry_tokens_of(entry);

    dropped_out->count = 0;
    for (unsigned i = 0; i < entry->tokens.count; i++) {
        if (list_has(list, &tokens[i])) {
            continue;
        }
        struct token_list *to = list->count < REGISTRY_TOKENS_MAX ? list : dropped_out;
        to->items[to->count++] = tokens[i];
    }
}

/* Replaces names and tokens, or changes nothing. */
static enum registry_outcome refill(struct registry *self, struct entry *entry,
                                    const struct session *session,
                                    struct token_list *list)
{
    struct token_list dropped;
    struct entry_names names;
    struct entry_tokens tokens;

    merge_tokens(entry, list, &dropped);
    if (!entry_names_pack(&names, self->heap, session)) {
        return REGISTRY_FULL;
    }
    if (!entry_tokens_pack(&tokens, self->heap, &entry->first, list->items,
                           list->count)) {
        entry_names_free(&names, self->heap);
        return REGISTRY_FULL;
    }
    /* A name that is kept in vain is free again when the entry goes. */
    enum registry_outcome outcome = reserve_name(self, &entry->first, session->id, list);
    if (outcome == REGISTRY_STORED) {
        outcome = join(self, session->id, list);
    }
    if (outcome != REGISTRY_STORED) {
        entry_names_free(&names, self->heap);
        entry_tokens_free(&tokens, self->heap);
        return outcome;
    }
    for (unsigned i = 0; i < dropped.count; i++) {
        registry_index_remove(self->index, &dropped.items[i], session->id);
    }
    entry_names_free(&entry->names, self->heap);
    entry_tokens_free(&entry->tokens, self->heap);
    entry->names = names;
    entry->tokens = tokens;
    return REGISTRY_STORED;
}

/* The plain values of an entry whose names and tokens are in place. */
static void put(struct registry *self, struct entry *entry, const struct session *session,
                uint64_t now_ms)
{
    struct registry_shard *shard = registry_room_shard(self, session->id);
    uint64_t at_ms = registry_room_clock(self, now_ms);
    bool was_bound = (entry->flags & ENTRY_BOUND) != 0;
    bool is_bound = session->requester.len > 0;

    registry_shard_unlist(shard, session->id);
    entry_set(entry, session);
    entry->used_at_ms = at_ms > entry->used_at_ms ? at_ms : entry->used_at_ms;
    registry_shard_enlist_again(shard, session->id);
    if (is_bound && !was_bound) {
        registry_room_count(&self->bound);
    } else if (was_bound && !is_bound) {
        registry_room_uncount(&self->bound);
    }
    registry_shard_change(shard, session->id);
}

/* The lock is held. */
static enum registry_outcome update(struct registry *self, struct session *session_p,
                                    struct token_list *list, uint64_t now_ms)
{
    struct registry_shard *shard = registry_room_shard(self, session_p->id);
    struct entry *entry = registry_shard_entry(shard, session_p->id);
    uint64_t id = session_p->id;

    if (entry == NULL || !registry_is_current(self, id, session_p->version)) {
        return REGISTRY_CHANGED;
    }
    enum registry_outcome outcome = refill(self, entry, session_p, list);
    if (outcome == REGISTRY_STORED) {
        put(self, entry, session_p, now_ms);
        session_p->version = registry_shard_next_version(shard, id);
        session_p->first = entry->first;
    }
    return outcome;
}

enum registry_outcome registry_commit(struct registry *self, struct session *session_p,
                                      const struct fingerprint *tokens,
                                      size_t token_count, uint64_t now_ms)
{
    if (session_p->id == 0) {
        return make(self, session_p, tokens, token_count, now_ms);
    }
    struct registry_shard *shard = registry_room_shard(self, session_p->id);
    struct token_list list = newest_first(tokens, token_count);

    heap_lock(&shard->lock);
    enum registry_outcome outcome = update(self, session_p, &list, now_ms);
    heap_unlock(&shard->lock);
    return outcome;
}
