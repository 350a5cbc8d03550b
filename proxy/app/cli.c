#include "app/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli_state.h"
#include "app/config_flags.h"
#include "app/nearest.h"

static const char DEFAULT_FILE[] = "/etc/countermark/countermark.yaml";

static const struct cli_command COMMANDS[] = {
#define COMMAND(name, run, takes, usage, sentence) {name, run, takes, usage, sentence},
#include "app/cli.def"
#undef COMMAND
};

enum { COMMAND_COUNT = sizeof(COMMANDS) / sizeof(COMMANDS[0]) };

#define MEMBER(name) offsetof(struct cli_call, name)

/* A flag that is not an option of the configuration. */
static const struct own_flag {
    const char *name;
    size_t member;  /* Of struct cli_call: a text, or a bool without a value. */
    unsigned takes; /* Any of these commands. */
    bool has_value;
    const char *value;
    const char *sentence;
} OWN_FLAGS[] = {
    {"config", MEMBER(config_path), CLI_TAKES_OPTIONS | CLI_TAKES_SOCKET, true, "FILE",
     "Configuration; without it /etc/countermark/countermark.yaml if that exists."},
    {"admin-socket", MEMBER(admin_socket), CLI_TAKES_SOCKET, true, "PATH",
     "Admin socket of the proxy."},
    {"json", MEMBER(json), CLI_TAKES_SOCKET | CLI_TAKES_CHECK, false, "",
     "Print the answer as JSON."},
    {"against", MEMBER(against), CLI_TAKES_CHECK, true, "FILE",
     "What protection changes from that one."},
    {"log", MEMBER(log), CLI_TAKES_CHECK, true, "FILE",
     "Access log that says which pages had their marker."},
    {"strict", MEMBER(strict), CLI_TAKES_CHECK, false, "",
     "Exit code 1 when there is a warning."},
    {"reason", MEMBER(reason), CLI_TAKES_REASON, true, "TEXT",
     "Why; it is recorded. Needed."},
    {"for", MEMBER(duration), CLI_TAKES_FOR, true, "TIME", "How long, like 30m or 1h."},
    {"login", MEMBER(login), CLI_TAKES_LOGIN, true, "NAME",
     "Name as typed at the login. Needed."},
    {"feature", MEMBER(feature), CLI_TAKES_DRILL, true, "NAME",
     "What the drill is about; without it `login`."},
    {"take-down", MEMBER(take_down), CLI_TAKES_DRILL, true, "SECONDS",
     "Take the feature down too, for so long; at most 3600."},
    {"path", MEMBER(path), CLI_TAKES_DRILL, true, "PATH",
     "Ask for this path; without it the first that fits."},
    {"reason", MEMBER(reason), CLI_TAKES_REASON_MAYBE, true, "TEXT",
     "Why; it is recorded."},
    {"format", MEMBER(format), CLI_TAKES_REPORT, true, "WORD",
     "text (default), html, json or csv."},
    {"lang", MEMBER(lang), CLI_TAKES_REPORT, true, "WORD", "en (default) or ja."},
    {"from", MEMBER(from), CLI_TAKES_REPORT, true, "TIME",
     "2026-03-22 or 2026-03-22T17:00:00+09:00."},
    {"to", MEMBER(to), CLI_TAKES_REPORT, true, "TIME", "Likewise; without it until now."},
    {"reveal", MEMBER(reveal), CLI_TAKES_REPORT, false, "",
     "Names, and the list of persons to notify; it is recorded who asked."},
    {"at", MEMBER(at), CLI_TAKES_AT, true, "TIME",
     "2026-03-22T17:00:00+09:00, at most 31 days on."},
    {"accept-weaker", MEMBER(accept_weaker), CLI_TAKES_ACCEPT, true, "REASON",
     "It may protect less than the one in force; why, which is recorded."},
    {"anyway", MEMBER(anyway), CLI_TAKES_ANYWAY, false, "",
     "Also while its incident is open."},
    {"print-reference", MEMBER(print_reference), CLI_TAKES_PRINT, false, "",
     "Print every key with its meaning."},
    {"print-schema", MEMBER(print_schema), CLI_TAKES_PRINT, false, "",
     "Print the JSON Schema."},
};

enum { OWN_FLAG_COUNT = sizeof(OWN_FLAGS) / sizeof(OWN_FLAGS[0]) };

/* How far reading the arguments has come. */
struct reading {
    const struct cli_command *command;
    struct cli_call *call;
    int argc;
    char **argv;
    int index;
    bool help;
};

