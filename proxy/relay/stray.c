#include "relay/stray.h"

#include <string.h>

#include "guard/identify.h"
#include "http/coding.h"
#include "http/media.h"
#include "relay/exchange_rooms.h"

enum {
    HEAD_TRIES_MAX = 8, /* Places that look like the beginning of a head. */
    HEAD_SIZE_MAX = 32768,
};

/* A response in the bytes, as far as it is there. */
struct found {
    struct h1 *codec;
    struct span body;
};

static int64_t unix_now_s(const struct relay *relay)
{
    return (int64_t)(loop_unix_ms(relay->loop) / 1000);
}

static bool parse_at(struct relay *relay, struct span bytes, struct found *found)
{
    struct h1_limits limits = {.head_size_max = HEAD_SIZE_MAX,
                               .target_size_max = HEAD_SIZE_MAX,
                               .field_count_max = HEAD_FIELDS_MAX};
    size_t checked = 0;
    size_t len = 0;

    found->codec = h1_new(H1_RESPONSE);
    if (found->codec == NULL) {
        return false;
    }
    h1_expect(found->codec, METHOD_GET);
    if (h1_find_head(found->codec, bytes, &checked, &len) != H1_FOUND_HEAD ||
        h1_parse_head(found->codec, span_first(bytes, len), &limits,
                      &relay->response_head) != H1_ERROR_NONE) {
        h1_free(&found->codec);
        return false;
    }
    found->body = span_from(bytes, len);
    return true;
}

/* The first response head, which may come after the rest of a body. */
static bool find_head(struct relay *relay, struct span bytes, struct found *found)
{
    unsigned tries = 0;

    for (size_t at = 0; at < bytes.len && tries < HEAD_TRIES_MAX; at++) {
        at += span_find(span_from(bytes, at), 'H');
        struct span rest = span_from(bytes, at);
        if (span_starts(rest, SPAN("HTTP/1."))) {
            if (parse_at(relay, rest, found)) {
                return true;
            }
            tries++;
        }
    }
    return false;
}

static void scan_decoded(void *context, struct span decoded)
{
    (void)scan_feed(context, decoded, SCAN_LEASE_BORROWED);
}

/* Feeds the body; true when it ends with the bytes. */
static bool scan_body(struct found *found, struct coding *coding)
{
    struct span rest = found->body;
    enum piece piece = PIECE_MORE;

    while (rest.len > 0 && piece == PIECE_MORE) {
        struct span content;
        size_t consumed = 0;
        piece = h1_parse_body(found->codec, rest, &content, &consumed);
        rest = span_from(rest, consumed);
        if (content.len > 0) {
            (void)coding_feed(coding, content, PIECE_MORE);
        }
    }
    return rest.len == 0;
}

static struct scan *scan_response(struct relay *relay, struct found *found, bool *alone)
{
    struct plan *plan = relay->plan;
    const struct head *head = &relay->response_head;
    const struct field *type = head_field(head, FIELD_CONTENT_TYPE);
    struct coding_limits bounds = {.decoded_size_max = UINT64_C(16) * STRAY_SIZE_MAX,
                                   .ratio_max = plan->site->limits.decoded_ratio_max};
    struct coding *coding = coding_new(&bounds, scan_decoded);
    struct scan *scan = scan_begin(
        plan->scanner, exchange_scan_kind(media_of_head(head)),
        media_parameter(type != NULL ? type->value : (struct span){0}, SPAN("charset")));

    if (coding != NULL && scan != NULL) {
        exchange_scan_fields(scan, head, unix_now_s(relay));
        (void)coding_start(coding, head, scan);
        *alone = scan_body(found, coding) && *alone;
        (void)scan_finish(scan);
    }
    coding_free(&coding);
    return scan;
}

/* The owner that was seen first. */
static void take_subject(const struct site *site, const struct scan *scan,
                         struct stray *out)
{
    size_t count = scan != NULL ? scan_count(scan) : 0;

    for (size_t i = 0; i < count; i++) {
        const struct observation *seen = scan_at(scan, i);
        const struct marker_class *class = &site->classes[seen->class_index];
        if (class->must_be == MARKER_RULE_REQUESTER && seen->value.len > 0 &&
            !marker_names_nobody(class, seen->value) &&
            user_set(&out->subject, seen->value)) {
            (void)span_copy(class->name, out->marker_class, sizeof(out->marker_class));
            return;
        }
    }
}

/* Without a marker: the user of a session whose token is handed out. */
static void take_session(struct relay *relay, const struct head *head, struct stray *out)
{
    struct issued_cookies issued;
    uint64_t now_ms = loop_now_ms(relay->loop);

    if (out->subject.len > 0 || head_field(head, FIELD_SET_COOKIE) == NULL) {
        return;
    }
    identify_issued(head, &relay->plan->site->session, unix_now_s(relay), &issued);
    for (unsigned i = 0; i < issued.count; i++) {
        struct session owner;
        struct fingerprint token =
            fingerprint_of(relay->fingerprinter, issued.items[i].value);
        registry_find(relay->shared->registry, &token, now_ms, false, &owner);
        if (owner.id != 0 && owner.binding != BINDING_NONE) {
            user_copy(&out->subject, &owner.requester);
            return;
        }
    }
}

static void take_echo(const struct head *head, struct stray *out)
{
    const struct field *echo = head_field(head, FIELD_COUNTERMARK_ECHO);
    uint8_t bytes[JOURNAL_ID_DIGITS / 2];

    if (echo != NULL && echo->value.len == JOURNAL_ID_DIGITS &&
        parse_hex(echo->value, bytes, sizeof(bytes)) == ERR_NONE) {
        (void)span_copy(echo->value, out->echoed_id, sizeof(out->echoed_id));
    }
}

static struct scan *scan_loose(struct relay *relay, struct span bytes)
{
    struct scan *scan =
        scan_begin(relay->plan->scanner, SCAN_KIND_UNKNOWN, (struct span){0});

    if (scan != NULL) {
        (void)scan_feed(scan, bytes, SCAN_LEASE_BORROWED);
        (void)scan_finish(scan);
    }
    return scan;
}

void stray_read(struct relay *relay, struct span bytes, struct stray *out)
{
    struct found found = {0};
    struct scan *scan = NULL;

    *out = (struct stray){0};
    bytes = span_first(bytes, STRAY_SIZE_MAX);
    if (find_head(relay, bytes, &found)) {
        const struct head *head = &relay->response_head;
        out->status = head->status;
        out->alone = span_starts(bytes, SPAN("HTTP/1."));
        take_echo(head, out);
        scan = scan_response(relay, &found, &out->alone);
        take_subject(relay->plan->site, scan, out);
        take_session(relay, head, out);
        h1_free(&found.codec);
    } else {
        scan = scan_loose(relay, bytes);
        take_subject(relay->plan->site, scan, out);
    }
    scan_end(&scan);
}
