#include "base/check.h"
#include "guard/brought.h"
#include "guard/identify.h"
#include "guard/login.h"
#include "http/cache.h"
#include "relay/exchange_grants.h"
#include "relay/rewrite.h"

enum {
    FRAMING_ROOM = 256, /* Bytes that write_framing() may add to a reply's head. */
};

static int64_t unix_now_s(const struct exchange *self)
{
    return (int64_t)(loop_unix_ms(self->relay->loop) / 1000);
}

enum scan_kind exchange_scan_kind(enum media media)
{
    switch (media) {
    case MEDIA_MULTIPART: /* Parts of pages, when ranges were asked for. */
    case MEDIA_HTML:
        return SCAN_KIND_HTML;
    case MEDIA_XHTML: /* Here `<script/>` is empty: what follows is no script. */
    case MEDIA_XML:
        return SCAN_KIND_XML;
    case MEDIA_JSON:
        return SCAN_KIND_JSON;
    case MEDIA_JAVASCRIPT:
        return SCAN_KIND_SCRIPT;
    case MEDIA_CSV:
    case MEDIA_TEXT:
    case MEDIA_EVENT_STREAM:
    case MEDIA_FORM:
        return SCAN_KIND_TEXT;
    case MEDIA_UNKNOWN:
    case MEDIA_BINARY:
        return SCAN_KIND_UNKNOWN;
    case MEDIA_OTHER:
        return SCAN_KIND_NONE;
    }
    UNREACHABLE();
}

/* Is this an answer that leaves event by event? A client that could not tell a cut gets
 * it whole, and so does a login. */
static enum delivery delivery_of(const struct exchange *self, const struct head *head,
                                 enum media media)
{
    bool tells = !self->taste.old || (head->framing == FRAMING_LENGTH &&
                                      head_field(head, FIELD_CONTENT_ENCODING) == NULL);
    bool events = media == MEDIA_EVENT_STREAM && head->status / 100 == 2 &&
                  head->framing != FRAMING_NONE;

    return events && tells && self->inspected && self->asker.role == ROLE_NONE
               ? DELIVERY_EVENTS
               : DELIVERY_WHOLE;
}

/* Whether and how the body can be read. */
static void prepare_scan(struct exchange *self, const struct head *head, enum media media)
{
    const struct field *type = head_field(head, FIELD_CONTENT_TYPE);
    struct span type_text = type != NULL ? type->value : (struct span){0};
    bool inspect = media_is_inspected(media, head);
    enum scan_kind kind = inspect ? exchange_scan_kind(media) : SCAN_KIND_NONE;

    self->scan = scan_begin(self->plan->scanner, kind,
                            media_parameter(type_text, SPAN("charset")));
    exchange_note_redactable(self, kind, media_parameter(type_text, SPAN("charset")));
    self->undecodable = self->scan == NULL;
    self->inspected = inspect;
    self->uninspected = UNINSPECTED_MEDIA;
    if (self->scan != NULL) {
        scan_bind(self->scan, span_of(self->id));
    }
    if (!inspect || self->scan == NULL ||
        head_field(head, FIELD_CONTENT_ENCODING) == NULL) {
        return;
    }
    self->decoder = exchange_take_decoder(self);
    if (self->decoder == NULL ||
        coding_start(self->decoder->coding, head, self->decoder) == CODING_UNKNOWN) {
        self->inspected = false;
        self->undecodable = true;
        self->uninspected = UNINSPECTED_CODING;
    } else if (coding_step_count(self->decoder->coding) == 0) {
        exchange_give_decoder(self);
    }
}

/* A cookie that is taken away shows nobody, whatever value it has. */
void exchange_scan_fields(struct scan *scan, const struct head *head, int64_t now_s)
{
    for (size_t i = 0; i < head->field_count; i++) {
        const struct field *field = &head->fields[i];
        if (field->id == FIELD_SET_COOKIE) {
            struct set_cookie cookie;
            if (cookie_parse_set(field->value, &cookie) &&
                !cookie_is_deletion(&cookie, now_s)) {
                scan_set_cookie(scan, cookie.name, cookie.value);
            }
        }
        scan_field(scan, field->name, field->value);
    }
}

