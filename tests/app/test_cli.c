#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "app/cli_case.h"
#include "app/config_case.h"
#include "app/difference.h"

static void cli_tells_usage_and_returns_two(void **state)
{
    (void)state;
    assert_int_equal(run(""), CLI_USAGE);
    assert_non_null(strstr(output, "usage: countermark COMMAND"));
    assert_int_equal(run("statsu"), CLI_USAGE);
    assert_string_equal(output,
                        "countermark: unknown command `statsu`; the nearest one is "
                        "`status`\n");
    assert_int_equal(run("down login"), CLI_USAGE);
    assert_non_null(strstr(output, "down needs --reason TEXT"));
    assert_int_equal(run("down --reason x"), CLI_USAGE);
    assert_int_equal(run("down login shop --reason x"), CLI_USAGE);
    assert_int_equal(run("status --jsn"), CLI_USAGE);
    assert_string_equal(output,
                        "countermark: unknown flag --jsn; the nearest one is --json\n");
    assert_int_equal(run("status --listen 127.0.0.1:1"), CLI_USAGE);
    assert_int_equal(run("check --workers"), CLI_USAGE);
    assert_int_equal(run("check extra"), CLI_USAGE);
}

static void cli_helps_with_every_command(void **state)
{
    (void)state;
    static const char *const NAMES[] = {
#define COMMAND(name, run, takes, usage, sentence) name,
#include "app/cli.def"
#undef COMMAND
    };
    char words[64];

    assert_int_equal(run("--help"), CLI_DONE);
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++) {
        assert_int_equal(run("--help"), CLI_DONE);
        assert_non_null(strstr(output, NAMES[i]));
        (void)snprintf(words, sizeof(words), "%s --help", NAMES[i]);
        assert_int_equal(run(words), CLI_DONE);
        assert_non_null(strstr(output, NAMES[i]));
    }
}

static void cli_check_says_what_each_route_requires(void **state)
{
    (void)state;
    config_case_write("t.yaml", GOOD "routes: [{path: /my/**, require: [owner], screen: "
                                     "My page}]\n");
    assert_int_equal(run("check --config t.yaml --state /tmp/x"), CLI_DONE);
    assert_non_null(strstr(output, "/my/**"));
    assert_non_null(strstr(output, "requires owner, else released - My page\n"));
    assert_non_null(strstr(output, "to site: requires nothing\n"));
}

static void cli_check_tells_the_errors_of_what_it_compares_with(void **state)
{
    (void)state;
    config_case_write("t.yaml", GOOD);
    config_case_write("broken.yaml", GOOD "unknown_key: 1\n");
    assert_int_equal(run("check --config t.yaml --state /tmp/x --against broken.yaml"),
                     CLI_USAGE);
    assert_non_null(strstr(output, "broken.yaml:6:1: unknown key `unknown_key`"));
    assert_null(strstr(output, "listen on"));
    assert_int_equal(
        run("check --json --config t.yaml --state /tmp/x --against broken.yaml"),
        CLI_USAGE);
    assert_non_null(strstr(output, "{\"valid\":false,\"errors\":[{\"source\":"
                                   "\"broken.yaml\",\"line\":6,"));
    assert_int_equal(run("check --json --config broken.yaml --state /tmp/x --against "
                         "t.yaml"),
                     CLI_USAGE);
    assert_non_null(strstr(output, "\"source\":\"broken.yaml\",\"line\":6,"));
}

static void
cli_check_counts_the_lines_of_a_difference_that_it_does_not_print(void **state)
{
    (void)state;
    static char text[32768];
    size_t len = (size_t)snprintf(text, sizeof(text), GOOD "routes: [");

    for (int i = 0; i < DIFFERENCE_LINES_MAX + 3; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "{path: /p%d, require: [owner]}, ", i);
    }
    (void)snprintf(text + len, sizeof(text) - len, "]\n");
    config_case_write("old.yaml", text);
    config_case_write("t.yaml", GOOD);
    assert_int_equal(run("check --config t.yaml --state /tmp/x --against old.yaml"),
                     CLI_DONE);
    assert_non_null(strstr(output, "on `/p199`\n  and 3 more\n"));
}

static void cli_check_returns_two_with_every_error(void **state)
{
    (void)state;
    config_case_write("t.yaml", GOOD "workers: x\nmodee: y\n");
    assert_int_equal(run("check --config=t.yaml"), CLI_USAGE);
    assert_string_equal(
        output,
        "t.yaml:6:10: `workers` must be `auto` or a whole number, not `x`\n"
        "t.yaml:7:1: unknown key `modee`; the nearest one here is `mode`\n2 errors\n");
}

static void cli_returns_three_when_no_proxy_answers(void **state)
{
    (void)state;
    assert_int_equal(run("status --admin-socket ./none.sock"), CLI_UNREACHABLE);
    assert_string_equal(output,
                        "countermark: no proxy answers at ./none.sock: there is no such "
                        "socket; say --config FILE, or --admin-socket PATH\n");
    config_case_write("t.yaml", "state: st\n");
    assert_int_equal(run("incidents --config ./t.yaml"), CLI_UNREACHABLE);
    assert_non_null(strstr(output, " ./st/admin.sock:"));
    config_case_write("t.yaml", "admin: {socket: /nope/a.sock}\nstate: st\n");
    assert_int_equal(run("up login --reason x --config t.yaml"), CLI_UNREACHABLE);
    assert_non_null(strstr(output, " /nope/a.sock:"));
    assert_int_equal(run("reload --config absent.yaml"), CLI_USAGE);
    assert_string_equal(output, "absent.yaml: cannot read it: it does not exist\n");
}

