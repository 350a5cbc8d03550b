/**
 * The rules an operator wrote about sessions, logins, markers and take-down: plain
 * values.
 *
 * Layer: guard. Part of the configuration snapshot, filled by app/config.c, immutable
 * afterwards and shared by all threads. Strings are NUL-terminated and live as long as
 * the snapshot. Keys and meanings: product.md sections 5 to 10.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard/credential.h"
#include "http/cookie.h"
#include "http/path.h"

/** `METHOD PATTERN` of login.request and the like. */
struct request_pattern {
    char *method; /**< NULL: any. */
    struct path_pattern *path;
};

struct request_patterns {
    struct request_pattern *items;
    size_t count;
};

/** `session.client_certificate:` which name of it is the requester's. */
enum certificate_name {
    CERTIFICATE_OFF, /**< Zero: certificates name nobody. */
    CERTIFICATE_COMMON_NAME,
    CERTIFICATE_EMAIL,
    CERTIFICATE_URI,
    CERTIFICATE_SUBJECT,
    CERTIFICATE_FINGERPRINT,
};

/** `session:` */
struct session_policy {
    struct cookie_names *cookies; /**< Names in order; NULL: none. */
    char *path_parameter;         /**< `;NAME=`; NULL: none. */
    char *header;                 /**< Field that carries a token; NULL: none. */
    char *suffix;                 /**< Cut from tokens from this text on; NULL: none. */
    char **url_names;             /**< `?NAME=` removed while login is down. */
    size_t url_name_count;
    struct cookie_names *remember; /**< Cookies that also say who the user is. */
    struct jwt_policy jwt;
    enum certificate_name certificate;
    char *certificate_field; /**< Field with that name; NULL: none. */
    bool basic;              /**< Basic authentication names the requester. */
    bool unknown_renew;      /**< session.unknown: renew. */
    uint64_t max;            /**< Entries. */
    uint64_t idle_ms;
};

enum success_kind {
    SUCCESS_STATUS,   /**< `status:303` */
    SUCCESS_LOCATION, /**< `location:/mypage/ **`, the path that Location leads to. */
    SUCCESS_HEADER,   /**< `header:NAME` or `header:NAME=VALUE` */
    SUCCESS_MARKER,   /**< `marker:owner`: the response carries that class. */
};

/** One condition; a login succeeded when any holds. */
struct success_rule {
    enum success_kind kind;
    unsigned status;
    struct path_pattern *location;
    char *name;  /**< Field or marker class. */
    char *value; /**< NULL: presence is enough. */
};

/** `login:` */
struct login_policy {
    struct request_patterns request;
    struct request_patterns logout;
    struct request_patterns callback;
    char *user_field;   /**< Form field or JSON pointer (starts with `/`); NULL: none. */
    bool user_is_alias; /**< login.user_is: alias. */
    uint64_t alias_idle_ms;
    bool ignore_case;
    struct success_rule *success; /**< Empty: a new token means success. */
    size_t success_count;
};

/** `take_down:` of a feature. */
struct take_down_policy {
    unsigned cases;      /**< Strong cases; 1 at once. */
    unsigned weak_cases; /**< 0: weak ones never take down. */
    uint64_t within_ms;
};

/** `quarantine:`: who has to log in again after a finding about identity. */
enum quarantine {
    QUARANTINE_NONE,
    QUARANTINE_VIEWER,
    QUARANTINE_BOTH, /**< The subject's sessions too. */
};

enum unmarked_action {
    UNMARKED_REFUSE, /**< Zero: the safe one. */
    UNMARKED_RELEASE,
};

/** What a route demands of its responses. */
struct requirement {
    uint32_t require_mask; /**< Classes that a 2xx response with content must carry. */
    enum unmarked_action unmarked;
    bool echo_expected;  /**< `echo: expect` */
    bool observe;        /**< Mode of the route. */
    uint32_t staff_mask; /**< Rules of `staff:` that hold here. */
};
