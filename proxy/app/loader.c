#include "app/loader.h"

#include <inttypes.h>
#include <string.h>

#include "base/parse.h"

/* Recursion here is as deep as the table of options. */
// NOLINTBEGIN(misc-no-recursion)
static bool read_group(struct loader *self, const struct option *parent,
                       const struct node *node, void *base);

char *loader_copy(struct loader *self, struct span text)
{
    return arena_copy(self->snapshot->arena, text);
}

void *loader_alloc(struct loader *self, size_t size)
{
    return arena_alloc(self->snapshot->arena, size);
}

bool loader_wrong(struct loader *self, const struct option *option,
                  const struct node *node)
{
    report_error(self->report, node->place, "`%s` must be %s, not `%.80s`",
                 option_key(option), option_type_words(option->type),
                 (const char *)node->text.ptr);
    return false;
}

bool loader_wrong_kind(struct loader *self, const char *key, const struct node *node,
                       enum node_kind wanted)
{
    static const char *const KINDS[] = {
        [NODE_SCALAR] = "a single value", [NODE_LIST] = "a list", [NODE_MAP] = "a map"};

    if (node_is_null(node)) {
        report_error(self->report, node->place, "`%s` has no value", key);
    } else {
        report_error(self->report, node->place, "`%s` must be %s, not %s", key,
                     KINDS[wanted], KINDS[node->kind]);
    }
    return false;
}

bool loader_length(struct loader *self, const struct option *option,
                   const struct node *node)
{
    if (node->text.len < option->min) {
        report_error(self->report, node->place, "`%s` must not be empty",
                     option_key(option));
        return false;
    }
    if (node->text.len > option->max && option->shape == OPTION_ONE) {
        report_error(self->report, node->place, "`%s` is longer than %" PRIu64 " bytes",
                     option_key(option), option->max);
        return false;
    }
    return true;
}

static option_read_fn *reader_of(enum option_type type)
{
    static option_read_fn *const READERS[] = {
        NULL,
#define TYPE(id, schema, words) option_read_##id,
#include "app/option_type.def"
#undef TYPE
    };
    CHECK(type > OPTION_NO_TYPE && type < OPTION_TYPE_COUNT);
    return READERS[type];
}

static void *at(void *base, size_t offset)
{
    return (char *)base + offset;
}

static bool read_one(struct loader *self, const struct option *option,
                     const struct node *node, void *base)
{
    struct target target = {.field = at(base, option->offset), .base = base};

    if (node->kind != NODE_SCALAR || node_is_null(node)) {
        return loader_wrong_kind(self, option_key(option), node, NODE_SCALAR);
    }
    return reader_of(option->type)(self, option, node, target);
}

static bool is_list(struct loader *self, const struct option *option,
                    const struct node *node)
{
    if (node->kind != NODE_LIST) {
        return loader_wrong_kind(self, option_key(option), node, NODE_LIST);
    }
    if (node->count > option->max) {
        report_error(self->report, node->place, "`%s` has more than %" PRIu64 " items",
                     option_key(option), option->max);
        return false;
    }
    if (node->count == 0 && option_needed(option)) {
        report_error(self->report, node->place, "`%s` must not be empty",
                     option_key(option));
        return false;
    }
    loader_note_number(self, option, node->count);
    return true;
}

static bool are_values(struct loader *self, const struct option *option,
                       const struct node *node)
{
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        if (item->kind != NODE_SCALAR || (node_is_null(item))) {
            return loader_wrong_kind(self, option_key(option), item, NODE_SCALAR);
        }
    }
    return true;
}

/* Memory for the items of a list, in place: NULL when there are none or no memory. */
static char *place_items(struct loader *self, const struct option *option, size_t count,
                         void *base)
{
    char *items = count > 0 ? loader_alloc(self, count * option->item_size) : NULL;

    if (items != NULL) {
        memcpy(at(base, option->offset), &items, sizeof(char *));
        memcpy(at(base, option->count_offset), &count, sizeof(count));
    }
    return items;
}

