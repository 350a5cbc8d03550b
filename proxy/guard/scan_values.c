#include "guard/scan_values.h"

#include <stdlib.h>

#include "http/text.h"

enum {
    CHUNK_SIZE = 4096,
    TABLE_SIZE = 2 * SCAN_DISTINCT_MAX, /* a power of two, never full */
    TABLE_FROM = 16,                    /* below this many a look at each is faster */
};

struct values_chunk {
    struct values_chunk *next;
    size_t used;
    uint8_t bytes[CHUNK_SIZE];
};

void values_fail(struct values *self, enum scan_reason reason)
{
    if (self->reason == SCAN_REASON_NONE) {
        self->reason = reason;
    }
}

/* FNV-1a. Chosen values only make the table slow, and it is small. */
static uint32_t hash_of(uint8_t class_index, struct span value)
{
    uint32_t hash = UINT32_C(2166136261) ^ class_index;
    for (size_t i = 0; i < value.len; i++) {
        hash = (hash ^ value.ptr[i]) * UINT32_C(16777619);
    }
    return hash ^ (hash >> 15);
}

static bool same(const struct observation *item, uint8_t class_index, struct span value)
{
    return item->class_index == class_index && span_equal(item->value, value);
}

/* The slot of the value, or the free one where it belongs. */
static uint16_t *slot_of(const struct values *self, uint8_t class_index,
                         struct span value)
{
    uint32_t at = hash_of(class_index, value);
    for (;;) {
        uint16_t *slot = &self->table[at % TABLE_SIZE];
        if (*slot == 0 || same(&self->items[*slot - 1], class_index, value)) {
            return slot;
        }
        at++;
    }
}

static struct observation *find(const struct values *self, uint8_t class_index,
                                struct span value)
{
    if (self->table != NULL) {
        uint16_t *slot = slot_of(self, class_index, value);
        return *slot != 0 ? &self->items[*slot - 1] : NULL;
    }
    for (size_t i = 0; i < self->count; i++) {
        if (same(&self->items[i], class_index, value)) {
            return &self->items[i];
        }
    }
    return NULL;
}

static bool table_make(struct values *self)
{
    self->table = calloc(TABLE_SIZE, sizeof(*self->table));
    if (self->table == NULL) {
        return false;
    }
    for (size_t i = 0; i < self->count; i++) {
        const struct observation *item = &self->items[i];
        *slot_of(self, item->class_index, item->value) = (uint16_t)(i + 1);
    }
    return true;
}

static struct values_chunk *chunk_with(struct values *self, size_t len)
{
    struct values_chunk *chunk = self->chunk_now;
    if (chunk != NULL && CHUNK_SIZE - chunk->used >= len) {
        return chunk;
    }
    struct values_chunk *next = chunk != NULL ? chunk->next : self->chunks;
    if (next == NULL) {
        next = malloc(sizeof(*next));
        if (next == NULL) {
            return NULL;
        }
        next->next = NULL;
        if (chunk != NULL) {
            chunk->next = next;
        } else {
            self->chunks = next;
        }
    }
    next->used = 0;
    self->chunk_now = next;
    return next;
}

static bool items_grow(struct values *self)
{
    if (self->count < self->capacity) {
        return true;
    }
    size_t capacity = self->capacity > 0 ? 2 * self->capacity : 8;
    struct observation *items = realloc(self->items, capacity * sizeof(*items));
    if (items == NULL) {
        return false;
    }
    self->items = items;
    self->capacity = capacity;
    return true;
}

static bool append(struct values *self, struct observation item)
{
    struct values_chunk *chunk = chunk_with(self, item.value.len);
    if (chunk == NULL || !items_grow(self) ||
        (self->count == TABLE_FROM && self->table == NULL && !table_make(self))) {
        return false;
    }
    uint8_t *bytes = chunk->bytes + chunk->used;
    if (item.value.len > 0) {
        memcpy(bytes, item.value.ptr, item.value.len);
    }
    chunk->used += item.value.len;
    item.value.ptr = bytes;
    if (self->table != NULL) {
        *slot_of(self, item.class_index, item.value) = (uint16_t)(self->count + 1);
    }
    self->items[self->count++] = item;
    return true;
}

