/**
 * An admin server with a control that only remembers, and a client that talks to it.
 *
 * Everything runs on one thread: the client steps the server's loop while it waits.
 */
#pragma once

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/admin.h"
#include "admin/operation.h"
#include "base/parse.h"
#include "net/listener.h"
#include "net/local.h"
#include "support/test.h"

enum {
    FIXTURE_REPLY_MAX = 256 * 1024,
    FIXTURE_STEPS_MAX = 400,
};

struct fixture {
    struct loop *loop;
    struct stats *stats;
    struct admin *admin;
    struct address address;
    char directory[32];
    char path[64];

    /* What the control says. */
    enum control_ready ready;
    enum err read_err;
    bool takes;          /* Changes are accepted. */
    const char *feature; /* One more than `login` and `forms`, or NULL. */
    bool observes;       /* The configuration does, without break-glass. */

    /* What the control was told. */
    struct feature_change change;
    struct mode_change mode; /* Texts are gone. */
    uint64_t closed;
    char who[64];
    char reason[RECORDER_REASON_SIZE_MAX];
    struct control_ticket *ticket;
    struct control_reload *reload;
    struct reporter_ticket *report;
    char revealed_to[64];
    int refreshed;
    uint64_t last_event; /* Its number; all numbers up to it are events. */

    size_t reply_len;
    char reply[FIXTURE_REPLY_MAX];
};

static inline enum control_ready fixture_ready(void *self)
{
    return ((struct fixture *)self)->ready;
}

static inline void fixture_status(void *self, struct control_status *status_out)
{
    *status_out = (struct control_status){
        .version = "1.2.3",
        .mode =
            ((struct fixture *)self)->mode.observe || ((struct fixture *)self)->observes
                ? "observe"
                : "enforce",
        .glass_until_ms = ((struct fixture *)self)->mode.observe ? 3600000 : 0,
        .glass_who = "root",
        .glass_reason = "a test",
        .would_have_refused = 5,
        .would_have_taken_down = 2,
        .ready = ((struct fixture *)self)->ready,
        .config_hash = "abc",
        .config_loaded_at_ms = 1000,
        .workers = 2,
        .incidents_open = 1,
        .ledger_ok = true,
        .sessions = 7,
        .alerts_queued = 3,
    };
}

static inline bool fixture_feature(void *self, unsigned index,
                                   struct control_feature *feature_out)
{
    const char *third = ((struct fixture *)self)->feature;

    if (index == 0) {
        *feature_out = (struct control_feature){.name = "login",
                                                .state = FEATURE_DOWN,
                                                .since_ms = 86400000,
                                                .who = "root",
                                                .reason = "a \"reason\"",
                                                .incident = 4};
    } else if (index == 1) {
        *feature_out = (struct control_feature){.name = "forms", .state = FEATURE_UP};
    } else {
        *feature_out = (struct control_feature){.name = third, .state = FEATURE_UP};
    }
    return index < 2 || (index == 2 && third != NULL);
}

static inline bool fixture_change(void *self, const struct feature_change *change,
                                  struct control_ticket *ticket)
{
    struct fixture *fixture = self;

    fixture->change = *change;
    fixture->ticket = ticket;
    return fixture->takes;
}

static inline bool fixture_close(void *self, uint64_t incident, const char *who,
                                 const char *reason, struct control_ticket *ticket)
{
    struct fixture *fixture = self;

    fixture->closed = incident;
    (void)span_copy(span_of(who), fixture->who, sizeof(fixture->who));
    (void)span_copy(span_of(reason), fixture->reason, sizeof(fixture->reason));
    fixture->ticket = ticket;
    return fixture->takes;
}

static inline bool fixture_mark(void *self, const char *who, const char *text,
                                struct control_ticket *ticket)
{
    struct fixture *fixture = self;

    (void)span_copy(span_of(who), fixture->who, sizeof(fixture->who));
    (void)span_copy(span_of(text), fixture->reason, sizeof(fixture->reason));
    fixture->ticket = ticket;
    return fixture->takes;
}

static inline bool fixture_report(void *self, const char *reveal_to,
                                  struct reporter_ticket *ticket)
{
    struct fixture *fixture = self;

    (void)span_copy(reveal_to != NULL ? span_of(reveal_to) : SPAN(""),
                    fixture->revealed_to, sizeof(fixture->revealed_to));
    fixture->report = fixture->takes ? ticket : NULL;
    return fixture->takes;
}

static inline void fixture_ledger(void *self, struct json_write *out)
{
    (void)self;
    json_write_begin_object(out);
    json_write_member(out, "path", SPAN("/var/lib/ledger.db"));
    json_write_end_object(out);
}

static inline bool fixture_reload(void *self, const char *who, const char *accept_weaker,
                                  struct control_reload *reload)
{
    struct fixture *fixture = self;

    (void)span_copy(span_of(accept_weaker != NULL ? accept_weaker : "none"),
                    fixture->reason, sizeof(fixture->reason));
    (void)span_copy(span_of(who), fixture->who, sizeof(fixture->who));
    fixture->reload = reload;
    return fixture->takes;
}

