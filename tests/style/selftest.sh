#!/bin/sh
# Shows that every rule can fail: in a small tree of its own each rule first passes, then finds
# the one violation planted there. One line per violation: rule, file, and its text.
cd "$(dirname "$0")" || exit 2
rules=$PWD
tree=$(mktemp -d) || exit 2
trap 'rm -rf "$tree"' EXIT
status=0

fail() {
    echo "selftest: $1"
    status=1
}

mkdir -p "$tree/tests/style" "$tree/tests/base" "$tree/proxy/base" "$tree/proxy/net" "$tree/proxy/http" \
    "$tree/proxy/guard" "$tree/tests/fuzz/corpus/fuzz_span"
cp "$rules"/*.sh "$tree/tests/style"
echo '#include "base/span.h"' >"$tree/proxy/base/span.c"
cp "$tree/proxy/base/span.c" "$tree/tests/base/test_span.c"
cp "$tree/proxy/base/span.c" "$tree/tests/fuzz/fuzz_span.c"
echo '#include <uv.h>' >"$tree/proxy/net/loop.c"
echo 'int x; /* one at a time (as RFC 9110 asks) */' >"$tree/proxy/http/head.c"
echo 'seed' >"$tree/tests/fuzz/corpus/fuzz_span/seed"

for rule in "$rules"/*.sh; do
    name=$(basename "$rule" .sh)
    [ "$name" = selftest ] && continue
    "$tree/tests/style/$name.sh" >"$tree.out" 2>&1 || fail "$name fails on a clean tree: $(cat "$tree.out")"
    grep -q "^$name " "$rules/selftest.sh" || fail "$name has no violation planted below"
done

while read -r name file text; do
    mkdir -p "$tree/$(dirname "$file")"
    case $text in
    LINES*) yes 'int x;' | head -n "${text#LINES }" >"$tree/$file" ;;
    *) printf '%b\n' "$text" >"$tree/$file" ;;
    esac
    if "$tree/tests/style/$name.sh" >"$tree.out" 2>&1; then
        fail "$name lets through $file: $text"
    elif ! grep -q "$(basename "$file")" "$tree.out"; then
        fail "$name fails, but does not name $file: $(cat "$tree.out")"
    fi
    rm "$tree/$file"
    find "$tree/proxy" "$tree/tests" -type d -empty -delete
done <<'TABLE'
layers proxy/base/low.c #include "net/stream.h"
layers proxy/http/low.h #include "guard/verdict.h"
layers proxy/guard/low.c #include "scan.h"
layers proxy/relay/deep/low.c #include "record/ledger.h"
sizes proxy/base/long.c LINES 401
sizes proxy/base/long.h LINES 151
sizes tests/base/test_long.c LINES 601
alerts proxy/app/call.c void f(void) { recorder_alert(r, "", "new.kind", d); }
banned proxy/net/call.c void f(void) { assert(x); }
banned proxy/guard/call.c x = sprintf(a, b);
banned proxy/relay/call.c     time(NULL);
libraries proxy/relay/lib.c #include <uv.h>
libraries proxy/net/lib.h #include <uv.h>
libraries proxy/http/lib.c #include <llhttp.h>
libraries proxy/http/lib.c #include <nghttp2/nghttp2.h>
libraries proxy/net/lib.c #include <openssl/evp.h>
libraries proxy/guard/lib.c #include <hs/hs.h>
libraries proxy/http/lib.c #include <pcre2.h>
libraries proxy/app/lib.c #include <sqlite3.h>
libraries proxy/record/lib.h #include <sqlite3.h>
libraries proxy/record/lib.c #include <yaml.h>
libraries proxy/app/lib.c #include <curl/curl.h>
libraries proxy/http/lib.c #include <zlib.h>
libraries proxy/sources/lib.c #include <hiredis/hiredis.h>
pure proxy/guard/clock.c now = clock_gettime(CLOCK_REALTIME, &ts);
pure proxy/http/file.c fd = open(path, 0);
words proxy/base/word.c /* TODO: the rest */
words proxy/base/word.c /* good enough for now */
words tests/e2e/word.py root = "/work/main/build"
words config/word.yaml state: /home/somebody/state
words docker/Dockerfile RUN echo http://deb.debian.org/debian
mirror tests/base/test_lost.c int x;
mirror tests/fuzz/corpus/fuzz_lost int x;
TABLE
rm -f "$tree.out"
exit $status
