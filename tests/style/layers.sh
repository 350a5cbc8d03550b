#!/bin/sh
# Rule 9: fails when a file includes a header from a layer it may not know.
# One line per layer: the layer, then the layers it may include besides itself.
cd "$(dirname "$0")/../../proxy" || exit 2
status=0
while read -r layer allowed; do
    [ -d "$layer" ] || continue
    pattern=$(printf '%s' "$layer $allowed" | tr ' ' '|')
    grep -rnE --include='*.[ch]' '^ *# *include "[^"]+"' "$layer" |
        grep -vE "include \"($pattern)/" | sed 's|$|    -> a layer above, or no layer named|' | grep . && status=1
done <<'TABLE'
base
net base
http base
guard base http
sources base net http guard
relay base net http guard sources
record base net http guard sources relay
notify base net http guard sources relay record
admin base net http guard sources relay record notify
app base net http guard sources relay record notify admin
TABLE
exit $status
