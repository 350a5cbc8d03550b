#include "app/cli_admin.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/client.h"
#include "app/file.h"
#include "app/node.h"
#include "base/json_write.h"

enum {
    MEMORY_MAX = 256 * 1024 * 1024,
    BODY_SIZE_MAX = 64 * 1024,
};

static int columns(struct span text)
{
    int count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += (text.ptr[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return count;
}

void cli_admin_print_text(struct span text, int width)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.ptr[i];
        (void)fputc(byte < ' ' || byte == 0x7f ? '?' : byte, stdout);
    }
    int used = columns(text);
    (void)printf("%*s", used < width ? width - used : 0, "");
}

bool cli_admin_target(char *target_out, size_t capacity, const char *prefix,
                      const char *word, const char *suffix)
{
    char encoded[256];
    size_t len = 0;

    for (; *word != '\0'; word++) {
        unsigned char byte = (unsigned char)*word;
        bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                     (byte >= 'A' && byte <= 'Z') || byte == '-' || byte == '_';
        if (len + 4 > sizeof(encoded)) {
            return false;
        }
        int added =
            snprintf(encoded + len, sizeof(encoded) - len, plain ? "%c" : "%%%02X", byte);
        len += added > 0 ? (size_t)added : 0;
    }
    encoded[len] = '\0';
    int size = snprintf(target_out, capacity, "/api/v1/%s/%s%s", prefix, encoded, suffix);
    return size > 0 && (size_t)size < capacity;
}

/* A text of the configuration, or NULL. */
static const char *text_of(const struct node *map, const char *key)
{
    const struct node *node = node_find(map, span_of(key));
    return node != NULL && node->kind == NODE_SCALAR ? (const char *)node->text.ptr
                                                     : NULL;
}

/* `name` from the folder of the configuration when it is relative. */
static const char *beside(struct arena *arena, const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    size_t size = strlen(path) + strlen(name) + 2;
    char *joined = name[0] != '/' && slash != NULL ? arena_alloc(arena, size) : NULL;

    if (joined == NULL) {
        return name;
    }
    (void)snprintf(joined, size, "%.*s/%s", (int)(slash - path), path, name);
    return joined;
}

static const char *in_state(struct arena *arena, const char *state)
{
    size_t size = strlen(state) + sizeof("/admin.sock");
    char *path = arena_alloc(arena, size);

    if (path != NULL) {
        (void)snprintf(path, size, "%s/admin.sock", state);
    }
    return path;
}

/*
 * Where the socket is, from the two keys that say it: an operator may be allowed to use
 * it who cannot read the secrets that the whole configuration names. NULL: reported.
 */
static const char *find_socket(const struct cli_call *call, struct arena *arena,
                               struct report *report)
{
    const char *path = call->config_path;
    struct span text;

    if (call->admin_socket != NULL) {
        return call->admin_socket;
    }
    if (path == NULL) {
        return in_state(arena, call->state_default);
    }
    const char *error = file_read(arena, path, NODE_DOCUMENT_SIZE_MAX, &text);
    if (error != NULL) {
        report_error(report, (struct place){.source = path}, "cannot read it: %s", error);
        return NULL;
    }
    const struct node *root = node_parse(arena, path, text, report);
    if (root == NULL) {
        return NULL;
    }
    const char *socket = text_of(node_find(root, SPAN("admin")), "socket");
    if (socket != NULL) {
        return beside(arena, path, socket);
    }
    const char *state = text_of(root, "state");
    return in_state(arena,
                    state != NULL ? beside(arena, path, state) : call->state_default);
}

/* Returns the exit code: a configuration with errors is one. */
static int print_problem(const struct client_answer *answer, struct arena *arena)
{
    const struct json_tree *problem = json_tree_read(arena, answer->body);
    const struct json_tree *errors = json_tree_member(problem, "errors");
    struct span title = json_tree_text(problem, "title", "the proxy refused");
    struct span detail = json_tree_text(problem, "detail", "");

    (void)fprintf(stderr, "countermark: %.*s%s%.*s (%u)\n", SPAN_ARGS(title),
                  detail.len > 0 ? ": " : "", SPAN_ARGS(detail), answer->status);
    for (const struct json_tree *line = errors != NULL ? errors->first : NULL;
         line != NULL; line = line->next) {
        (void)fprintf(stderr, "%.*s\n", SPAN_ARGS(line->text));
    }
    return errors != NULL ? CLI_USAGE : CLI_NO;
}

static int show(const struct cli_admin *self, const struct client_answer *answer,
                struct arena *arena)
{
    if (answer->status < 200 || answer->status > 299) {
        if (self->call->json) {
            (void)printf("%.*s\n", SPAN_ARGS(answer->body));
        }
        return print_problem(answer, arena);
    }
    if (self->call->json) {
        (void)printf("%.*s\n", SPAN_ARGS(answer->body));
        return CLI_DONE;
    }
    const struct json_tree *tree = json_tree_read(arena, answer->body);
    if (tree == NULL && answer->body.len > 0) {
        (void)fputs("countermark: the answer is not JSON\n", stderr);
        return CLI_UNREACHABLE;
    }
    self->print(tree);
    return CLI_DONE;
}

static int call_api(const struct cli_admin *self, struct arena *arena, const char *socket,
                    struct span body)
{
    struct client_request request = {
        .socket = socket, .method = self->method, .target = self->target, .body = body};
    struct client_answer answer;
    enum err err = client_exchange(&request, arena, &answer);

    if (err != ERR_NONE) {
        (void)fprintf(stderr, "countermark: no proxy answers at %s: %s\n", socket,
                      err_text(err));
        return CLI_UNREACHABLE;
    }
    return show(self, &answer, arena);
}

static int run_with(const struct cli_admin *self, struct arena *arena,
                    struct report *report)
{
    struct json_write body;
    const char *socket = find_socket(self->call, arena, report);

    if (socket == NULL) {
        report_print(report, stderr);
        return CLI_USAGE;
    }
    json_write_init(&body, BODY_SIZE_MAX);
    if (self->reason != NULL) {
        json_write_begin_object(&body);
        json_write_member(&body, "reason", span_of(self->reason));
        json_write_member_bool(&body, "anyway", self->anyway);
        json_write_end_object(&body);
    }
    if (self->login != NULL) {
        json_write_begin_object(&body);
        json_write_member(&body, "login", span_of(self->login));
        json_write_end_object(&body);
    }
    int code = call_api(self, arena, socket, json_write_result(&body));
    json_write_free(&body);
    return code;
}

int cli_admin_run(const struct cli_admin *self)
{
    struct arena *arena = arena_new(MEMORY_MAX);
    struct report *report = report_new();
    int code = CLI_NO;

    if (arena != NULL && report != NULL) {
        code = run_with(self, arena, report);
    }
    report_free(&report);
    arena_free(&arena);
    return code;
}