/* While login is down only deletions and tokens of those who came without any pass. */
static bool set_cookie_stays(void *context, const struct field *field)
{
    struct exchange *self = context;
    const struct session_policy *policy = &self->plan->site->session;
    int64_t now_s = unix_now_s(self);
    struct set_cookie cookie;

    if (!cookie_parse_set(field->value, &cookie) || cookie_is_deletion(&cookie, now_s)) {
        return true;
    }
    if (policy->jwt.cookie != NULL &&
        span_equal(cookie.name, span_of(policy->jwt.cookie))) {
        return false;
    }
    if (policy->remember != NULL &&
        cookie_names_rank(policy->remember, cookie.name) >= 0) {
        return false;
    }
    return policy->cookies == NULL ||
           cookie_names_rank(policy->cookies, cookie.name) < 0 || !self->had_token;
}

/* Begins the head that the client may get. False: it does not fit. */
static bool begin_reply(struct exchange *self, const struct head *head)
{
    bool enforced = !exchange_observes(self);
    struct rewrite_response rewrite = {
        .head = head,
        .coding_removed = self->delivery != DELIVERY_WHOLE && self->decoder != NULL,
        .validators_removed = enforced && self->routed.requirement.require_mask != 0,
        .set_cookie_stays = self->identity_removed ? set_cookie_stays : NULL,
        .set_cookie_context = self,
    };
    struct writer out =
        writer_of(self->reply_text, self->reply_text_capacity - FRAMING_ROOM);

    rewrite_response(&rewrite, &out);
    exchange_write_deletions(self, head, &out);
    if (out.full) {
        size_t size = BLOCK_SMALL + EXCHANGE_TEXT_SIZE;
        if (!exchange_make_reply_room(self, size)) {
            return false;
        }
        out = writer_of(self->reply_text, size - FRAMING_ROOM);
        rewrite_response(&rewrite, &out);
        exchange_write_deletions(self, head, &out);
    }
    self->reply_text_len = out.len;
    return !out.full;
}

/* Of one field, which may be a list: a tag that is not ours comes before ours, and none
 * at all is not ours either. */
static enum echo_state echo_of_field(const struct exchange *self, struct span list,
                                     struct span *tag_out)
{
    enum echo_state state = ECHO_OTHER;
    struct span item;

    while (span_next(&list, ',', &item)) {
        item = span_trim(item);
        if (item.len == 0) {
            continue;
        }
        *tag_out = item;
        if (!span_equal(item, span_of(self->id))) {
            return ECHO_OTHER;
        }
        state = ECHO_MATCH;
    }
    return state;
}

/* Of all fields: two answers that were mixed up bring the tags of both. */
static enum echo_state echo_of(const struct exchange *self, const struct head *head,
                               struct span *tag_out)
{
    enum echo_state state = ECHO_MISSING;

    *tag_out = (struct span){0};
    for (size_t i = 0; state != ECHO_OTHER && i < head->field_count; i++) {
        if (head->fields[i].id == FIELD_COUNTERMARK_ECHO) {
            state = echo_of_field(self, head->fields[i].value, tag_out);
        }
    }
    return state;
}

static void read_echo(struct exchange *self, const struct head *head)
{
    struct span tag;

    self->answer.echo = echo_of(self, head, &tag);
    self->echoed_id[0] = '\0';
    if (tag.len == JOURNAL_ID_DIGITS) {
        uint8_t bytes[JOURNAL_ID_DIGITS / 2];
        if (parse_hex(tag, bytes, sizeof(bytes)) == ERR_NONE) {
            (void)span_copy(tag, self->echoed_id, sizeof(self->echoed_id));
        }
    }
}

/* A login's answer hands the token out in a cookie, or in its body where fields carry it.
 */
static void read_issued_named(struct exchange *self, const struct head *head)
{
    const struct jwt_policy *jwt = &self->plan->site->session.jwt;
    int64_t now_s = unix_now_s(self);
    struct credential credential = {.trust = CREDENTIAL_NONE};

    self->answer.issues_named = jwt->header != NULL && self->routed.role == ROLE_LOGIN;
    self->answer.issued_trust = CREDENTIAL_NONE;
    self->answer.issued_named.len = 0;
    for (size_t i = 0; jwt->cookie != NULL && i < head->field_count; i++) {
        struct set_cookie cookie;
        if (head->fields[i].id == FIELD_SET_COOKIE &&
            cookie_parse_set(head->fields[i].value, &cookie) &&
            span_equal(cookie.name, span_of(jwt->cookie)) &&
            !cookie_is_deletion(&cookie, now_s)) {
            credential_read_jwt(jwt, cookie.value, now_s, &credential);
            self->answer.issues_named = true;
            self->answer.issued_trust = credential.trust;
            user_copy(&self->answer.issued_named, &credential.user);
        }
    }
}