/* A strong sight counts more than a weak one, then the selector that stands first; so
 * the order in which the rooms come to their sights does not matter. */
static void again(struct observation *known, const struct observation *sight)
{
    bool stronger = known->weak && !sight->weak;
    bool first =
        known->weak == sight->weak && sight->selector_index < known->selector_index;
    if (stronger || first) {
        known->weak = sight->weak;
        known->kind = sight->kind;
        known->selector_index = sight->selector_index;
    }
    known->in_field = known->in_field || sight->in_field;
    if (sight->offset < known->offset) {
        known->offset = sight->offset;
    }
}

/* Takes the signature off; false when it is wrong. An empty value says nothing of
 * anybody, and needs none. */
static bool take_signature(struct values *self, const struct marker_row *row,
                           struct span *value_p)
{
    struct span request = {.ptr = self->request, .len = self->request_len};

    if (row->signature.mac == NULL || value_p->len == 0 ||
        signature_verify(&row->signature, *value_p, request, value_p)) {
        return true;
    }
    self->forged |= UINT32_C(1) << row->class_index;
    return false;
}

void values_add(struct values *self, size_t row_index, struct span value, uint64_t offset)
{
    CHECK(row_index < self->markers->row_count);

    const struct marker_row *row = &self->markers->rows[row_index];
    value = text_trim(value);
    if (++self->matches > SCAN_MATCHES_MAX) {
        values_fail(self, SCAN_REASON_MATCHES);
    }
    size_t more = row->signature.mac != NULL ? SIGNATURE_DIGITS_MAX : 0;
    if (value.len > self->markers->value_max + more) {
        values_fail(self, SCAN_REASON_LENGTH);
    }
    if (self->reason != SCAN_REASON_NONE || !take_signature(self, row, &value)) {
        return;
    }
    if (value.len > self->markers->value_max) {
        values_fail(self, SCAN_REASON_LENGTH);
        return;
    }
    struct observation item = {
        .class_index = row->class_index,
        .selector_index = row->selector_index,
        .kind = row->selector.kind,
        .weak = row->selector.kind == SELECTOR_REGEX && !row->trusted,
        .in_field = row->selector.kind == SELECTOR_HEADER ||
                    row->selector.kind == SELECTOR_COOKIE,
        .value = value,
        .offset = offset,
    };
    struct observation *known = find(self, row->class_index, value);
    if (known != NULL) {
        again(known, &item);
        return;
    }
    if (self->count == SCAN_DISTINCT_MAX) {
        values_fail(self, SCAN_REASON_MATCHES);
        return;
    }
    if (!append(self, item)) {
        values_fail(self, SCAN_REASON_MEMORY);
        return;
    }
    self->seen |= UINT32_C(1) << row->class_index;
}

void values_add_cut(struct values *self, size_t row_index, struct span value, size_t size,
                    uint64_t offset)
{
    if (value.len > size) {
        values_fail(self, SCAN_REASON_LENGTH);
        return;
    }
    values_add(self, row_index, value, offset);
}

void values_forget(struct values *self)
{
    for (struct values_chunk *chunk = self->chunks; chunk != NULL; chunk = chunk->next) {
        explicit_bzero(chunk->bytes, chunk->used);
        chunk->used = 0;
    }
    self->chunk_now = NULL;
    self->count = 0;
    self->seen = 0;
    free(self->table);
    self->table = NULL;
}

void values_clear(struct values *self)
{
    values_forget(self);
    self->matches = 0;
    self->forged = 0;
    self->request_len = 0;
    self->reason = SCAN_REASON_NONE;
}

void values_free(struct values *self)
{
    values_forget(self);
    free(self->items);
    while (self->chunks != NULL) {
        struct values_chunk *chunk = self->chunks;
        self->chunks = chunk->next;
        free(chunk);
    }
    *self = (struct values){0};
}
