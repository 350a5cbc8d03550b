#include "app/config_print.h"

#include <inttypes.h>
#include <string.h>

#include "app/option.h"
#include "base/check.h"

static bool is_plain_byte(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte != '\0' && strchr("._/:-", byte) != NULL);
}

/* Other readers take these words of ours for true and false (YAML 1.1). */
static bool is_truth(const char *text)
{
    return strcmp(text, "on") == 0 || strcmp(text, "off") == 0;
}

/* True when YAML reads the text as it stands. */
static bool is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (!is_plain_byte(*at)) {
            return false;
        }
    }
    return text[0] != '\0' && strchr("-.:", text[0]) == NULL && !is_truth(text);
}

/* A string of JSON, which is one of YAML too. */
static void print_string(FILE *file, const char *text)
{
    (void)fputc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', file);
        }
        (void)fputc(*text, file);
    }
    (void)fputc('"', file);
}

static void print_scalar(FILE *file, const char *text)
{
    if (is_plain(text)) {
        (void)fputs(text, file);
    } else {
        print_string(file, text);
    }
}

static void print_indent(FILE *file, int indent)
{
    (void)fprintf(file, "%*s", indent, "");
}

/* The first word that this version has. */
static struct span first_word(const struct option *option)
{
    struct span words = span_of(option->words);
    struct span word = {0};
    bool later = true;

    while (later && option_next_word(&words, &word, &later)) {
    }
    return word;
}

static void print_words(FILE *file, const struct option *option, const char *separator,
                        const char *quote)
{
    struct span words = span_of(option->words);
    struct span word;
    bool later = false;
    bool first = true;

    while (option_next_word(&words, &word, &later)) {
        if (!later) {
            (void)fprintf(file, "%s%s%.*s%s", first ? "" : separator, quote,
                          SPAN_ARGS(word), quote);
            first = false;
        }
    }
}

static bool has_range(const struct option *option)
{
    return option->shape == OPTION_ONE &&
           (option->type == OPTION_INTEGER || option->type == OPTION_WORKERS);
}

static void print_comment(FILE *file, const struct option *option, int indent)
{
    print_indent(file, indent);
    (void)fprintf(file, "# %s", option->sentence);
    if (option_needed(option)) {
        (void)fputs(" Needed.", file);
    }
    if (has_range(option)) {
        (void)fprintf(file, " From %" PRIu64 " to %" PRIu64 ".", option->min,
                      option->max);
    }
    if (option->shape == OPTION_CHOICE) {
        (void)fputs(" One of ", file);
        print_words(file, option, ", ", "");
        (void)fputc('.', file);
    }
    if (option_preset(option) != NULL) {
        (void)fprintf(file, " Default: %s.", option_preset(option));
    }
    (void)fputc('\n', file);
}

/* It cannot stand beside another key of the example: printed as a comment. */
static bool is_alternative(const struct option *option)
{
    return option->example != NULL && option->example[0] == '#';
}

static void print_value(FILE *file, const struct option *option)
{
    const char *text = option->example != NULL ? option->example : option_preset(option);
    text = is_alternative(option) ? text + 1 : text;
    bool list = option->shape == OPTION_MANY || option->shape == OPTION_WHOLE;

    (void)fputs(list ? " [" : " ", file);
    if (text != NULL) {
        print_scalar(file, text);
    } else {
        CHECK(option->shape == OPTION_CHOICE);
        struct span word = first_word(option);
        (void)fprintf(file, "%.*s", SPAN_ARGS(word));
    }
    (void)fputs(list ? "]\n" : "\n", file);
}

// NOLINTNEXTLINE(misc-no-recursion): as deep as the table of options.
static void print_group(FILE *file, const struct option *parent, int indent);

/* One key; `first`: of an item of a list, which begins with a dash. */
// NOLINTNEXTLINE(misc-no-recursion)
static void print_option(FILE *file, const struct option *option, int indent, bool first)
{
    print_comment(file, option, indent);
    print_indent(file, first ? indent - 2 : indent);
    (void)fprintf(file, "%s%s%s:", first ? "- " : "", is_alternative(option) ? "# " : "",
                  option_key(option));
    if (option->shape == OPTION_GROUP || option->shape == OPTION_GROUPS) {
        (void)fputc('\n', file);
        print_group(file, option,
                    option->shape == OPTION_GROUPS ? indent + 4 : indent + 2);
    } else {
        print_value(file, option);
    }
}