static void fill_addressed(struct exchange *self, const struct head *head)
{
    struct span token = identify_addressed(head, &self->plan->site->session);

    self->answer.addressed = (struct issued_token){0};
    if (token.len > 0) {
        self->answer.addressed.token = fingerprint_of(self->relay->fingerprinter, token);
    }
}

/* Is it a token that the request's cookies brought? Sites issue it again in their own
 * spelling. What a target or another field says is not the request's own. */
static bool is_brought(const struct exchange *self, const struct issued_cookie *issued)
{
    struct span head = {.ptr = self->request_text, .len = self->request_text_len};

    return brought_by_cookie(head, issued->value);
}

static void fill_issued(struct exchange *self, const struct head *head)
{
    struct spelling_memory *spellings = &self->relay->shared->spelling;
    struct issued_cookies issued;
    int64_t now_s = unix_now_s(self);

    read_issued_named(self, head);
    self->answer.issued_count = 0;
    self->answer.too_many_tokens = false;
    fill_addressed(self, head);
    if (head_field(head, FIELD_SET_COOKIE) == NULL) {
        return;
    }
    identify_issued(head, &self->plan->site->session, now_s, &issued);
    self->answer.too_many_tokens = issued.more;
    self->answer.issued_count = issued.count;
    for (unsigned i = 0; i < issued.count; i++) {
        struct issued_token *token = &self->answer.issued[i];
        *token = (struct issued_token){
            .deletion = issued.items[i].deletion,
            .too_short = issued.items[i].too_short,
            .brought = is_brought(self, &issued.items[i]),
        };
        token->token = fingerprint_of(self->relay->fingerprinter, issued.items[i].value);
        spelling_learn(spellings, &issued.items[i].spelling);
    }
    /* An answer to a token that the site would have spelled otherwise: it may have taken
     * it for none, and what it issues is another session. */
    if (spelling_is_odd(spellings, &self->spelling, self->asker.session.id != 0)) {
        self->asker.kind = ASKER_AMBIGUOUS;
    }
}

static enum login_success login_success(const struct exchange *self,
                                        const struct head *head)
{
    if (self->asker.role == ROLE_NONE) {
        return LOGIN_UNTOLD;
    }
    struct span text = {.ptr = self->request_text, .len = self->request_text_len};
    struct reference_base asked = rewrite_asked(text);

    return login_success_by_head(&self->plan->site->login, head, &asked);
}

static void fill_answer(struct exchange *self, const struct head *head, enum media media)
{
    self->answer.status = head->status;
    self->answer.complete = false;
    self->answer.has_content = false;
    self->answer.html = media == MEDIA_HTML || media == MEDIA_XHTML;
    self->answer.doubtful = false;
    self->answer.cache_sign = cache_was_hit(head);
    self->answer.storable = cache_may_store(head);
    self->answer.head_left = false;
    self->answer.early = self->early;
    self->answer.success = login_success(self, head);
    self->answer.observation_count = 0;
    fill_issued(self, head);
    read_echo(self, head);
}

/* The final head: everything that needs its fields is done here, they do not last. */
void exchange_take_head(struct exchange *self, const struct head *head)
{
    self->upstream_status = head->status;
    self->answer_framing = head->framing;
    self->answer_length = head->has_content_length ? head->content_length : UINT64_MAX;
    self->early = !self->request_read || stream_writing(self->upstream->stream);
    self->upstream_clean = head->keep_alive && head->version_minor == 1 &&
                           head->framing != FRAMING_CLOSE && !self->early;
    exchange_note_answer_bound(self, head);
    enum media media = media_of_head(head);
    prepare_scan(self, head, media);
    if (self->scan != NULL) {
        exchange_scan_fields(self->scan, head, unix_now_s(self));
    }
    self->delivery = delivery_of(self, head, media);
    if (self->delivery != DELIVERY_WHOLE && self->decoder != NULL) {
        self->answer_framing = FRAMING_CHUNKED;
        self->answer_length = UINT64_MAX;
    }
    fill_answer(self, head, media);
    if (!begin_reply(self, head)) {
        exchange_fail_upstream(self, ENDING_UPSTREAM_LARGE);
        return;
    }
    if (exchange_is_upgrade(self, head)) {
        (void)exchange_take_upgrade(self, head);
        return;
    }
    self->answer_part = head->framing == FRAMING_NONE ? ANSWER_COMPLETE : ANSWER_BODY;
}
