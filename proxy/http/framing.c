#include "http/framing.h"

#include "base/parse.h"
#include "http/host.h"
#include "http/text.h"

/* What one pass over the fields found. */
struct found {
    const struct field *length;
    const struct field *coding;
    const struct field *host;
    bool repeated; /* One of the three was there twice. */
    bool close;
    bool keep_alive;
};

static void note(const struct field **slot_p, const struct field *field, bool *repeated_p)
{
    *repeated_p = *repeated_p || *slot_p != NULL;
    *slot_p = field;
}

static void note_connection(struct found *found, const struct field *field)
{
    struct span rest = field->value;
    struct span item;

    while (span_next(&rest, ',', &item)) {
        item = span_trim(item);
        found->close = found->close || span_equal_nocase(item, SPAN("close"));
        found->keep_alive =
            found->keep_alive || span_equal_nocase(item, SPAN("keep-alive"));
    }
}

static void look(const struct head *head, struct found *found)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (field->id == FIELD_CONTENT_LENGTH) {
            note(&found->length, field, &found->repeated);
        } else if (field->id == FIELD_TRANSFER_ENCODING) {
            note(&found->coding, field, &found->repeated);
        } else if (field->id == FIELD_HOST) {
            note(&found->host, field, &found->repeated);
        } else if (field->id == FIELD_CONNECTION) {
            note_connection(found, field);
        }
    }
}

/* Codings that we do not take apart, then `chunked` once and last: sound, but not ours.
 */
static enum h1_error check_coding(struct span value)
{
    struct span item = {0};
    size_t count = 0;
    bool chunked = false;

    if (span_ends(value, SPAN(","))) {
        return H1_ERROR_AMBIGUOUS;
    }
    while (span_next(&value, ',', &item)) {
        item = span_trim(item);
        if (chunked || !text_is_token(item)) {
            return H1_ERROR_AMBIGUOUS;
        }
        chunked = span_equal_nocase(item, SPAN("chunked"));
        count++;
    }
    if (!chunked) {
        return H1_ERROR_AMBIGUOUS;
    }
    return count == 1 ? H1_ERROR_NONE : H1_ERROR_CODING;
}

/* Sets framing as the fields have it; FRAMING_CLOSE when they say nothing. */
static enum h1_error frame(struct head *head, struct found *found)
{
    look(head, found);
    if (found->repeated || (found->length != NULL && found->coding != NULL)) {
        return H1_ERROR_AMBIGUOUS;
    }
    head->keep_alive = !found->close && (head->version_minor > 0 || found->keep_alive);
    head->framing = FRAMING_CLOSE;
    if (found->length != NULL) {
        if (parse_u64(found->length->value, &head->content_length) != ERR_NONE ||
            head->content_length > INT64_MAX) {
            return H1_ERROR_AMBIGUOUS;
        }
        head->has_content_length = true;
        head->framing = head->content_length > 0 ? FRAMING_LENGTH : FRAMING_NONE;
    }
    if (found->coding != NULL) {
        head->framing = FRAMING_CHUNKED;
        return head->version_minor == 0 ? H1_ERROR_AMBIGUOUS
                                        : check_coding(found->coding->value);
    }
    return H1_ERROR_NONE;
}

enum h1_error framing_of_request(struct head *head)
{
    struct found found = {0};
    struct host host;

    enum h1_error error = frame(head, &found);
    if (error != H1_ERROR_NONE) {
        return error;
    }
    if (found.host == NULL ? head->version_minor > 0
                           : !host_parse(found.host->value, &host)) {
        return H1_ERROR_MALFORMED;
    }
    if (head->framing == FRAMING_CLOSE) {
        head->framing = FRAMING_NONE;
    }
    return H1_ERROR_NONE;
}

enum h1_error framing_of_response(struct head *head, enum method asked)
{
    struct found found = {0};

    enum h1_error error = frame(head, &found);
    if (error != H1_ERROR_NONE) {
        return error;
    }
    if (asked == METHOD_HEAD || head->status < 200 || head->status == 204 ||
        head->status == 304) {
        head->framing = FRAMING_NONE;
    }
    if (head->framing == FRAMING_CLOSE) {
        head->keep_alive = false;
    }
    return H1_ERROR_NONE;
}
