/**
 * A correct site in small, with the browsers of its users: what the walks through the
 * judge drive at random.
 */
#pragma once

#include <string.h>

#include "guard/alias.h"
#include "guard/judge_world.h"

enum {
    USERS = 5,
    STRANGER = USERS + 1, /* Who is never there. */
    BROWSERS = 6,
    TRIPS = 16,
    TOKENS_MAX = 200000,
    PURSE_MAX = 24,
};

enum tokens_style {
    TOKENS_KEPT,         /* One session, kept at login. */
    TOKENS_AT_LOGIN,     /* A new session at login; the old one is gone. */
    TOKENS_EVERY_ANSWER, /* A new name in every answer; a new session at login. */
    TOKENS_STATELESS,    /* The token says who it is, for ever. */
    TOKENS_STYLES,
};

struct style {
    enum tokens_style tokens;
    bool visit_issues;   /* An anonymous visit gets a session. */
    bool failure_issues; /* So does a failed login. */
    bool login_marked;   /* A login answers with a marked page, else with a
                            redirect. */
    bool logout_issues;
    bool success_rule;
    bool no_login_policy; /* The operator named no login.request. */
    bool logout_policy;
    bool own;      /* Pages carry their session's form token, kept over logins. */
    bool alias;    /* One logs in by another name than the marker's. */
    bool callback; /* Who logs in comes back from another site; no name is sent. */
};

enum stage { STAGE_FREE, STAGE_SENT, STAGE_DONE };
enum want { WANT_PAGE, WANT_POST, WANT_LOGIN, WANT_WRONG, WANT_LOGOUT };

struct ride {
    enum stage stage;
    enum want want;
    unsigned browser;
    unsigned user;       /* Who logs in. */
    unsigned remembered; /* Whom the remember cookie names; 0: there is none. */
    uint32_t token;
    uint32_t also;
    uint32_t issued;
    uint32_t form;  /* The form token on the page; 0: none. */
    unsigned shown; /* Marker; 0: none. */
    unsigned status;
    uint64_t sent_at;
    struct trip trip;
};

static struct {
    struct world world;
    struct style style;
    uint32_t random;
    uint32_t token_count;
    uint32_t session_count;
    uint32_t token_session[TOKENS_MAX]; /* Stateless: the user itself. */
    unsigned session_user[TOKENS_MAX];
    uint32_t token_form[TOKENS_MAX]; /* Handed on from token to token. */
    uint32_t form_count;
    size_t forms_shown;
    struct marker_class classes[2];
    struct fingerprinter *hasher;
    struct memo *aliases;
    struct memo *shown;
    uint64_t learned;
    uint32_t cookie[BROWSERS];
    unsigned purse_count;
    uint32_t purse[PURSE_MAX];
    struct ride rides[TRIPS];
    size_t exchanges;
    size_t released_marked;
} site;

static inline uint32_t roll(uint32_t below)
{
    site.random ^= site.random << 13;
    site.random ^= site.random >> 17;
    site.random ^= site.random << 5;
    return site.random % below;
}

static inline const char *name_of(unsigned user)
{
    static const char *const NAMES[] = {NULL,  "aoki", "baba", "chiba",
                                        "doi", "endo", "fuji"};
    return NAMES[user];
}

static inline const char *login_of(unsigned user)
{
    static const char *const NAMES[] = {NULL,          "a@s.example", "b@s.example",
                                        "c@s.example", "d@s.example", "e@s.example"};
    return site.style.alias ? NAMES[user] : name_of(user);
}

static inline uint32_t new_token(uint32_t session)
{
    CHECK(site.token_count + 1 < TOKENS_MAX);
    site.token_session[++site.token_count] = session;
    site.token_form[site.token_count] = 0;
    return site.token_count;
}

static inline uint32_t new_session(unsigned user)
{
    if (site.style.tokens == TOKENS_STATELESS) {
        return new_token(user);
    }
    site.session_user[++site.session_count] = user;
    return new_token(site.session_count);
}

static inline unsigned user_of(uint32_t token)
{
    if (token == 0) {
        return 0;
    }
    uint32_t session = site.token_session[token];
    return site.style.tokens == TOKENS_STATELESS ? session : site.session_user[session];
}