// NOLINTNEXTLINE(misc-no-recursion)
static void print_group(FILE *file, const struct option *parent, int indent)
{
    bool first = parent != NULL && parent->shape == OPTION_GROUPS;

    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = option_at(i);
        if (option->shape == OPTION_LATER || !option_is_in(option, parent)) {
            continue;
        }
        if (parent == NULL) {
            (void)fputc('\n', file);
        }
        print_option(file, option, indent, first);
        first = false;
    }
}

void config_print_reference(FILE *file)
{
    (void)fputs("# Countermark: every key with its default, or an example where there is "
                "none.\n"
                "# Written by `countermark check --print-reference`; not a configuration "
                "to start with.\n"
                "# Durations: 500ms, 10s, 5m, 2h, 400d, 3y. Sizes: 512, 16KiB, 1MiB, "
                "1GiB.\n"
                "# Names of files are taken from the folder of this file.\n",
                file);
    print_group(file, NULL, 0);
}

static void print_object(FILE *file, const struct option *parent, int indent);

static void print_item_schema(FILE *file, const struct option *option)
{
    (void)fprintf(file, "%s", option_type_schema(option->type));
    if (has_range(option) || option->type == OPTION_SIZE) {
        (void)fprintf(file, ",\"minimum\":%" PRIu64 ",\"maximum\":%" PRIu64, option->min,
                      option->max);
    }
}

static void print_default(FILE *file, const struct option *option)
{
    const char *preset = option_preset(option);

    if (preset == NULL) {
        return;
    }
    (void)fputs(",\"default\":", file);
    if (option->type == OPTION_INTEGER || option->type == OPTION_BOOL) {
        (void)fputs(preset, file);
    } else {
        print_string(file, preset);
    }
}

static void print_list_schema(FILE *file, const struct option *option)
{
    (void)fprintf(file, "\"type\":\"array\",\"minItems\":%d,\"maxItems\":%" PRIu64,
                  option_needed(option) ? 1 : 0, option->max);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void print_groups_schema(FILE *file, const struct option *option, int indent)
{
    if (option->single) {
        (void)fputs("\"oneOf\":[{", file);
        print_object(file, option, indent);
        (void)fputs("},{", file);
    }
    print_list_schema(file, option);
    (void)fputs(",\"items\":{", file);
    print_object(file, option, indent);
    (void)fputs(option->single ? "}}]" : "}", file);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void print_schema(FILE *file, const struct option *option, int indent)
{
    (void)fputs("{\"description\":", file);
    print_string(file, option->sentence);
    (void)fputc(',', file);
    switch (option->shape) {
    case OPTION_ONE:
        print_item_schema(file, option);
        break;
    case OPTION_CHOICE:
        (void)fputs("\"enum\":[", file);
        print_words(file, option, ",", "\"");
        (void)fputc(']', file);
        break;
    case OPTION_MANY:
    case OPTION_WHOLE:
        print_list_schema(file, option);
        (void)fputs(",\"items\":{", file);
        print_item_schema(file, option);
        (void)fputc('}', file);
        break;
    case OPTION_GROUP:
        print_object(file, option, indent);
        break;
    case OPTION_GROUPS:
        print_groups_schema(file, option, indent);
        break;
    case OPTION_LATER:
        UNREACHABLE();
    }
    print_default(file, option);
    (void)fputc('}', file);
}

static void print_required(FILE *file, const struct option *parent)
{
    bool first = true;

    (void)fputs(",\"required\":[", file);
    for (size_t i = 0; i < option_count(); i++) {
        if (option_is_in(option_at(i), parent) && option_needed(option_at(i))) {
            (void)fprintf(file, "%s\"%s\"", first ? "" : ",", option_key(option_at(i)));
            first = false;
        }
    }
    (void)fputc(']', file);
}

// NOLINTNEXTLINE(misc-no-recursion)
static void print_object(FILE *file, const struct option *parent, int indent)
{
    bool first = true;

    (void)fputs("\"type\":\"object\",\"additionalProperties\":false", file);
    print_required(file, parent);
    (void)fputs(",\"properties\":{", file);
    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = option_at(i);
        if (option->shape == OPTION_LATER || !option_is_in(option, parent)) {
            continue;
        }
        (void)fputs(first ? "\n" : ",\n", file);
        first = false;
        print_indent(file, indent + 1);
        (void)fprintf(file, "\"%s\":", option_key(option));
        print_schema(file, option, indent + 1);
    }
    (void)fputc('}', file);
}

void config_print_schema(FILE *file)
{
    (void)fputs("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
                "\"title\":\"Countermark configuration\",",
                file);
    print_object(file, NULL, 0);
    (void)fputs("}\n", file);
}
