#include "http/json_path.h"

#include "base/parse.h"
#include "http/form_name.h"

void json_path_start(struct json_path *self, const struct pointer *pointers,
                     size_t pointer_count)
{
    CHECK(pointer_count <= JSON_POINTERS_MAX);

    uint32_t all = (uint32_t)((UINT64_C(1) << pointer_count) - 1);
    self->pointers = pointers;
    self->pointer_count = pointer_count;
    self->depth = 0;
    self->levels[0] = (struct json_path_level){.matched = all, .inside = all};
}

bool json_path_open(struct json_path *self, bool is_array)
{
    if (self->depth == JSON_DEPTH_MAX) {
        return false;
    }
    uint32_t matched = self->levels[self->depth].inside;
    self->depth++;
    self->levels[self->depth] =
        (struct json_path_level){.matched = matched, .is_array = is_array};
    return true;
}

bool json_path_close(struct json_path *self, bool is_array)
{
    if (self->depth == 0 || self->levels[self->depth].is_array != is_array) {
        return false;
    }
    self->depth--;
    return true;
}

bool json_path_in_array(const struct json_path *self)
{
    return self->depth > 0 && self->levels[self->depth].is_array;
}

static bool fits(const struct pointer *pointer, size_t token, struct span name,
                 bool too_long)
{
    struct span wanted = pointer_token(pointer, token);

    if (pointer->tokens[token].any || (!too_long && span_equal(wanted, name))) {
        return true;
    }
    return pointer->folded && form_name_alike(name, wanted);
}

/* Narrows what fits the open container to what fits one token more. */
static void enter(struct json_path *self, struct span name, bool too_long)
{
    struct json_path_level *level = &self->levels[self->depth];
    size_t token = self->depth - 1;

    level->inside = 0;
    for (size_t i = 0; level->matched != 0 && i < self->pointer_count; i++) {
        const struct pointer *pointer = &self->pointers[i];
        if ((level->matched & (1U << i)) == 0 || pointer->token_count <= token) {
            continue;
        }
        if (fits(pointer, token, name, too_long)) {
            level->inside |= 1U << i;
        }
    }
}

void json_path_enter_element(struct json_path *self)
{
    struct json_path_level *level = &self->levels[self->depth];
    char digits[20];

    CHECK(level->is_array);
    if (level->matched != 0) {
        size_t len = format_u64(level->index, digits);
        enter(self, (struct span){.ptr = (const uint8_t *)digits, .len = len}, false);
    }
    level->index += level->index < UINT32_MAX ? 1 : 0;
}

void json_path_enter_member(struct json_path *self, struct span name, bool too_long)
{
    CHECK(self->depth > 0 && !self->levels[self->depth].is_array);

    enter(self, name, too_long);
}

bool json_path_wants_name(const struct json_path *self)
{
    return self->levels[self->depth].matched != 0;
}

uint32_t json_path_here(const struct json_path *self)
{
    uint32_t inside = self->levels[self->depth].inside;
    uint32_t here = 0;

    for (size_t i = 0; inside != 0 && i < self->pointer_count; i++) {
        if (self->pointers[i].token_count == self->depth) {
            here |= inside & (1U << i);
        }
    }
    return here;
}
