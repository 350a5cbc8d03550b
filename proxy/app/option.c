#include "app/option.h"

#include <stdio.h>
#include <string.h>

#include "app/nearest.h"
#include "app/snapshot.h"
#include "base/check.h"

/* A preset that says: this must be given. Compared by address. */
static const char NEEDED[] = "";

#define FIELD(type, field)      ((struct type *)0)->field
#define OFFSET(type, field)     offsetof(struct type, field)
#define FIELD_SIZE(type, field) sizeof(FIELD(type, field))

#define ONE(path_, type_, struct_, field_, preset_, min_, max_, example_, sentence_)     \
    {.path = (path_),                                                                    \
     .shape = OPTION_ONE,                                                                \
     .type = OPTION_##type_,                                                             \
     .offset = OFFSET(struct_, field_),                                                  \
     .size = FIELD_SIZE(struct_, field_),                                                \
     .preset = (preset_),                                                                \
     .min = (min_),                                                                      \
     .max = (max_),                                                                      \
     .example = (example_),                                                              \
     .sentence = (sentence_)},
#define LIST(path_, type_, struct_, field_, count_, max_, example_, sentence_, needed_)  \
    {.path = (path_),                                                                    \
     .shape = OPTION_MANY,                                                               \
     .type = OPTION_##type_,                                                             \
     .offset = OFFSET(struct_, field_),                                                  \
     .size = FIELD_SIZE(struct_, field_),                                                \
     .count_offset = OFFSET(struct_, count_),                                            \
     .item_size = sizeof(*FIELD(struct_, field_)),                                       \
     .needed = (needed_),                                                                \
     .max = (max_),                                                                      \
     .example = (example_),                                                              \
     .sentence = (sentence_)},
#define MANY(path, type, structure, field, count, max, example, sentence)                \
    LIST(path, type, structure, field, count, max, example, sentence, false)
#define MANY_NEEDED(path, type, structure, field, count, max, example, sentence)         \
    LIST(path, type, structure, field, count, max, example, sentence, true)
#define WHOLE(path_, type_, struct_, field_, max_, example_, sentence_)                  \
    {.path = (path_),                                                                    \
     .shape = OPTION_WHOLE,                                                              \
     .type = OPTION_##type_,                                                             \
     .offset = OFFSET(struct_, field_),                                                  \
     .size = FIELD_SIZE(struct_, field_),                                                \
     .max = (max_),                                                                      \
     .example = (example_),                                                              \
     .sentence = (sentence_)},
#define CHOICE(path_, struct_, field_, words_, preset_, sentence_)                       \
    {.path = (path_),                                                                    \
     .shape = OPTION_CHOICE,                                                             \
     .offset = OFFSET(struct_, field_),                                                  \
     .size = FIELD_SIZE(struct_, field_),                                                \
     .preset = (preset_),                                                                \
     .words = (words_),                                                                  \
     .sentence = (sentence_)},
#define GROUP(path_, struct_, field_, sentence_)                                         \
    {.path = (path_),                                                                    \
     .shape = OPTION_GROUP,                                                              \
     .offset = OFFSET(struct_, field_),                                                  \
     .sentence = (sentence_)},
#define INSIDE(path_, sentence_)                                                         \
    {.path = (path_), .shape = OPTION_GROUP, .sentence = (sentence_)},
#define MAPS(path_, struct_, field_, count_, max_, sentence_, needed_)                   \
    {.path = (path_),                                                                    \
     .shape = OPTION_GROUPS,                                                             \
     .offset = OFFSET(struct_, field_),                                                  \
     .size = FIELD_SIZE(struct_, field_),                                                \
     .count_offset = OFFSET(struct_, count_),                                            \
     .item_size = sizeof(*FIELD(struct_, field_)),                                       \
     .needed = (needed_),                                                                \
     .max = (max_),                                                                      \
     .sentence = (sentence_)},
#define GROUPS(path, structure, field, count, max, sentence)                             \
    MAPS(path, structure, field, count, max, sentence, false)
#define GROUPS_NEEDED(path, structure, field, count, max, sentence)                      \
    MAPS(path, structure, field, count, max, sentence, true)
#define GROUPS_OR_ONE(path_, struct_, field_, count_, max_, sentence_)                   \
    {.path = (path_),                                                                    \
     .shape = OPTION_GROUPS,                                                             \
     .offset = OFFSET(struct_, field_),                                                  \
     .size = FIELD_SIZE(struct_, field_),                                                \
     .count_offset = OFFSET(struct_, count_),                                            \
     .item_size = sizeof(*FIELD(struct_, field_)),                                       \
     .single = true,                                                                     \
     .max = (max_),                                                                      \
     .sentence = (sentence_)},
#define LATER(path_) {.path = (path_), .shape = OPTION_LATER, .sentence = ""},

/* The words of a CHOICE stand in the order of its enum. */
_Static_assert(CONNECTIONS_SESSION == 0 && CONNECTIONS_NONE == 1 &&
                   CONNECTIONS_SHARED == 2,
               "upstreams[].connections");