static void cli_says_in_json_too_what_is_wrong(void **state)
{
    (void)state;
    static const char JSON[] =
        "{\"error\":\"no proxy answers at ./none.sock: there is no such socket; say "
        "--config FILE, or --admin-socket PATH\"}\n";
    static const char *const words[] = {
        "status", "down login --reason x", "drill", "alert-test", "report 1", "upgrade"};
    char text[256];

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        (void)snprintf(text, sizeof(text), "%s --json --admin-socket ./none.sock",
                       words[i]);
        assert_int_equal(run(text), CLI_UNREACHABLE);
        assert_non_null(strstr(output, JSON));
    }
    assert_int_equal(run("ledger verify --json --admin-socket ./none.sock"),
                     CLI_UNREACHABLE);
    assert_non_null(
        strstr(output, "{\"error\":\"no proxy answers at ./none.sock; name "));
    assert_int_equal(run("status --json --config absent.yaml"), CLI_USAGE);
    assert_non_null(strstr(
        output, "{\"error\":\"absent.yaml: cannot read it: it does not exist\"}\n"));
}

static void cli_takes_what_every_command_takes_before_the_command_too(void **state)
{
    (void)state;
    assert_int_equal(run("--json --admin-socket ./none.sock status"), CLI_UNREACHABLE);
    assert_non_null(strstr(output, "{\"error\":\"no proxy answers at ./none.sock:"));
    assert_int_equal(run("--admin-socket=./none.sock --json down login --reason x"),
                     CLI_UNREACHABLE);
    assert_non_null(strstr(output, "{\"error\":\"no proxy answers at ./none.sock:"));
    config_case_write("t.yaml", GOOD);
    assert_int_equal(run("--config t.yaml check --state /tmp/x"), CLI_DONE);
    assert_int_equal(run("--json"), CLI_USAGE);
    assert_int_equal(run("--config"), CLI_USAGE);
    assert_int_equal(run("--json version"), CLI_USAGE);
    assert_int_equal(run("--anyway up login --reason x"), CLI_USAGE);
}

static void cli_keeps_an_ordinary_users_state_in_the_home_directory(void **state)
{
    (void)state;
    if (geteuid() == 0) {
        assert_int_equal(run("status"), CLI_UNREACHABLE);
        assert_non_null(strstr(output, " /var/lib/countermark/admin.sock:"));
        return;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread.
    assert_int_equal(setenv("XDG_STATE_HOME", "/tmp/nowhere", 1), 0);
    assert_int_equal(run("status"), CLI_UNREACHABLE);
    assert_non_null(strstr(output, " /tmp/nowhere/countermark/admin.sock:"));
}

static uid_t euid_as;        /* 0: as it is. */
static char account_dir[64]; /* Its home. */

/* Put in place of the C library's by the linker. */
uid_t real_euid(void) __asm__("__real_geteuid");
uid_t wrapped_euid(void) __asm__("__wrap_geteuid");
struct passwd *account_of(uid_t uid) __asm__("__wrap_getpwuid");

uid_t wrapped_euid(void)
{
    return euid_as != 0 ? euid_as : real_euid();
}

struct passwd *account_of(uid_t uid)
{
    static struct passwd account;

    account.pw_dir = account_dir;
    return uid == euid_as ? &account : NULL;
}

static void cli_keeps_it_in_the_home_of_the_account_where_none_is_told(void **state)
{
    (void)state;
    char expected[128];

    if (access("/var/lib/countermark", W_OK) == 0) {
        skip(); /* Then it stays there. */
    }
    // NOLINTBEGIN(concurrency-mt-unsafe): one thread.
    (void)unsetenv("XDG_STATE_HOME");
    (void)unsetenv("HOME");
    // NOLINTEND(concurrency-mt-unsafe)
    euid_as = 4321;
    (void)snprintf(account_dir, sizeof(account_dir), "%s", folder_path);
    (void)snprintf(expected, sizeof(expected),
                   " %s/.local/state/countermark/admin.sock:", account_dir);
    assert_int_equal(run("status"), CLI_UNREACHABLE);
    assert_non_null(strstr(output, expected));
    (void)snprintf(account_dir, sizeof(account_dir), "/nonexistent");
    assert_int_equal(run("status"), CLI_UNREACHABLE);
    assert_non_null(strstr(output, " /var/lib/countermark/admin.sock:"));
    euid_as = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cli_tells_usage_and_returns_two),
        cmocka_unit_test(cli_helps_with_every_command),
        cmocka_unit_test(cli_check_says_what_each_route_requires),
        cmocka_unit_test(cli_check_tells_the_errors_of_what_it_compares_with),
        cmocka_unit_test(
            cli_check_counts_the_lines_of_a_difference_that_it_does_not_print),
        cmocka_unit_test(cli_check_returns_two_with_every_error),
        cmocka_unit_test(cli_returns_three_when_no_proxy_answers),
        cmocka_unit_test(cli_keeps_it_in_the_home_of_the_account_where_none_is_told),
        cmocka_unit_test(cli_says_in_json_too_what_is_wrong),
        cmocka_unit_test(cli_takes_what_every_command_takes_before_the_command_too),
        cmocka_unit_test(cli_keeps_an_ordinary_users_state_in_the_home_directory),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, config_case_start, NULL);
}
