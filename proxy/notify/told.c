#include "notify/told.h"

#include <string.h>

#include "http/json.h"

enum {
    VALUE_SIZE_MAX = 2048,
};

enum told_member {
#define TOLD(member, pointer) MEMBER_##member,
#include "notify/told.def"
#undef TOLD
    MEMBER_COUNT
};

static const char *const POINTERS[] = {
#define TOLD(member, pointer) pointer,
#include "notify/told.def"
#undef TOLD
};

_Static_assert((int)MEMBER_COUNT <= (int)JSON_POINTERS_MAX, "too many members");

static struct span *member_of(struct told *self, size_t index)
{
    struct span *const members[] = {
#define TOLD(member, pointer) &self->member,
#include "notify/told.def"
#undef TOLD
    };
    CHECK(index < MEMBER_COUNT);
    return members[index];
}

static void on_match(void *context, const struct json_match *match)
{
    struct told *self = context;
    struct span value = match->value;

    if (match->kind == JSON_NULL || match->too_long ||
        value.len > TOLD_TEXT_MAX - self->text_len) {
        return;
    }
    uint8_t *copy = self->text + self->text_len;
    if (value.len > 0) {
        memcpy(copy, value.ptr, value.len);
    }
    self->text_len += value.len;
    *member_of(self, match->pointer_index) = (struct span){.ptr = copy, .len = value.len};
}

enum err told_read(struct span body, struct told *told_out)
{
    struct pointer pointers[MEMBER_COUNT];

    memset(told_out, 0, offsetof(struct told, text));
    for (size_t i = 0; i < MEMBER_COUNT; i++) {
        const char *problem = pointer_parse(span_of(POINTERS[i]), &pointers[i]);
        CHECK(problem == NULL);
    }
    struct json *json = json_new(&(struct json_wanted){.pointers = pointers,
                                                       .pointer_count = MEMBER_COUNT,
                                                       .value_size_max = VALUE_SIZE_MAX,
                                                       .sink = on_match});
    if (json == NULL) {
        return ERR_MEMORY;
    }
    json_start(json, told_out);
    (void)json_feed(json, body);
    bool whole = json_finish(json) == JSON_DONE;
    json_free(&json);
    return whole && told_out->type.len > 0 ? ERR_NONE : ERR_SYNTAX;
}

bool told_is_drill(const struct told *self)
{
    return span_equal(self->drill, SPAN("true"));
}
