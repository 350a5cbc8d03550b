#include "app/flag.h"

#include <string.h>

static struct node *new_text(struct flag_work *work, struct span text)
{
    return node_new_scalar(work->arena, text, work->place);
}

/* Puts `value` under `key`, in place of what was there. NULL value: no memory. */
static void put(struct flag_work *work, struct node *map, struct span key,
                struct node *value)
{
    struct node *old = node_find(map, key);

    if (value == NULL) {
        return;
    }
    if (old != NULL) {
        node_remove(map, old);
    }
    value->name = key;
    value->name_place = work->place;
    node_add(map, value);
}

void flag_put(struct flag_work *work, struct node *map, struct span key, struct span text)
{
    put(work, map, key, new_text(work, text));
}

static bool same_flag(const char *a, const char *b)
{
    const struct flag_shortcut *shortcut = flag_shortcut_find(a);

    return shortcut != NULL ? shortcut == flag_shortcut_find(b) : flag_names_equal(a, b);
}

static bool given_before(const struct flag_work *work)
{
    for (size_t i = 0; i < work->before_count; i++) {
        if (same_flag(work->before[i].name, work->flag->name)) {
            return true;
        }
    }
    return false;
}

/* The list or map under `key`; a new one when it is not there or not of that kind. */
struct node *flag_inside(struct flag_work *work, struct node *map, struct span key,
                         enum node_kind kind)
{
    struct node *node = node_find(map, key);

    if (node == NULL || node->kind != kind) {
        node = node_new(work->arena, kind, work->place);
        put(work, map, key, node);
    }
    return node;
}

/* The list under `key`: the file's is left out when this is the first such flag. */
struct node *flag_list(struct flag_work *work, struct node *map, struct span key)
{
    struct node *old = node_find(map, key);

    if (old != NULL && !given_before(work)) {
        node_remove(map, old);
    }
    return flag_inside(work, map, key, NODE_LIST);
}

static void add_text(struct flag_work *work, struct node *list, struct span text)
{
    struct node *node = new_text(work, text);

    if (node != NULL && list != NULL) {
        node_add(list, node);
    }
}

void flag_add_texts(struct flag_work *work, struct node *list, struct span texts)
{
    struct span text;

    while (span_next(&texts, ',', &text)) {
        add_text(work, list, span_trim(text));
    }
}

/* A new map at the end of the list `key` of the root. NULL: memory. */
static struct node *add_item(struct flag_work *work, struct span key)
{
    struct node *list = flag_list(work, work->root, key);
    struct node *item = node_new(work->arena, NODE_MAP, work->place);

    if (list == NULL || item == NULL) {
        return NULL;
    }
    node_add(list, item);
    return item;
}

/* Splits `NAME=REST`; false: reported. */
static bool split(struct flag_work *work, const char *form, struct span *name_out,
                  struct span *rest_out)
{
    struct span text = span_of(work->flag->value);
    size_t equals = span_find(text, '=');

    if (equals == 0 || equals + 1 >= text.len) {
        report_error(work->report, work->place, "must be %s, not `%.80s`", form,
                     work->flag->value);
        return false;
    }
    *name_out = span_first(text, equals);
    *rest_out = span_from(text, equals + 1);
    return true;
}

static void apply_listen(struct flag_work *work)
{
    struct node *item = add_item(work, SPAN("listen"));

    if (item != NULL) {
        flag_put(work, item, SPAN("address"), (span_of(work->flag->value)));
    }
}

static void apply_upstream(struct flag_work *work)
{
    struct node *list = flag_list(work, work->root, SPAN("upstreams"));
    if (list == NULL) {
        return;
    }
    if (list->first == NULL) {
        struct node *item = node_new(work->arena, NODE_MAP, work->place);
        if (item == NULL) {
            return;
        }
        node_add(list, item);
        flag_put(work, item, SPAN("name"), (SPAN("site")));
    }
    add_text(work, flag_inside(work, list->first, SPAN("servers"), NODE_LIST),
             span_of(work->flag->value));
}

static void apply_session_cookie(struct flag_work *work)
{
    struct node *session = flag_inside(work, work->root, SPAN("session"), NODE_MAP);

    if (session != NULL) {
        flag_add_texts(work, flag_list(work, session, SPAN("cookies")),
                       span_of(work->flag->value));
    }
}

/* The map of a list whose `name` is `name`, or NULL. */
static struct node *named(struct node *list, struct span name)
{
    for (struct node *item = list->first; item != NULL; item = item->next) {
        const struct node *own = node_find(item, SPAN("name"));
        if (own != NULL && span_equal(own->text, name)) {
            return item;
        }
    }
    return NULL;
}

