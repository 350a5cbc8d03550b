#!/bin/sh
# Fails on words that have no place in what is published: unfinished work, the paths of one
# machine, the hosts of package registries. Each is searched in every file git would keep; the
# rules themselves, which name the words, and fuzzing inputs are left out.
cd "$(dirname "$0")/../.." || exit 2
command -v git >/dev/null || exit 2
status=0
search() {
    instead=$1
    pattern=$2
    shift 2
    git grep --no-index --exclude-standard -nIE "$pattern" -- "$@" \
        ':!tests/style' ':!tests/fuzz/corpus' ':!tests/fuzz/regression' |
        sed "s|\$|    -> $instead|" | grep . && status=1
}
search 'finish it, or open an issue' '\b(TODO|FIXME|XXX|HACK)\b' .
search 'finish it, or leave it out' '\b(stub|not implemented|for now)\b' proxy config run
search 'a path of one machine' '(^|[^A-Za-z0-9_./*-])/(work|root|home/[a-z0-9_-]+)/' .
search 'take the mirror from the machine' \
    '\b(deb|security|snapshot|archive)\.(debian|ubuntu)\.(org|com)\b|\bpypi\.org\b|pythonhosted\.org|npmjs\.(org|com)|\bcrates\.io\b|proxy\.golang\.org|\b(gcr|ghcr|quay)\.io\b' .
exit $status