static inline const char *fixture_upgrade(void *self, const char *who)
{
    struct fixture *fixture = self;

    (void)span_copy(span_of(who), fixture->who, sizeof(fixture->who));
    return fixture->takes ? NULL : "An upgrade is under way already.";
}

static inline void fixture_upgrade_state(void *self, struct json_write *out)
{
    (void)self;
    json_write_begin_object(out);
    json_write_member(out, "state", SPAN("running"));
    json_write_end_object(out);
}

static inline enum err fixture_forget(void *self, const char *who, struct span login)
{
    struct fixture *fixture = self;

    (void)span_copy(span_of(who), fixture->who, sizeof(fixture->who));
    if (span_equal(login, SPAN("full"))) {
        return ERR_FULL;
    }
    return span_equal(login, SPAN("alice@site.example")) ? ERR_NONE : ERR_SYNTAX;
}

static inline enum err fixture_mode(void *self, const struct mode_change *change)
{
    struct fixture *fixture = self;

    fixture->mode = *change;
    (void)span_copy(span_of(change->who), fixture->who, sizeof(fixture->who));
    (void)span_copy(span_of(change->reason), fixture->reason, sizeof(fixture->reason));
    return fixture->takes ? ERR_NONE : ERR_FULL;
}

static inline void fixture_refresh(void *self)
{
    ((struct fixture *)self)->refreshed++;
}

static inline enum err fixture_incidents(void *self, bool open_only, unsigned count_max,
                                         struct json_write *out)
{
    assert_true(count_max > 0);
    json_write_begin_array(out);
    json_write_u64(out, open_only ? 1 : 2);
    json_write_end_array(out);
    return ((struct fixture *)self)->read_err;
}

static inline enum err fixture_incident(void *self, uint64_t incident,
                                        const char *reveal_to, unsigned count_max,
                                        struct json_write *out)
{
    struct fixture *fixture = self;

    assert_true(count_max > 0);
    (void)span_copy(span_of(reveal_to), fixture->revealed_to,
                    sizeof(fixture->revealed_to));
    if (incident != 4) {
        return ERR_SYNTAX;
    }
    json_write_begin_object(out);
    json_write_member_u64(out, "id", incident);
    json_write_end_object(out);
    return fixture->read_err;
}

static inline enum err fixture_events(void *self, uint64_t after, unsigned count_max,
                                      uint64_t *last_out, struct json_write *out)
{
    const struct fixture *fixture = self;

    assert_int_equal(count_max, 1);
    *last_out = after;
    json_write_begin_array(out);
    if (after < fixture->last_event) {
        *last_out = after + 1;
        json_write_begin_object(out);
        json_write_member_u64(out, "number", *last_out);
        json_write_end_object(out);
    }
    json_write_end_array(out);
    return fixture->read_err;
}

static inline enum err fixture_last_event(void *self, uint64_t *last_out)
{
    *last_out = ((struct fixture *)self)->last_event;
    return ((struct fixture *)self)->read_err;
}

static inline enum err fixture_changes(void *self, unsigned count_max,
                                       struct json_write *out)
{
    assert_true(count_max > 0);
    json_write_begin_object(out);
    json_write_member(out, "marks", SPAN("a mark"));
    json_write_end_object(out);
    return ((struct fixture *)self)->read_err;
}

static inline struct access_token fixture_token(const char *name, enum access_role role)
{
    struct access_token token = {.role = role};

    (void)span_copy(span_of(name), token.name, sizeof(token.name));
    secret_hash_of(span_of(name), token.digest); /* The token is its name. */
    return token;
}

static inline void fixture_listen(struct fixture *self)
{
    struct admin_sockets sockets = {.local_path = self->path};

    assert_int_equal(local_bind(self->path, (gid_t)-1, &sockets.local_fd), ERR_NONE);
    assert_int_equal(address_parse(SPAN("127.0.0.1"), &self->address), ERR_NONE);
    assert_int_equal(listener_bind(&self->address, &sockets.address_fd, 1), ERR_NONE);
    sockets.address = self->address;
    assert_int_equal(admin_start(self->admin, &sockets), ERR_NONE);
}

static inline int fixture_setup(void **state)
{
    struct fixture *self = calloc(1, sizeof(*self));
    const struct access_token tokens[] = {fixture_token("viewer", ACCESS_VIEWER),
                                          fixture_token("operator", ACCESS_OPERATOR)};
    const struct admin_control control = {
        .self = self,
        .ready = fixture_ready,
        .status = fixture_status,
        .feature = fixture_feature,
        .change_feature = fixture_change,
        .close_incident = fixture_close,
        .forget = fixture_forget,
        .change_mode = fixture_mode,
        .mark = fixture_mark,
        .report = fixture_report,
        .ledger = fixture_ledger,
        .reload = fixture_reload,
        .upgrade = fixture_upgrade,
        .upgrade_state = fixture_upgrade_state,
        .refresh = fixture_refresh,
        .incidents = fixture_incidents,
        .incident = fixture_incident,
        .events = fixture_events,
        .last_event = fixture_last_event,
        .changes = fixture_changes,
    };

    assert_non_null(self);
    self->ready = CONTROL_READY;
    self->takes = true;
    self->loop = loop_new();
    self->stats = stats_new();
    self->admin = admin_new(self->loop, &control, self->stats);
    assert_non_null(self->admin);
    assert_true(admin_set_tokens(self->admin, tokens, 2));
    (void)snprintf(self->directory, sizeof(self->directory), "/tmp/admin.XXXXXX");
    assert_non_null(mkdtemp(self->directory));
    (void)snprintf(self->path, sizeof(self->path), "%s/admin.sock", self->directory);
    fixture_listen(self);
    *state = self;
    return 0;
}