static const struct own_flag *find_own(const struct cli_command *command,
                                       struct span name)
{
    for (size_t i = 0; i < OWN_FLAG_COUNT; i++) {
        if ((OWN_FLAGS[i].takes & command->takes) != 0 &&
            span_equal(name, span_of(OWN_FLAGS[i].name))) {
            return &OWN_FLAGS[i];
        }
    }
    return NULL;
}

/* A text goes to its member, a switch is set. */
static void set_own(struct cli_call *call, const struct own_flag *flag, const char *value)
{
    char *member = (char *)call + flag->member;

    if (flag->has_value) {
        memcpy(member, &value, sizeof(value));
    } else {
        const bool on = true;
        memcpy(member, &on, sizeof(on));
    }
}

__attribute__((format(printf, 2, 3))) static bool
usage_error(const struct cli_command *command, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)fputs("countermark: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "\nusage: countermark %s %s\n", command->name, command->usage);
    return false;
}

static bool unknown_flag(const struct cli_command *command, const char *name)
{
    const char *best =
        (command->takes & CLI_TAKES_OPTIONS) != 0 ? config_flags_nearest(name) : "help";
    size_t best_distance = nearest_distance(span_of(name), span_of(best));

    for (size_t i = 0; i < OWN_FLAG_COUNT; i++) {
        size_t distance = nearest_distance(span_of(name), span_of(OWN_FLAGS[i].name));
        if ((OWN_FLAGS[i].takes & command->takes) != 0 && distance < best_distance) {
            best_distance = distance;
            best = OWN_FLAGS[i].name;
        }
    }
    (void)fprintf(stderr, "countermark: unknown flag --%s; the nearest one is --%s\n",
                  name, best);
    return false;
}

/* The value after `=` or the next argument. NULL: reported. */
static const char *value_of(struct reading *self, const char *text, size_t name_len)
{
    if (text[name_len] == '=') {
        return text + name_len + 1;
    }
    if (self->index + 1 >= self->argc) {
        (void)usage_error(self->command, "--%s needs a value", text);
        return NULL;
    }
    return self->argv[++self->index];
}

static bool add_option(struct reading *self, char *text, size_t name_len)
{
    struct cli_call *call = self->call;

    if (call->flag_count == CLI_FLAGS_MAX) {
        return usage_error(self->command, "too many flags from --%s on", text);
    }
    const char *value = value_of(self, text, name_len);
    if (value == NULL) {
        return false;
    }
    text[name_len] = '\0';
    call->flags[call->flag_count++] = (struct config_flag){.name = text, .value = value};
    return true;
}

static bool read_flag(struct reading *self)
{
    char *text = self->argv[self->index] + 2;
    size_t name_len = span_find(span_of(text), '=');
    struct span name = span_first(span_of(text), name_len);
    const struct own_flag *own = find_own(self->command, name);
    char copy[64];

    (void)span_copy(name, copy, sizeof(copy));
    if (strcmp(copy, "help") == 0) {
        self->help = true;
        return true;
    }
    if (own == NULL) {
        return (self->command->takes & CLI_TAKES_OPTIONS) != 0 && config_has_flag(copy)
                   ? add_option(self, text, name_len)
                   : unknown_flag(self->command, copy);
    }
    if (!own->has_value && text[name_len] == '=') {
        return usage_error(self->command, "--%s takes no value", own->name);
    }
    const char *value = own->has_value ? value_of(self, text, name_len) : "";
    if (value != NULL) {
        set_own(self->call, own, value);
    }
    return value != NULL;
}

static bool read_word(struct reading *self)
{
    const unsigned takes = self->command->takes;
    const unsigned one = CLI_TAKES_WORD | CLI_TAKES_WORD_MAYBE;
    const char *text = self->argv[self->index];
    struct cli_call *call = self->call;
    size_t max = (takes & CLI_TAKES_WORDS) != 0 ? CLI_WORDS_MAX - 1
                 : (takes & one) != 0           ? 1
                                                : 0;

    if (call->word_count == max) {
        return usage_error(self->command, "`%s` is one word too many", text);
    }
    call->words[call->word_count++] = text;
    call->word = call->words[0];
    return true;
}

