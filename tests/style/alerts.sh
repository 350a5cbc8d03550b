#!/bin/sh
# Fails when an alert is raised whose type has no row in alert_kind.def: routing by type and
# severity, and formats with a title, would not know it.
cd "$(dirname "$0")/../.." || exit 2
status=0
table=proxy/record/alert_kind.def
for file in $(grep -rlE '(recorder_alert|ledger_add_alert|ledger_tell_incident)\(' --include='*.c' proxy); do
    for type in $(grep -oE '"([a-z]+\.[a-z]+|ping)"' "$file" | tr -d '"' | grep -vE '\.(db|state|key|last)$' | sort -u); do
        grep -qF "ALERT_KIND(\"$type\"," "$table" 2>/dev/null && continue
        echo "$file: $table has no row for \"$type\""
        status=1
    done
done
exit $status