_Static_assert(MARKER_RULE_NOBODY == 0 && MARKER_RULE_REQUESTER == 1 &&
                   MARKER_RULE_SESSION == 2 && MARKER_RULE_OWN == 3 &&
                   MARKER_RULE_GRANTED == 4,
               "markers[].must_be");
_Static_assert(TLS_CLIENT_REQUIRE == 0 && TLS_CLIENT_OPTIONAL == 1,
               "listen[].tls[].client_verify");
_Static_assert(ON_FINDING_KEEP == 0 && ON_FINDING_DRAIN == 1, "upstreams[].on_finding");
_Static_assert(UNMARKED_REFUSE == 0 && UNMARKED_RELEASE == 1, "routes[].unmarked");
_Static_assert(OVER_LIMIT_REFUSE == 0 && OVER_LIMIT_STREAM == 1, "routes[].over_limit");
_Static_assert(ADMIN_VIEWER == 0 && ADMIN_OPERATOR == 1, "admin.tokens[].role");
_Static_assert(ALERT_STANDARD == 0 && ALERT_SLACK == 1 && ALERT_ALERTMANAGER == 2 &&
                   ALERT_OCSF == 3 && ALERT_SYSLOG == 4 && ALERT_CEF == 5,
               "alerts[].format");
_Static_assert(ALERT_INFO == 0 && ALERT_WARNING == 1 && ALERT_CRITICAL == 2,
               "alerts[].severity");

static const struct option OPTIONS[] = {
#include "app/options.def"
};

size_t option_count(void)
{
    return sizeof(OPTIONS) / sizeof(OPTIONS[0]);
}

const struct option *option_at(size_t index)
{
    CHECK(index < option_count());
    return &OPTIONS[index];
}

bool option_needed(const struct option *self)
{
    return self->needed || self->preset == NEEDED;
}

const char *option_preset(const struct option *self)
{
    return self->preset == NEEDED ? NULL : self->preset;
}

/* The path of what stands around: up to the last dot. */
static struct span parent_path(const struct option *self)
{
    const char *dot = strrchr(self->path, '.');
    size_t len = dot != NULL ? (size_t)(dot - self->path) : 0;
    return span_first(span_of(self->path), len);
}

bool option_is_in(const struct option *self, const struct option *parent)
{
    struct span around = parent_path(self);

    if (parent == NULL) {
        return around.len == 0;
    }
    if (parent->shape == OPTION_GROUPS) {
        return span_ends(around, SPAN("[]")) &&
               span_equal(span_first(around, around.len - 2), span_of(parent->path));
    }
    return span_equal(around, span_of(parent->path));
}

const char *option_key(const struct option *self)
{
    const char *dot = strrchr(self->path, '.');
    return dot != NULL ? dot + 1 : self->path;
}

const struct option *option_find(const struct option *parent, struct span key)
{
    for (size_t i = 0; i < option_count(); i++) {
        if (option_is_in(&OPTIONS[i], parent) &&
            span_equal(key, span_of(option_key(&OPTIONS[i])))) {
            return &OPTIONS[i];
        }
    }
    return NULL;
}

const char *option_nearest(const struct option *parent, struct span key)
{
    const char *best = "";
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = &OPTIONS[i];
        if (option->shape == OPTION_LATER || !option_is_in(option, parent)) {
            continue;
        }
        size_t distance = nearest_distance(key, span_of(option_key(option)));
        if (distance < best_distance) {
            best_distance = distance;
            best = option_key(option);
        }
    }
    return best;
}

const char *option_type_words(enum option_type type)
{
    static const char *const WORDS[] = {
        "",
#define TYPE(id, schema, words) words,
#include "app/option_type.def"
#undef TYPE
    };
    CHECK(type < OPTION_TYPE_COUNT);
    return WORDS[type];
}

const char *option_type_schema(enum option_type type)
{
    static const char *const SCHEMAS[] = {
        "",
#define TYPE(id, schema, words) schema,
#include "app/option_type.def"
#undef TYPE
    };
    CHECK(type < OPTION_TYPE_COUNT);
    return SCHEMAS[type];
}

bool option_flag(const struct option *self, char *flag_out)
{
    struct span path = span_of(self->path);

    if (self->shape == OPTION_GROUP || self->shape == OPTION_GROUPS ||
        self->shape == OPTION_LATER || span_find(path, '[') != path.len ||
        path.len >= OPTION_FLAG_SIZE_MAX) {
        return false;
    }
    (void)span_copy(path, flag_out, OPTION_FLAG_SIZE_MAX);
    for (char *at = flag_out; *at != '\0'; at++) {
        if (*at == '.' || *at == '_') {
            *at = '-';
        }
    }
    return true;
}

bool option_next_word(struct span *words_p, struct span *word_out, bool *later_out)
{
    if (!span_next(words_p, '|', word_out)) {
        return false;
    }
    *later_out = span_starts(*word_out, SPAN("!"));
    if (*later_out) {
        *word_out = span_from(*word_out, 1);
    }
    return true;
}
