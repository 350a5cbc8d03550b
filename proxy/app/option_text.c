/* Readers of texts and numbers (loader.h). */
#include <inttypes.h>
#include <string.h>

#include "app/loader.h"
#include "base/items.h"
#include "base/parse.h"

static bool is_token_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != 0 && strchr("!#$%&'*+-.^_`|~", byte) != NULL);
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') || byte == '.' || byte == '_' || byte == '-';
}

static bool consists_of(struct span text, bool (*fits)(uint8_t))
{
    for (size_t i = 0; i < text.len; i++) {
        if (!fits(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

static bool store_text(struct loader *loader, const struct option *option,
                       const struct node *node, void *field)
{
    size_t size = option->shape == OPTION_MANY ? option->item_size : option->size;
    char *copy = loader_copy(loader, node->text);
    struct span span = {.ptr = (const uint8_t *)copy, .len = node->text.len};

    if (copy == NULL) {
        return false;
    }
    CHECK(size == sizeof(copy) || size == sizeof(span));
    memcpy(field, size == sizeof(span) ? (const void *)&span : &copy, size);
    loader_note(loader, option, node->text);
    return true;
}

bool option_read_STRING(struct loader *loader, const struct option *option,
                        const struct node *node, struct target target)
{
    return loader_length(loader, option, node) &&
           store_text(loader, option, node, target.field);
}

/* May be empty. */
bool option_read_VALUE(struct loader *loader, const struct option *option,
                       const struct node *node, struct target target)
{
    return store_text(loader, option, node, target.field);
}

bool option_read_FIXED(struct loader *loader, const struct option *option,
                       const struct node *node, struct target target)
{
    CHECK(option->size > option->max);

    if (!loader_length(loader, option, node)) {
        return false;
    }
    (void)span_copy(node->text, target.field, option->size);
    loader_note(loader, option, node->text);
    return true;
}

bool option_read_NAME(struct loader *loader, const struct option *option,
                      const struct node *node, struct target target)
{
    if (!loader_length(loader, option, node)) {
        return false;
    }
    if (!consists_of(node->text, is_name_byte)) {
        return loader_wrong(loader, option, node);
    }
    return store_text(loader, option, node, target.field);
}

bool option_read_TOKEN(struct loader *loader, const struct option *option,
                       const struct node *node, struct target target)
{
    if (!consists_of(node->text, is_token_byte)) {
        return loader_wrong(loader, option, node);
    }
    return loader_length(loader, option, node) &&
           store_text(loader, option, node, target.field);
}

bool option_read_BOOL(struct loader *loader, const struct option *option,
                      const struct node *node, struct target target)
{
    bool value = span_equal(node->text, SPAN("true"));

    if (!node->plain || (!value && !span_equal(node->text, SPAN("false")))) {
        return loader_wrong(loader, option, node);
    }
    CHECK(option->size == sizeof(bool));
    memcpy(target.field, &value, sizeof(value));
    loader_note(loader, option, node->text);
    return true;
}

/* Unsigned numbers of either width. */
static void store_number(struct loader *loader, const struct option *option,
                         uint64_t value, void *field)
{
    if (option->size == sizeof(uint64_t)) {
        memcpy(field, &value, sizeof(value));
    } else {
        CHECK(option->size == sizeof(unsigned) && value <= UINT32_MAX);
        unsigned narrow = (unsigned)value;
        memcpy(field, &narrow, sizeof(narrow));
    }
    loader_note_number(loader, option, value);
}

/* The greatest unit in which `value` is a whole number, as it would be written. */
static void write_value(const struct option *option, uint64_t value, char *text,
                        size_t capacity)
{
    static const struct {
        enum option_type type;
        uint64_t factor;
        const char *name;
    } UNITS[] = {
        {OPTION_DURATION, 86400000, "d"}, {OPTION_DURATION, 3600000, "h"},
        {OPTION_DURATION, 60000, "m"},    {OPTION_DURATION, 1000, "s"},
        {OPTION_DURATION, 1, "ms"},       {OPTION_SIZE, 1073741824, "GiB"},
        {OPTION_SIZE, 1048576, "MiB"},    {OPTION_SIZE, 1024, "KiB"},
    };
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++) {
        if (UNITS[i].type == option->type && value > 0 && value % UNITS[i].factor == 0) {
            (void)snprintf(text, capacity, "%" PRIu64 "%s", value / UNITS[i].factor,
                           UNITS[i].name);
            return;
        }
    }
    (void)snprintf(text, capacity, "%" PRIu64, value);
}

static bool take_number(struct loader *loader, const struct option *option,
                        const struct node *node, enum err err, uint64_t value)
{
    char low[32];
    char high[32];

    if (err == ERR_SYNTAX) {
        return loader_wrong(loader, option, node);
    }
    if (err == ERR_NONE && value >= option->min && value <= option->max) {
        return true;
    }
    write_value(option, option->min, low, sizeof(low));
    write_value(option, option->max, high, sizeof(high));
    report_error(loader->report, node->place, "`%s` must be from %s to %s, not `%.80s`",
                 option_key(option), low, high, (const char *)node->text.ptr);
    return false;
}

bool option_read_INTEGER(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    uint64_t value = 0;
    enum err err = node->plain ? parse_u64(node->text, &value) : ERR_SYNTAX;

    if (!take_number(loader, option, node, err, value)) {
        return false;
    }
    store_number(loader, option, value, target.field);
    return true;
}

bool option_read_WORKERS(struct loader *loader, const struct option *option,
                         const struct node *node, struct target target)
{
    if (span_equal(node->text, SPAN("auto"))) {
        store_number(loader, option, 0, target.field);
        return true;
    }
    return option_read_INTEGER(loader, option, node, target);
}

bool option_read_DURATION(struct loader *loader, const struct option *option,
                          const struct node *node, struct target target)
{
    uint64_t value = 0;
    enum err err = parse_duration(node->text, &value);

    if (!take_number(loader, option, node, err, value)) {
        return false;
    }
    store_number(loader, option, value, target.field);
    return true;
}

bool option_read_SIZE(struct loader *loader, const struct option *option,
                      const struct node *node, struct target target)
{
    uint64_t value = 0;
    enum err err = parse_size(node->text, &value);

    if (!take_number(loader, option, node, err, value)) {
        return false;
    }
    store_number(loader, option, value, target.field);
    return true;
}

/* A list as one text (items.h). */
bool option_read_JOINED(struct loader *loader, const struct option *option,
                        const struct node *node, struct target target)
{
    size_t size = 1;

    for (const struct node *item = node->first; item != NULL; item = item->next) {
        size += item->text.len + 1;
    }
    char *text = loader_alloc(loader, size);
    if (text == NULL) {
        return false;
    }
    memcpy(target.field, &text, sizeof(char *));
    for (const struct node *item = node->first; item != NULL; item = item->next) {
        loader_note(loader, option, item->text);
        memcpy(text, item->text.ptr, item->text.len);
        text += item->text.len;
        if (item->next != NULL) {
            *text++ = ITEMS_BETWEEN;
        }
    }
    return true;
}