static void apply_marker(struct flag_work *work)
{
    struct span name;
    struct span selector;

    if (!split(work, "NAME=SELECTOR", &name, &selector)) {
        return;
    }
    struct node *list = flag_list(work, work->root, SPAN("markers"));
    struct node *item = list != NULL ? named(list, name) : NULL;
    if (item == NULL) {
        item = add_item(work, SPAN("markers"));
        if (item == NULL) {
            return;
        }
        flag_put(work, item, SPAN("name"), (name));
    }
    add_text(work, flag_inside(work, item, SPAN("find"), NODE_LIST), selector);
}

/* `NAME=A,B` as a map with the name under `name_key` and the list under `list_key`. */
static void apply_named_list(struct flag_work *work, struct span key,
                             struct span name_key, struct span list_key)
{
    struct span name;
    struct span items;
    bool is_route = span_equal(name_key, SPAN("path"));

    if (!split(work, is_route ? "PATH=CLASS,..." : "NAME=PATH,...", &name, &items)) {
        return;
    }
    struct node *item = add_item(work, key);
    if (item != NULL) {
        flag_put(work, item, name_key, (name));
        flag_add_texts(work, flag_inside(work, item, list_key, NODE_LIST), items);
    }
}

static void apply_feature(struct flag_work *work)
{
    apply_named_list(work, SPAN("features"), SPAN("name"), SPAN("paths"));
}

static void apply_route(struct flag_work *work)
{
    apply_named_list(work, SPAN("routes"), SPAN("path"), SPAN("require"));
}

static void apply_alert(struct flag_work *work)
{
    struct span name;
    struct span rest;

    if (!split(work, "NAME=URL,SECRET_FILE", &name, &rest)) {
        return;
    }
    struct node *item = add_item(work, SPAN("alerts"));
    if (item == NULL) {
        return;
    }
    size_t comma = rest.len;
    while (comma > 0 && rest.ptr[comma - 1] != ',') {
        comma--;
    }
    flag_put(work, item, SPAN("name"), (name));
    if (comma == 0) {
        flag_put(work, item, SPAN("webhook"), (rest));
        return;
    }
    flag_put(work, item, SPAN("webhook"), (span_first(rest, comma - 1)));
    flag_put(work, item, SPAN("secret_file"), (span_from(rest, comma)));
}

static void apply_admin(struct flag_work *work)
{
    struct node *admin = flag_inside(work, work->root, SPAN("admin"), NODE_MAP);

    if (admin != NULL) {
        flag_put(work, admin, SPAN("address"), (span_of(work->flag->value)));
    }
}

static const struct flag_shortcut SHORTCUTS[] = {
    {"listen", NULL, apply_listen, "ADDRESS:PORT",
     "Take requests there. May be repeated."},
    {"upstream", "upstreams", apply_upstream, "URL",
     "The site behind; repeated: several servers."},
    {"session-cookie", NULL, apply_session_cookie, "NAME",
     "Cookie of the login session."},
    {"marker", "markers", apply_marker, "NAME=SELECTOR",
     "Where a response says whose data it is."},
    {"feature", "features", apply_feature, "NAME=PATH,...",
     "Paths that are taken down together."},
    {"route", "routes", apply_route, "PATH=CLASS,...",
     "Markers that a path's responses need."},
    {"alert", "alerts", apply_alert, "NAME=URL,FILE",
     "Receiver of alerts and its secret file."},
    {"admin", NULL, apply_admin, "ADDRESS:PORT",
     "Loopback address for metrics and the API."},
};

size_t flag_shortcut_count(void)
{
    return sizeof(SHORTCUTS) / sizeof(SHORTCUTS[0]);
}

const struct flag_shortcut *flag_shortcut_at(size_t index)
{
    return index < flag_shortcut_count() ? &SHORTCUTS[index] : NULL;
}

bool flag_names_equal(const char *a, const char *b)
{
    while (*a != '\0' && (*a == '_' ? '-' : *a) == (*b == '_' ? '-' : *b)) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct flag_shortcut *flag_shortcut_find(const char *name)
{
    for (size_t i = 0; i < flag_shortcut_count(); i++) {
        const struct flag_shortcut *shortcut = &SHORTCUTS[i];
        if (flag_names_equal(name, shortcut->name) ||
            (shortcut->key != NULL && flag_names_equal(name, shortcut->key))) {
            return shortcut;
        }
    }
    return NULL;
}
