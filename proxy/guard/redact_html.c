/* Elements of an HTML page: where the ones begin and end that may be taken out. Follows
 * the HTML standard where elements end without an end tag (section 13.1.2.4). */
#include "base/check.h"
#include "guard/redact.h"
#include "guard/redact_tag.h"
#include "guard/scan_unescape.h"

enum {
    FRAMES_MAX = 512,
    VALUE_MAX_LEN = 1024,
    ATTRIBUTES_MAX = 256,
};

/* What an open element is good for. */
enum frame_kind {
    FRAME_CONTAINER, /* List, table or select: what is in it ends with it. */
    FRAME_ELEMENT,   /* May be taken out. */
};

struct frame {
    enum frame_kind kind;
    char name[REDACT_NAME_SIZE];
    size_t start;
    bool forbidden;
};

struct walk {
    struct redact_order *order;
    struct span body;
    size_t at;
    size_t depth;
    bool failed;
    size_t element_count;
    const char *elements[MARKER_CLASSES_MAX];
    struct frame frames[FRAMES_MAX];
};

static bool is_container(const char *name)
{
    static const char *const NAMES[] = {"ul",     "ol",       "menu", "table",
                                        "select", "datalist", NULL};
    return redact_tag_is(name, NAMES);
}

static bool is_void(const char *name)
{
    static const char *const NAMES[] = {"area",  "base",  "br",   "col",    "embed",
                                        "hr",    "img",   "link", "input",  "meta",
                                        "param", "track", "wbr",  "source", NULL};
    return redact_tag_is(name, NAMES);
}