static inline struct fixture *fixture_of(void **state)
{
    CHECK(*state != NULL);
    return *state;
}

static inline int fixture_teardown(void **state)
{
    struct fixture *self = *state;

    admin_stop(self->admin);
    assert_int_equal(rmdir(self->directory), 0);
    admin_free(&self->admin);
    loop_free(&self->loop);
    stats_free(&self->stats);
    free(self);
    return 0;
}

static inline int fixture_connect(struct fixture *self, bool local)
{
    struct sockaddr_storage storage = {0};
    size_t len = sizeof(struct sockaddr_un);

    if (local) {
        struct sockaddr_un name = {.sun_family = AF_UNIX};
        memcpy(name.sun_path, self->path, strlen(self->path) + 1);
        memcpy(&storage, &name, sizeof(name));
    } else {
        len = address_sockaddr(&self->address, &storage);
    }
    int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&storage, (socklen_t)len), 0);
    return fd;
}

static inline void fixture_send(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

/* Takes what has come. False: the connection has ended. */
static inline bool fixture_receive(struct fixture *self, int fd)
{
    ssize_t count = recv(fd, self->reply + self->reply_len,
                         sizeof(self->reply) - 1 - self->reply_len, MSG_DONTWAIT);
    if (count > 0) {
        self->reply_len += (size_t)count;
        self->reply[self->reply_len] = '\0';
    }
    return count > 0 || (count < 0 && errno == EAGAIN);
}

/* True when a whole answer is there; one to HEAD has no content. */
static inline bool fixture_whole(const struct fixture *self, bool head_only)
{
    const char *end = strstr(self->reply, "\r\n\r\n");
    const char *length = strstr(self->reply, "Content-Length: ");
    uint64_t value = 0;

    if (end == NULL || length == NULL) {
        return false;
    }
    struct span digits = span_of(length + strlen("Content-Length: "));
    assert_int_equal(parse_u64(span_first(digits, span_find(digits, '\r')), &value),
                     ERR_NONE);
    size_t head_len = (size_t)(end - self->reply) + 4;
    return head_only || self->reply_len >= head_len + value;
}

/* Steps until an answer is there; fails when it takes too long. */
static inline void fixture_answer(struct fixture *self, int fd, bool head_only)
{
    self->reply_len = 0;
    self->reply[0] = '\0';
    for (int i = 0; i < FIXTURE_STEPS_MAX; i++) {
        loop_step(self->loop);
        bool open = fixture_receive(self, fd);
        if (fixture_whole(self, head_only)) {
            return;
        }
        if (!open) {
            fail_msg("closed after: %s", self->reply);
        }
    }
    fail_msg("no answer but: %s", self->reply);
}

/* Steps until the server has closed; false when it does not. */
static inline bool fixture_closes(struct fixture *self, int fd)
{
    for (int i = 0; i < FIXTURE_STEPS_MAX; i++) {
        loop_step(self->loop);
        if (!fixture_receive(self, fd)) {
            return true;
        }
    }
    return false;
}

/* Sends a change and waits until the control has it. */
static inline int fixture_begin(struct fixture *self, bool local, const char *request)
{
    int fd = fixture_connect(self, local);

    fixture_send(fd, request);
    for (int i = 0; i < FIXTURE_STEPS_MAX && self->ticket == NULL && self->reload == NULL;
         i++) {
        loop_step(self->loop);
    }
    assert_true(self->ticket != NULL || self->reload != NULL);
    return fd;
}

/* One request on a connection of its own; returns the status. */
static inline int fixture_ask(struct fixture *self, bool local, const char *request)
{
    int fd = fixture_connect(self, local);
    uint64_t status = 0;

    fixture_send(fd, request);
    fixture_answer(self, fd, strncmp(request, "HEAD ", 5) == 0);
    (void)close(fd);
    struct span line = span_of(self->reply);
    assert_true(span_starts(line, SPAN("HTTP/1.1 ")));
    assert_int_equal(parse_u64(span_first(span_from(line, 9), 3), &status), ERR_NONE);
    return (int)status;
}

/* The last reply has `text` in it. */
static inline void fixture_expect(const struct fixture *self, const char *text)
{
    if (strstr(self->reply, text) == NULL) {
        fail_msg("no %s in: %s", text, self->reply);
    }
}
