/**
 * Assertions that stay on in release builds.
 *
 * Layer: base. A failed CHECK means this program is wrong, not that the network is: it
 * logs the expression and aborts, because a guard in an unknown state must not relay
 * bytes.
 */
#pragma once

/** Aborts unless `cond` holds. `cond` must be free of side effects. */
#define CHECK(cond)                                                                      \
    (__builtin_expect(!!(cond), 1) ? (void)0 : check_failed(#cond, __FILE__, __LINE__))

/** Marks a point no execution may reach. */
#define UNREACHABLE() check_failed("unreachable", __FILE__, __LINE__)

/** The caller must look at the result. */
#define MUST_USE __attribute__((warn_unused_result))

/** Hardly ever called: the branches that lead there are kept apart from what is. */
#define COLD __attribute__((cold))

/** Logs the failed expression to stderr and aborts. Never returns. */
COLD _Noreturn void check_failed(const char *expr, const char *file, int line);
