#!/bin/sh
# Rule 8: fails when a library's header is included outside the module that owns the library,
# or by a header of ours. One line per library: its headers, then the files that may know it.
# A line that says why in a comment (/* house: the reason */) is let through.
cd "$(dirname "$0")/../../proxy" || exit 2
includes=$(grep -rnE --include='*.[ch]' --include='*.def' '^ *# *include [<"]' . |
    grep -v 'house:' | sed 's|^\./||')
status=0
while read -r headers owners; do
    printf '%s\n' "$includes" | grep -E "include [<\"]($headers)[>\"]" | grep -vE "^($owners):" |
        sed "s@\$@    -> only in $owners@" | grep . && status=1
done <<'TABLE'
uv\.h|uv/.* net/[a-z0-9_]+\.c
llhttp\.h http/h1\.c
nghttp2/.* http/h2[a-z_]*\.c
openssl/.* net/tls[a-z0-9_]*\.c|base/secret\.c|base/verify\.c
hs[a-z_]*\.h|hs/.* guard/scan[a-z0-9_]*\.c
pcre2[a-z]*\.h guard/[a-z0-9_]+\.c
sqlite3\.h record/[a-z0-9_]+\.c|sources/sqlite\.c
yaml\.h app/[a-z0-9_]+\.c
curl/.* notify/[a-z0-9_]+\.c|sources/http\.c
hiredis.* sources/redis\.c
zlib\.h http/coding_zlib\.c
brotli/.* http/coding_brotli\.c
zstd\.h|zstd_.* http/coding_zstd\.c
TABLE
exit $status
