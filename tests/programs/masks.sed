# What differs from run to run, and not by what a server does: UIDs, times, ages, versions of resources, generated
# names, addresses, and the padding of tables.
s/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/UID/g
s/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]+(\.[0-9]+)?(Z|[+-][0-9:]+)/TIME/g
s/(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]+ [+-][0-9]{4}/TIME/g
s/\b[EWI][0-9]{4} [0-9:.]+ +[0-9]+ ([a-z_]+\.go):[0-9]+\]/LOG \1]/
s/("?resourceVersion"?: )"[0-9]+"/\1"VERSION"/g
s/kubectl-edit-[0-9]+/kubectl-edit-RANDOM/g
s/\/tmp\/(LIVE|MERGED)-[0-9]+/\/tmp\/\1/g
s/\t?[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ [+-][0-9]{4}/TIME/g
s/https?:\/\/127\.0\.0\.1:[0-9]+/SERVER/g
s/\b10\.[0-9]+\.[0-9]+\.[0-9]+/IP/g
s/\bnode-[ab12]\b/node-N/g
s/-[bcdfghjklmnpqrstvwxz24-9]{8,10}-[bcdfghjklmnpqrstvwxz24-9]{5}\b/-HASH-POD/g
s/-[bcdfghjklmnpqrstvwxz24-9]{8,10}\b/-HASH/g
s/(hash"?[=:] ?"?)[bcdfghjklmnpqrstvwxz24-9]{5,10}\b/\1HASH/g
s/-[bcdfghjklmnpqrstvwxz24-9]{5}\b/-POD/g
s/\b[0-9]+(\.[0-9]+)?(m?s|m|h|d)([0-9]+[sm])?( ago)?([ ,)]|$)/AGE\4\5/g
s/<(invalid|unknown)>( ago)?/AGE\2/g
s/([^ ]) {2,}/\1   /g
s/ +$//
/^$/d