static bool read_many(struct loader *self, const struct option *option,
                      const struct node *node, void *base)
{
    bool good = true;

    if (!is_list(self, option, node) || !are_values(self, option, node)) {
        return false;
    }
    char *items = place_items(self, option, node->count, base);
    if (items == NULL) {
        return node->count == 0;
    }
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        struct target target = {.field = items, .base = base};
        good &= reader_of(option->type)(self, option, item, target);
        items += option->item_size;
    }
    return good;
}

static bool read_whole(struct loader *self, const struct option *option,
                       const struct node *node, void *base)
{
    struct target target = {.field = at(base, option->offset), .base = base};

    return is_list(self, option, node) && are_values(self, option, node) &&
           reader_of(option->type)(self, option, node, target);
}

static bool read_groups(struct loader *self, const struct option *option,
                        const struct node *node, void *base)
{
    bool good = true;

    if (option->single && node->kind == NODE_MAP) {
        char *item = place_items(self, option, 1, base);
        loader_note_number(self, option, 1);
        return item != NULL && read_group(self, option, node, item);
    }
    if (!is_list(self, option, node)) {
        return false;
    }
    char *items = place_items(self, option, node->count, base);
    if (items == NULL) {
        return node->count == 0;
    }
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        good &= read_group(self, option, item, items);
        items += option->item_size;
    }
    return good;
}

/* The words that may be chosen: "`a` or `b`". */
static void join_words(const struct option *option, char *list, size_t capacity)
{
    struct span words = span_of(option->words);
    struct span word;
    bool later = false;
    size_t len = 0;

    list[0] = '\0';
    while (option_next_word(&words, &word, &later)) {
        if (later || len >= capacity) {
            continue;
        }
        int added = snprintf(list + len, capacity - len, "%s`%.*s`",
                             len > 0 ? " or " : "", SPAN_ARGS(word));
        len += added > 0 ? (size_t)added : 0;
    }
}

/* Number of the word, or false and a report. */
static bool find_word(struct loader *self, const struct option *option,
                      const struct node *node, unsigned *number_out)
{
    struct span words = span_of(option->words);
    struct span word;
    bool later = false;
    char list[128];

    for (unsigned i = 0; option_next_word(&words, &word, &later); i++) {
        if (!span_equal(word, node->text)) {
            continue;
        }
        if (later) {
            report_error(self->report, node->place,
                         "`%s: %s` is not available in this version", option_key(option),
                         (const char *)node->text.ptr);
        }
        *number_out = i;
        return !later;
    }
    join_words(option, list, sizeof(list));
    report_error(self->report, node->place, "`%s` must be %s, not `%.80s`",
                 option_key(option), list, (const char *)node->text.ptr);
    return false;
}

static bool read_choice(struct loader *self, const struct option *option,
                        const struct node *node, void *base)
{
    unsigned number = 0;

    if (node->kind != NODE_SCALAR || node_is_null(node)) {
        return loader_wrong_kind(self, option_key(option), node, NODE_SCALAR);
    }
    if (!find_word(self, option, node, &number)) {
        return false;
    }
    CHECK(option->size == sizeof(bool) || option->size == sizeof(unsigned));
    bool flag = number != 0;
    memcpy(at(base, option->offset),
           option->size == sizeof(bool) ? (const void *)&flag : &number, option->size);
    loader_note(self, option, node->text);
    return true;
}

/* What an operator calls one item of a list: "feature `login`", "this feature". */
static void describe(const struct option *parent, const struct node *node, char *text,
                     size_t capacity)
{
    const struct node *name = node_find(node, SPAN("name"));
    struct span key = parent != NULL ? span_of(option_key(parent)) : (struct span){0};

    if (span_ends(key, SPAN("s"))) {
        key.len--;
    }
    if (parent == NULL) {
        (void)snprintf(text, capacity, "the configuration");
    } else if (parent->shape == OPTION_GROUP || parent->single) {
        (void)snprintf(text, capacity, "`%s`", option_key(parent));
    } else if (name != NULL && name->kind == NODE_SCALAR) {
        (void)snprintf(text, capacity, "%.*s `%.63s`", SPAN_ARGS(key),
                       (const char *)name->text.ptr);
    } else {
        (void)snprintf(text, capacity, "this %.*s item", SPAN_ARGS(key));
    }
}

