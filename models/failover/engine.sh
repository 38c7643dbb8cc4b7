# What persist-standby.sh and restore.sh share: requests to the admin interface of an engine, with curl, or with dfesp_xml_client where
# there is no curl (or where TIDEGATE_CLIENT=dfesp_xml_client says so). POSIX sh; read with `.`, not run.

# say TEXT: a line for whoever reads cron's mail.
say() {
    printf '%s: %s\n' "$program" "$*" >&2
}

die() {
    say "$*"
    exit 1
}

# encoded TEXT: TEXT as a value in a query string.
encoded() {
    printf '%s' "$1" | sed -e 's/%/%25/g' -e 's/ /%20/g' -e 's/&/%26/g' -e 's/#/%23/g' -e 's/+/%2B/g' -e 's/?/%3F/g'
}

# get URL, put URL [FILE]: the answer's body is in $answer. False when there is no answer, or its status is 400 or above; then $answer
# says so. A question is given up after 10 seconds; what changes something takes as long as it takes.
get() {
    if with_curl; then
        reply=$(curl -sS --max-time 10 -w '\n%{http_code}' "$1" 2>&1)
        judge $?
    else
        answer=$(limited dfesp_xml_client -url "$1" 2>&1)
    fi
}

put() {
    if ! with_curl; then
        answer=$(dfesp_xml_client -url "$1" -put ${2:+"file://$2"} 2>&1)
        return
    fi
    if [ -n "${2:-}" ]; then
        set -- "$1" --data-binary "@$2" -H 'Content-Type: text/xml'
    else
        set -- "$1" -H 'Content-Length: 0'
    fi
    reply=$(curl -sS --connect-timeout 10 -X PUT -w '\n%{http_code}' "$@" 2>&1)
    judge $?
}

with_curl() {
    [ "${TIDEGATE_CLIENT:-curl}" = curl ] && command -v curl >/dev/null 2>&1
}

limited() {
    if command -v timeout >/dev/null 2>&1; then timeout 10 "$@"; else "$@"; fi
}

# judge EXITCODE: splits curl's $reply into body and status.
judge() {
    answer=$reply
    [ "$1" -eq 0 ] || return 1
    status=${reply##*
}
    answer=${reply%
*}
    case $status in
        2*) return 0 ;;
    esac
    answer="status $status: $answer"
    return 1
}
