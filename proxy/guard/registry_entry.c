#include "guard/registry_entry.h"

static const uint8_t *names_at(const struct entry_names *self)
{
    return self->len > ENTRY_NAMES_INLINE ? self->far : self->near;
}

static uint8_t *write_user(uint8_t *at, const struct user *user)
{
    memcpy(at, &user->len, sizeof(user->len));
    memcpy(at + sizeof(user->len), user->bytes, user->len);
    return at + sizeof(user->len) + user->len;
}

static const uint8_t *read_user(const uint8_t *at, struct user *user_out)
{
    memcpy(&user_out->len, at, sizeof(user_out->len));
    memcpy(user_out->bytes, at + sizeof(user_out->len), user_out->len);
    return at + sizeof(user_out->len) + user_out->len;
}

static size_t packed_size(const struct session *session)
{
    if (session->requester.len == 0 && session->claim_count == 0) {
        return 0;
    }
    size_t size = sizeof(uint16_t) + session->requester.len;
    for (unsigned i = 0; i < session->claim_count; i++) {
        size += sizeof(uint16_t) + session->claims[i].len;
    }
    return size;
}

bool entry_names_pack(struct entry_names *self, struct heap *heap,
                      const struct session *session)
{
    CHECK(session->claim_count <= SESSION_CLAIMS_MAX);
    size_t size = packed_size(session);

    *self = (struct entry_names){.len = (uint16_t)size};
    if (size == 0) {
        return true;
    }
    uint8_t *at = self->near;
    if (size > ENTRY_NAMES_INLINE) {
        at = self->far = heap_alloc(heap, size);
    }
    if (at == NULL) {
        self->len = 0;
        return false;
    }
    at = write_user(at, &session->requester);
    for (unsigned i = 0; i < session->claim_count; i++) {
        at = write_user(at, &session->claims[i]);
    }
    return true;
}

void entry_names_free(struct entry_names *self, struct heap *heap)
{
    if (self->len > ENTRY_NAMES_INLINE) {
        heap_free(heap, self->far);
    }
    *self = (struct entry_names){0};
}

bool entry_tokens_pack(struct entry_tokens *self, struct heap *heap,
                       const struct fingerprint *first, const struct fingerprint *list,
                       unsigned count)
{
    CHECK(count > 0 && count <= REGISTRY_TOKENS_MAX);

    *self = (struct entry_tokens){.count = (uint8_t)count};
    if (count == 1 && fingerprint_equal(first, list)) {
        return true;
    }
    self->far = heap_alloc(heap, count * sizeof(*list));
    if (self->far == NULL) {
        self->count = 0;
        return false;
    }
    memcpy(self->far, list, count * sizeof(*list));
    return true;
}

void entry_tokens_free(struct entry_tokens *self, struct heap *heap)
{
    heap_free(heap, self->far);
    *self = (struct entry_tokens){0};
}

const struct fingerprint *entry_tokens_of(const struct entry *self)
{
    return self->tokens.far != NULL ? self->tokens.far : &self->first;
}

bool entry_has_token(const struct entry *self, const struct fingerprint *token)
{
    const struct fingerprint *tokens = entry_tokens_of(self);
    for (unsigned i = 0; i < self->tokens.count; i++) {
        if (fingerprint_equal(&tokens[i], token)) {
            return true;
        }
    }
    return false;
}

void entry_set(struct entry *self, const struct session *session)
{
    self->generation = session->generation;
    self->binding = (uint8_t)session->binding;
    self->claim_count = (uint8_t)session->claim_count;
    self->bound_at_ms = session->bound_at_ms;
    self->family = session->family;
    self->pending = session->pending;
    self->flags &= (uint8_t) ~(ENTRY_STIRRED | ENTRY_BOUND | ENTRY_PUBLIC |
                               ENTRY_QUARANTINED | ENTRY_BY_LOGIN);
    self->flags |= (uint8_t)((session->stirred ? ENTRY_STIRRED : 0) |
                             (session->is_public ? ENTRY_PUBLIC : 0) |
                             (session->quarantined ? ENTRY_QUARANTINED : 0) |
                             (session->by_login ? ENTRY_BY_LOGIN : 0) |
                             (session->requester.len > 0 ? ENTRY_BOUND : 0));
}

void entry_view(const struct entry *self, uint64_t id, struct session *session_out)
{
    const uint8_t *at = names_at(&self->names);

    entry_view_none(session_out);
    session_out->id = id;
    session_out->version =
        (uint32_t)atomic_load_explicit(&self->stamp, memory_order_relaxed);
    session_out->generation = self->generation;
    session_out->first = self->first;
    session_out->binding = (enum binding)self->binding;
    session_out->is_public = (self->flags & ENTRY_PUBLIC) != 0;
    session_out->quarantined = (self->flags & ENTRY_QUARANTINED) != 0;
    session_out->by_login = (self->flags & ENTRY_BY_LOGIN) != 0;
    session_out->stirred = (self->flags & ENTRY_STIRRED) != 0;
    session_out->bound_at_ms = self->bound_at_ms;
    session_out->family = self->family;
    session_out->pending = self->pending;
    if (self->names.len > 0) {
        at = read_user(at, &session_out->requester);
        session_out->claim_count = self->claim_count;
    }
    for (unsigned i = 0; i < session_out->claim_count; i++) {
        at = read_user(at, &session_out->claims[i]);
    }
}

void entry_view_none(struct session *session_out)
{
    session_out->id = 0;
    session_out->version = 0;
    session_out->generation = 0;
    session_out->first = (struct fingerprint){{0}};
    session_out->binding = BINDING_NONE;
    session_out->is_public = false;
    session_out->quarantined = false;
    session_out->by_login = false;
    session_out->stirred = false;
    session_out->bound_at_ms = 0;
    session_out->family = 0;
    session_out->pending = 0;
    session_out->claim_count = 0;
    session_out->requester.len = 0;
    for (unsigned i = 0; i < SESSION_CLAIMS_MAX; i++) {
        session_out->claims[i].len = 0;
    }
}