static inline void site_log_in(struct ride *ride)
{
    ride->status = site.style.login_marked ? 200 : 303;
    ride->shown = site.style.login_marked ? ride->user : 0;
    if (ride->token != 0 && site.style.tokens == TOKENS_KEPT) {
        site.session_user[site.token_session[ride->token]] = ride->user;
        return;
    }
    if (ride->token != 0 && site.style.tokens != TOKENS_STATELESS) {
        site.session_user[site.token_session[ride->token]] = 0;
    }
    ride->issued = new_session(ride->user);
}

static inline void site_log_out(struct ride *ride)
{
    ride->status = 303;
    if (ride->token != 0 && site.style.tokens != TOKENS_STATELESS) {
        site.session_user[site.token_session[ride->token]] = 0;
    }
    if (site.style.logout_issues || site.style.tokens == TOKENS_STATELESS) {
        ride->issued = new_session(0);
    }
}

/* A failed login moves the session to another name, or says it again. */
static inline uint32_t fail_with_token(uint32_t token)
{
    unsigned user = user_of(token);
    if (token != 0 && site.style.tokens == TOKENS_KEPT) {
        return 0;
    }
    if (token != 0 && site.style.tokens == TOKENS_EVERY_ANSWER) {
        return new_token(site.token_session[token]);
    }
    if (token != 0 && site.style.tokens == TOKENS_AT_LOGIN) {
        site.session_user[site.token_session[token]] = 0;
    }
    return new_session(user);
}

/* A page carries the form token of its session; the answer that begins one, the new
 * one's, which goes on with the old one's. */
static inline void show_form(struct ride *ride)
{
    uint32_t token = ride->issued != 0 ? ride->issued : ride->token;

    if (!site.style.own || token == 0) {
        return;
    }
    if (ride->token != 0 && site.token_form[ride->token] == 0) {
        site.token_form[ride->token] = ++site.form_count;
    }
    if (site.token_form[token] == 0) {
        site.token_form[token] =
            ride->token != 0 ? site.token_form[ride->token] : ++site.form_count;
    }
    ride->form = ride->status == 200 ? site.token_form[token] : 0;
    site.forms_shown += ride->form != 0;
}

/* The moment at which the site answers. */
static inline void site_answer(struct ride *ride)
{
    ride->status = 200;
    switch (ride->want) {
    case WANT_LOGIN:
        site_log_in(ride);
        break;
    case WANT_LOGOUT:
        site_log_out(ride);
        break;
    case WANT_WRONG:
        ride->shown = roll(2) == 0 ? user_of(ride->token) : 0;
        if (site.style.failure_issues) {
            ride->issued = fail_with_token(ride->token);
        }
        break;
    case WANT_PAGE:
    case WANT_POST:
        ride->shown = roll(8) != 0 ? user_of(ride->token) : 0;
        if (ride->token == 0 && site.style.visit_issues) {
            ride->issued = new_session(0);
        }
        break;
    }
    if (site.style.tokens == TOKENS_EVERY_ANSWER && ride->token != 0 &&
        ride->issued == 0) {
        ride->issued = new_token(site.token_session[ride->token]);
    }
    show_form(ride);
    ride->stage = STAGE_DONE;
}

/* Nothing else of its browser is in flight: nothing could change whose session it is. */
static inline bool ride_is_alone(const struct ride *ride)
{
    for (size_t i = 0; i < TRIPS; i++) {
        const struct ride *other = &site.rides[i];
        if (other != ride && other->stage != STAGE_FREE &&
            other->browser == ride->browser) {
            return false;
        }
    }
    return true;
}

