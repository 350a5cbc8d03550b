#include "guard/scan_tree.h"

/* What an element is to this module. A name may be several things. */
enum trait {
    TRAIT_RAW = 1,         /* RCDATA or RAWTEXT */
    TRAIT_SCRIPT = 2,      /* script data */
    TRAIT_PLAIN = 4,       /* plaintext */
    TRAIT_TEMPLATE = 8,    /* its content is not in the document */
    TRAIT_SVG = 16,        /* opens SVG */
    TRAIT_MATH = 32,       /* opens MathML */
    TRAIT_SVG_HTML = 64,   /* holds HTML within SVG */
    TRAIT_MATH_HTML = 128, /* holds HTML within MathML */
    TRAIT_BREAKOUT = 256,  /* ends foreign content */
    TRAIT_XML_HIDDEN = 512,
};

struct element {
    struct span name;
    unsigned traits;
};

#define LITERAL(text)                                                                    \
    {                                                                                    \
        .ptr = (const uint8_t *)(text), .len = sizeof(text) - 1                          \
    }

/* In the order of their lengths; FIRST_ELEMENTS has where each begins. */
static const struct element ELEMENTS[] = {
    {LITERAL("mi"), TRAIT_MATH_HTML},
    {LITERAL("mo"), TRAIT_MATH_HTML},
    {LITERAL("mn"), TRAIT_MATH_HTML},
    {LITERAL("ms"), TRAIT_MATH_HTML},
    {LITERAL("xmp"), TRAIT_RAW},
    {LITERAL("svg"), TRAIT_SVG},
    {LITERAL("math"), TRAIT_MATH},
    {LITERAL("desc"), TRAIT_SVG_HTML},
    {LITERAL("style"), TRAIT_RAW | TRAIT_XML_HIDDEN},
    {LITERAL("title"), TRAIT_RAW | TRAIT_SVG_HTML | TRAIT_XML_HIDDEN},
    {LITERAL("mtext"), TRAIT_MATH_HTML},
    {LITERAL("script"), TRAIT_SCRIPT | TRAIT_XML_HIDDEN},
    {LITERAL("iframe"), TRAIT_RAW},
    {LITERAL("noembed"), TRAIT_RAW},
    {LITERAL("textarea"), TRAIT_RAW | TRAIT_XML_HIDDEN},
    {LITERAL("noframes"), TRAIT_RAW},
    {LITERAL("template"), TRAIT_TEMPLATE | TRAIT_XML_HIDDEN},
    {LITERAL("plaintext"), TRAIT_PLAIN},
    {LITERAL("foreignobject"), TRAIT_SVG_HTML},
};

/* HTML standard 13.2.6.5: start tags that end foreign content; for `font` see
 * tree_attribute(). */
static const char *const BREAKOUTS[] = {
    "b",       "big",   "blockquote", "body",   "br",     "center", "code", "dd",
    "div",     "dl",    "dt",         "em",     "embed",  "h1",     "h2",   "h3",
    "h4",      "h5",    "h6",         "head",   "hr",     "i",      "img",  "li",
    "listing", "menu",  "meta",       "nobr",   "ol",     "p",      "pre",  "ruby",
    "s",       "small", "span",       "strong", "strike", "sub",    "sup",  "table",
    "tt",      "u",     "ul",         "var",
};

enum { ELEMENT_LEN_MIN = 2, ELEMENT_LEN_MAX = 13 };

/* By length, bit n: a name of ELEMENTS begins with the nth letter. */
static const uint32_t FIRST_LETTERS[ELEMENT_LEN_MAX + 1] = {
#define LETTER(letter) (UINT32_C(1) << ((letter) - 'a'))
    [2] = LETTER('m'),
    [3] = LETTER('s') | LETTER('x'),
    [4] = LETTER('m') | LETTER('d'),
    [5] = LETTER('s') | LETTER('t') | LETTER('m'),
    [6] = LETTER('s') | LETTER('i'),
    [7] = LETTER('n'),
    [8] = LETTER('t') | LETTER('n'),
    [9] = LETTER('p'),
    [13] = LETTER('f'),
#undef LETTER
};

/* By length: the first row of ELEMENTS that is as long or longer. */
static const uint8_t FIRST_ELEMENTS[ELEMENT_LEN_MAX + 2] = {
    0, 0, 0, 4, 6, 8, 11, 13, 14, 17, 18, 18, 18, 18, 19};

