#include "guard/recall.h"

#include "guard/brought.h"
#include "guard/standing.h"

enum {
    KEY_SIZE_MAX = 2 * USER_SIZE_MAX + 64,
};

uint64_t recall_family(const struct session *session, const struct fingerprint *token)
{
    uint64_t family = 0;

    if (session->id != 0 && session->family != 0) {
        return session->family;
    }
    if (session->id != 0) {
        token = &session->first;
    }
    if (token != NULL) {
        memcpy(&family, token->bytes, sizeof(family));
    }
    return family & ~RECALL_UNCERTAIN;
}

uint64_t recall_common_family(const struct recall_families *families)
{
    for (unsigned i = 1; i < families->count; i++) {
        if (!recall_same_family(families->items[i], families->items[0])) {
            return 0; /* Which of them the site reads is not ours to know. */
        }
    }
    return families->count > 0 ? families->items[0] : 0;
}

struct text {
    uint8_t bytes[KEY_SIZE_MAX];
    size_t len;
};

static void put(struct text *text, const void *bytes, size_t len)
{
    if (len > 0 && len <= sizeof(text->bytes) - text->len) {
        memcpy(text->bytes + text->len, bytes, len);
        text->len += len;
    }
}

static struct fingerprint hash_of(const struct recall *self, const struct text *text)
{
    return fingerprint_of(self->hasher,
                          (struct span){.ptr = text->bytes, .len = text->len});
}

/* `use`, the class, and what makes the row one's own. */
static void begin_key(struct text *text, char use, const struct marker_class *class)
{
    text->len = 0;
    put(text, &use, 1);
    put(text, class->name.ptr, class->name.len);
    put(text, "", 1);
}

static struct fingerprint own_key(const struct recall *self,
                                  const struct marker_class *class, struct span value)
{
    struct text text;

    begin_key(&text, 'o', class);
    put(&text, value.ptr, value.len);
    return hash_of(self, &text);
}

/* A login or logout begins a new row. */
static struct fingerprint further_key(const struct recall *self,
                                      const struct marker_class *class,
                                      const struct session *session)
{
    struct text text;

    begin_key(&text, 'r', class);
    put(&text, session->first.bytes, FINGERPRINT_SIZE);
    put(&text, &session->generation, sizeof(session->generation));
    return hash_of(self, &text);
}

static struct fingerprint further_value(const struct recall *self, struct span value)
{
    struct text text = {.len = 0};

    put(&text, "v", 1);
    put(&text, value.ptr, value.len);
    return hash_of(self, &text);
}

static struct fingerprint family_value(uint64_t family)
{
    struct fingerprint value = {{0}};
    family &= ~RECALL_UNCERTAIN;
    memcpy(value.bytes, &family, sizeof(family));
    return value;
}

static bool is_of(const struct recall_families *families, const struct memo_row *row,
                  uint64_t *family_out)
{
    memcpy(family_out, row->value.bytes, sizeof(*family_out));
    for (unsigned i = 0; i < families->count; i++) {
        if (recall_same_family(families->items[i], *family_out)) {
            return true;
        }
    }
    return false;
}

static enum recall_state own_state(const struct recall *self,
                                   const struct recall_families *families,
                                   const struct marker_class *class, struct span value,
                                   uint64_t *family_out)
{
    struct memo_row row;
    struct fingerprint key = own_key(self, class, value);

    if (!memo_find(self->memo, &key, self->now_ms, &row)) {
        return RECALL_NEW;
    }
    if (is_of(families, &row, family_out)) {
        return RECALL_SAME;
    }
    if (brought_by_cookie(self->request, value)) {
        return RECALL_PRESENTED;
    }
    return brought_by_other(self->request, value) ? RECALL_ASKED : RECALL_OTHER;
}

static enum recall_state further_state(const struct recall *self,
                                       const struct session *now,
                                       const struct marker_class *class,
                                       struct span value)
{
    struct memo_row row;
    struct fingerprint key = further_key(self, class, now);
    struct fingerprint seen = further_value(self, value);

    if (!memo_find(self->memo, &key, self->now_ms, &row)) {
        return RECALL_NEW;
    }
    if (fingerprint_equal(&row.value, &seen)) {
        return RECALL_SAME;
    }
    return row.count > 1 ? RECALL_OTHER : RECALL_OTHER_ONCE;
}

/* A further class is compared in one generation of one known session, no login or logout
 * in flight. */
static bool compares_further(const struct evidence *evidence)
{
    const struct asker *asker = evidence->asker;
    const struct session *now = evidence->now;

    return asker->role == ROLE_NONE && !asker->mixed && asker->kind == ASKER_SESSION &&
           now->id != 0 && now->id == asker->session.id &&
           now->generation == asker->session.generation && now->pending == 0 &&
           asker->session.pending == 0 && now->binding != BINDING_NONE &&
           now->claim_count == 0;
}

size_t recall_read(const struct recall *self, const struct evidence *evidence,
                   const struct recall_families *families, struct recalled *found_out,
                   uint64_t *family_out)
{
    const struct rules *rules = evidence->rules;
    size_t identity = standing_identity_class(rules);
    bool further = compares_further(evidence);
    size_t count = 0;

    *family_out = 0;
    for (size_t i = 0; i < evidence->answer->observation_count; i++) {
        const struct observation *seen = evidence->answer->observations[i];
        const struct marker_class *class = &rules->classes[seen->class_index];
        bool own = class->must_be == MARKER_RULE_OWN;
        bool other = further && class->must_be == MARKER_RULE_REQUESTER &&
                     seen->class_index != identity && !standing_may_be_typed(seen, class);
        uint64_t family = 0;
        if ((!own && !other) || standing_names_nobody(class, seen->value)) {
            continue;
        }
        if (count == RECALLED_MAX) {
            return RECALLED_MAX + 1;
        }
        enum recall_state state =
            own ? own_state(self, families, class, seen->value, &family)
                : further_state(self, evidence->now, class, seen->value);
        bool foreign = state == RECALL_OTHER || state == RECALL_ASKED;
        if (own && foreign && *family_out == 0) {
            *family_out = family;
        }
        found_out[count++] =
            (struct recalled){.observation = (uint16_t)i, .state = state};
    }
    return count;
}

static bool note_own(const struct recall *self, const struct marker_class *class,
                     struct span value, uint64_t family)
{
    struct memo_row row;
    struct fingerprint key = own_key(self, class, value);
    struct fingerprint mine = family_value(family);

    memo_meet(self->memo, &key, &mine, self->now_ms, &row);
    return fingerprint_equal(&row.value, &mine);
}

bool recall_note(const struct recall *self, const struct evidence *evidence,
                 uint64_t family, const struct recalled *found, size_t count)
{
    for (size_t i = 0; i < count && i < RECALLED_MAX; i++) {
        const struct observation *seen =
            evidence->answer->observations[found[i].observation];
        const struct marker_class *class = &evidence->rules->classes[seen->class_index];
        struct memo_row row;
        if (class->must_be == MARKER_RULE_OWN) {
            if (found[i].state == RECALL_NEW && family != 0 &&
                !note_own(self, class, seen->value, family)) {
                return false;
            }
        } else if (found[i].state == RECALL_NEW || found[i].state == RECALL_SAME) {
            struct fingerprint key = further_key(self, class, evidence->now);
            struct fingerprint value = further_value(self, seen->value);
            memo_meet(self->memo, &key, &value, self->now_ms, &row);
        }
    }
    return true;
}
