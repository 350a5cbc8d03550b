/**
 * Where a listener lets clients speak HTTP/2.
 *
 * Layer: relay. `Upgrade: h2c` is never followed: it has let one client see the answer to
 * another (Tomcat, CVE-2021-25122).
 */
#pragma once

enum http2_mode {
    HTTP2_OFF,
    HTTP2_ON,              /**< Where TLS negotiates it. */
    HTTP2_PRIOR_KNOWLEDGE, /**< Also without TLS, when it begins with the preface. */
};