static bool may_be_element(struct span name)
{
    uint8_t letter = (uint8_t)((name.ptr[0] | 0x20) - 'a');
    return name.len >= ELEMENT_LEN_MIN && name.len <= ELEMENT_LEN_MAX && letter < 26 &&
           (FIRST_LETTERS[name.len] >> letter & 1) != 0;
}

static unsigned traits_of(struct span name)
{
    if (name.len == 0 || !may_be_element(name)) {
        return 0;
    }
    for (size_t i = FIRST_ELEMENTS[name.len]; i < FIRST_ELEMENTS[name.len + 1]; i++) {
        if (memcmp(name.ptr, ELEMENTS[i].name.ptr, name.len) == 0) {
            return ELEMENTS[i].traits;
        }
    }
    return 0;
}

bool tree_is_plain(const struct tree *self, struct span name)
{
    return self->foreign_len == 0 && !may_be_element(name);
}

static bool breaks_out(struct span name)
{
    for (size_t i = 0; i < sizeof(BREAKOUTS) / sizeof(BREAKOUTS[0]); i++) {
        if (span_equal(name, span_of(BREAKOUTS[i]))) {
            return true;
        }
    }
    return false;
}

/* Entries of the stack: where the current node is when they are on top. */
enum foreign {
    FOREIGN_NONE = 0,
    FOREIGN_SVG,
    FOREIGN_MATH,
    FOREIGN_SVG_HTML,  /* back in HTML, within SVG */
    FOREIGN_MATH_HTML, /* back in HTML, within MathML */
};

static enum foreign top(const struct tree *self)
{
    return self->foreign_len > 0 ? (enum foreign)self->foreign[self->foreign_len - 1]
                                 : FOREIGN_NONE;
}

static bool in_foreign(const struct tree *self)
{
    return top(self) == FOREIGN_SVG || top(self) == FOREIGN_MATH;
}

static uint16_t digest_of(struct span name)
{
    uint32_t digest = UINT32_C(2166136261); /* FNV-1a */
    for (size_t i = 0; i < name.len; i++) {
        digest = (digest ^ name.ptr[i]) * UINT32_C(16777619);
    }
    return (uint16_t)(digest ^ digest >> 16);
}

static void push(struct tree *self, enum foreign entry, struct span name)
{
    if (self->foreign_len == TREE_FOREIGN_MAX) {
        self->too_deep = true;
        return;
    }
    self->names[self->foreign_len] = digest_of(name);
    self->foreign[self->foreign_len++] = (uint8_t)entry;
    self->has_children = false;
}

/* Whether HTML is still open in what is on top then is not known. */
static void pop_to(struct tree *self, uint8_t len)
{
    self->foreign_len = len;
    self->has_children = true;
    self->past_room = 0;
}

static void leave_foreign(struct tree *self)
{
    while (in_foreign(self)) {
        pop_to(self, (uint8_t)(self->foreign_len - 1));
    }
}

static void push_plain(struct tree *self, struct span name)
{
    if (self->foreign_len < TREE_PLAIN_MAX) {
        push(self, top(self), name);
    } else {
        self->past_room++;
    }
}

static void start_in_foreign(struct tree *self, struct span name, unsigned traits)
{
    bool svg = top(self) == FOREIGN_SVG;

    if ((traits & (svg ? TRAIT_SVG_HTML : TRAIT_MATH_HTML)) != 0) {
        push(self, svg ? FOREIGN_SVG_HTML : FOREIGN_MATH_HTML, name);
    } else {
        push_plain(self, name);
    }
}

static bool is_void(struct span name)
{
    static const char *const NAMES[] = {"area",  "base",   "br",    "col",  "embed",
                                        "hr",    "img",    "input", "link", "meta",
                                        "param", "source", "track", "wbr"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (span_equal(name, span_of(NAMES[i]))) {
            return true;
        }
    }
    return false;
}

static enum tree_text start_in_html(struct tree *self, struct span name, unsigned traits,
                                    bool self_closing)
{
    self->has_children = self->has_children || (self->foreign_len > 0 && !is_void(name));
    if ((traits & TRAIT_TEMPLATE) != 0 && self->hidden < UINT32_MAX) {
        self->hidden++;
    }
    if ((traits & (TRAIT_SVG | TRAIT_MATH)) != 0 && !self_closing) {
        push(self, (traits & TRAIT_SVG) != 0 ? FOREIGN_SVG : FOREIGN_MATH, name);
    }
    if ((traits & TRAIT_SCRIPT) != 0) {
        return TREE_TEXT_SCRIPT;
    }
    if ((traits & TRAIT_PLAIN) != 0) {
        return TREE_TEXT_PLAIN;
    }
    return (traits & TRAIT_RAW) != 0 ? TREE_TEXT_RAW : TREE_TEXT_MARKUP;
}