/* Option, row and item by themselves; another element where a class names it. */
static bool may_go(const struct walk *self, const char *name)
{
    static const char *const NAMES[] = {"option", "tr", "li", NULL};

    if (redact_tag_is(name, NAMES)) {
        return true;
    }
    for (size_t i = 0; i < self->element_count; i++) {
        if (strcasecmp(self->elements[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* The elements that classes name. */
static void note_elements(struct walk *self)
{
    for (size_t i = 0; i < self->order->count; i++) {
        const char *element = self->order->wanted[i].class->redact_element;
        if (element != NULL && !may_go(self, element)) {
            CHECK(self->element_count < MARKER_CLASSES_MAX);
            self->elements[self->element_count++] = element;
        }
    }
}

static bool goes_for(const struct marker_class *class, const char *name)
{
    static const char *const NAMES[] = {"option", "tr", "li", NULL};

    return class->redact_element != NULL ? strcasecmp(class->redact_element, name) == 0
                                         : redact_tag_is(name, NAMES);
}

/* Ends the innermost frames down to `depth` at `end`. */
static void close_to(struct walk *self, size_t depth, size_t end)
{
    while (self->depth > depth) {
        const struct frame *frame = &self->frames[--self->depth];
        if (frame->forbidden && !redact_add(self->order, frame->start, end)) {
            self->failed = true;
        }
    }
}

/* Depth of the innermost open `name` that no container hides, or -1. */
static int find_open(const struct walk *self, const char *name)
{
    for (size_t i = self->depth; i > 0; i--) {
        const struct frame *frame = &self->frames[i - 1];
        if (strcmp(frame->name, name) == 0) {
            return (int)i - 1;
        }
        if (frame->kind == FRAME_CONTAINER && !is_container(name)) {
            return -1;
        }
    }
    return -1;
}

static void open_frame(struct walk *self, const struct redact_tag *tag,
                       enum frame_kind kind)
{
    if (self->depth == FRAMES_MAX) {
        self->failed = true;
        return;
    }
    struct frame *frame = &self->frames[self->depth++];
    *frame = (struct frame){.kind = kind, .start = tag->start};
    memcpy(frame->name, tag->name, sizeof(frame->name));
}

/* What the beginning of another element ends. */
static void close_implied(struct walk *self, const struct redact_tag *tag)
{
    static const char *const OPTIONS[] = {"option", "optgroup", "hr", NULL};
    static const char *const ROWS[] = {"tr", "tbody", "thead", "tfoot", NULL};
    const char *ended = NULL;

    if (redact_tag_is(tag->name, OPTIONS)) {
        ended = "option";
    } else if (redact_tag_is(tag->name, ROWS)) {
        ended = "tr";
    } else if (strcmp(tag->name, "li") == 0) {
        ended = "li";
    }
    int depth = ended != NULL ? find_open(self, ended) : -1;
    if (depth >= 0) {
        close_to(self, (size_t)depth, tag->start);
    }
}

/* Somebody who must not be seen: the innermost element that may go is marked. */
static void mark(struct walk *self, const struct redact_wanted *wanted)
{
    for (size_t i = self->depth; i > 0; i--) {
        struct frame *frame = &self->frames[i - 1];
        if (frame->kind == FRAME_ELEMENT && goes_for(wanted->class, frame->name)) {
            frame->forbidden = true;
            return;
        }
    }
    self->failed = true;
}

static bool names_attribute(const struct marker_class *class, struct span name)
{
    for (size_t i = 0; i < class->selector_count; i++) {
        const struct selector *selector = &class->selectors[i];
        if (selector->kind == SELECTOR_ATTR &&
            span_equal_nocase(selector_argument(selector), name)) {
            return true;
        }
    }
    return false;
}

static void look_for(struct walk *self, struct span name, struct span value,
                     bool with_signature)
{
    for (const struct redact_wanted *wanted = redact_next(self->order, value, NULL);
         wanted != NULL; wanted = redact_next(self->order, value, wanted)) {
        if (redact_reads(wanted->class, with_signature) &&
            names_attribute(wanted->class, name)) {
            mark(self, wanted);
        }
    }
}

static void look_at(struct walk *self, struct span name, struct span raw)
{
    uint8_t text[VALUE_MAX_LEN];
    size_t len = scan_unescape_html(raw, true, text, sizeof(text));
    struct span value = {.ptr = text, .len = len < sizeof(text) ? len : sizeof(text)};

    look_for(self, name, value, false);
    look_for(self, name, redact_unsigned(value), true);
}

static void look_at_attributes(struct walk *self, struct span rest)
{
    struct span name;
    struct span value;
    unsigned count = 0;

    while (redact_tag_attribute(&rest, &name, &value)) {
        look_at(self, name, value);
        self->failed = self->failed || ++count > ATTRIBUTES_MAX;
    }
}

static void take_end_tag(struct walk *self, const struct redact_tag *tag)
{
    static const char *const PARTS[] = {"tbody", "thead", "tfoot", NULL};
    const char *ended = redact_tag_is(tag->name, PARTS)      ? "tr"
                        : strcmp(tag->name, "optgroup") == 0 ? "option"
                                                             : tag->name;
    int depth = find_open(self, ended);

    if (depth < 0) {
        return;
    }
    bool itself = ended == tag->name;
    close_to(self, (size_t)depth + 1, tag->start);
    if (itself && self->frames[depth].kind == FRAME_ELEMENT) {
        close_to(self, (size_t)depth, tag->end);
    } else {
        close_to(self, (size_t)depth, tag->start);
    }
}

static void take_start_tag(struct walk *self, const struct redact_tag *tag)
{
    bool element = may_go(self, tag->name);

    close_implied(self, tag);
    if (element) {
        open_frame(self, tag, FRAME_ELEMENT);
    } else if (is_container(tag->name)) {
        open_frame(self, tag, FRAME_CONTAINER);
    }
    look_at_attributes(self, tag->attributes);
    if (element && is_void(tag->name)) {
        close_to(self, self->depth - 1, tag->end);
    }
}

static void take_tag(struct walk *self, const struct redact_tag *tag)
{
    self->at = tag->end;
    if (tag->closing) {
        take_end_tag(self, tag);
        return;
    }
    take_start_tag(self, tag);
    self->at = redact_tag_skip_text(self->body, tag);
}

bool redact_html(struct redact_order *order)
{
    struct walk self = {.order = order, .body = order->body};
    struct redact_tag tag;

    note_elements(&self);
    while (self.at < self.body.len && !self.failed) {
        self.at += span_find(span_from(self.body, self.at), '<');
        if (self.at >= self.body.len) {
            break;
        }
        if (redact_tag_read(self.body, self.at, &tag)) {
            take_tag(&self, &tag);
        } else {
            self.at = redact_tag_skip(self.body, self.at);
        }
    }
    for (size_t i = 0; i < self.depth; i++) {
        self.failed = self.failed || self.frames[i].forbidden; /* It has no end. */
    }
    return !self.failed;
}