static inline void ride_send(struct ride *ride)
{
    struct trip *trip = &ride->trip;
    trip_ask(trip, ride->token);
    if (ride->also != 0) {
        trip_ask_also(trip, ride->also);
    }
    trip->asker.unsafe = ride->want != WANT_PAGE;
    bool logins = !site.style.no_login_policy;
    if (logins && (ride->want == WANT_LOGIN || ride->want == WANT_WRONG)) {
        trip_log_in(trip, login_of(ride->user));
        if (site.style.alias) {
            alias_claim(site.hasher, &site.world.login, site.aliases, site.world.now_ms,
                        &trip->asker.claim);
        }
        if (site.style.callback && ride->want == WANT_LOGIN) {
            trip->asker.role = ROLE_CALLBACK;
            trip->asker.claim.len = 0;
        }
    } else if (ride->want == WANT_LOGOUT && site.style.logout_policy) {
        trip->asker.role = ROLE_LOGOUT;
    }
    trip_forward(&site.world, trip);
    ride->stage = STAGE_SENT;
    ride->sent_at = site.exchanges;
    ride->issued = 0;
    ride->form = 0;
    ride->shown = 0;
}

static inline enum verdict ride_end(struct ride *ride, unsigned shown)
{
    struct trip *trip = &ride->trip;
    if (shown != 0) {
        (void)trip_mark(trip, name_of(shown));
    }
    if (ride->form != 0) {
        char text[16] = "form-";
        text[5] = (char)('a' + ride->form / 17576 % 26);
        text[6] = (char)('a' + ride->form / 676 % 26);
        text[7] = (char)('a' + ride->form / 26 % 26);
        text[8] = (char)('a' + ride->form % 26);
        text[9] = '\0';
        trip_mark(trip, text)->class_index = 1;
    }
    if (ride->issued != 0) {
        trip_issue(trip, ride->issued);
    }
    trip->answer.status = ride->status;
    if ((trip->asker.role == ROLE_LOGIN || trip->asker.role == ROLE_CALLBACK) &&
        site.style.success_rule) {
        trip->answer.success = ride->want == WANT_LOGIN ? LOGIN_SUCCEEDED : LOGIN_FAILED;
    }
    ride->stage = STAGE_FREE;
    site.exchanges++;
    enum verdict verdict = trip_end(&site.world, trip);
    if (trip->judgement.learns && verdict == VERDICT_RELEASE) {
        site.learned += alias_learn(site.aliases, &trip->judgement.learned_login,
                                    &trip->judgement.learned_marker,
                                    site.world.now_ms) >= ALIAS_AGREED;
    }
    return verdict;
}

/* What form tokens and aliases need; site_end() gives it back. */
static inline void site_extend(void)
{
    static const uint8_t KEY[FINGERPRINT_KEY_SIZE] = {9};

    if (!site.style.own && !site.style.alias) {
        return;
    }
    if (site.hasher == NULL) {
        site.hasher = fingerprinter_new(KEY);
    }
    memo_free(&site.aliases);
    memo_free(&site.shown);
    site.aliases = memo_new(NULL, 1000, 1000000000, false);
    site.shown = memo_new(NULL, 100000, 1000000000, false);
    site.form_count = 0;
    site.classes[0] = site.world.class;
    site.classes[1] =
        (struct marker_class){.name = SPAN("form"), .must_be = MARKER_RULE_OWN};
    site.world.rules.classes = site.classes;
    site.world.rules.class_count = 2;
    site.world.rules.hasher = site.hasher;
    site.world.shown = site.shown;
    site.world.login.user_is_alias = site.style.alias;
}

static inline void site_end(void)
{
    memo_free(&site.aliases);
    memo_free(&site.shown);
    fingerprinter_free(&site.hasher);
}

static inline void site_reset(struct style style, uint32_t seed)
{
    world_init(&site.world);
    site.style = style;
    site.random = seed * 2654435761U + 1;
    site.token_count = 0;
    site.session_count = 0;
    memset(site.cookie, 0, sizeof(site.cookie));
    site.purse_count = 0;
    memset(site.rides, 0, sizeof(site.rides));
    site.world.login.request.count = style.no_login_policy ? 0 : 1;
    site.world.login.success_count = style.success_rule ? 1 : 0;
    site.world.success = (struct success_rule){.kind = SUCCESS_STATUS, .status = 303};
    site.world.login.success = &site.world.success;
    site_extend();
}

