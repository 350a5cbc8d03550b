#include "app/config_flags.h"

#include "app/flag.h"
#include "app/nearest.h"
#include "app/option.h"

enum { PLACE_SIZE_MAX = 80 };

static const struct option *find_option(const char *name)
{
    char flag[OPTION_FLAG_SIZE_MAX];

    for (size_t i = 0; i < option_count(); i++) {
        if (option_flag(option_at(i), flag) && flag_names_equal(flag, name)) {
            return option_at(i);
        }
    }
    return NULL;
}

/* The map in which the option's key stands, made where it is missing. */
static struct node *around(struct flag_work *work, const struct option *option)
{
    struct span path = span_of(option->path);
    struct node *map = work->root;
    size_t dot = span_find(path, '.');

    while (dot < path.len && map != NULL) {
        char *key = arena_copy(work->arena, span_first(path, dot));
        map = key != NULL ? flag_inside(work, map, span_of(key), NODE_MAP) : NULL;
        path = span_from(path, dot + 1);
        dot = span_find(path, '.');
    }
    return map;
}

static void apply_option(struct flag_work *work, const struct option *option)
{
    struct node *map = around(work, option);
    struct span key = span_of(option_key(option));

    if (map == NULL) {
        return;
    }
    if (option->shape == OPTION_ONE || option->shape == OPTION_CHOICE) {
        flag_put(work, map, key, span_of(work->flag->value));
    } else {
        flag_add_texts(work, flag_list(work, map, key), span_of(work->flag->value));
    }
}

static void apply(struct flag_work *work)
{
    const struct flag_shortcut *shortcut = flag_shortcut_find(work->flag->name);
    const struct option *option = find_option(work->flag->name);
    char *source = arena_alloc(work->arena, PLACE_SIZE_MAX);

    if (source == NULL) {
        return;
    }
    (void)snprintf(source, PLACE_SIZE_MAX, "--%s", work->flag->name);
    work->place.source = source;
    if (shortcut != NULL) {
        shortcut->apply(work);
    } else if (option != NULL) {
        apply_option(work, option);
    } else {
        report_error(work->report, work->place, "unknown flag; the nearest one is --%s",
                     config_flags_nearest(work->flag->name));
    }
}

void config_flags_apply(const struct config_flag *flags, size_t count,
                        struct arena *arena, struct node *root, struct report *report)
{
    if (root->kind != NODE_MAP) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        struct flag_work work = {.arena = arena,
                                 .report = report,
                                 .root = root,
                                 .flag = &flags[i],
                                 .before = flags,
                                 .before_count = i};
        apply(&work);
    }
}

bool config_flags_at(size_t index, const char **name_out, const char **value_out,
                     const char **sentence_out)
{
    static _Thread_local char flag[OPTION_FLAG_SIZE_MAX];
    const struct flag_shortcut *shortcut = flag_shortcut_at(index);

    if (shortcut != NULL) {
        *name_out = shortcut->name;
        *value_out = shortcut->value;
        *sentence_out = shortcut->sentence;
        return true;
    }
    index -= flag_shortcut_count();
    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = option_at(i);
        if (option_flag(option, flag) && index-- == 0) {
            *name_out = flag;
            *value_out = option->shape == OPTION_CHOICE ? "WORD" : "VALUE";
            *sentence_out = option->sentence;
            return true;
        }
    }
    return false;
}

const char *config_flags_nearest(const char *name)
{
    static _Thread_local char best[OPTION_FLAG_SIZE_MAX];
    size_t best_distance = SIZE_MAX;
    const char *flag = NULL;
    const char *value = NULL;
    const char *sentence = NULL;

    for (size_t i = 0; config_flags_at(i, &flag, &value, &sentence); i++) {
        size_t distance = nearest_distance(span_of(name), span_of(flag));
        if (distance < best_distance) {
            best_distance = distance;
            (void)span_copy(span_of(flag), best, sizeof(best));
        }
    }
    return best;
}

bool config_has_flag(const char *name)
{
    return flag_shortcut_find(name) != NULL || find_option(name) != NULL;
}
