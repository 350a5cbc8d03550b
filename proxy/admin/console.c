#include "admin/console.h"

#include <string.h>

#include "admin/api.h"
#include "base/writer.h"
#include "record/dossier_print.h"

const struct console_file *console_find(const char *name)
{
    for (size_t i = 0; i < CONSOLE_FILE_COUNT; i++) {
        if (strcmp(CONSOLE_FILES[i].name, name) == 0) {
            return &CONSOLE_FILES[i];
        }
    }
    return NULL;
}

void console_policy(char *policy_out)
{
    char script[DOSSIER_SOURCE_SIZE_MAX];
    char style[DOSSIER_SOURCE_SIZE_MAX];
    struct writer out = writer_of((uint8_t *)policy_out, CONSOLE_POLICY_SIZE_MAX - 1);

    dossier_source(dossier_script(), script);
    dossier_source(dossier_style(), style);
    writer_text(&out, "default-src 'none'; script-src 'self' ");
    writer_text(&out, script);
    writer_text(&out, "; style-src 'self' ");
    writer_text(&out, style);
    writer_text(&out, "; img-src 'self'; connect-src 'self'; base-uri 'none'; "
                      "form-action 'none'; frame-ancestors 'none'; "
                      "require-trusted-types-for 'script'; trusted-types 'none'");
    CHECK(!out.full);
    policy_out[writer_span(&out).len] = '\0';
}

/* True when the browser has what we would send (RFC 9110 section 13.1.2). */
static bool has_tag(const struct api_call *call, const char *tag)
{
    const struct field *field = head_field(call->head, FIELD_IF_NONE_MATCH);
    struct span rest = field != NULL ? field->value : (struct span){0};
    struct span item;

    while (span_next(&rest, ',', &item)) {
        item = span_trim(item);
        if (span_starts(item, SPAN("W/"))) {
            item = span_from(item, 2);
        }
        if (span_equal(item, span_of(tag))) {
            return true;
        }
    }
    return false;
}

static void answer_file(struct api_call *call, const char *name)
{
    const struct console_file *file = console_find(name);

    if (file == NULL) {
        answer_problem(call->answer, 404, "The console has no such file.");
        return;
    }
    answer_fixed(call->answer, file->type,
                 (struct span){.ptr = file->bytes, .len = file->len});
    call->answer->tag = file->tag;
    call->answer->policy = call->context->policy;
    if (has_tag(call, file->tag)) {
        call->answer->status = 304;
    }
}

void api_console(struct api_call *call)
{
    answer_file(call, "index.html");
}

void api_console_file(struct api_call *call)
{
    answer_file(call, call->name);
}
