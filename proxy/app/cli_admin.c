#include "app/cli_admin.h"

#include <errno.h>
#include <stdarg.h>
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

static const char *in_state(struct arena *arena, const char *state, const char *name)
{
    size_t size = strlen(state) + strlen(name) + 2;
    char *path = arena_alloc(arena, size);

    if (path != NULL) {
        (void)snprintf(path, size, "%s/%s", state, name);
    }
    return path;
}

/* What of the configuration says where things are. NULL: there is none, or reported. */
static const struct node *read_places(const struct cli_call *call, struct arena *arena,
                                      struct report *report)
{
    const char *path = call->config_path;
    struct span text;

    if (path == NULL) {
        return NULL;
    }
    const char *error = file_read(arena, path, NODE_DOCUMENT_SIZE_MAX, &text);
    if (error != NULL) {
        report_error(report, (struct place){.source = path}, "cannot read it: %s", error);
        return NULL;
    }
    return node_parse(arena, path, text, report);
}

static const char *state_of(const struct cli_call *call, const struct node *root,
                            struct arena *arena)
{
    const char *state = root != NULL ? text_of(root, "state") : NULL;
    return state != NULL ? beside(arena, call->config_path, state) : call->state_default;
}

/*
 * Where the socket is, from the two keys that say it: an operator may be allowed to use
 * it who cannot read the secrets that the whole configuration names. NULL: reported.
 */
static const char *find_socket(const struct cli_call *call, struct arena *arena,
                               struct report *report)
{
    if (call->admin_socket != NULL) {
        return call->admin_socket;
    }
    const struct node *root = read_places(call, arena, report);
    if (root == NULL && call->config_path != NULL) {
        return NULL;
    }
    const struct node *admin = root != NULL ? node_find(root, SPAN("admin")) : NULL;
    const char *socket = admin != NULL ? text_of(admin, "socket") : NULL;
    return socket != NULL ? beside(arena, call->config_path, socket)
                          : in_state(arena, state_of(call, root, arena), "admin.sock");
}

/* 400 and 422: what was asked for is wrong in itself, or the configuration is; whatever
 * else the proxy says is its answer to a proper request. */
static int code_of(unsigned status)
{
    return status == 400 || status == 422 ? CLI_USAGE : CLI_NO;
}

/* Programs read what is wrong where they read the answer. */
static void print_error(const struct cli_call *call, struct span text)
{
    struct json_write json;

    if (call->json) {
        json_write_init(&json, BODY_SIZE_MAX);
        json_write_begin_object(&json);
        json_write_member(&json, "error", text);
        json_write_end_object(&json);
        (void)printf("%.*s\n", SPAN_ARGS(json_write_result(&json)));
        json_write_free(&json);
    }
}

__attribute__((format(printf, 2, 3))) static int unreachable(const struct cli_call *call,
                                                             const char *format, ...)
{
    char text[1024];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    print_error(call, span_of(text));
    (void)fprintf(stderr, "countermark: %s\n", text);
    return CLI_UNREACHABLE;
}

/* The configuration does not say where the socket is. */
static int unusable(const struct cli_call *call, const struct report *report)
{
    char page[4096];

    struct span lines = report_page(report, page, sizeof(page));

    print_error(call, span_first(lines, lines.len > 0 ? lines.len - 1 : 0));
    report_print(report, stderr);
    return CLI_USAGE;
}

/* Returns the exit code. */
static int print_problem(const struct cli_call *call, const struct client_answer *answer,
                         struct arena *arena)
{
    if (call->json) {
        (void)printf("%.*s\n", SPAN_ARGS(answer->body));
    }
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
    return code_of(answer->status);
}

static int show(const struct cli_admin *self, const struct client_answer *answer,
                struct arena *arena)
{
    if (answer->status < 200 || answer->status > 299) {
        return print_problem(self->call, answer, arena);
    }
    if (self->raw) {
        size_t written = fwrite(answer->body.ptr, 1, answer->body.len, stdout);
        return written == answer->body.len && fflush(stdout) == 0 ? CLI_DONE : CLI_NO;
    }
    if (self->call->json && !self->reads) {
        (void)printf("%.*s\n", SPAN_ARGS(answer->body));
        return CLI_DONE;
    }
    const struct json_tree *tree = json_tree_read(arena, answer->body);
    if (tree == NULL && answer->body.len > 0) {
        return unreachable(self->call, "the answer is not JSON");
    }
    self->print(tree);
    return CLI_DONE;
}