static bool read_arguments(struct reading *self)
{
    for (; self->index < self->argc; self->index++) {
        const char *text = self->argv[self->index];
        bool good = text[0] == '-' && text[1] == '-' && text[2] != '\0' ? read_flag(self)
                                                                        : read_word(self);
        if (!good || self->help) {
            return good;
        }
    }
    if ((self->command->takes & CLI_TAKES_WORD) != 0 && self->call->word == NULL) {
        return usage_error(self->command, "%s needs a name", self->command->name);
    }
    if ((self->command->takes & CLI_TAKES_REASON) != 0 &&
        (self->call->reason == NULL || self->call->reason[0] == '\0')) {
        return usage_error(self->command, "%s needs --reason TEXT", self->command->name);
    }
    if ((self->command->takes & CLI_TAKES_LOGIN) != 0 &&
        (self->call->login == NULL || self->call->login[0] == '\0')) {
        return usage_error(self->command, "%s needs --login NAME", self->command->name);
    }
    return true;
}

static void print_command_help(const struct cli_command *command)
{
    const char *name = NULL;
    const char *value = NULL;
    const char *sentence = NULL;
    char left[64];

    (void)printf("usage: countermark %s %s\n\n%s\n\n", command->name, command->usage,
                 command->sentence);
    for (size_t i = 0; i < OWN_FLAG_COUNT; i++) {
        if ((OWN_FLAGS[i].takes & command->takes) != 0) {
            (void)snprintf(left, sizeof(left), "--%s %s", OWN_FLAGS[i].name,
                           OWN_FLAGS[i].value);
            (void)printf("  %-38s %s\n", left, OWN_FLAGS[i].sentence);
        }
    }
    if ((command->takes & CLI_TAKES_OPTIONS) == 0) {
        return;
    }
    (void)printf("\nOptions of the configuration; a flag wins over the file:\n");
    for (size_t i = 0; config_flags_at(i, &name, &value, &sentence); i++) {
        (void)snprintf(left, sizeof(left), "--%s %s", name, value);
        (void)printf("  %-38s %s\n", left, sentence);
    }
}

static void print_help(FILE *file)
{
    (void)fputs("usage: countermark COMMAND [FLAGS]\n\n", file);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        (void)fprintf(file, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].sentence);
    }
    (void)fputs(
        "\n`countermark COMMAND --help` tells its flags. Exit codes: 0 done, 1 the "
        "answer is no,\n2 usage or configuration, 3 no proxy answers.\n",
        file);
}

static const struct cli_command *find_command(const char *name)
{
    const char *best = COMMANDS[0].name;
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t distance = nearest_distance(span_of(name), span_of(COMMANDS[i].name));
        if (distance == 0) {
            return &COMMANDS[i];
        }
        if (distance < best_distance) {
            best_distance = distance;
            best = COMMANDS[i].name;
        }
    }
    (void)fprintf(stderr, "countermark: unknown command `%s`; the nearest one is `%s`\n",
                  name, best);
    return NULL;
}

static int run(struct reading *reading)
{
    static struct cli_call call; /* Large, and there is one. */

    call = (struct cli_call){.argv = reading->argv};
    reading->call = &call;
    if (!read_arguments(reading)) {
        return CLI_USAGE;
    }
    if (reading->help) {
        print_command_help(reading->command);
        return CLI_DONE;
    }
    cli_find_state(call.state_default);
    if (call.config_path == NULL && access(DEFAULT_FILE, F_OK) == 0) {
        call.config_path = DEFAULT_FILE;
    }
    return reading->command->run(&call);
}

/* How many arguments a flag is that every command at the socket takes; 0: it is none. */
static int width_of(const char *text)
{
    static const struct cli_command any = {.takes = CLI_TAKES_SOCKET};
    size_t len = strcspn(text, "=");
    const struct own_flag *flag =
        strncmp(text, "--", 2) == 0
            ? find_own(&any, span_from(span_first(span_of(text), len), 2))
            : NULL;

    return flag == NULL ? 0 : flag->has_value && text[len] == '\0' ? 2 : 1;
}

/* `--json status` is `status --json`. */
static void put_command_first(int argc, char **argv)
{
    int at = 1;

    while (at < argc && width_of(argv[at]) > 0) {
        at += width_of(argv[at]);
    }
    if (at < argc) {
        char *command = argv[at];
        memmove(argv + 2, argv + 1, (size_t)(at - 1) * sizeof(*argv));
        argv[1] = command;
    }
}

int cli_main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return CLI_DONE;
    }
    put_command_first(argc, argv);
    struct reading reading = {.argc = argc, .argv = argv, .index = 2};
    reading.command =
        find_command(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
    return reading.command != NULL ? run(&reading) : CLI_USAGE;
}

struct config_source cli_source(const struct cli_call *call)
{
    return (struct config_source){
        .path = call->config_path,
        .flags = call->flags,
        .flag_count = call->flag_count,
        .state_default = call->state_default,
    };
}
