/**
 * What kind of body a response has, as far as looking for markers is concerned.
 *
 * Layer: http. Pure. Zero is the kind that says nothing and is therefore inspected.
 */
#pragma once

#include "http/head.h"

enum media {
    MEDIA_UNKNOWN, /**< No, several or malformed Content-Type. */
    MEDIA_HTML,
    MEDIA_XHTML, /**< A page that is read as XML. */
    MEDIA_XML,   /**< XML and `+xml`. */
    MEDIA_JSON,  /**< JSON and `+json`. */
    MEDIA_JAVASCRIPT,
    MEDIA_CSV,
    MEDIA_TEXT,         /**< Any other `text/`, newline-delimited JSON. */
    MEDIA_EVENT_STREAM, /**< `text/event-stream`. */
    MEDIA_BINARY,       /**< `application/octet-stream`. */
    MEDIA_FORM,         /**< Bodies of requests: urlencoded. */
    MEDIA_MULTIPART,    /**< `multipart/form-data` and its kin. */
    MEDIA_OTHER,        /**< Images, PDF, archives: judged by their fields. */
};

/** The kind that the value of a Content-Type says. Parameters are passed over. */
enum media media_of(struct span content_type);

/** The kind that a whole head says; several Content-Type fields are MEDIA_UNKNOWN. */
enum media media_of_head(const struct head *head);

/**
 * True when a body of this kind is searched for markers: everything but MEDIA_OTHER, and
 * but MEDIA_BINARY that is offered as a file (`Content-Disposition: attachment`).
 */
bool media_is_inspected(enum media media, const struct head *head);

/**
 * The value of a parameter such as `charset` or `boundary`, quotes cut; empty when
 * absent. A quoted value with a backslash counts as absent.
 */
struct span media_parameter(struct span content_type, struct span name);