static bool read_missing(struct loader *self, const struct option *option,
                         const struct node *around, void *base)
{
    const struct option *parent = NULL;
    for (size_t i = 0; i < option_count() && parent == NULL; i++) {
        parent = option_is_in(option, option_at(i)) ? option_at(i) : NULL;
    }
    if (option_needed(option)) {
        char what[128];
        describe(parent, around, what, sizeof(what));
        report_error(self->report, around->place, "%s has no `%s`", what,
                     option_key(option));
        return false;
    }
    if (option->shape == OPTION_GROUP) {
        struct node empty = {.kind = NODE_MAP, .place = around->place};
        return read_group(self, option, &empty, at(base, option->offset));
    }
    if (option_preset(option) == NULL) {
        return true;
    }
    struct node preset = {.kind = NODE_SCALAR,
                          .plain = true,
                          .place = around->place,
                          .text = span_of(option_preset(option))};
    return option->shape == OPTION_CHOICE ? read_choice(self, option, &preset, base)
                                          : read_one(self, option, &preset, base);
}

static bool read_option(struct loader *self, const struct option *option,
                        const struct node *around, void *base)
{
    const struct node *node = node_find(around, span_of(option_key(option)));

    if (node == NULL) {
        return read_missing(self, option, around, base);
    }
    switch (option->shape) {
    case OPTION_ONE:
        return read_one(self, option, node, base);
    case OPTION_MANY:
        return read_many(self, option, node, base);
    case OPTION_WHOLE:
        return read_whole(self, option, node, base);
    case OPTION_CHOICE:
        return read_choice(self, option, node, base);
    case OPTION_GROUP:
        return read_group(self, option, node, at(base, option->offset));
    case OPTION_GROUPS:
        return read_groups(self, option, node, base);
    case OPTION_LATER:
        report_error(self->report, node->name_place,
                     "`%s` is not available in this version", option_key(option));
        return false;
    }
    UNREACHABLE();
}

static bool check_keys(struct loader *self, const struct option *parent,
                       const struct node *node)
{
    bool good = true;

    for (const struct node *child = node->first; child != NULL; child = child->next) {
        if (option_find(parent, child->name) == NULL) {
            report_error(self->report, child->name_place,
                         "unknown key `%.80s`; the nearest one here is `%s`",
                         (const char *)child->name.ptr,
                         option_nearest(parent, child->name));
            good = false;
        }
    }
    return good;
}

static bool read_group(struct loader *self, const struct option *parent,
                       const struct node *node, void *base)
{
    if (node->kind != NODE_MAP && parent == NULL) {
        report_error(self->report, node->place, "the configuration must be a map");
        return false;
    }
    if (node->kind != NODE_MAP) {
        return loader_wrong_kind(self, option_key(parent), node, NODE_MAP);
    }
    bool good = check_keys(self, parent, node);
    for (size_t i = 0; i < option_count(); i++) {
        if (option_is_in(option_at(i), parent)) {
            good &= read_option(self, option_at(i), node, base);
        }
    }
    return good;
}

// NOLINTEND(misc-no-recursion)

bool loader_read(struct loader *self)
{
    struct config *config = &self->snapshot->config;

    secret_hash_start(&self->hash);
    config->notes = loader_alloc(self, option_count() * sizeof(config->notes[0]));
    if (config->notes == NULL) {
        return false;
    }
    (void)read_group(self, NULL, self->root, self->snapshot);
    return !arena_failed(self->snapshot->arena) && !arena_failed(self->scratch);
}