/* Why nobody answered at `socket`, and what to do. */
static const char *reason_of(const char *socket, enum err err)
{
    if (err != ERR_REFUSED || access(socket, W_OK) == 0) {
        return err_text(err);
    }
    return errno == EACCES ? "permission denied"
                           : "there is no such socket; say --config FILE, or "
                             "--admin-socket PATH";
}

static int call_api(const struct cli_admin *self, struct arena *arena, const char *socket,
                    struct span body)
{
    struct client_request request = {
        .socket = socket,
        .method = self->method,
        .target = self->target,
        .body = body,
        .timeout_ms = self->timeout_ms,
    };
    struct client_answer answer;
    enum err err = client_exchange(&request, arena, &answer);

    if (err != ERR_NONE && self->patient) {
        return CLI_UNREACHABLE;
    }
    if (err != ERR_NONE) {
        return unreachable(self->call, "no proxy answers at %s: %s", socket,
                           reason_of(socket, err));
    }
    return show(self, &answer, arena);
}

/* The body, when its one member is given. */
static void write_member(struct json_write *body, const char *name, const char *value)
{
    if (value != NULL) {
        json_write_begin_object(body);
        json_write_member(body, name, span_of(value));
        json_write_end_object(body);
    }
}

static int run_with(const struct cli_admin *self, struct arena *arena,
                    struct report *report)
{
    struct json_write body;
    const char *socket = find_socket(self->call, arena, report);

    if (socket == NULL) {
        return unusable(self->call, report);
    }
    json_write_init(&body, BODY_SIZE_MAX);
    if (self->write_body != NULL) {
        self->write_body(self->call, &body);
    } else if (self->reason != NULL) {
        json_write_begin_object(&body);
        json_write_member(&body, "reason", span_of(self->reason));
        json_write_member_bool(&body, "anyway", self->anyway);
        if (self->mode != NULL) {
            json_write_member(&body, "mode", span_of(self->mode));
        }
        if (self->duration != NULL) {
            json_write_member(&body, "for", span_of(self->duration));
        }
        if (self->at != NULL) {
            json_write_member(&body, "at", span_of(self->at));
        }
        json_write_end_object(&body);
    }
    write_member(&body, "text", self->text);
    write_member(&body, "alert", self->alert);
    write_member(&body, "login", self->login);
    write_member(&body, "accept_weaker", self->accept_weaker);
    int code = call_api(self, arena, socket, json_write_result(&body));
    json_write_free(&body);
    return code;
}

void cli_admin_say_waiting(const struct cli_call *call, const char *what)
{
    if (isatty(STDERR_FILENO) == 1 && !call->json) {
        (void)fprintf(stderr, "countermark: waits for %s\n", what);
    }
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

/* CLI_UNREACHABLE is not reported: there may be another way. */
static int ask_for_ledger(const struct cli_call *call, const char *socket,
                          struct arena *arena, const char **path_out)
{
    const struct client_request request = {
        .socket = socket, .method = "GET", .target = "/api/v1/ledger"};
    struct client_answer answer;

    if (client_exchange(&request, arena, &answer) != ERR_NONE) {
        return CLI_UNREACHABLE;
    }
    if (answer.status != 200) {
        return print_problem(call, &answer, arena);
    }
    const struct json_tree *tree = json_tree_read(arena, answer.body);
    *path_out = arena_copy(arena, json_tree_text(tree, "path", ""));
    return *path_out != NULL ? CLI_DONE : CLI_NO;
}

static int find_ledger(const struct cli_call *call, struct arena *arena,
                       struct report *report, const char **path_out)
{
    const char *socket = find_socket(call, arena, report);

    if (socket == NULL) {
        return unusable(call, report);
    }
    int code = ask_for_ledger(call, socket, arena, path_out);
    if (code != CLI_UNREACHABLE) {
        return code;
    }
    if (call->admin_socket != NULL && call->config_path == NULL) {
        return unreachable(call,
                           "no proxy answers at %s; name the ledger's directory, or "
                           "--config",
                           socket);
    }
    const struct node *root = read_places(call, arena, report);
    *path_out = in_state(arena, state_of(call, root, arena), "ledger.db");
    return *path_out != NULL ? CLI_DONE : CLI_NO;
}

int cli_admin_find_ledger(const struct cli_call *call, struct arena *arena,
                          const char **path_out)
{
    struct report *report = report_new();

    *path_out = NULL;
    int code = report != NULL ? find_ledger(call, arena, report, path_out) : CLI_NO;
    report_free(&report);
    return code;
}
