/**
 * One receiver of alerts as configured.
 *
 * Layer: notify. Plain values, filled by app/config.c from `alerts:`; copied by the
 * notifier. Secrets are kept as the bytes behind `whsec_`; the copies are wiped.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "record/recorder.h"

enum {
    ALERT_URL_SIZE_MAX = 1024, /**< With the NUL. */
    ALERT_SECRETS_MAX = 2,     /**< Two during a rotation. */
    ALERT_SECRET_SIZE_MAX = 128,
};

enum alert_format {
    ALERT_STANDARD, /**< Standard Webhooks. */
    ALERT_SLACK,
    ALERT_ALERTMANAGER, /**< API v2; what is open is posted again and again. */
    ALERT_OCSF,         /**< Data Security Finding. */
    ALERT_SYSLOG,       /**< RFC 5424. */
    ALERT_CEF,          /**< RFC 5424 with a text in the Common Event Format. */
};

struct alert_secret {
    size_t len; /**< 0: none. */
    uint8_t bytes[ALERT_SECRET_SIZE_MAX];
};

struct alert_settings {
    char name[RECORDER_NAME_SIZE_MAX];
    char url[ALERT_URL_SIZE_MAX];    /**< https, or http to a loopback address; of a
                                          webhook that is Alertmanager's, with the path. */
    char syslog[ALERT_URL_SIZE_MAX]; /**< `udp://`, `tcp://` or `unix://`; "": a webhook.
                                      */
    char console[ALERT_CONSOLE_SIZE_MAX]; /**< Where messages lead; "": nowhere. */
    enum alert_format format;
    enum alert_severity severity_min;
    char **types; /**< Read by notifier_configure() alone: lives in the snapshot. */
    size_t type_count;
    struct alert_secret secrets[ALERT_SECRETS_MAX]; /**< The new one first. */
    char ca_file[ALERT_URL_SIZE_MAX];               /**< "": the system's authorities. */
};
