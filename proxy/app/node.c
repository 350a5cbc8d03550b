#include "app/node.h"

#include <string.h>

#include <yaml.h>

/* What is being built: the open lists and maps, outermost first. */
struct builder {
    struct arena *arena;
    struct report *report;
    const char *source;
    struct node *root;
    struct node *open[NODE_DEPTH_MAX];
    struct span key; /* Of the map at the top: a key that waits for its value. */
    struct place key_place;
    bool has_key;
    size_t depth;
    size_t count;
};

static struct place place_at(const struct builder *self, yaml_mark_t mark)
{
    return (struct place){
        .source = self->source, .line = mark.line + 1, .column = mark.column + 1};
}

struct node *node_new(struct arena *arena, enum node_kind kind, struct place place)
{
    struct node *self = arena_alloc(arena, sizeof(*self));

    if (self != NULL) {
        self->kind = kind;
        self->place = place;
        self->name_place = place;
        self->name = SPAN("");
        self->text = SPAN("");
    }
    return self;
}

struct node *node_new_scalar(struct arena *arena, struct span text, struct place place)
{
    struct node *self = node_new(arena, NODE_SCALAR, place);
    char *copy = arena_copy(arena, text);

    if (self == NULL || copy == NULL) {
        return NULL;
    }
    self->plain = true;
    self->text = (struct span){.ptr = (const uint8_t *)copy, .len = text.len};
    return self;
}

void node_add(struct node *self, struct node *child)
{
    CHECK(self->kind != NODE_SCALAR);
    CHECK(child->next == NULL);

    if (self->last == NULL) {
        self->first = child;
    } else {
        self->last->next = child;
    }
    self->last = child;
    self->count++;
}

void node_remove(struct node *self, struct node *child)
{
    struct node *before = NULL;

    for (struct node *at = self->first; at != child; at = at->next) {
        CHECK(at != NULL);
        before = at;
    }
    if (before == NULL) {
        self->first = child->next;
    } else {
        before->next = child->next;
    }
    if (self->last == child) {
        self->last = before;
    }
    child->next = NULL;
    self->count--;
}

struct node *node_find(const struct node *self, struct span name)
{
    if (self == NULL || self->kind != NODE_MAP) {
        return NULL;
    }
    for (struct node *child = self->first; child != NULL; child = child->next) {
        if (span_equal(child->name, name)) {
            return child;
        }
    }
    return NULL;
}

bool node_is_null(const struct node *self)
{
    return self->kind == NODE_SCALAR && self->plain &&
           (self->text.len == 0 || span_equal(self->text, SPAN("~")) ||
            span_equal(self->text, SPAN("null")));
}

/* Reports and stops. */
static bool fail(struct builder *self, yaml_mark_t mark, const char *message)
{
    report_error(self->report, place_at(self, mark), "%s", message);
    return false;
}

static struct node *top(const struct builder *self)
{
    return self->depth > 0 ? self->open[self->depth - 1] : NULL;
}

/* Puts a finished scalar or a new list or map where it belongs. */
static bool place_node(struct builder *self, struct node *node, yaml_mark_t mark)
{
    struct node *parent = top(self);

    if (++self->count > NODE_COUNT_MAX) {
        return fail(self, mark, "too many values");
    }
    if (parent == NULL) {
        self->root = node;
        return true;
    }
    if (parent->kind == NODE_LIST) {
        node_add(parent, node);
        return true;
    }
    node->name = self->key;
    node->name_place = self->key_place;
    self->has_key = false;
    const struct node *first = node_find(parent, self->key);
    if (first != NULL) {
        report_error(self->report, self->key_place,
                     "key `%s` is given twice, first at line %zu", first->name.ptr,
                     first->name_place.line);
        return true;
    }
    if (parent->count == NODE_KEYS_MAX) {
        return fail(self, mark, "too many keys");
    }
    node_add(parent, node);
    return true;
}

static bool wants_key(const struct builder *self)
{
    const struct node *parent = top(self);
    return parent != NULL && parent->kind == NODE_MAP && !self->has_key;
}