void tree_attribute(struct tree *self, struct span name, struct span attribute)
{
    if (in_foreign(self) && span_equal(name, SPAN("font")) &&
        (span_equal(attribute, SPAN("color")) || span_equal(attribute, SPAN("face")) ||
         span_equal(attribute, SPAN("size")))) {
        self->styled_font = true;
    }
}

enum tree_text tree_start(struct tree *self, struct span name, bool self_closing)
{
    unsigned traits = traits_of(name);
    if (self->xml) {
        self->hidden += (traits & TRAIT_XML_HIDDEN) != 0 && !self_closing ? 1 : 0;
        return TREE_TEXT_MARKUP;
    }
    if (in_foreign(self) && (breaks_out(name) || self->styled_font)) {
        leave_foreign(self);
    }
    self->styled_font = false;
    if (!in_foreign(self)) {
        return start_in_html(self, name, traits, self_closing);
    }
    if (!self_closing) {
        start_in_foreign(self, name, traits);
    }
    return TREE_TEXT_MARKUP;
}

/* End tags of these mean nothing within foreign content: nothing of the kind can be open
 * around it, or closing it moves no element. */
static bool ends_nothing(struct span name)
{
    static const char *const NAMES[] = {"body", "embed", "head", "hr", "img", "meta"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        if (span_equal(name, span_of(NAMES[i]))) {
            return true;
        }
    }
    return false;
}

/* An element of this name is open, and no HTML between it and the current node: it ends,
 * with all that is within. HTML standard 13.2.6.5, "any other end tag". */
static bool ends_open(struct tree *self, struct span name)
{
    uint16_t digest = digest_of(name);

    for (uint8_t i = self->foreign_len; i > 0; i--) {
        if (self->names[i - 1] == digest) {
            pop_to(self, (uint8_t)(i - 1));
            return true;
        }
        if (i > 1 && self->foreign[i - 2] > FOREIGN_MATH) {
            return false; /* It is in HTML itself. */
        }
    }
    return false;
}

static void end_in_foreign(struct tree *self, struct span name)
{
    if (self->past_room > 0) {
        self->past_room--;
    } else if (!ends_open(self, name) && breaks_out(name) && !ends_nothing(name)) {
        /* It ends an element that is open outside, and what is within with it. Whether
         * one is open is not known: a page that ends one here has forgotten an end tag.
         */
        leave_foreign(self);
    }
}

/* In what holds HTML within SVG or MathML, or where nothing of both is open. */
static void end_in_html(struct tree *self, struct span name, unsigned traits)
{
    if (self->foreign_len > 0 && !self->has_children && ends_open(self, name)) {
        return;
    }
    if ((traits & TRAIT_TEMPLATE) != 0 && self->hidden > 0) {
        self->hidden--;
    }
    bool leaves = (top(self) == FOREIGN_SVG_HTML && (traits & TRAIT_SVG_HTML) != 0) ||
                  (top(self) == FOREIGN_MATH_HTML && (traits & TRAIT_MATH_HTML) != 0);
    if (leaves) {
        pop_to(self, (uint8_t)(self->foreign_len - 1));
    }
}

void tree_end(struct tree *self, struct span name)
{
    if (self->xml) {
        unsigned traits = traits_of(name);
        self->hidden -= (traits & TRAIT_XML_HIDDEN) != 0 && self->hidden > 0 ? 1 : 0;
    } else if (in_foreign(self)) {
        end_in_foreign(self, name);
    } else {
        end_in_html(self, name, traits_of(name));
    }
}

bool tree_hidden(const struct tree *self)
{
    return self->hidden > 0;
}

bool tree_has_cdata(const struct tree *self)
{
    return self->xml || self->foreign_len > 0;
}

/* `<svg><title><![CDATA[`: the title is of SVG, only what it holds is of HTML; and
 * whether that has ended is not known here. */
bool tree_open_cdata(struct tree *self)
{
    bool unknown = self->foreign_len > 0 && !in_foreign(self) && self->has_children;
    self->doubtful = self->doubtful || unknown;
    return !unknown;
}