static inline struct style style_of(unsigned n)
{
    return (struct style){
        .tokens = (enum tokens_style)(n % TOKENS_STYLES),
        .visit_issues = (n / 4 & 1) != 0,
        .failure_issues = (n / 8 & 1) != 0,
        .login_marked = (n / 16 & 1) != 0,
        .logout_issues = (n / 32 & 1) != 0,
        .success_rule = (n / 64 & 1) != 0,
        .logout_policy = true,
        .callback = n % 3 == 0,
    };
}

enum { STYLES = 128 };

/* What a browser of real people does next. */
static inline void choose(struct ride *ride)
{
    static const enum want WANTS[] = {WANT_PAGE,  WANT_PAGE,  WANT_PAGE,  WANT_PAGE,
                                      WANT_PAGE,  WANT_PAGE,  WANT_POST,  WANT_LOGIN,
                                      WANT_LOGIN, WANT_WRONG, WANT_LOGOUT};
    ride->browser = roll(BROWSERS);
    ride->want = WANTS[roll(sizeof(WANTS) / sizeof(WANTS[0]))];
    ride->token = site.cookie[ride->browser];
    ride->also = 0;
    ride->user = 1 + roll(USERS);
}

static inline void browse(struct ride *ride)
{
    choose(ride);
    ride_send(ride);
}

static inline void deliver(const struct ride *ride)
{
    if (ride->issued != 0) {
        site.cookie[ride->browser] = ride->issued;
    }
    site.released_marked += ride->shown != 0;
}

/* Entries that go are idle ones. */
static inline void forget(uint32_t token)
{
    for (size_t i = 0; i < TRIPS; i++) {
        const struct ride *ride = &site.rides[i];
        if (ride->stage != STAGE_FREE &&
            (ride->trip.entry_ids[0] == world_view(&site.world, token).id ||
             ride->trip.entry_ids[1] == world_view(&site.world, token).id)) {
            return;
        }
    }
    world_forget(&site.world, token);
}

/* An answer that spans two logins may show the user between them, whom nobody
 * remembers: refused, but never counted. */
static inline bool spans_two_logins(const struct ride *ride)
{
    struct finding finding = trip_finding(&ride->trip);
    return finding.reason != NULL && strcmp(finding.reason, "changed-twice") == 0 &&
           finding.strength == STRENGTH_WEAK && !finding.counts;
}

/* A wrong password on a session that was forgotten, and that goes on by a new token: it
 * may have become another's. Refused, but never counted. */
static inline bool is_doubted(const struct ride *ride)
{
    const struct session *view = &ride->trip.asker.session;
    struct finding finding = trip_finding(&ride->trip);

    bool waits =
        view->binding == BINDING_UNCONFIRMED && view->claim_count > 0 && !view->by_login;
    for (unsigned i = 0; ride->want == WANT_WRONG && i < view->claim_count; i++) {
        waits = waits || view->claims[i].len == 0; /* It is the login's own answer. */
    }
    return waits && !finding.counts;
}

/** Users 1 and 2 are the abuser's. He sends any token he ever had, two at once, forged
 * ones, and every name; the site stays correct. */
static inline void abuse(struct ride *ride, bool posts)
{
    static const enum want WANTS[] = {WANT_PAGE,  WANT_PAGE,   WANT_PAGE,
                                      WANT_PAGE,  WANT_LOGIN,  WANT_LOGIN,
                                      WANT_WRONG, WANT_LOGOUT, WANT_POST};
    ride->browser = 0;
    ride->want = WANTS[roll(sizeof(WANTS) / sizeof(WANTS[0]) - (posts ? 0 : 1))];
    ride->user = ride->want == WANT_LOGIN ? 1 + roll(2) : 1 + roll(USERS);
    ride->token = 0;
    ride->also = 0;
    if (site.purse_count > 0 && roll(12) != 0) {
        ride->token = site.purse[roll(site.purse_count)];
        ride->also = roll(4) == 0 ? site.purse[roll(site.purse_count)] : 0;
    }
    ride->also = ride->also == ride->token ? 0 : ride->also;
    ride_send(ride);
    /* Which of the two the site reads is not ours to know. */
    if (ride->also != 0 && roll(2) == 0) {
        ride->token = ride->also;
    }
}