static bool on_scalar(struct builder *self, const yaml_event_t *event)
{
    struct span text = {.ptr = event->data.scalar.value,
                        .len = event->data.scalar.length};

    if (event->data.scalar.anchor != NULL) {
        return fail(self, event->start_mark, "anchors are not supported");
    }
    if (event->data.scalar.tag != NULL) {
        return fail(self, event->start_mark, "tags are not supported");
    }
    if (span_find(text, '\0') != text.len) {
        return fail(self, event->start_mark, "a NUL character is not allowed");
    }
    struct node *node =
        node_new_scalar(self->arena, text, place_at(self, event->start_mark));
    if (node == NULL) {
        return fail(self, event->start_mark, "out of memory");
    }
    if (wants_key(self)) {
        self->key = node->text;
        self->key_place = node->place;
        self->has_key = true;
        return true;
    }
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return place_node(self, node, event->start_mark);
}

static bool on_start(struct builder *self, const yaml_event_t *event, enum node_kind kind)
{
    const yaml_char_t *anchor = kind == NODE_MAP ? event->data.mapping_start.anchor
                                                 : event->data.sequence_start.anchor;
    const yaml_char_t *tag =
        kind == NODE_MAP ? event->data.mapping_start.tag : event->data.sequence_start.tag;

    if (anchor != NULL) {
        return fail(self, event->start_mark, "anchors are not supported");
    }
    if (tag != NULL) {
        return fail(self, event->start_mark, "tags are not supported");
    }
    if (wants_key(self)) {
        return fail(self, event->start_mark, "a key must be plain text");
    }
    if (self->depth == NODE_DEPTH_MAX) {
        return fail(self, event->start_mark, "nested too deeply");
    }
    struct node *node = node_new(self->arena, kind, place_at(self, event->start_mark));
    if (node == NULL) {
        return fail(self, event->start_mark, "out of memory");
    }
    if (!place_node(self, node, event->start_mark)) {
        return false;
    }
    self->open[self->depth++] = node;
    return true;
}

/* False: stop, a reason was reported. */
static bool on_event(struct builder *self, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(self, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_start(self, event, NODE_LIST);
    case YAML_MAPPING_START_EVENT:
        return on_start(self, event, NODE_MAP);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        CHECK(self->depth > 0);
        self->depth--;
        return true;
    case YAML_ALIAS_EVENT:
        return fail(self, event->start_mark, "aliases are not supported");
    case YAML_DOCUMENT_START_EVENT:
        return self->root == NULL ||
               fail(self, event->start_mark, "a second document is not supported");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    return true;
}

static bool build(struct builder *self, yaml_parser_t *parser)
{
    bool more = true;

    while (more) {
        yaml_event_t event;
        if (yaml_parser_parse(parser, &event) == 0) {
            report_error(self->report, place_at(self, parser->problem_mark),
                         "not valid YAML: %s",
                         parser->problem != NULL ? parser->problem : "out of memory");
            return false;
        }
        bool good = on_event(self, &event);
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (!good) {
            return false;
        }
    }
    return true;
}

struct node *node_parse(struct arena *arena, const char *source, struct span text,
                        struct report *report)
{
    struct builder builder = {.arena = arena, .report = report, .source = source};
    struct place start = {.source = source, .line = 1, .column = 1};
    yaml_parser_t parser;

    if (text.len > NODE_DOCUMENT_SIZE_MAX) {
        report_error(report, start, "larger than %d bytes", NODE_DOCUMENT_SIZE_MAX);
        return NULL;
    }
    if (yaml_parser_initialize(&parser) == 0) {
        report_error(report, start, "out of memory");
        return NULL;
    }
    yaml_parser_set_input_string(&parser, text.ptr, text.len);
    bool good = build(&builder, &parser);
    yaml_parser_delete(&parser);
    if (!good) {
        return NULL;
    }
    if (builder.root == NULL || node_is_null(builder.root)) {
        return node_new(arena, NODE_MAP, start);
    }
    return builder.root;
}
