#include "admin/api.h"
#include "admin/moment.h"

_Static_assert((int)ANSWER_FILE_NAME_SIZE_MAX >= (int)DOSSIER_FILE_NAME_SIZE_MAX, "");

/* The query's value of `name`, decoded; "" when it is absent. False: malformed. */
static bool value_of(struct span query, struct span name, char *value_out)
{
    struct span value;

    value_out[0] = '\0';
    return !api_query(query, name, &value) || value.len == 0 ||
           api_decode(value, value_out);
}

/* False: answered. */
static bool read_form(struct api_call *call, struct reporter_ticket *ticket)
{
    char format[API_NAME_SIZE_MAX];
    char lang[API_NAME_SIZE_MAX];

    if (!value_of(call->query, SPAN("format"), format) ||
        (format[0] != '\0' && !dossier_format_of(span_of(format), &ticket->format))) {
        answer_problem(call->answer, 400, "`format` is text, html, json or csv.");
        return false;
    }
    if (!value_of(call->query, SPAN("lang"), lang) ||
        (lang[0] != '\0' && !dossier_lang_of(span_of(lang), &ticket->lang))) {
        answer_problem(call->answer, 400, "`lang` is en or ja.");
        return false;
    }
    return true;
}

/* Values instead of pseudonyms are for operators. False: answered. */
static bool read_reveal(struct api_call *call, struct reporter_ticket *ticket)
{
    char reveal[API_NAME_SIZE_MAX];

    if (!value_of(call->query, SPAN("reveal"), reveal)) {
        answer_problem(call->answer, 400, "`reveal` is 1 or absent.");
        return false;
    }
    ticket->scope.reveal = reveal[0] != '\0' && !span_equal(span_of(reveal), SPAN("0"));
    if (ticket->scope.reveal && call->role != ACCESS_OPERATOR) {
        answer_problem(call->answer, 403, "Only an operator may see values.");
        return false;
    }
    return true;
}

static void ask(struct api_call *call, const struct dossier_scope *scope)
{
    const struct admin_control *control = call->context->control;
    struct reporter_ticket form = {.format = DOSSIER_JSON};

    if (!read_form(call, &form) || !read_reveal(call, &form)) {
        return;
    }
    call->operation =
        operation_new(call->context->operations, call->on_done, call->owner);
    if (call->operation == NULL) {
        answer_problem(call->answer, 503, "Too much is under way.");
        return;
    }
    struct reporter_ticket *ticket = &call->operation->report;
    call->operation->kind = OPERATION_REPORT;
    ticket->scope = *scope;
    ticket->scope.reveal = form.scope.reveal;
    ticket->format = form.format;
    ticket->lang = form.lang;
    if (!control->report(control->self, form.scope.reveal ? call->who : NULL, ticket)) {
        operation_free(&call->operation);
        answer_problem(call->answer, 503, "Too many reports are under way.");
    }
}

void api_report(struct api_call *call)
{
    struct dossier_scope scope = {0};

    if (parse_u64(span_of(call->name), &scope.incident) != ERR_NONE ||
        scope.incident == 0 || scope.incident > INT64_MAX) {
        answer_problem(call->answer, 404, "There is no such incident.");
        return;
    }
    ask(call, &scope);
}

void api_report_range(struct api_call *call)
{
    char from[API_NAME_SIZE_MAX];
    char to[API_NAME_SIZE_MAX];
    struct dossier_scope scope = {0};

    if (!value_of(call->query, SPAN("from"), from) ||
        !value_of(call->query, SPAN("to"), to) || from[0] == '\0' ||
        !moment_parse(span_of(from), &scope.from_ms) ||
        (to[0] != '\0' && !moment_parse(span_of(to), &scope.to_ms))) {
        answer_problem(call->answer, 400,
                       "A report without incident needs `from`, and may have `to`: "
                       "2026-03-22 or 2026-03-22T17:00:00+09:00.");
        return;
    }
    if (to[0] != '\0' && scope.to_ms <= scope.from_ms) {
        answer_problem(call->answer, 400, "`to` must be later than `from`.");
        return;
    }
    ask(call, &scope);
}

void api_finish_report(struct operation *operation, struct answer *answer)
{
    struct reporter_ticket *ticket = &operation->report;

    if (ticket->err == ERR_NONE) {
        *answer_page(answer, dossier_type(ticket->format)) = ticket->page;
        dossier_file_name(&ticket->scope, ticket->format, ticket->lang,
                          answer->file_name);
        ticket->page = (struct page){0};
    } else if (ticket->err == ERR_SYNTAX) {
        answer_problem(answer, 404, "There is no such incident.");
    } else if (ticket->err == ERR_LIMIT) {
        answer_problem(answer, 500, "The report is too long; ask for a shorter range.");
    } else {
        answer_problem(answer, 503, "The ledger cannot be read now.");
    }
}

void api_ledger(struct api_call *call)
{
    const struct admin_control *control = call->context->control;
    control->ledger(control->self, answer_json(call->answer));
}
